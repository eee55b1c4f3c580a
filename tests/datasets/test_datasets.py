import csv
import doctest
import hashlib
import importlib

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from kedro.io import AbstractDataset, DatasetError, Version

from grisaille.collection.works import recognise
from grisaille.datasets import (
    ArtistsDataset,
    FeatureStoreDataset,
    NumPyDataset,
    OptionalDataset,
    PaintingsDataset,
    PointsDataset,
    SpreadsheetSafeCSVDataset,
    VectorsDataset,
    WorksDataset,
)
from grisaille.demo import datasets as demo_datasets
from grisaille.demo.datasets import GalleryArtistsDataset, GalleryDataset, GalleryWorksDataset
from grisaille.features import store as feature_store
from grisaille.features.store import Contents
from helpers import PROJECT, encode, picture


class TestExamplesInDocstrings:
    @pytest.mark.parametrize(
        "room", ["paintings", "folder", "artists", "numpy_array", "optional", "table", "vectors", "works"]
    )
    def test_they_run(self, room, tmp_path):
        module = importlib.import_module(f"grisaille.datasets.{room}")
        found = doctest.testmod(module, extraglobs={"tmp_path": tmp_path})
        assert found.attempted
        assert not found.failed


class TestVectorsDataset:
    @pytest.mark.parametrize(
        ("name", "content"),
        [("v.txt", b"\xef\xbb\xbfa.jpg\r\nb.jpg"), ("v.csv", b"id;file\n1;a.jpg\n2;b.jpg\n"), ("v.json", b'["a"]')],
    )
    def test_names_beside_an_array(self, name, content, tmp_path):
        for folder in (str(tmp_path), f"memory://{tmp_path}"):
            dataset = VectorsDataset(filepath=f"{folder}/v.npy")
            with dataset._filesystem.open(dataset._filepath, "wb") as file:
                np.save(file, np.eye(2))
            assert dataset.load().names is None
            alone = dataset.fingerprint()
            dataset._filesystem.pipe_file(dataset._filepath.replace("v.npy", name), content)
            assert dataset.fingerprint() != alone
            if name == "v.json":
                with pytest.raises(DatasetError, match=r"v\.npy: the table of .* cannot be read"):
                    dataset.load()
                continue
            found = dataset.load()
            assert found.names["file"].tolist() == ["a.jpg", "b.jpg"]
            assert np.array_equal(found.values, np.eye(2))

    @pytest.mark.parametrize(
        ("name", "content", "said"),
        [
            ("v.npy", b"\x93NUMPY", "not a .npy file"),
            ("v.parquet", b"PAR1", "cannot be read"),
            ("v.csv", b"a,b", "vectors must be a .npy or .parquet file"),
            ("v.npy", None, "there is no file of vectors"),
        ],
    )
    def test_what_is_no_vectors(self, name, content, said, tmp_path):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(DatasetError, match=said):
            VectorsDataset(filepath=str(tmp_path / name)).load()

    def test_names_that_are_no_text(self, tmp_path):
        np.save(tmp_path / "v.npy", np.eye(2))
        (tmp_path / "v.txt").write_bytes(b"caf\xe9.jpg\nb.jpg\n")
        with pytest.raises(DatasetError, match=r"v\.txt is not UTF-8"):
            VectorsDataset(filepath=str(tmp_path / "v.npy")).load()

    def test_nothing_was_given(self):
        with pytest.raises(DatasetError, match="likenesses names vectors; name your file with --params features_file="):
            VectorsDataset(filepath=None).load()


class TestNumPyDataset:
    def test_save_and_load(self, tmp_path):
        dataset = NumPyDataset(filepath=str(tmp_path / "deep" / "a.npy"))
        assert not dataset.exists()
        dataset.save(np.arange(6).reshape(2, 3))
        assert dataset.exists()
        assert np.array_equal(dataset.load(), np.arange(6).reshape(2, 3))

    def test_mapped_arrays_are_read_only_and_stay_in_the_file(self, tmp_path):
        dataset = NumPyDataset(filepath=str(tmp_path / "a.npy"), mapped=True)
        dataset.save(np.eye(3))
        loaded = dataset.load()
        assert isinstance(loaded, np.memmap)
        with pytest.raises(ValueError, match="read-only"):
            loaded[0] = 1

    def test_python_objects_are_refused(self, tmp_path):
        dataset = NumPyDataset(filepath=str(tmp_path / "a.npy"))
        with pytest.raises(DatasetError):
            dataset.save(np.array([{}], dtype=object))
        np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
        with pytest.raises(DatasetError, match="Python objects"):
            dataset.load()

    def test_any_filesystem(self):
        for name in ("a.npy", "a[1].npy"):
            dataset = NumPyDataset(filepath=f"memory:///arrays/{name}")
            dataset.save(np.eye(3))
            assert np.array_equal(dataset.load(), np.eye(3))

    def test_preview_is_a_small_table(self, tmp_path):
        dataset = NumPyDataset(filepath=str(tmp_path / "a.npy"))
        dataset.save(np.ones((100, 50), dtype=np.float32))
        preview = dataset.preview()
        assert len(preview["data"]) == 5
        assert preview["columns"][0] == "0 (float32)"


class TestNumPyDatasetVersioned:
    def test_versions_stand_side_by_side(self, tmp_path):
        for number, version in enumerate(("2021-01-01T00.00.00.000Z", "2022-01-01T00.00.00.000Z")):
            NumPyDataset(filepath=str(tmp_path / "a.npy"), version=Version(None, version)).save(np.array([number]))
        assert NumPyDataset(filepath=str(tmp_path / "a.npy"), version=Version(None, None)).load() == [1]
        old = Version("2021-01-01T00.00.00.000Z", None)
        assert NumPyDataset(filepath=str(tmp_path / "a.npy"), version=old).load() == [0]

    def test_no_version_yet(self, tmp_path):
        assert not NumPyDataset(filepath=str(tmp_path / "a.npy"), version=Version(None, None)).exists()


class TestPaintingsDataset:
    def test_images_of_every_kind_sorted_and_nothing_else(self, tmp_path):
        for name in ("b.JPG", "a/2.jpeg", "a/1.Png", "c.webp", "d.tif", "e.TIFF", "f.bmp", "notes.txt", ".hidden"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(name.encode())
        loaded = PaintingsDataset(path=str(tmp_path)).load()
        assert list(loaded) == ["a/1.Png", "a/2.jpeg", "b.JPG", "c.webp", "d.tif", "e.TIFF", "f.bmp"]
        assert loaded["a/1.Png"]() == b"a/1.Png"
        assert loaded.others == ["notes.txt"]

    def test_no_folder_says_how_to_give_one(self, tmp_path):
        dataset = PaintingsDataset(path=str(tmp_path / "none"))
        assert not dataset.exists()
        with pytest.raises(DatasetError, match="--params paintings_folder="):
            dataset.load()

    def test_any_filesystem(self):
        import fsspec

        fsspec.filesystem("memory").pipe("/paintings/Claude_Monet_1.png", encode(picture()))
        loaded = PaintingsDataset(path="memory:///paintings").load()
        assert list(loaded) == ["Claude_Monet_1.png"]
        assert loaded["Claude_Monet_1.png"]() == encode(picture())

    def test_read_only(self, tmp_path):
        with pytest.raises(DatasetError, match="read-only"):
            PaintingsDataset(path=str(tmp_path)).save({})


class TestArtistsDataset:
    def test_a_byte_order_mark_is_no_part_of_a_name(self, tmp_path):
        (tmp_path / "a.csv").write_text("\ufeffname,genre\nDürer,Renaissance\n", encoding="utf-8")
        loaded = ArtistsDataset(filepath=str(tmp_path / "a.csv"), fallback="none").load()
        assert loaded.to_dict("list") == {"name": ["Dürer"], "genre": ["Renaissance"]}

    def test_a_file_that_was_asked_for_must_exist(self, tmp_path):
        with pytest.raises(DatasetError, match=r"no table of artists at .*my\.csv"):
            ArtistsDataset(filepath=str(tmp_path / "my.csv"), fallback="none").load()

    def test_the_fallback_need_not(self, tmp_path):
        dataset = ArtistsDataset(filepath=None, fallback=str(tmp_path / "none.csv"))
        assert dataset.exists()
        assert dataset.load().empty


class TestWorksDataset:
    def test_the_ending_says_what_it_is(self, tmp_path):
        (tmp_path / ".works.JSONL").write_text('{"file": "a.jpg", "title": "007"}\n')
        loaded = WorksDataset(filepath=str(tmp_path / ".works.JSONL"), fallback="none").load()
        assert loaded.to_dict("list") == {"file": ["a.jpg"], "title": ["007"]}

    def test_a_file_that_was_asked_for_must_exist_and_be_a_table(self, tmp_path):
        dataset = WorksDataset(filepath=str(tmp_path / "my.csv"), fallback="none")
        assert not dataset.exists()
        with pytest.raises(
            DatasetError, match=r"no table of paintings at .*my\.csv; name yours with --params paintings_"
        ):
            dataset.load()
        (tmp_path / "my.csv").write_bytes(b"")
        with pytest.raises(DatasetError, match=r"my\.csv: the table of paintings cannot be read: "):
            dataset.load()

    def test_the_fallback_need_not(self, tmp_path):
        dataset = WorksDataset(filepath=None, fallback=str(tmp_path / "none.csv"))
        assert dataset.exists()
        assert dataset.load().empty
        assert dataset.fingerprint() == "none"

    @pytest.mark.parametrize("source", ["https://example.org/manifest.json", "list.txt"])
    def test_manifests_are_a_table_too_unless_another_was_asked_for(self, tmp_path, source):
        pictures = source if "://" in source else str(tmp_path / source)
        where = {"fallback": "none.csv", "pictures": pictures, "copies": str(tmp_path)}
        folder = tmp_path / hashlib.sha256(pictures.encode()).hexdigest()[:16]
        folder.mkdir()
        (folder / ".works.jsonl").write_text('{"file": "a.jpg", "title": "Poppies"}\n')
        assert WorksDataset(filepath=None, **where).load()["title"].tolist() == ["Poppies"]
        (tmp_path / "own.csv").write_text("file,title\na.jpg,Mohnfeld\n")
        assert WorksDataset(filepath=str(tmp_path / "own.csv"), **where).load()["title"].tolist() == ["Mohnfeld"]

    def test_another_file_is_another_table(self, tmp_path):
        first = WorksDataset(filepath=None, fallback=str(tmp_path / "none.csv"))
        (tmp_path / "b.csv").write_text("file\nb.jpg\n")
        other = first.at(str(tmp_path / "b.csv"))
        assert other.load()["file"].tolist() == ["b.jpg"]
        assert other.fingerprint() != first.fingerprint()

    def test_read_only(self):
        with pytest.raises(DatasetError, match="WorksDataset is read-only"):
            WorksDataset(filepath=None, fallback="none").save(pd.DataFrame())


class TestGallery:
    def test_paintings_repeat_and_differ(self):
        one, two = GalleryDataset(seed=1).load(), GalleryDataset(seed=1).load()
        assert one["Sol_Strich_3.png"]() == two["Sol_Strich_3.png"]()
        assert one["Sol_Strich_3.png"]() != one["Sol_Strich_4.png"]()
        assert one["Sol_Strich_3.png"]() != GalleryDataset(seed=2).load()["Sol_Strich_3.png"]()

    def test_a_folder_keeps_what_was_painted(self, tmp_path):
        name = "Sol_Strich_3.png"
        painted = GalleryDataset(path=str(tmp_path)).load()[name]()
        kept = tmp_path / "seed_0" / name
        assert kept.read_bytes() == painted == GalleryDataset().load()[name]()
        kept.write_bytes(b"as it is kept")
        demo_datasets._painted.cache_clear()
        assert GalleryDataset(path=str(tmp_path)).load()[name]() == b"as it is kept"
        assert GalleryDataset(path=str(tmp_path), seed=1).load()[name]() != painted

    def test_a_forgery_and_a_torn_canvas(self):
        works = GalleryDataset(paintings_each=16).load()
        assert works["Ilse_Nebel_17.png"]() == works["Ilse_Nebel_1.png"]()
        assert works["Ilse_Nebel_1.png"]().startswith(works["Ilse_Nebel_18.png"]())

    def test_every_painting_but_the_forgery_is_in_the_table_of_paintings(self):
        table, files = GalleryWorksDataset(paintings_each=3).load(), GalleryDataset(paintings_each=3).load()
        assert set(files) - set(table["filename"]) == {"Ilse_Nebel_4.png", "Ilse_Nebel_5.png"}
        assert set(table["filename"]) < set(files)
        years = recognise(table, {})[["year_from", "year_to"]]
        assert years.notna().any(axis=1).all()

    def test_every_artist_is_in_the_table(self):
        names = set(GalleryArtistsDataset().load()["name"])
        assert {name.rpartition("_")[0].replace("_", " ") for name in GalleryDataset().load()} == names


class TestOptional:
    def test_what_is_not_there_is_none_and_in_no_runs_way(self, tmp_path):
        config = {"type": "pandas.CSVDataset", "filepath": str(tmp_path / "t.csv"), "versioned": True}
        optional = OptionalDataset(dataset=config)
        assert optional.exists()
        assert optional.load() is None
        assert optional.fingerprint() is None
        stored = AbstractDataset.from_config("t", config | {"save_args": {"index": False}})
        stored.save(pd.DataFrame({"a": [1]}))
        again = OptionalDataset(dataset=config)
        assert again.load()["a"].tolist() == [1]
        assert again.fingerprint()

    def test_it_takes_nothing(self, tmp_path):
        optional = OptionalDataset(dataset={"type": "pandas.CSVDataset", "filepath": str(tmp_path / "t.csv")})
        with pytest.raises(DatasetError, match="read-only"):
            optional.save(pd.DataFrame())


class Work:
    """Stands in for an extraction."""

    contents = Contents({"who": "test"}, ("a",), ("0" * 64, "1" * 64, "2" * 64))
    shard_rows, columns, dtype = 2, {"a": 2}, np.dtype("float32")

    def compute(self, groups):
        for rows in groups:
            yield {"a": np.ones((len(rows), 2), dtype=np.float32)}


SOMEBODY_ELSE = Contents({"who": "somebody else"}, ("a",), Work.contents.paintings)


class TestFeatureStoreDataset:
    def test_it_exists_only_for_the_settings_that_made_it(self, tmp_path):
        dataset = FeatureStoreDataset(path=str(tmp_path))
        dataset.expect(lambda: Work.contents)
        assert not dataset.exists()
        dataset.save(Work())
        assert dataset.exists()
        assert dataset.load()["a"].shape == (3, 2)
        dataset.expect(lambda: SOMEBODY_ELSE)
        assert not dataset.exists()

    def test_other_settings_are_named_in_the_error(self, tmp_path):
        dataset = FeatureStoreDataset(path=str(tmp_path))
        dataset.expect(lambda: SOMEBODY_ELSE)
        dataset.save(Work())
        other = feature_store.fingerprint(Work.contents.identity)
        with pytest.raises(DatasetError, match=rf"differ.*{other}.*kedro run --pipelines feature_extraction"):
            dataset.load()

    @pytest.mark.parametrize("identity", [None, lambda: None])
    def test_before_ingestion(self, tmp_path, identity):
        dataset = FeatureStoreDataset(path=str(tmp_path))
        if identity:
            dataset.expect(identity)
        assert not dataset.exists()
        with pytest.raises(DatasetError, match="kedro run --pipelines ingestion"):
            dataset.load()


class TestTableDataset:
    CELLS = st.one_of(
        st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1),
        st.sampled_from(["=cmd()", "+1", "-2", "@SUM(A1)", "'=cmd()", "''=x", "'quoted'", "\t=x", "\r=x", "NA", "nan"]),
    )

    @settings(deadline=None)
    @given(cells=st.lists(CELLS, min_size=1, max_size=5))
    @example(cells=[" "])
    def test_text_comes_back_and_is_no_formula_in_between(self, tmp_path_factory, cells):
        path = tmp_path_factory.getbasetemp() / "cells.csv"
        dataset = SpreadsheetSafeCSVDataset(
            filepath=str(path), load_args={"dtype": {"artist": str}}, save_args={"index": False}
        )
        dataset.save(pd.DataFrame({"artist": cells}))
        assert dataset.load()["artist"].tolist() == cells
        with path.open(newline="", encoding="utf-8") as file:
            for (cell,) in list(csv.reader(file))[1:]:
                assert cell[0] not in "=+-@\t\r"

    def test_numbers_are_left_alone(self, tmp_path):
        dataset = SpreadsheetSafeCSVDataset(filepath=str(tmp_path / "t.csv"), save_args={"index": False})
        dataset.save(pd.DataFrame({"artist": ["A", None], "silhouette": [-0.5, np.nan]}))
        assert (tmp_path / "t.csv").read_text() == "artist,silhouette\nA,-0.5\n,\n"
        assert dataset.load()["silhouette"].dtype == float

    def test_every_table_for_spreadsheets_is_one(self):
        catalog = yaml.safe_load((PROJECT / "conf/base/catalog.yml").read_text())
        # History holds numbers alone.
        others = {name for name, entry in catalog.items() if entry.get("type") == "pandas.CSVDataset"}
        assert others == {"{chunk}.{likeness}_history"}


class TestEmptyTables:
    def test_a_table_of_no_rejected_files_survives_saving(self, tmp_path):
        dataset = SpreadsheetSafeCSVDataset(filepath=str(tmp_path / "r.csv"), save_args={"index": False})
        dataset.save(pd.DataFrame(columns=["path", "reason"]))
        assert dataset.load().empty


class Dear:
    """A point that counts how often it was computed."""

    def __init__(self, name, fails=False):
        self.identity, self._fails, self.computed = {"name": name}, fails, 0

    def compute(self):
        if self._fails:
            raise RuntimeError("the power went out")
        self.computed += 1
        return {"name": self.identity["name"], "value": len(self.identity["name"])}


class TestPointsDataset:
    def test_rows_come_back_in_order(self, tmp_path):
        dataset = PointsDataset(path=str(tmp_path / "points"))
        assert not dataset.exists()
        dataset.save([Dear("one"), Dear("three")])
        assert dataset.exists()
        assert dataset.load().to_dict("list") == {"name": ["one", "three"], "value": [3, 5]}

    def test_what_is_stored_is_not_computed_again(self, tmp_path):
        dataset = PointsDataset(path=str(tmp_path / "points"))
        dataset.save([Dear("one")])
        again, new = Dear("one"), Dear("two")
        dataset.save([new, again])
        assert (again.computed, new.computed) == (0, 1)
        assert dataset.load()["name"].tolist() == ["two", "one"]

    def test_a_run_that_died_goes_on(self, tmp_path):
        dataset = PointsDataset(path=str(tmp_path / "points"))
        first = Dear("one")
        with pytest.raises(DatasetError, match="the power went out"):
            dataset.save([first, Dear("two", fails=True)])
        assert not dataset.exists()
        with pytest.raises(DatasetError, match="not complete"):
            dataset.load()
        dataset.save([first, Dear("two")])
        assert first.computed == 1
        assert len(dataset.load()) == 2
