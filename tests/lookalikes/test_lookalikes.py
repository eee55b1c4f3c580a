"""Strangers among the embeddings: who is near, how unusual that is, and ways from one to another."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grisaille.lookalikes import neighbour_index
from grisaille.lookalikes.chains import chain, painting_named
from grisaille.lookalikes.neighbour_index import NeighbourIndex, titles
from grisaille.lookalikes.queries import read_queries
from grisaille.points import Points
from helpers import encode, picture


def table(n, duplicates=()):
    rows = pd.DataFrame({"painting_id": [f"Ada_{row}" for row in range(n)], "duplicate_of": None})
    for row, original in duplicates:
        rows.loc[row, "duplicate_of"] = f"Ada_{original}"
    return rows


class TestQueries:
    def test_a_file_a_folder_and_both(self, tmp_path):
        (tmp_path / "folder" / "below").mkdir(parents=True)
        (tmp_path / "one;two.png").write_bytes(encode(picture(0)))
        (tmp_path / "folder" / "below" / "b.png").write_bytes(encode(picture(1)))
        (tmp_path / "folder" / "a.jpg").write_bytes(encode(picture(2), "JPEG"))
        (tmp_path / "folder" / "notes.txt").write_text("no picture")
        one, folder = str(tmp_path / "one;two.png"), str(tmp_path / "folder")
        assert [query.name for query in read_queries(one, 150)] == ["one;two.png"]
        assert [query.name for query in read_queries(folder, 150)] == ["a.jpg", "below/b.png"]
        assert [query.name for query in read_queries([one, folder], 150)] == ["one;two.png", "a.jpg", "below/b.png"]

    def test_files_of_one_name_are_told_apart(self, tmp_path):
        paths = [tmp_path / name for name in ("a/x/1.png", "b/x/1.png", "2.png")]
        for number, path in enumerate(paths):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode(picture(number)))
        queries = read_queries(map(str, paths), 150)
        assert [query.name for query in queries] == ["a/x/1.png", "b/x/1.png", "2.png"]
        assert len({query.sha256 for query in queries}) == 3

    def test_a_file_that_is_named_twice_is_one_question(self, tmp_path):
        (tmp_path / "a.png").write_bytes(encode(picture(0)))
        given = [str(tmp_path), f"{tmp_path}/a.png", f"{tmp_path}/a.png"]
        assert [query.name for query in read_queries(given, 150)] == ["a.png"]

    def test_what_is_no_picture_is_left_out_and_named(self, tmp_path, caplog):
        (tmp_path / "good.png").write_bytes(encode(picture(0)))
        (tmp_path / "bad.png").write_bytes(b"<html>")
        assert [query.name for query in read_queries(str(tmp_path), 150)] == ["good.png"]
        assert "left out: bad.png: not an image" in caplog.text

    def test_nothing_to_ask_about(self, tmp_path):
        with pytest.raises(ValueError, match=r"no picture in .*: no \.jpg"):
            read_queries(str(tmp_path), 150)
        with pytest.raises(ValueError, match=r"there is no picture or folder .*gone"):
            read_queries(str(tmp_path / "gone"), 150)
        (tmp_path / "bad.png").write_bytes(b"<html>")
        with pytest.raises(ValueError, match=r"bad\.png: not an image"):
            read_queries(str(tmp_path / "bad.png"), 150)


class TestSurroundings:
    points = np.array([[0.0], [1.0], [1.0], [4.0], [9.0]], dtype=np.float32)

    def test_duplicates_are_no_neighbours(self):
        collection = NeighbourIndex(self.points, table(5, [(2, 1)]))
        rows, distances = collection.nearest(np.array([[2.0]], dtype=np.float32), 3)
        assert collection.paintings["painting_id"][rows[0]].tolist() == ["Ada_1", "Ada_0", "Ada_3"]
        assert distances.tolist() == [[1, 2, 2]]

    def test_how_unusual_a_distance_is_worked_out_by_hand(self):
        # Without the duplicate the points are 0, 1, 4, 9: nearest at 1, 1, 3, 5, second nearest at 4, 3, 4, 8.
        collection = NeighbourIndex(self.points, table(5, [(2, 1)]))
        shares = collection.distance_percentile(np.array([[2.0, 3.5], [1.0, 8.0], [0.5, 9.0]]))
        assert shares.tolist() == [[0.5, 0.75], [0.5, 0.0], [1.0, 0.0]]

    def test_more_than_there_are(self):
        collection = NeighbourIndex(self.points, table(5))
        rows, distances = collection.nearest(self.points[:1], 9)
        assert rows.shape == (1, 5)
        assert np.isfinite(collection.distance_percentile(distances)[0]).tolist() == [True] * 4 + [False]

    def test_a_few_paintings_are_searched_exactly_and_very_many_once_prepared_through_an_index(self, monkeypatch):
        collection = NeighbourIndex(Points.plain(self.points), table(5))
        collection.prepare()
        assert collection.lookup.exact
        monkeypatch.setattr(neighbour_index, "_SECONDS", 0)
        assert collection.lookup.exact
        collection.prepare()
        assert not collection.lookup.exact

    def test_embeddings_of_others(self):
        with pytest.raises(ValueError, match="5 embeddings of 4 paintings: another run has replaced"):
            NeighbourIndex(self.points, table(4))


class TestTitles:
    @pytest.mark.parametrize(
        ("identifier", "artist", "title"),
        [
            ("Rosa_Punkt_3", "Rosa Punkt", "3"),
            ("Rosa_Punkt/The_Dots_-_1889", "Rosa Punkt", "The Dots - 1889"),
            ("Rosa_Punkt/Rosa_Punkt_3", "Rosa Punkt", "3"),
            ("Rosa_Punkt/Rosa Punkt \N{EN DASH} 3", "Rosa Punkt", "3"),
            ("Rosa_Punkt", "Rosa Punkt", "Rosa Punkt"),
            ("IMG_0001", "unknown", "IMG 0001"),
        ],
    )
    def test_what_a_file_tells(self, identifier, artist, title):
        assert titles(pd.DataFrame({"painting_id": [identifier], "artist": [artist]})) == [title]

    def test_what_is_known_counts_for_more(self):
        known = pd.DataFrame({"painting_id": ["Rosa_3", "Rosa_4"], "artist": "Rosa", "title": ["Dots", ""]})
        assert titles(known) == ["Dots", "4"]


class TestChain:
    def test_small_steps_along_a_line_with_a_gap(self):
        points = np.array([[0.0, 0], [1, 0], [2, 0], [3, 0], [20, 0], [21, 0]] + [[50 + i, 9] for i in range(20)])
        assert chain(points, 0, 3).tolist() == [0, 1, 2, 3]
        # Nobody's eight nearest lead over the gap at first.
        assert chain(points, 5, 25)[[0, -1]].tolist() == [5, 25]

    def test_from_a_point_to_itself_and_to_its_equal(self):
        points = np.array([[0.0], [0.0], [1.0]])
        assert chain(points, 1, 1).tolist() == [1]
        assert chain(points, 0, 1).tolist() == [0, 1]

    @given(st.integers(2, 30), st.integers(0, 2**31))
    def test_no_way_is_longer_than_the_direct_one(self, n, seed):
        points = np.random.default_rng(seed).standard_normal((n, 3))
        path = chain(points, 0, n - 1)
        assert path[0] == 0
        assert path[-1] == n - 1
        assert len(set(path.tolist())) == len(path)
        if n <= 9:  # all are neighbours of all
            steps = np.square(np.diff(points[path], axis=0)).sum()
            assert steps <= np.square(points[0] - points[n - 1]).sum() * (1 + 1e-9)


class TestNames:
    names = ("Ada_One/Ada_One_1", "Ada_One/Ada_One_12", "Bert_Two_1", "Bert_Two_7", "Bert_Two_70")

    @pytest.mark.parametrize(
        ("name", "row"),
        [
            ("Ada_One/Ada_One_1", 0),
            ("Ada_One_1", 0),
            ("one 12", 1),
            ("bert two 1", 2),
            ("BERT_TWO_7", 3),
            ("two_70", 4),
        ],
    )
    def test_whole_or_in_part(self, name, row):
        assert painting_named(name, list(self.names)) == row

    def test_ambiguous(self):
        with pytest.raises(ValueError, match="'two_7' may be any of Bert_Two_7, Bert_Two_70: give the whole name"):
            painting_named("two_7", list(self.names))

    def test_misspelt(self):
        with pytest.raises(ValueError, match="there is no painting 'Brt Two 70'; there are Bert_Two_70"):
            painting_named("Brt Two 70", list(self.names))
