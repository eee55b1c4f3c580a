"""A painting is read again only as the file that ingestion hashed."""

import pickle

import pytest

from grisaille.collection.originals import ChangedFileError
from grisaille.explorer.pictures import pictures
from grisaille.features import backbone
from grisaille.parameters import Backbone, Ingestion
from grisaille.pipelines.feature_extraction.nodes import extract_features
from grisaille.report.page import render
from helpers import encode, originals, picture
from pages import files, results

FILES = {f"{number}.png": encode(picture(number)) for number in range(4)}


class Shelf(dict):
    """Files that can be replaced after they were listed."""

    def __getitem__(self, path):
        return lambda: super(Shelf, self).__getitem__(path)

    def items(self):
        return [(path, self[path]) for path in self]

    def values(self):
        return [self[path] for path in self]


@pytest.fixture
def shelf():
    return Shelf(FILES)


class TestReading:
    def test_what_is_as_it_was(self, shelf):
        found = originals(shelf)
        assert {path: read() for path, read in found.items()} == FILES
        assert len(found) == 4
        assert found.picture("0.png").size == picture().size

    def test_a_file_that_was_replaced_by_another_picture(self, shelf):
        found = originals(shelf)
        shelf["1.png"] = FILES["2.png"]
        with pytest.raises(ChangedFileError, match=r"1\.png has changed since ingestion: "):
            found["1.png"]()
        assert found.picture("1.png") is None

    def test_blanks_are_counted_once(self, shelf, caplog):
        found = originals(shelf)
        shelf["1.png"] = b""
        del shelf["3.png"]
        assert [found.picture(path) is None for path in ("0.png", "1.png", "1.png", "3.png")] == [
            False,
            True,
            True,
            True,
        ]
        found.warn_of_blanks()
        assert "2 paintings are shown as blanks" in caplog.text
        assert "(1.png, 3.png)" in caplog.text

    def test_readers_travel_to_other_processes(self):
        found = originals({"a.png": FILES["0.png"].__bytes__})
        assert pickle.loads(pickle.dumps(found["a.png"]))() == FILES["0.png"]


class TestWhoReads:
    def extract(self, shelf, small_cnn):
        paintings = results().paintings.iloc[:4].assign(path=list(FILES))
        paintings["sha256"] = list(originals(Shelf(FILES))._digests.values())
        settings = Backbone(model_file=small_cnn, batch_size=1)
        return extract_features(paintings, shelf, settings, Ingestion(), {})

    def test_extraction_of_a_file_that_was_replaced_before_it(self, shelf, small_cnn):
        shelf["2.png"] = FILES["0.png"]
        with pytest.raises(ChangedFileError, match=r"2\.png has changed"):
            list(self.extract(shelf, small_cnn).compute([range(4)]))

    def test_extraction_of_a_file_that_is_replaced_meanwhile(self, shelf, small_cnn, monkeypatch):
        monkeypatch.setattr(backbone, "islice", lambda batches, count: iter([next(batches)]))
        steps = self.extract(shelf, small_cnn).compute([range(4)])
        next(steps)
        shelf["3.png"] = FILES["0.png"]
        with pytest.raises(ChangedFileError, match=r"3\.png has changed"):
            list(steps)

    def test_the_report_leaves_a_blank(self, caplog):
        given = results()
        changed = {path: lambda: encode(picture(99)) for path in files(given)}
        assert "data:image/webp" in render(given, files(given))
        assert "data:image/webp" not in render(given, changed)
        assert "are shown as blanks" in caplog.text

    def test_the_map_leaves_a_blank(self, shelf):
        found = originals(shelf)
        shelf["0.png"] = FILES["1.png"]
        assert [bool(made.data) for made in pictures(list(FILES), found, 48, 1e6)] == [False, True, True, True]
