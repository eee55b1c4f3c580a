"""Whatever the kind of file: saved whole or not at all, and refused when a byte of it has changed."""

import logging
import os
import pickle
import resource
from contextlib import contextmanager
from uuid import uuid4

import keras
import numpy as np
import pandas as pd
import pytest
from kedro.io.core import DatasetError
from matplotlib.figure import Figure

from grisaille.features.store import FeatureStoreError
from grisaille.framework.catalog import AtomicCatalog, DamagedError
from grisaille.storage import DiskFullError
from helpers import CountedSource, flip

OLD, NEW, NEXT = (f"202{year}-01-01T00.00.00.000Z" for year in (1, 2, 3))
# Less than any of the files below, and more than what is captured of a test.
ROOM = 1 << 14


def array(seed):
    return np.random.default_rng(seed).normal(size=(80, 80))


def model(seed):
    keras.utils.set_random_seed(seed)
    return keras.Sequential([keras.Input((80,)), keras.layers.Dense(80)])


def figure(seed):
    drawn = Figure()
    drawn.figimage(array(seed), resize=True)
    return drawn


KINDS = {
    "csv": ({"type": "pandas.CSVDataset", "save_args": {"index": False}}, lambda seed: pd.DataFrame(array(seed))),
    "parquet": (
        {"type": "pandas.ParquetDataset"},
        lambda seed: pd.DataFrame(array(seed), columns=[f"{column}" for column in range(80)]),
    ),
    "npy": ({"type": "grisaille.datasets.NumPyDataset"}, array),
    "keras": ({"type": "tensorflow.TensorFlowModelDataset"}, model),
    "json": ({"type": "json.JSONDataset"}, lambda seed: array(seed).tolist()),
    "pkl": ({"type": "pickle.PickleDataset"}, array),
    "png": ({"type": "matplotlib.MatplotlibDataset"}, figure),
}


def open_catalog(folder, kind, version):
    entry = KINDS[kind][0] | {"filepath": f"{folder}/thing.{kind}", "versioned": True}
    return AtomicCatalog.from_config({"thing": entry}, save_version=version)


@contextmanager
def little_room():
    """No file of this process can grow beyond a size, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def saved(tmp_path, kind):
    """A folder with one version of a file."""
    open_catalog(tmp_path, kind, OLD).save("thing", KINDS[kind][1](0))
    return tmp_path


def files(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


class TestSaving:
    def test_a_version_and_its_stamp_and_nothing_else(self, saved, kind):
        assert files(saved) == [f"thing.{kind}", f"thing.{kind}.stamp.json"]

    def test_kedro_itself_finds_the_newest_version(self, saved, kind):
        catalog = open_catalog(saved, kind, NEW)
        catalog.save("thing", KINDS[kind][1](1))
        assert catalog.get("thing").resolve_load_version() == NEW
        assert open_catalog(saved, kind, NEXT).get("thing").resolve_load_version() == NEW

    def test_a_version_is_never_saved_twice(self, saved, kind):
        with pytest.raises(DatasetError, match="must not exist"):
            open_catalog(saved, kind, OLD).save("thing", KINDS[kind][1](1))

    def test_what_was_interrupted_is_no_version(self, saved, kind, monkeypatch):
        def interrupt(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "fsync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            open_catalog(saved, kind, NEW).save("thing", KINDS[kind][1](1))
        assert open_catalog(saved, kind, NEXT).get("thing").resolve_load_version() == OLD
        assert files(saved) == [f"thing.{kind}", f"thing.{kind}.stamp.json"]


class TestAFullDisk:
    def test_one_error_names_the_file_and_nothing_else_happens(self, saved, kind):
        with little_room(), pytest.raises(DiskFullError) as told:
            open_catalog(saved, kind, NEW).save("thing", KINDS[kind][1](1))
        path = saved / f"thing.{kind}" / NEW / f"thing.{kind}"
        assert str(told.value).startswith(f"thing: there is no room to write {path} (File too large")
        assert "\n" not in str(told.value)
        assert files(saved) == [f"thing.{kind}", f"thing.{kind}.stamp.json"]
        catalog = open_catalog(saved, kind, NEW)
        assert catalog.exists("thing")
        assert catalog.get("thing").resolve_load_version() == OLD

    def test_the_same_goes_when_there_is_room_again(self, saved, kind):
        with little_room(), pytest.raises(DiskFullError):
            open_catalog(saved, kind, NEW).save("thing", KINDS[kind][1](1))
        catalog = open_catalog(saved, kind, NEW)
        catalog.save("thing", KINDS[kind][1](1))
        assert catalog.get("thing").resolve_load_version() == NEW
        assert catalog.exists("thing")

    @pytest.mark.parametrize("entry", ["features", "points"])
    def test_what_is_saved_piece_by_piece_says_the_same(self, tmp_path, entry):
        source = CountedSource()
        source.columns = {"wide": 20_000}
        large = type("Point", (), {"identity": {}, "compute": lambda self: {"words": "w" * 2 * ROOM}})()
        kinds = {
            "features": ("grisaille.datasets.FeatureStoreDataset", source),
            "points": ("grisaille.datasets.PointsDataset", [large]),
        }
        catalog = AtomicCatalog.from_config({entry: {"type": kinds[entry][0], "path": str(tmp_path / entry)}})
        with little_room(), pytest.raises(DiskFullError) as told:
            catalog.save(entry, kinds[entry][1])
        assert str(told.value).startswith(f"{entry}: there is no room to write {tmp_path / entry}/")
        assert files(tmp_path) == []
        catalog.save(entry, kinds[entry][1])
        assert files(tmp_path)


class TestAFlippedByte:
    @pytest.fixture
    def damaged(self, saved, kind):
        catalog = open_catalog(saved, kind, NEW)
        catalog.save("thing", KINDS[kind][1](1))
        path = saved / f"thing.{kind}" / NEW / f"thing.{kind}"
        flip(path)
        return path

    def test_it_is_named_before_it_is_used(self, saved, kind, damaged):
        with pytest.raises(DamagedError, match=f"thing: {damaged} is damaged.*kedro run --only-missing-outputs"):
            open_catalog(saved, kind, NEXT).load("thing")

    def test_it_counts_as_missing_so_that_it_is_made_again_when_asked(self, saved, kind, damaged, caplog):
        caplog.set_level(logging.INFO)
        catalog = open_catalog(saved, kind, NEXT)
        assert not catalog.exists("thing")
        assert "thing is made again: it is damaged" in caplog.text
        catalog.save("thing", KINDS[kind][1](1))
        assert catalog.exists("thing")

    def test_a_byte_that_flips_after_a_look_is_seen_too(self, saved, kind):
        catalog = open_catalog(saved, kind, NEXT)
        assert catalog.exists("thing")
        flip(saved / f"thing.{kind}" / OLD / f"thing.{kind}")
        assert not catalog.exists("thing")

    def test_a_damaged_stamp_is_damage(self, saved, kind):
        flip(saved / f"thing.{kind}" / OLD / f"thing.{kind}.stamp.json")
        with pytest.raises(DamagedError):
            open_catalog(saved, kind, NEXT).load("thing")


class TestOtherVersions:
    def test_an_older_version_is_not_held_to_account_for_the_newest(self, tmp_path):
        for version, seed in ((OLD, 0), (NEW, 1)):
            open_catalog(tmp_path, "npy", version).save("thing", array(seed))
        flip(tmp_path / "thing.npy" / NEW / "thing.npy")
        assert np.array_equal(open_catalog(tmp_path, "npy", NEXT).load("thing", version=OLD), array(0))

    def test_what_was_saved_without_a_stamp_is_loaded_with_a_warning(self, tmp_path, caplog):
        open_catalog(tmp_path, "npy", OLD).save("thing", array(0))
        (tmp_path / "thing.npy" / OLD / "thing.npy.stamp.json").unlink()
        assert "has no stamp" not in caplog.text
        assert np.array_equal(open_catalog(tmp_path, "npy", NEXT).load("thing"), array(0))
        assert "thing has no stamp" in caplog.text


class TestWithoutVersions:
    @pytest.fixture
    def catalog(self, tmp_path):
        entry = {"type": "text.TextDataset", "filepath": str(tmp_path / "report.html")}
        return AtomicCatalog.from_config({"report": entry})

    def test_the_page_before_stays_until_the_next_is_whole(self, tmp_path, catalog):
        catalog.save("report", "before")
        with little_room(), pytest.raises(DiskFullError, match=r"no room to write .*report\.html"):
            catalog.save("report", "after" * ROOM)
        assert catalog.load("report") == "before"
        assert files(tmp_path) == ["report.html", "report.html.stamp.json"]

    def test_it_is_replaced(self, catalog):
        catalog.save("report", "before")
        catalog.save("report", "after")
        assert catalog.load("report") == "after"


class TestFolder:
    @pytest.fixture
    def catalog(self, tmp_path):
        entry = {
            "type": "grisaille.datasets.FolderDataset",
            "filepath": str(tmp_path / "artists"),
            "suffix": ".npy",
            "dataset": "grisaille.datasets.NumPyDataset",
            "versioned": True,
        }
        return AtomicCatalog.from_config({"artists": entry})

    def test_it_is_one_result_and_refused_if_one_file_is_damaged(self, tmp_path, catalog):
        catalog.save("artists", {"Ada": array(0), "Bert": array(1)})
        assert files(tmp_path) == ["Ada.npy", "Bert.npy", "artists.stamp.json"]
        assert np.array_equal(catalog.load("artists")["Bert"], array(1))
        flip(next(tmp_path.glob("artists/*/artists/Ada.npy")))
        with pytest.raises(DamagedError, match=r"artists is damaged"):
            catalog.load("artists")

    def test_a_file_that_is_gone_is_damage(self, tmp_path, catalog):
        catalog.save("artists", {"Ada": array(0), "Bert": array(1)})
        next(tmp_path.glob("artists/*/artists/Ada.npy")).unlink()
        assert not catalog.exists("artists")

    def test_it_exists_when_all_its_files_do(self, tmp_path, catalog):
        with little_room(), pytest.raises(DiskFullError, match=r"artists: there is no room to write .*artists \("):
            catalog.save("artists", {"Ada": np.eye(2), "Bert": array(1)})
        assert files(tmp_path) == []
        assert not catalog.exists("artists")
        catalog.save("artists", {"Ada": np.eye(2), "Bert": array(1)})
        assert catalog.exists("artists")


class TestElsewhere:
    def test_a_bucket(self):
        """Nothing but the filesystem differs."""
        folder = f"memory:///{uuid4().hex}"
        open_catalog(folder, "npy", OLD).save("thing", array(0))
        catalog = open_catalog(folder, "npy", NEXT)
        assert np.array_equal(catalog.load("thing"), array(0))
        filesystem = catalog.get("thing")._fs
        path = next(path for path in filesystem.find(folder.removeprefix("memory://")) if path.endswith("thing.npy"))
        content = bytearray(filesystem.cat(path))
        content[200] ^= 1
        filesystem.pipe(path, bytes(content))
        with pytest.raises(DamagedError):
            catalog.load("thing")

    def test_it_travels_to_other_processes(self, tmp_path):
        open_catalog(tmp_path, "npy", OLD).save("thing", array(0))
        catalog = pickle.loads(pickle.dumps(open_catalog(tmp_path, "npy", NEXT)))
        assert isinstance(catalog, AtomicCatalog)
        assert np.array_equal(catalog.load("thing"), array(0))


class TestFeatures:
    def test_a_damaged_shard_counts_as_missing_and_is_named_when_it_is_read(self, tmp_path, caplog):
        entry = {"type": "grisaille.datasets.FeatureStoreDataset", "path": str(tmp_path)}
        catalog = AtomicCatalog.from_config({"features": entry})
        catalog.get("features").expect(lambda: CountedSource().contents)
        catalog.save("features", CountedSource())
        assert catalog.exists("features")
        path = next(tmp_path.glob("*/narrow/*.npy"))
        flip(path)
        assert not catalog.exists("features")
        assert str(path) in caplog.text
        with pytest.raises(FeatureStoreError, match=rf"{path} is damaged.*--pipelines feature_extraction"):
            np.asarray(catalog.load("features")["narrow"])
