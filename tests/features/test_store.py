import hashlib
import json
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grisaille.arrays import ColumnRange
from grisaille.features import store as feature_store
from grisaille.features.store import MANIFEST, FeatureStore, FeatureStoreError, write
from grisaille.storage.files import as_path, local_copy
from helpers import CountedSource, flip


def died(root, after, **options):
    """A store whose writing ended after so many batches."""
    with pytest.raises(KeyboardInterrupt):
        write(root, CountedSource(dies_after=after, **options))
    return root / feature_store.fingerprint(CountedSource(**options).identity)


class TestWriting:
    def test_what_is_read_is_what_was_computed(self, tmp_path):
        source = CountedSource()
        store = write(tmp_path, source)
        assert list(store) == ["wide", "narrow"]
        for layer in store:
            assert np.array_equal(np.asarray(store[layer]), source.values(layer))
            assert store[layer].dtype == np.float16

    def test_the_folder_is_the_fingerprint_of_the_identity(self, tmp_path):
        assert write(tmp_path, CountedSource()).fingerprint == feature_store.fingerprint({"rows": 10, "name": "a"})
        assert write(tmp_path, CountedSource(name="b")).fingerprint != feature_store.fingerprint(
            {"rows": 10, "name": "a"}
        )

    def test_the_fingerprint_is_that_of_the_sorted_json(self):
        """Were it another, stores of earlier releases would not be found."""
        expected = hashlib.sha256(b'{"name": "a", "rows": 10}').hexdigest()
        assert feature_store.fingerprint({"rows": 10, "name": "a"}) == expected[:16]

    def test_a_second_time_computes_nothing_and_writes_nothing(self, tmp_path):
        store = write(tmp_path, CountedSource())
        before = {path: path.stat().st_mtime_ns for path in store.folder.iterdir()}
        again = CountedSource()
        write(tmp_path, again)
        assert again.computed == []
        assert {path: path.stat().st_mtime_ns for path in store.folder.iterdir()} == before

    def test_the_root_is_made(self, tmp_path):
        assert len(write(tmp_path / "a" / "b", CountedSource())) == 2

    @pytest.mark.parametrize("rows", [1, 3, 4, 5, 8])
    @pytest.mark.parametrize("batch", [1, 3, 4, 100])
    def test_any_number_of_rows_and_any_batch(self, tmp_path, rows, batch):
        source = CountedSource(rows=rows, batch=batch)
        store = write(tmp_path, source)
        assert len(store["wide"]) == rows
        for layer in store:
            assert np.array_equal(np.asarray(store[layer]), source.values(layer))

    def test_the_manifest_says_what_is_there_and_what_determined_it(self, tmp_path):
        store = write(tmp_path, CountedSource())
        stored = json.loads((store.folder / MANIFEST).read_text())
        digest = stored.pop("digest")
        assert digest == feature_store.fingerprint(stored)
        assert stored == store.manifest
        layers = stored.pop("layers")
        assert stored == {
            "identity": {"name": "a", "rows": 10},
            "rows": 10,
            "shard_rows": 4,
            "dtype": "float16",
        }
        assert {name: layer["columns"] for name, layer in layers.items()} == {"wide": 6, "narrow": 3}
        names = [[shard["file"] for shard in layer["shards"]] for layer in layers.values()]
        assert names == [[f"{layer}-{start:08d}.npy" for start in (0, 4, 8)] for layer in ("wide", "narrow")]

    def test_every_shard_is_sealed(self, tmp_path):
        store = write(tmp_path, CountedSource())
        for shard in store.folder.glob("*.npy"):
            seal = shard.with_name(f"{shard.name}.sha256").read_text()
            assert seal == hashlib.sha256(shard.read_bytes()).hexdigest()

    @pytest.mark.parametrize("damaged", ["wide-00000000.npy", "narrow-00000004.npy", "narrow-00000008.npy"])
    def test_a_shard_that_cannot_be_written_ends_the_run(self, tmp_path, monkeypatch, damaged):
        original = feature_store.seal

        def full(path, written):
            if path.name == damaged:
                raise OSError("the disk is full")
            original(path, written)

        monkeypatch.setattr(feature_store, "seal", full)
        with pytest.raises(OSError, match="the disk is full"):
            write(tmp_path, CountedSource())
        assert not list(tmp_path.glob(f"*/{MANIFEST}"))

    @pytest.mark.parametrize("wrong", [np.zeros((4, 5), "f2"), np.zeros((3, 6), "f2"), np.zeros((4, 6), "f4"), None])
    def test_a_shard_that_is_another_array_or_none_is_computed_again(self, tmp_path, wrong):
        shard = died(tmp_path, 4) / "wide-00000000.npy"
        shard.write_bytes(b"no array")
        if wrong is not None:
            np.save(shard, wrong)
        shard.with_name(f"{shard.name}.sha256").write_text(hashlib.sha256(shard.read_bytes()).hexdigest())
        resumed = CountedSource()
        write(tmp_path, resumed)
        assert resumed.computed[:2] == [0, 2]

    def test_a_seal_is_there_before_its_shard(self, tmp_path, monkeypatch):
        """A run that is killed between the two must not lose what was computed."""

        def die(half, path):
            assert path.with_name(f"{path.name}.sha256").read_text() == hashlib.sha256(half.read_bytes()).hexdigest()
            raise SystemExit

        rename = type(tmp_path).replace
        monkeypatch.setattr(
            type(tmp_path), "replace", lambda half, path: (die if path.suffix == ".npy" else rename)(half, path)
        )
        with pytest.raises(SystemExit):
            write(tmp_path, CountedSource())
        assert not list(tmp_path.rglob("*.npy"))

    def test_a_shard_that_nobody_vouches_for_is_computed_again(self, tmp_path):
        (died(tmp_path, 4) / "wide-00000000.npy.sha256").unlink()
        resumed = CountedSource()
        write(tmp_path, resumed)
        assert resumed.computed[:2] == [0, 2]

    def test_a_run_that_died_goes_on_at_the_first_missing_shard(self, tmp_path):
        dying = CountedSource(dies_after=3)
        with pytest.raises(KeyboardInterrupt):
            write(tmp_path, dying)
        assert not list(tmp_path.glob(f"*/{MANIFEST}"))
        resumed = CountedSource()
        store = write(tmp_path, resumed)
        assert resumed.computed == [4, 6, 8]
        assert np.array_equal(np.asarray(store["wide"]), resumed.values("wide"))

    def test_a_shard_cut_short_by_hand_is_computed_again(self, tmp_path):
        dying = CountedSource(dies_after=4)
        with pytest.raises(KeyboardInterrupt):
            write(tmp_path, dying)
        shard = next(tmp_path.glob("*/wide-00000000.npy"))
        shard.write_bytes(shard.read_bytes()[:40])
        resumed = CountedSource()
        write(tmp_path, resumed)
        assert resumed.computed[:2] == [0, 2]

    def test_nothing_temporary_is_left(self, tmp_path):
        write(tmp_path, CountedSource())
        assert not list(tmp_path.rglob("*.partial"))

    def test_checksums_are_those_of_the_files(self, tmp_path):
        store = write(tmp_path, CountedSource())
        for layer in store.manifest["layers"].values():
            for shard in layer["shards"]:
                assert feature_store._describe(store.folder / shard["file"]) == shard


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

        monkeypatch.setattr(feature_store, "tqdm", Bar)
        return shown

    def options(self, initial):
        return {"total": 10, "initial": initial, "desc": "extracting features", "unit": " paintings"}

    def test_every_batch_is_progress(self, tmp_path, bars):
        write(tmp_path, CountedSource())
        assert bars == [(self.options(0), [2, 2, 2, 2, 2])]

    def test_progress_goes_on_where_the_run_died(self, tmp_path, bars):
        died(tmp_path, 3)
        bars.clear()
        write(tmp_path, CountedSource())
        assert bars == [(self.options(4), [2, 2, 2])]

    def test_shards_of_helpers_are_progress(self, tmp_path, bars):
        with ThreadPoolExecutor(1) as helpers:
            write(tmp_path, CountedSource(), helpers)
        assert [(options, sorted(steps)) for options, steps in bars] == [(self.options(0), [2, 4, 4])]

    def test_what_is_stored_has_no_progress(self, tmp_path, bars, caplog):
        caplog.set_level(logging.INFO)
        store = write(tmp_path, CountedSource())
        assert caplog.messages == []
        bars.clear()
        write(tmp_path, CountedSource())
        assert bars == []
        assert caplog.messages == [f"features are stored already: {store.folder}"]

    def test_where_it_goes_on(self, tmp_path, caplog):
        caplog.set_level(logging.INFO)
        folder = died(tmp_path, 3)
        write(tmp_path, CountedSource())
        assert caplog.messages == [f"going on with shard 2 of 3 in {folder}"]

    def test_what_is_damaged(self, tmp_path, caplog):
        store = write(tmp_path, CountedSource())
        flip(store.folder / "wide-00000004.npy")
        write(tmp_path, CountedSource())
        expected = f"1 of 3 shards are damaged or missing and computed again: {store.folder}"
        assert caplog.record_tuples == [("grisaille.features.store", logging.WARNING, expected)]

    def test_a_helper_tells_nothing(self, tmp_path, capsys):
        folder = died(tmp_path, 1)
        capsys.readouterr()
        feature_store.write_shard(folder, CountedSource(), (4, 8))
        assert (folder / "wide-00000004.npy").exists()
        assert capsys.readouterr() == ("", "")


class TestKilledBetweenTheLayers:
    def test_what_is_stored_is_left_as_it_is(self, tmp_path):
        store = write(tmp_path, CountedSource())
        (store.folder / MANIFEST).unlink()
        (store.folder / "narrow-00000004.npy").unlink()
        kept = {path: path.stat().st_ino for path in store.folder.glob("*.npy")}
        again = write(tmp_path, CountedSource())
        assert {path: path.stat().st_ino for path in kept} == kept
        assert np.array_equal(np.asarray(again["narrow"]), CountedSource().values("narrow"))


class TestAFlippedByte:
    def test_the_shard_is_named_before_a_value_of_it_is_used(self, tmp_path):
        store = write(tmp_path, CountedSource())
        flip(store.folder / "wide-00000004.npy")
        opened = FeatureStore(store.folder)
        assert np.array_equal(opened["wide"][:4], CountedSource().values("wide")[:4])
        with pytest.raises(FeatureStoreError, match=r"wide-00000004\.npy is damaged.*--pipelines feature_extraction"):
            opened["wide"][5]
        assert opened.damaged() == [store.folder / "wide-00000004.npy"]

    def test_that_shard_alone_is_computed_again(self, tmp_path, caplog):
        store = write(tmp_path, CountedSource())
        untouched = {path: path.stat().st_mtime_ns for path in store.folder.glob("*-0000000[08].npy")}
        flip(store.folder / "wide-00000004.npy")
        again = CountedSource()
        mended = write(tmp_path, again)
        assert again.computed == [4, 6]
        assert "1 of 3 shards are damaged or missing" in caplog.text
        assert np.array_equal(np.asarray(mended["wide"]), again.values("wide"))
        assert {path: path.stat().st_mtime_ns for path in untouched} == untouched

    def test_in_a_store_that_is_not_finished(self, tmp_path):
        with pytest.raises(KeyboardInterrupt):
            write(tmp_path, CountedSource(dies_after=4))
        flip(next(tmp_path.glob("*/narrow-00000000.npy")))
        resumed = CountedSource()
        store = write(tmp_path, resumed)
        assert resumed.computed[:2] == [0, 2]
        assert np.array_equal(np.asarray(store["narrow"]), resumed.values("narrow"))

    def test_a_missing_shard_of_a_finished_store(self, tmp_path):
        store = write(tmp_path, CountedSource())
        (store.folder / "narrow-00000008.npy").unlink()
        again = CountedSource()
        write(tmp_path, again)
        assert again.computed == [8]

    def test_a_damaged_manifest_is_written_again_and_nothing_computed(self, tmp_path):
        store = write(tmp_path, CountedSource())
        flip(store.folder / MANIFEST)
        with pytest.raises(FeatureStoreError, match=r"manifest\.json is damaged"):
            FeatureStore(store.folder)
        again = CountedSource()
        assert write(tmp_path, again).manifest == store.manifest
        assert again.computed == []

    @pytest.mark.parametrize("damaged", [b"0" * 64, b"\xff", b""])
    def test_a_damaged_seal_of_a_listed_shard_costs_nothing(self, tmp_path, damaged):
        store = write(tmp_path, CountedSource())
        (store.folder / "wide-00000000.npy.sha256").write_bytes(damaged)
        again = CountedSource()
        write(tmp_path, again)
        assert again.computed == []

    def test_a_store_of_an_earlier_release_is_held_to_its_manifest(self, tmp_path):
        """It has no seals, and no checksum of the manifest itself."""
        store = write(tmp_path, CountedSource())
        (store.folder / MANIFEST).write_text(json.dumps(store.manifest))
        for seal in store.folder.glob("*.sha256"):
            seal.unlink()
        again = CountedSource()
        write(tmp_path, again)
        assert again.computed == []
        flip(store.folder / "wide-00000000.npy")
        write(tmp_path, again)
        assert again.computed == [0, 2]

    def test_elsewhere_too_where_a_copy_was_fetched_before(self):
        bucket = as_path(f"memory://{uuid4().hex}/features")
        store = write(bucket, CountedSource())
        assert store["wide"].shape == np.asarray(store["wide"]).shape
        flip(store.folder / "wide-00000004.npy")
        local_copy(store.folder / "wide-00000004.npy").unlink()
        with pytest.raises(FeatureStoreError, match="is damaged"):
            np.asarray(FeatureStore(store.folder)["wide"])
        again = CountedSource()
        mended = write(bucket, again)
        assert again.computed == [4, 6]
        assert np.array_equal(np.asarray(mended["wide"]), again.values("wide"))


class TestHelpers:
    def test_every_shard_is_computed_once_by_somebody(self, tmp_path):
        source = CountedSource(rows=10, shard_rows=4)
        with ThreadPoolExecutor(3) as helpers:
            store = write(tmp_path, source, helpers)
        assert [(start, stop) for start, stop, _ in source.parts] == [(0, 4), (4, 8), (8, 10)]
        assert [part.computed for *_, part in source.parts] == [[0, 2], [4, 6], [8]]
        assert np.array_equal(np.asarray(store["wide"]), source.values("wide"))

    def test_what_is_stored_is_not_handed_out(self, tmp_path):
        with pytest.raises(KeyboardInterrupt):
            write(tmp_path, CountedSource(dies_after=3))
        source = CountedSource()
        with ThreadPoolExecutor(2) as helpers:
            write(tmp_path, source, helpers)
        assert [(start, stop) for start, stop, _ in source.parts] == [(4, 8), (8, 10)]

    def test_a_helper_does_nothing_that_another_has_done(self, tmp_path):
        """As when a worker dies, and the task it had handed on is handed on again."""
        store = write(tmp_path, CountedSource())
        again = CountedSource()
        feature_store.write_shard(store.folder, again, (4, 8))
        assert again.computed == []

    def test_what_a_helper_says_is_heard(self, tmp_path):
        with ThreadPoolExecutor(1) as helpers, pytest.raises(KeyboardInterrupt):
            write(tmp_path, CountedSource(dies_after=1), helpers)
        assert not list(tmp_path.rglob("*.partial"))


class TestOtherFilesystems:
    @pytest.fixture
    def bucket(self):
        return as_path(f"memory://{uuid4().hex}/features")

    def test_a_store_elsewhere_is_the_same(self, bucket):
        store = write(bucket, CountedSource())
        assert np.array_equal(np.asarray(store["wide"]), CountedSource().values("wide"))
        assert np.array_equal(FeatureStore(store.folder)["narrow"][[9, 0]], CountedSource().values("narrow")[[9, 0]])

    def test_it_goes_on_elsewhere_too(self, bucket):
        with pytest.raises(KeyboardInterrupt):
            write(bucket, CountedSource(dies_after=3))
        resumed = CountedSource()
        write(bucket, resumed)
        assert resumed.computed == [4, 6, 8]
        assert not [path for path in bucket.glob("*/*") if "partial" in path.name]


class TestOpening:
    def test_an_unfinished_store_does_not_exist(self, tmp_path):
        with pytest.raises(FeatureStoreError, match="no finished feature store"):
            FeatureStore(tmp_path)

    def test_a_missing_shard_is_named(self, tmp_path):
        store = write(tmp_path, CountedSource())
        (store.folder / "narrow-00000004.npy").unlink()
        with pytest.raises(FeatureStoreError, match=r"narrow-00000004\.npy of narrow is missing"):
            FeatureStore(store.folder)

    def test_a_shard_that_was_cut_short_is_named(self, tmp_path):
        store = write(tmp_path, CountedSource())
        shard = store.folder / "wide-00000008.npy"
        shard.write_bytes(shard.read_bytes()[:-1])
        with pytest.raises(FeatureStoreError, match=r"wide-00000008\.npy of wide is missing or cut short"):
            FeatureStore(store.folder)

    def test_a_whole_store_has_no_damage(self, tmp_path):
        assert write(tmp_path, CountedSource()).damaged() == []

    def test_damage_anywhere_is_found(self, tmp_path):
        store = write(tmp_path, CountedSource())
        damaged = [store.folder / name for name in ("wide-00000000.npy", "wide-00000008.npy", "narrow-00000004.npy")]
        for path in damaged:
            flip(path)
        assert FeatureStore(store.folder).damaged() == damaged

    def test_a_manifest_whose_checksum_is_another(self, tmp_path):
        path = write(tmp_path, CountedSource()).folder / MANIFEST
        path.write_text(path.read_text().replace('"name": "a"', '"name": "b"'))
        with pytest.raises(FeatureStoreError, match=r"manifest\.json is damaged: its checksum is another.*kedro run"):
            FeatureStore(path.parent)

    def test_a_manifest_is_plain_json(self, tmp_path):
        store = write(tmp_path, CountedSource())
        assert json.loads((store.folder / MANIFEST).read_text())["rows"] == 10


class TestLyingManifests:
    """A store that somebody else has made, or that was damaged."""

    def damaged(self, tmp_path, change):
        store = write(tmp_path, CountedSource())
        manifest = json.loads((store.folder / MANIFEST).read_text())
        text = change(manifest) or json.dumps(manifest)
        (store.folder / MANIFEST).write_text(text)
        return store.folder

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            (lambda _: " ", "the file: Invalid JSON"),
            (lambda _: "[]", "the file: "),
            (lambda _: "[" * 100_000, "the file: Invalid JSON"),
            (lambda found: found.pop("layers") and None, "layers: Field required"),
            (lambda found: found.update(rows="10"), "rows: Input should be a valid integer"),
            (lambda found: found.update(rows=-1), "rows: "),
            (lambda found: found.update(rows=10**15), "rows: "),
            (lambda found: found.update(rows=10**9, shard_rows=10**9), "wide has 3 shards and needs 1"),
            (lambda found: found.update(rows=9 * 10**8, shard_rows=3 * 10**8), "is too short for 300000000 rows"),
            (lambda found: found.update(shard_rows=0), "shard_rows: "),
            (lambda found: found.update(dtype="object"), "dtype: Input should be 'float16' or 'float32'"),
            (lambda found: found["layers"]["wide"].update(columns=0), "layers.wide.columns: "),
            (lambda found: found["layers"]["wide"]["shards"].pop() and None, "wide has 2 shards and needs 3"),
        ],
    )
    def test_they_are_refused_with_what_is_wrong(self, tmp_path, change, told):
        folder = self.damaged(tmp_path, change)
        with pytest.raises(FeatureStoreError, match=f"the manifest .* is damaged: .*{re.escape(told)}"):
            FeatureStore(folder)

    @pytest.mark.parametrize("name", ["../secret.npy", "/etc/secret.npy", "a/../b.npy", "..\\\\b.npy", ".npy/..", ""])
    def test_none_leads_out_of_its_folder(self, tmp_path, name):
        folder = self.damaged(tmp_path, lambda found: found["layers"]["wide"]["shards"][0].update(file=name))
        with pytest.raises(FeatureStoreError, match=r"layers\.wide\.shards\.0\.file"):
            FeatureStore(folder)

    def admit(self, shard):
        """Let the manifest know a shard for what it has become."""
        path = shard.with_name(MANIFEST)
        manifest = json.loads(path.read_text())
        del manifest["digest"]
        manifest["layers"]["wide"]["shards"][0].update(feature_store._describe(shard))
        path.write_text(json.dumps(manifest))

    @pytest.mark.parametrize("wrong", [np.zeros((4, 5), "f2"), np.zeros((5, 6), "f2"), np.zeros((4, 6), "f4")])
    def test_a_shard_of_another_shape_or_type(self, tmp_path, wrong):
        store = write(tmp_path, CountedSource())
        shard = store.folder / "wide-00000000.npy"
        np.save(shard, wrong)
        self.admit(shard)
        with pytest.raises(FeatureStoreError, match=r"wide-00000000\.npy( holds|\b.*too short)"):
            np.asarray(FeatureStore(store.folder)["wide"])

    def test_a_shard_that_is_no_array(self, tmp_path):
        store = write(tmp_path, CountedSource())
        shard = store.folder / "wide-00000000.npy"
        shard.write_bytes(bytes(shard.stat().st_size))
        self.admit(shard)
        with pytest.raises(FeatureStoreError, match=r"wide-00000000\.npy is damaged: no \.npy file"):
            np.asarray(FeatureStore(store.folder)["wide"])


class TestReading:
    @pytest.fixture(scope="class")
    def both(self, tmp_path_factory):
        source = CountedSource(rows=23, shard_rows=5)
        return write(tmp_path_factory.mktemp("store"), source)["wide"], source.values("wide")

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

    def test_lists_of_rows(self, both):
        stored, expected = both
        assert np.array_equal(stored[[3, -2, 3]], expected[[3, -2, 3]])

    def test_as_an_array_of_another_type(self, both):
        stored, expected = both
        assert stored.dtype == np.asarray(stored).dtype == np.float16
        found = np.asarray(stored, dtype=np.float64)
        assert found.dtype == np.float64
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
