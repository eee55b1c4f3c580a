"""Which files are pictures: one answer for whoever lists a folder."""

import pytest

from grisaille import kaggle
from grisaille.collection.folder import PictureFolder
from grisaille.datasets import PaintingsDataset
from grisaille.lookalikes.queries import read_queries
from helpers import encode, picture
from hostile import HIDDEN

SEEN = ["Titian/Titian_1.jpg", "Titian/Titian_2.PNG", "Titian_3.jpg", "Titian_4.jfif"]
PASSED_OVER = [*HIDDEN, "Titian/.ipynb_checkpoints/Titian_1-checkpoint.jpg", ".Trash-1000/Titian_5.jpg", "Thumbs.db"]


@pytest.fixture
def folder(tmp_path):
    # What is above the folder decides nothing.
    folder = tmp_path / ".hidden" / "paintings"
    for number, name in enumerate([*SEEN, *PASSED_OVER, "notes.txt"]):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(picture(number)))
    return folder


class TestHidden:
    def test_in_ingestion(self, folder):
        listed = PaintingsDataset(path=str(folder)).load()
        assert list(listed) == SEEN
        assert listed.others == ["notes.txt"]

    def test_in_look_alikes_of_a_folder(self, folder):
        assert [query.name for query in read_queries(str(folder), 150)] == SEEN

    def test_in_what_has_arrived_from_kaggle(self, folder):
        assert kaggle._pictures(folder, "Titian") == SEEN[:2]

    def test_a_hidden_file_that_is_named_is_meant(self, folder):
        (query,) = read_queries(str(folder / ".ipynb_checkpoints" / "Titian_1-checkpoint.jpg"), 150)
        assert query.name == "Titian_1-checkpoint.jpg"


class TestLinks:
    def test_links_lead_nowhere_else(self, folder, tmp_path):
        (tmp_path / "elsewhere.jpg").write_bytes(encode(picture(99)))
        (folder / "link.jpg").symlink_to(tmp_path / "elsewhere.jpg")
        assert [query.name for query in read_queries(str(folder), 150)] == SEEN
        with pytest.raises(OSError, match="leads out of the folder"):
            PictureFolder(str(folder))["link.jpg"]()
