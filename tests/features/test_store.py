import hashlib
import json
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grisaille.arrays import ColumnRange
from grisaille.features import store as feature_store
from grisaille.features.store import Contents, FeatureStore, FeatureStoreError, fingerprint, write
from grisaille.storage.files import as_path, local_copy
from helpers import CountedSource, flip


def died(root, after, **options):
    """A store whose writing ended after so many batches."""
    source = CountedSource(dies_after=after, **options)
    with pytest.raises(KeyboardInterrupt):
        write(root, source)
    return source.contents.below(root)


def arrays(path, layer="wide"):
    """The arrays of a layer that lie beside a manifest, in the order of their first paintings."""
    order = {painting: number for number, painting in enumerate(CountedSource(range(100)).contents.paintings)}
    found = feature_store.shards(path.parent / layer)
    return [shard.path for shard in sorted(found, key=lambda shard: order[next(iter(shard.index.rows))])]


def states(folder):
    return {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in folder.rglob("*") if path.is_file()}


def holds(store, source):
    return all(np.array_equal(np.asarray(store[layer]), source.values(layer)) for layer in source.columns)


class TestWriting:
    def test_what_is_read_is_what_was_computed(self, tmp_path):
        source = CountedSource()
        store = write(tmp_path, source)
        assert list(store) == ["wide", "narrow"]
        assert holds(store, source)
        assert {store[layer].dtype for layer in store} == {np.dtype(np.float16)}

    def test_the_folder_is_the_fingerprint_of_the_identity_as_sorted_json(self, tmp_path):
        """Were it another, features of earlier releases would not be found."""
        expected = hashlib.sha256(b'{"name": "a", "rows": 10}').hexdigest()
        assert fingerprint({"rows": 10, "name": "a"}) == expected[:16]
        assert write(tmp_path, CountedSource(name="b")).path.parent.name == fingerprint({"name": "b"})

    def test_a_second_time_computes_nothing_and_writes_nothing(self, tmp_path):
        write(tmp_path, CountedSource())
        before = states(tmp_path)
        again = CountedSource()
        write(tmp_path, again)
        assert again.computed == []
        assert states(tmp_path) == before

    @pytest.mark.parametrize("count", [1, 3, 4, 5, 8])
    @pytest.mark.parametrize("batch", [1, 3, 4, 100])
    def test_any_number_of_paintings_and_any_batch(self, tmp_path, count, batch):
        source = CountedSource(range(count), batch=batch)
        assert holds(write(tmp_path / "new" / "root", source), source)

    def test_two_files_of_one_content_are_one_painting(self, tmp_path):
        source = CountedSource([3, 1, 3])
        assert holds(write(tmp_path, source), source)
        assert source.computed == [[3, 1]]

    def test_a_shard_that_cannot_be_written_ends_the_run(self, tmp_path, monkeypatch):
        def full(*_, **__):
            raise OSError("the disk is full")

        monkeypatch.setattr(feature_store.np, "save", full)
        source = CountedSource()
        with pytest.raises(OSError, match="the disk is full"):
            write(tmp_path, source)
        assert not [path for path in tmp_path.rglob("*") if path.is_file()]

    def test_an_index_is_there_before_its_array(self, tmp_path, monkeypatch):
        """A run that is killed between the two must not lose what was computed."""

        def die(half, path):
            index = json.loads(path.with_suffix(".json").read_text())
            assert index["sha256"] == hashlib.sha256(half.read_bytes()).hexdigest()
            raise SystemExit

        rename = type(tmp_path).replace
        monkeypatch.setattr(
            type(tmp_path), "replace", lambda half, path: (die if path.suffix == ".npy" else rename)(half, path)
        )
        with pytest.raises(SystemExit):
            write(tmp_path, CountedSource())
        assert not list(tmp_path.rglob("*.npy"))


class TestResuming:
    def test_it_goes_on_at_the_first_missing_shard(self, tmp_path):
        path = died(tmp_path, 3)
        assert not path.exists()
        resumed = CountedSource()
        assert holds(write(tmp_path, resumed), resumed)
        assert resumed.computed == [[4, 5], [6, 7], [8, 9]]
        assert not list(tmp_path.rglob("*.partial"))

    def test_killed_between_the_layers_what_is_stored_stays(self, tmp_path):
        path = write(tmp_path, CountedSource()).path
        path.unlink()
        arrays(path, "narrow")[1].unlink()
        kept = states(path.parent / "wide")
        again = CountedSource()
        assert holds(write(tmp_path, again), again)
        assert again.computed == [[4, 5], [6, 7]]
        assert states(path.parent / "wide") == kept


class TestGrowth:
    def test_new_paintings_alone_are_computed(self, tmp_path):
        write(tmp_path, CountedSource(range(10)))
        grown = CountedSource([12, *range(5), 11, *range(5, 10)])
        assert holds(write(tmp_path, grown), grown)
        assert grown.computed == [[12, 11]]

    def test_removed_and_reordered_ones_compute_nothing(self, tmp_path):
        write(tmp_path, CountedSource(range(10)))
        before = states(tmp_path)
        fewer = CountedSource([7, 2, 5])
        assert holds(write(tmp_path, fewer), fewer)
        assert fewer.computed == []
        assert {path: state for path, state in states(tmp_path).items() if path in before} == before

    def test_other_identities_stay_apart(self, tmp_path):
        write(tmp_path, CountedSource(name="a"))
        other = CountedSource(name="b")
        write(tmp_path, other)
        assert sum(map(len, other.computed)) == 10

    def test_a_further_layer_is_stored_alone(self, tmp_path):
        class Fewer(CountedSource):
            def __init__(self):
                super().__init__()
                self.columns = {"narrow": 3}
                self.contents = Contents(self.contents.identity, ("narrow",), self.contents.paintings)

        path = write(tmp_path, Fewer()).path
        before = states(path.parent / "narrow")
        write(tmp_path, CountedSource())
        assert states(path.parent / "narrow") == before

    @settings(deadline=None, max_examples=30)
    @given(collections=st.lists(st.lists(st.integers(0, 12), min_size=1, unique=True), min_size=1, max_size=4))
    def test_the_manifest_is_the_same_whatever_was_there_before(self, tmp_path_factory, collections):
        root, alone = tmp_path_factory.mktemp("shared"), tmp_path_factory.mktemp("alone")
        for paintings in collections:
            path = write(root, CountedSource(paintings)).path
        source = CountedSource(collections[-1])
        assert path.read_bytes() == write(alone, source).path.read_bytes()
        assert holds(FeatureStore(path), source)


class TestWhatIsTold:
    @pytest.fixture
    def bars(self, monkeypatch):
        """What progress bars were asked to show: their options, and then every step."""
        shown = []

        class Bar:
            def __init__(self, **options):
                self.steps = []
                if not options.get("disable"):
                    shown.append((options, self.steps))

            def __enter__(self):
                return self

            def __exit__(self, *_):
                pass

            def update(self, step):
                self.steps.append(step)

        monkeypatch.setattr(feature_store, "Bar", Bar)
        return shown

    def options(self, initial):
        return {"total": 10, "initial": initial, "desc": "extracting features", "unit": " paintings"}

    def test_every_batch_is_progress_and_so_it_goes_on(self, tmp_path, bars):
        died(tmp_path, 3)
        write(tmp_path, CountedSource())
        write(tmp_path, CountedSource())
        assert bars == [(self.options(0), [2, 2, 2]), (self.options(4), [2, 2, 2])]

    def test_shards_of_helpers_are_progress(self, tmp_path, bars):
        with ThreadPoolExecutor(1) as helpers:
            write(tmp_path, CountedSource(), helpers)
        assert [(options, sorted(steps)) for options, steps in bars] == [(self.options(0), [2, 4, 4])]

    def test_how_many_are_known(self, tmp_path, caplog):
        caplog.set_level(logging.INFO)
        write(tmp_path, CountedSource())
        write(tmp_path, CountedSource(range(13)))
        assert caplog.messages == [f"{known} known, {new} new" for known, new in ((0, 10), (10, 3))]

    def test_a_helper_tells_nothing(self, tmp_path, capsys):
        path = died(tmp_path, 1)
        capsys.readouterr()
        feature_store.write_shard(path.parent, CountedSource(), [4, 5])
        assert len(arrays(path)) == 1
        assert capsys.readouterr() == ("", "")


class TestDamage:
    def test_the_shard_is_named_before_a_value_of_it_is_used(self, tmp_path):
        store = write(tmp_path, CountedSource())
        damaged = arrays(store.path)[1]
        flip(damaged)
        opened = FeatureStore(store.path)
        assert np.array_equal(opened["wide"][:4], CountedSource().values("wide")[:4])
        with pytest.raises(FeatureStoreError, match=rf"{damaged.name} is damaged.*--pipelines feature_extraction"):
            opened["wide"][5]
        assert opened.damaged() == [damaged]

    def test_its_paintings_alone_are_computed_again(self, tmp_path, caplog):
        store = write(tmp_path, CountedSource())
        damaged = arrays(store.path)[1]
        untouched = states(store.path.parent)
        flip(damaged)
        again = CountedSource()
        assert holds(write(tmp_path, again), again)
        assert again.computed == [[4, 5], [6, 7]]
        assert f"4 paintings of a damaged shard are computed again: {damaged}" in caplog.text
        now = states(store.path.parent)
        assert {path for path in untouched if now[path] != untouched[path]} == {damaged, damaged.with_suffix(".json")}

    def test_while_growing(self, tmp_path):
        """Of a shard that two collections share, each computes what it wants."""
        store = write(tmp_path, CountedSource(range(10)))
        flip(arrays(store.path)[1])
        other = CountedSource([0, 5, 20])
        assert holds(write(tmp_path, other), other)
        assert other.computed == [[5, 20]]
        first = CountedSource(range(10))
        assert holds(write(tmp_path, first), first)
        assert sorted(painting for batch in first.computed for painting in batch) == [4, 6, 7]

    def test_of_others_is_left_alone(self, tmp_path):
        store = write(tmp_path, CountedSource(range(10)))
        flip(arrays(store.path)[2])
        fewer = CountedSource(range(8))
        assert write(tmp_path, fewer).damaged() == []
        assert fewer.computed == []

    @pytest.mark.parametrize(
        "harm", [lambda path: path.unlink(), lambda path: path.write_bytes(path.read_bytes()[:40])]
    )
    def test_a_missing_or_shortened_shard(self, tmp_path, harm):
        store = write(tmp_path, CountedSource())
        harm(arrays(store.path, "narrow")[2])
        with pytest.raises(
            FeatureStoreError, match=r"the features of 2 of 10 paintings are missing.*narrow.*kedro run"
        ):
            FeatureStore(store.path)
        again = CountedSource()
        assert holds(write(tmp_path, again), again)
        assert again.computed == [[8, 9]]

    def test_a_damaged_manifest_is_written_again_and_nothing_computed(self, tmp_path):
        path = write(tmp_path, CountedSource()).path
        before = path.read_bytes()
        flip(path)
        with pytest.raises(FeatureStoreError, match=rf"{path.name} is damaged"):
            FeatureStore(path)
        again = CountedSource()
        write(tmp_path, again)
        assert again.computed == []
        assert path.read_bytes() == before

    def test_elsewhere_too_where_a_copy_was_fetched_before(self):
        bucket = as_path(f"memory://{uuid4().hex}/features")
        store = write(bucket, CountedSource())
        assert holds(store, CountedSource())
        damaged = arrays(store.path)[1]
        flip(damaged)
        local_copy(damaged).unlink()
        with pytest.raises(FeatureStoreError, match="is damaged"):
            np.asarray(FeatureStore(store.path)["wide"])
        again = CountedSource()
        assert holds(write(bucket, again), again)
        assert again.computed == [[4, 5], [6, 7]]

    def test_nothing_at_all(self, tmp_path):
        with pytest.raises(FeatureStoreError, match="no features of this collection"):
            FeatureStore(CountedSource().contents.below(tmp_path))


class TestHelpers:
    def test_every_shard_is_computed_once_by_somebody(self, tmp_path):
        source = CountedSource()
        with ThreadPoolExecutor(3) as helpers:
            store = write(tmp_path, source, helpers)
        assert [rows for rows, _ in source.parts] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
        assert [part.computed for _, part in source.parts] == [[[0, 1], [2, 3]], [[4, 5], [6, 7]], [[8, 9]]]
        assert holds(store, source)

    def test_what_is_stored_is_not_handed_out(self, tmp_path):
        died(tmp_path, 3)
        source = CountedSource()
        with ThreadPoolExecutor(2) as helpers:
            write(tmp_path, source, helpers)
        assert [rows for rows, _ in source.parts] == [[4, 5, 6, 7], [8, 9]]

    def test_a_helper_does_nothing_that_another_has_done(self, tmp_path):
        """As when a worker dies, and the task it had handed on is handed on again."""
        path = write(tmp_path, CountedSource()).path
        again = CountedSource()
        feature_store.write_shard(path.parent, again, [4, 5, 6, 7])
        assert again.computed == []

    def test_a_shard_that_another_stores_meanwhile_stays(self, tmp_path):
        """As when the worker dies that handed it on: others go on with it, and it is handed on once more."""
        folder, rows = CountedSource().contents.below(tmp_path).parent, [0, 1, 2, 3]
        for layer in CountedSource().columns:
            (folder / layer).mkdir(parents=True)
        stored = {}

        class Slower(CountedSource):
            def compute(self, groups):
                feature_store.write_shard(folder, CountedSource(), rows)
                stored.update(states(folder))
                yield from super().compute(groups)

        feature_store.write_shard(folder, Slower(), rows)
        assert stored and states(folder) == stored

    def test_what_a_helper_says_is_heard(self, tmp_path):
        with ThreadPoolExecutor(1) as helpers, pytest.raises(KeyboardInterrupt):
            write(tmp_path, CountedSource(dies_after=1), helpers)
        assert not list(tmp_path.rglob("*.partial"))


class TestOtherFilesystems:
    def test_it_grows_and_goes_on_elsewhere_too(self):
        bucket = as_path(f"memory://{uuid4().hex}/features")
        died(bucket, 3)
        resumed = CountedSource(range(11))
        store = write(bucket, resumed)
        assert resumed.computed == [[4, 5], [6, 7], [8, 9], [10]]
        assert np.array_equal(FeatureStore(store.path)["narrow"][[9, 0]], resumed.values("narrow")[[9, 0]])
        assert not [path for path in bucket.rglob("*") if "partial" in path.name]


class TestLyingFiles:
    """A store that somebody else has made, or that was damaged."""

    @staticmethod
    def rewrite(path, change):
        """Change a file of JSON, with a checksum that fits."""
        content = json.loads(path.read_text())
        del content["digest"]
        text = change(content)
        path.write_text(text or json.dumps(content | {"digest": fingerprint(content)}))

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            (lambda _: " ", "it is no JSON object"),
            (lambda _: "[]", "it is no JSON object"),
            (lambda _: "[" * 100_000, "it is no JSON object"),
            (lambda found: found.pop("layers") and None, "layers: Field required"),
            (lambda found: found.update(dtype="object"), "dtype: Input should be 'float16' or 'float32'"),
            (lambda found: found["layers"]["wide"].update(columns=0), "layers.wide.columns: "),
            (lambda found: found["layers"]["wide"].update(columns="6"), "layers.wide.columns: "),
            (lambda found: found["paintings"].append("../secret"), "paintings.10: "),
            *(
                (lambda found, name=name: found["layers"].update({name: found["layers"].pop("wide")}), "layers.")
                for name in ("../up", "/etc", "a/b", "..", "..\\b", "")
            ),
        ],
    )
    def test_manifests_are_refused_with_what_is_wrong(self, tmp_path, change, told):
        path = write(tmp_path, CountedSource()).path
        self.rewrite(path, change)
        with pytest.raises(FeatureStoreError, match=f"{path.name} is damaged: .*{re.escape(told)}"):
            FeatureStore(path)

    @pytest.mark.parametrize(
        "change",
        [
            lambda _: "[]",
            lambda found: found.update(columns=10**9),
            lambda found: found.update(columns=5),
            lambda found: found.update(dtype="float32"),
            lambda found: found["rows"].update({"0" * 64: "0" * 64}),
            lambda found: found["rows"].pop(next(iter(found["rows"]))) and None,
            lambda found: found.update(bytes=found["bytes"] + 1),
            lambda found: found.update(sha256="0" * 64),
        ],
    )
    def test_a_shard_with_a_lying_index_is_never_read_and_computed_again(self, tmp_path, change):
        path = write(tmp_path, CountedSource()).path
        self.rewrite(arrays(path)[0].with_suffix(".json"), change)
        with pytest.raises(FeatureStoreError, match=r"damaged|holds"):
            np.asarray(FeatureStore(path)["wide"])
        again = CountedSource()
        assert holds(write(tmp_path, again), again)
        assert again.computed == [[0, 1], [2, 3]]

    def test_a_shard_that_is_no_array(self, tmp_path):
        path = write(tmp_path, CountedSource()).path
        shard = arrays(path)[0]
        shard.write_bytes(bytes(shard.stat().st_size))
        checksum = hashlib.sha256(shard.read_bytes()).hexdigest()
        self.rewrite(shard.with_suffix(".json"), lambda found: found.update(sha256=checksum))
        with pytest.raises(FeatureStoreError, match=rf"{shard.name} is damaged: not a \.npy file"):
            np.asarray(FeatureStore(path)["wide"])


class TestReading:
    @pytest.fixture(scope="class")
    def both(self, tmp_path_factory):
        """Twenty-three paintings that came in three times, in an order of their own."""
        root = tmp_path_factory.mktemp("store")
        for paintings in (range(10, 23), range(0, 23, 2)):
            write(root, CountedSource(paintings, shard_rows=5))
        source = CountedSource(range(23), shard_rows=5)
        return write(root, source)["wide"], source.values("wide")

    @given(start=st.integers(-30, 30), stop=st.integers(-30, 30), step=st.sampled_from([1, 2, 3, -1]))
    def test_slices(self, both, start, stop, step):
        stored, expected = both
        assert np.array_equal(stored[start:stop:step], expected[start:stop:step])

    @given(rows=st.lists(st.integers(-23, 22), max_size=30))
    def test_any_order_of_rows(self, both, rows):
        stored, expected = both
        rows = np.array(rows, dtype=int)
        assert np.array_equal(stored[rows, 1:4], expected[rows, 1:4])

    @pytest.mark.parametrize("row", [0, 4, 5, 22, -1, -23, np.int64(7), np.int64(-7)])
    def test_one_row(self, both, row):
        stored, expected = both
        assert np.array_equal(stored[row], expected[row])
        assert np.array_equal(stored[row, 2:4], expected[row, 2:4])

    @pytest.mark.parametrize("row", [23, -24])
    def test_a_row_outside_is_refused(self, both, row):
        with pytest.raises(IndexError, match=f"{row} is out of bounds.* 23"):
            both[0][row]

    def test_as_an_array_of_another_type(self, both):
        stored, expected = both
        found = np.asarray(stored, dtype=np.float64)
        assert (stored.dtype, np.asarray(stored).dtype, found.dtype) == (np.float16, np.float16, np.float64)
        assert np.array_equal(found, expected)

    def test_a_range_of_columns(self, both):
        stored, expected = both
        columns = stored.columns(2, 5)
        assert columns.shape == (23, 3)
        assert np.array_equal(columns[3:9], expected[3:9, 2:5])

    @pytest.mark.parametrize(("start", "stop"), [(3, 3), (-1, 2), (0, 7)])
    def test_a_range_outside_is_refused(self, both, start, stop):
        with pytest.raises(ValueError, match="columns must satisfy"):
            ColumnRange(both[0], start, stop)
