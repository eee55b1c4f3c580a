"""Bad input, file by file and all at once: accepted right or rejected with a reason, and nothing stops the run."""

import logging
import os
import re

import numpy as np
import pandas as pd
import pytest
from kedro.io import DatasetError
from kedro_datasets.pandas import ParquetDataset
from kedro_datasets.partitions import PartitionedDataset

from grisaille.collection import catalogue
from grisaille.collection.artists import ArtistIndex, ArtistsTableError, file_name, read_table
from grisaille.collection.images import UnusableImageError, decode, inspect, stretch
from grisaille.collection.works import recognise
from grisaille.datasets import ArtistsDataset, PaintingsDataset, SpreadsheetSafeCSVDataset, WorksDataset
from grisaille.errors import GrisailleError
from grisaille.parameters import Ingestion
from grisaille.pipelines.autoencoding.nodes import group_by_artist
from helpers import catalogued, encode, picture
from hostile import HIDDEN, NAMES, NO_UTF_8, Case, cases, tables, works_tables


def name(case: Case) -> str:
    return case.name.replace(" ", "-")


class TestEveryFile:
    @pytest.mark.parametrize("case", [case for case in cases() if case.accepted], ids=name)
    def test_a_picture_after_all(self, case):
        image, mode = decode(case.data)
        assert (*image.size, mode) == case.accepted
        assert image.mode == "RGB"
        for (x, y), colour in case.pixels.items():
            assert np.abs(np.subtract(image.getpixel((x, y)), colour)).max() <= case.near, image.getpixel((x, y))
        assert inspect(case.data).width == case.accepted[0]
        assert stretch(image, 32, 32).shape == (32, 32, 3)

    @pytest.mark.parametrize("case", [case for case in cases() if case.reason], ids=name)
    def test_rejected_with_its_reason(self, case):
        with pytest.raises(UnusableImageError, match=case.reason) as told:
            inspect(case.data)
        assert "\n" not in str(told.value)

    @pytest.mark.parametrize("case", [case for case in cases() if case.whole], ids=name)
    def test_cut_short(self, case):
        """Half a painting is never taken for a whole one."""
        try:
            shown, _ = decode(case.data)
        except UnusableImageError as error:
            assert re.match("cannot be decoded: .|not an image", str(error))
        else:
            assert np.array_equal(shown, decode(case.whole)[0])


def save_and_load(tmp_path, paintings, rejected):
    """Both tables as a run would store them."""
    parquet = ParquetDataset(filepath=str(tmp_path / "paintings.parquet"))
    csv = SpreadsheetSafeCSVDataset(filepath=str(tmp_path / "rejected.csv"), save_args={"index": False})
    parquet.save(paintings)
    csv.save(rejected)
    return parquet.load(), csv.load()


class TestNamesOfFiles:
    @pytest.fixture
    def folder(self, tmp_path):
        folder = tmp_path / "paintings"
        folder.mkdir()
        for number, given in enumerate([*NAMES, *HIDDEN]):
            (folder / given).parent.mkdir(parents=True, exist_ok=True)
            (folder / given).write_bytes(encode(picture(number)))
        return folder

    def test_every_name_that_is_seen_is_accepted_and_comes_back_as_it_was(self, folder, tmp_path):
        found = catalogued(PaintingsDataset(path=str(folder)).load(), pd.DataFrame(), Ingestion(), 0)
        paintings, rejected = save_and_load(tmp_path, *found)
        assert sorted(paintings["path"]) == sorted(NAMES)
        assert rejected.empty
        assert all(artist.isprintable() for artist in paintings["artist"])

    def test_names_that_are_no_utf_8_are_rejected_and_spelt_out(self, folder, tmp_path):
        (folder / os.fsdecode(NO_UTF_8)).write_bytes(encode(picture(99)))
        found = catalogued(PaintingsDataset(path=str(folder)).load(), pd.DataFrame(), Ingestion(), 0)
        paintings, rejected = save_and_load(tmp_path, *found)
        assert len(paintings) == len(NAMES)
        assert rejected.to_dict("records") == [
            {"path": "caf\\udce9_1.png", "reason": "its name is not in UTF-8: rename it"}
        ]

    def test_files_of_artists_stay_in_their_folder_and_apart(self, folder, tmp_path):
        found, _ = catalogued(PaintingsDataset(path=str(folder)).load(), pd.DataFrame(), Ingestion(), 0)
        worst = ["../../out", "/etc/passwd", "a/b", "a_b", "x" * 300, "x" * 299, "CON\\..\\y", ".", "..", "\0"]
        paintings = pd.DataFrame({"artist": [*found["artist"], *worst]})
        groups = group_by_artist(np.arange(len(paintings)), paintings)
        assert len(groups) == paintings["artist"].nunique()
        inside = tmp_path / "deep" / "down" / "artists"
        dataset = {"type": "grisaille.datasets.NumPyDataset", "versioned": True}
        stored = PartitionedDataset(path=str(inside), filename_suffix=".npy", dataset=dataset)
        stored.save(groups)
        files = {path for path in tmp_path.rglob("*.npy") if path.is_file()}
        assert len(files) == len(groups)
        assert all(path.is_relative_to(inside) for path in files)

    def test_names_without_anything_special_are_kept(self):
        assert [file_name(artist) for artist in ("Albrecht Dürer", "Pierre-Auguste Renoir", "葛飾北斎")] == [
            "Albrecht_Dürer", "Pierre-Auguste_Renoir", "葛飾北斎",
        ]  # fmt: skip


class TestWaysOutOfTheFolder:
    @pytest.fixture
    def folder(self, tmp_path):
        folder = tmp_path / "paintings"
        folder.mkdir()
        for number in range(3):
            (folder / f"good_{number}.png").write_bytes(encode(picture(number)))
        return folder

    def reasons(self, folder):
        paintings, rejected = catalogued(PaintingsDataset(path=str(folder)).load(), pd.DataFrame(), Ingestion(), 0)
        assert {f"good_{number}.png" for number in range(3)} <= set(paintings["path"])
        return set(paintings["path"]), dict(zip(rejected["path"], rejected["reason"], strict=True))

    def test_a_link_that_leads_out_is_not_read(self, folder, tmp_path):
        (tmp_path / "secret.png").write_bytes(encode(picture(9)))
        (folder / "out.png").symlink_to(tmp_path / "secret.png")
        (folder / "up.png").symlink_to("../secret.png")
        (folder / "in.png").symlink_to("good_0.png")
        accepted, reasons = self.reasons(folder)
        assert "in.png" in accepted
        assert reasons == dict.fromkeys(("out.png", "up.png"), "cannot be read: a link that leads out of the folder")

    def test_links_that_lead_nowhere(self, folder):
        (folder / "gone.png").symlink_to("nobody.png")
        (folder / "itself.png").symlink_to("itself.png")
        (folder / "one.png").symlink_to("other.png")
        (folder / "other.png").symlink_to("one.png")
        _, reasons = self.reasons(folder)
        assert set(reasons) == {"gone.png", "itself.png", "one.png", "other.png"}
        assert all(reason.startswith("cannot be read: ") for reason in reasons.values())

    def test_links_to_folders_are_not_followed_and_named(self, folder, tmp_path, caplog):
        (folder / "circle").symlink_to(folder)
        (folder / "deep").mkdir()
        (folder / "deep" / "circle").symlink_to("..")
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "elsewhere" / "secret.png").write_bytes(encode(picture(9)))
        (folder / "Claude_Monet").symlink_to(tmp_path / "elsewhere")
        with caplog.at_level(logging.WARNING):
            accepted, reasons = self.reasons(folder)
        assert len(accepted) == 3
        assert reasons == {}
        assert "links to folders are not followed: 'Claude_Monet', 'circle', 'deep/circle'" in caplog.text

    def test_what_is_no_file(self, folder):
        os.mkfifo(folder / "pipe.png")
        (folder / "link to a pipe.png").symlink_to("pipe.png")
        (folder / "folder.png").mkdir()
        (folder / "link to a folder.png").symlink_to("folder.png")
        _, reasons = self.reasons(folder)
        assert set(reasons) == {"pipe.png", "link to a pipe.png", "link to a folder.png"}
        assert set(reasons.values()) == {"cannot be read: not a plain file"}

    def test_a_file_larger_than_any_picture_is_not_read(self, folder):
        with (folder / "disk image.png").open("wb") as file:
            file.truncate(10**11)
        _, reasons = self.reasons(folder)
        assert reasons == {"disk image.png": "cannot be read: 100.0 GB, more than any picture"}

    def test_the_folder_itself_may_be_a_link(self, folder, tmp_path):
        (tmp_path / "linked").symlink_to(folder)
        accepted, _ = self.reasons(tmp_path / "linked")
        assert len(accepted) == 3


class TestTablesOfArtists:
    @pytest.mark.parametrize(("data", "names"), [pytest.param(*case[1:], id=case[0]) for case in tables()])
    def test_names_or_a_reason(self, data, names, tmp_path):
        (tmp_path / "artists.csv").write_bytes(data)
        dataset = ArtistsDataset(filepath=str(tmp_path / "artists.csv"), fallback="none")
        if names is None:
            with pytest.raises(
                DatasetError, match=r"artists\.csv: the table of artists (cannot be read|needs)"
            ) as told:
                dataset.load()
            assert "\n" not in str(told.value)
        else:
            assert list(ArtistIndex.build(dataset.load(), {}).movements) == names

    def test_columns_that_were_found_are_named(self):
        with pytest.raises(
            ArtistsTableError, match=r"needs a column 'name' in its first line. Received: artist, genre"
        ):
            read_table(b"artist,genre\na,b\n")

    def test_accents_that_had_to_be_guessed_are_told_of(self, caplog):
        with caplog.at_level(logging.WARNING):
            assert read_table("name\nDürer\n".encode("cp1252"))["name"][0] == "Dürer"
        assert "not UTF-8" in caplog.text
        assert "Windows-1252" in caplog.text

    def test_doubled_names_are_told_of_and_the_first_counts(self, caplog):
        with caplog.at_level(logging.WARNING):
            index = ArtistIndex.build(read_table(b"name,genre\nA B,x\na_b,y\n"), {})
        assert index.movements == {"A B": "x"}
        assert index.match("a-b_1.png") == ("A B", True)
        assert "the first row is used: a_b" in caplog.text


class TestTablesOfPaintings:
    @pytest.mark.parametrize(
        ("suffix", "data", "titles"), [pytest.param(*case[1:], id=f"{case[0]} in {case[1]}") for case in works_tables()]
    )
    def test_titles_or_a_reason(self, suffix, data, titles, tmp_path):
        (tmp_path / f"works{suffix}").write_bytes(data)
        dataset = WorksDataset(filepath=str(tmp_path / f"works{suffix}"), fallback="none")
        if titles is None:
            with pytest.raises(
                (DatasetError, GrisailleError), match=r"the table of paintings (cannot|needs|has)"
            ) as told:
                recognise(dataset.load(), {})
            assert "\n" not in str(told.value)
            return
        works = recognise(dataset.load(), {})
        assert works["title"].tolist() == titles
        files = pd.DataFrame({name: ["A_1.jpg"] for name in catalogue.FILE_COLUMNS}).assign(duplicate_of=None)
        named = catalogue.name_artists(files, pd.DataFrame({"name": []}), works, {})
        paintings, unmatched = save_and_load(tmp_path, *named)
        assert paintings["title"].tolist() == (titles[:1] or [""])
        pd.testing.assert_frame_equal(paintings, named[0], check_dtype=False)
        pd.testing.assert_frame_equal(unmatched, named[1], check_dtype=False)


class TestOneWholeIngestion:
    def test_nothing_stops_it_and_everything_is_accounted_for(self, tmp_path):
        folder = tmp_path / "paintings"
        folder.mkdir()
        for number, case in enumerate(cases()):
            (folder / f"{number}.jpg").write_bytes(case.data)
        for number, given in enumerate(NAMES):
            (folder / given).write_bytes(encode(picture(number)))
        (folder / os.fsdecode(NO_UTF_8)).write_bytes(encode(picture(99)))
        (folder / "loop.png").symlink_to("loop.png")
        (folder / "out.png").symlink_to("/etc/passwd")
        files = PaintingsDataset(path=str(folder)).load()
        artists = read_table(b"name,genre\n=cmd(),<img src=x onerror=window.stolen=1>\n")
        found = catalogued(files, artists, Ingestion(), 0)
        paintings, rejected = save_and_load(tmp_path, *found)
        assert len(paintings) + len(rejected) == len(files) == len(cases()) + len(NAMES) + 3
        pd.testing.assert_frame_equal(paintings, found[0], check_dtype=False)
        pd.testing.assert_frame_equal(rejected, found[1])
        reasons = rejected.set_index("path")["reason"]
        assert reasons.str.len().min() > 5
        for number, case in enumerate(cases()):
            path = f"{number}.jpg"
            assert (path in reasons.index) or not case.reason, case.name
            assert (path not in reasons.index) or not case.accepted, case.name
