import json
import re
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grisaille import feature_store
from grisaille.arrays import ColumnRange
from grisaille.feature_store import MANIFEST, FeatureStore, FeatureStoreError, write
from grisaille.storage import local_copy, place


class CountedSource:
    """Features that can be predicted, a log of what was computed, and death after so many batches."""

    def __init__(self, rows=10, shard_rows=4, batch=2, dies_after=None, name="a"):
        self.identity = {"name": name, "rows": rows}
        self.rows, self.shard_rows, self.batch, self.dies_after = rows, shard_rows, batch, dies_after
        self.columns = {"wide": 6, "narrow": 3}
        self.dtype = np.dtype(np.float16)
        self.computed, self.parts = [], []

    def values(self, layer):
        return np.arange(self.rows * self.columns[layer], dtype=self.dtype).reshape(self.rows, -1)

    def part(self, start, stop):
        part = copy(self)
        part.computed = []
        self.parts.append((start, stop, part))
        return part

    def compute(self, ranges):
        for start, stop in ranges:
            for first in range(start, stop, self.batch):
                if self.dies_after is not None and len(self.computed) == self.dies_after:
                    raise KeyboardInterrupt
                self.computed.append(first)
                rows = slice(first, min(first + self.batch, stop))
                yield first, {layer: self.values(layer)[rows] for layer in self.columns}


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

    def test_a_second_time_computes_nothing(self, tmp_path):
        write(tmp_path, CountedSource())
        again = CountedSource()
        write(tmp_path, again)
        assert again.computed == []

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


def flip(path):
    """Change one bit of the byte in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


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
        with pytest.raises(FeatureStoreError, match=r"wide-00000004\.npy is damaged.*--pipeline feature_extraction"):
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

    def test_a_damaged_seal_of_a_listed_shard_costs_nothing(self, tmp_path):
        store = write(tmp_path, CountedSource())
        flip(store.folder / "wide-00000000.npy.sha256")
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
        bucket = place(f"memory://{uuid4().hex}/features")
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
        return place(f"memory://{uuid4().hex}/features")

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

    def test_one_row(self, both):
        stored, expected = both
        assert np.array_equal(stored[-1], expected[-1])
        with pytest.raises(IndexError):
            stored[23]

    def test_a_range_of_columns(self, both):
        stored, expected = both
        columns = stored.columns(2, 5)
        assert columns.shape == (23, 3)
        assert np.array_equal(columns[3:9], expected[3:9, 2:5])

    @pytest.mark.parametrize(("start", "stop"), [(3, 3), (-1, 2), (0, 7)])
    def test_a_range_outside_is_refused(self, both, start, stop):
        with pytest.raises(ValueError, match="columns must satisfy"):
            ColumnRange(both[0], start, stop)
