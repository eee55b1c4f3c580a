"""The Kaggle set, as kagglehub would hand it over; no network."""

import zipfile

import pytest

from grisaille import kaggle
from helpers import PROJECT, encode, picture

FOLDERS = {"Claude_Monet": 3, "Albrecht_DuΓòá├¬rer": 2, "Pierre-Auguste_Renoir": 1}
TABLE = "id,name,genre,paintings\n0,Claude Monet,Impressionism,3\n1,Albrecht Dürer,Northern Renaissance,2\n"
TABLE += "2,Pierre-Auguste Renoir,Impressionism,1\n"


@pytest.fixture
def downloaded(tmp_path):
    """A folder laid out as the set is, far smaller."""
    folder = tmp_path / "cache"
    for artist, number in FOLDERS.items():
        for n in range(number):
            for place in (f"images/images/{artist}", "resized/resized"):
                path = folder / place / f"{artist}_{n + 1}.jpg"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(encode(picture(n), "JPEG"))
    (folder / "artists.csv").write_text(TABLE, encoding="utf-8")
    return folder


@pytest.fixture
def get(downloaded, tmp_path, monkeypatch, capsys):
    """Run the command in the project, with the set in place of a download."""
    monkeypatch.chdir(PROJECT)
    raw = tmp_path / "raw"

    def run(*arguments, download=lambda: downloaded):
        code = kaggle.main(["--raw", str(raw), *arguments], download)
        told = capsys.readouterr()
        return code, told.out + told.err, raw

    return run


def no_network():
    raise ConnectionError("Failed to resolve 'api.kaggle.com'")


class TestWhatArrives:
    def test_paintings_and_table_lie_where_the_pipelines_look(self, get):
        code, told, raw = get()
        assert code == 0
        assert "6 originals and 6 smaller copies; artists.csv lists 6 paintings by 3 artists" in told
        assert (raw / "artists.csv").read_text(encoding="utf-8") == TABLE
        assert (raw / "paintings/images/images/Claude_Monet/Claude_Monet_3.jpg").is_file()
        assert sorted(path.name for path in raw.iterdir()) == ["artists.csv", "paintings"]

    def test_nothing_is_fetched_twice(self, get):
        get()
        code, told, _ = get(download=no_network)
        assert code == 0, told

    def test_missing_paintings_are_named(self, get, downloaded):
        (downloaded / "images/images/Claude_Monet/Claude_Monet_2.jpg").unlink()
        code, told, _ = get()
        assert code == 1
        assert "Claude Monet: 2 of 3" in told
        assert "Renoir" not in told

    def test_from_the_file_that_a_browser_saved(self, get, downloaded, tmp_path):
        archive = tmp_path / "archive.zip"
        with zipfile.ZipFile(archive, "w") as packed:
            for path in downloaded.rglob("*.*"):
                packed.write(path, path.relative_to(downloaded))
        code, told, raw = get("--archive", str(archive), download=no_network)
        assert code == 0, told
        assert (raw / "paintings/resized/resized/Claude_Monet_1.jpg").is_file()


class TestWhatCannotBeFetched:
    def test_without_a_network_it_says_what_to_do(self, get):
        code, told, raw = get(download=no_network)
        assert code == 2
        assert "Failed to resolve" in told
        assert kaggle.ADDRESS in told
        assert "make data ARCHIVE=" in told
        assert not (raw / "paintings").exists()

    def test_outside_the_project_it_says_so_before_anything_is_fetched(self, get, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        code, told, raw = get(download=lambda: pytest.fail("something was fetched"))
        assert (code, told.count("\n")) == (2, 1)
        assert f"{tmp_path} is not the project's folder" in told
        assert not raw.exists()

    def test_another_set(self, get, downloaded):
        (downloaded / "artists.csv").unlink()
        code, told, raw = get()
        assert code == 2
        assert "expected artists.csv" in told
        assert not list(raw.iterdir())

    def test_paintings_of_ones_own_are_not_touched(self, get):
        _, _, raw = get(download=no_network)
        own = raw / "paintings" / "mine.jpg"
        own.parent.mkdir()
        own.write_bytes(b"mine")
        code, told, _ = get()
        assert (code, own.read_bytes()) == (2, b"mine")
        assert "contains other files" in told

    @pytest.mark.parametrize("kind", ["a page", "a flipped byte", "a broken download", "encrypted"])
    def test_an_archive_that_cannot_be_unpacked(self, get, downloaded, tmp_path, kind):
        archive = tmp_path / "archive.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.write(downloaded / "artists.csv", "artists.csv")
        data = bytearray(archive.read_bytes())
        if kind == "encrypted":
            # The flag of the local header, and that of the directory.
            data[6] |= 1
            data[data.index(b"PK\x01\x02") + 8] |= 1
        data[50] ^= 255 * (kind == "a flipped byte")
        archive.write_bytes({"a page": b"<html>sign in</html>", "a broken download": data[:60]}.get(kind, data))
        code, told, raw = get("--archive", str(archive))
        assert code == 2
        assert "cannot be unpacked" in told
        assert not list(raw.iterdir())
