"""Vectors that came with a collection: read, and joined to pictures."""

import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from grisaille.collection.tables import TableError
from grisaille.collection.vectors import Vectors, VectorsError, checked, join_vectors, read_parquet

PATHS = ["Ada/1.jpg", "Bo/2.png", "Bo/3.png"]
VALUES = np.array([[3.0, 4.0, 0.0], [0.0, 0.0, -2.0], [1.0, 0.0, 0.0]])
NO_TABLE = pd.DataFrame()


def stored(**columns):
    file = io.BytesIO()
    parquet.write_table(pa.table(columns), file)
    return file.getvalue()


class TestParquet:
    @pytest.mark.parametrize("kind", [pa.list_(pa.float64()), pa.large_list(pa.float32()), pa.list_(pa.float16(), 3)])
    def test_a_column_of_lists(self, kind):
        values = pa.array([np.asarray(row, "f2") if kind.value_type == pa.float16() else row for row in VALUES], kind)
        found = read_parquet(stored(filename=["1.jpg", "2.png", "3.png"], clip_features=values))
        np.testing.assert_array_equal(found.values, VALUES)
        assert found.names.to_dict("list") == {"filename": ["1.jpg", "2.png", "3.png"]}

    def test_numbered_columns_in_the_order_of_their_numbers(self):
        columns = {f"dim_{number}": VALUES[:, number % 3] * (number + 1) for number in (10, 2, 0, 1)}
        found = read_parquet(stored(id=["1", "2", "3"], year1=[1, 2, 3], **columns))
        expected = np.column_stack([columns[f"dim_{number}"] for number in (0, 1, 2, 10)])
        np.testing.assert_array_equal(found.values, expected)
        assert list(found.names) == ["id", "year1"]

    def test_of_several_lists_the_one_that_is_called_so(self):
        lists = pa.array([[1, 2], [3, 4], [5, 6]])
        found = read_parquet(stored(file=["a", "b", "c"], box=lists, embedding=pa.array(VALUES.tolist())))
        np.testing.assert_array_equal(found.values, VALUES)
        assert list(found.names) == ["file"]
        with pytest.raises(VectorsError, match=r"several columns of vectors: box, other; keep one"):
            read_parquet(stored(file=["a", "b", "c"], box=lists, other=lists))

    @pytest.mark.parametrize(
        ("columns", "said"),
        [
            ({"file": ["a"], "year": [1900]}, r"neither a column of lists .* Received: file, year"),
            ({"v": pa.array([[1.0, 2.0], [1.0]])}, r"differ in length in the column v: 2, 1"),
            ({"v": pa.array([[1.0, 2.0], None])}, r"1 row of the table of vectors without a vector"),
            ({"v": pa.array([[1.0]])}, r"at least two values\. Received: float64 of shape \(1, 1\)"),
            ({"v": pa.array([], pa.list_(pa.float32()))}, r"differ in length in the column v: there are none"),
        ],
    )
    def test_what_holds_no_vectors(self, columns, said):
        with pytest.raises(VectorsError, match=said) as told:
            read_parquet(stored(**columns))
        assert "\n" not in str(told.value)

    def test_a_row_without_a_name_belongs_to_no_picture(self, caplog):
        read = read_parquet(stored(id=["a", None, "c"], embedding=pa.array(VALUES.tolist())))
        joined = join_vectors(["a.jpg", "c.jpg"], read, pd.DataFrame(), {})
        np.testing.assert_allclose(joined, VALUES[[0, 2]] / np.linalg.norm(VALUES[[0, 2]], axis=1)[:, None], rtol=1e-6)
        assert "1 vectors without a picture" in caplog.text

    def test_more_rows_than_there_are(self):
        """Memory would be reserved for all of them."""
        whole = stored(file=["a", "b", "c"], embedding=pa.array(VALUES.tolist()))
        # The last three among the 64-bit numbers of the footer are the rows of its only row group.
        at = whole.rindex(b"\x16\x06")
        lie = whole[:at] + b"\x16\xf4\xff\xff\xff\x7f" + whole[at + 2 : -8]
        lie += (int.from_bytes(whole[-8:-4], "little") + 4).to_bytes(4, "little") + b"PAR1"
        assert parquet.ParquetFile(pa.BufferReader(lie)).metadata.row_group(0).num_rows > 1e9
        with pytest.raises(TableError, match=r"its row groups have \d+ rows, but the file claims 3"):
            read_parquet(lie)

    def test_more_equal_rows_than_a_file_could_hold_of_others(self):
        with pytest.raises(TableError, match=r"it claims 3000000 rows in \d+ bytes"):
            read_parquet(stored(file=np.zeros(3_000_000, "i1")))

    def test_what_is_no_parquet_file(self):
        with pytest.raises(TableError, match="the table of vectors cannot be read"):
            read_parquet(b"PAR1")


class TestArrays:
    @pytest.mark.parametrize("array", [np.zeros(3), np.zeros((2, 2, 2)), np.array([["a"]]), np.zeros((2, 2), complex)])
    def test_what_is_no_vectors(self, array):
        with pytest.raises(VectorsError, match="one row a picture"):
            checked(array)


class TestJoining:
    def joined(self, values=VALUES, names=("3.png", "C:\\Bo\\2.PNG", "ada/1.jpg"), works=NO_TABLE, **columns):
        table = None if names is None else pd.DataFrame({"file": names})
        return join_vectors(PATHS, Vectors(values, table), works, columns)

    def test_rows_follow_the_pictures_and_have_length_1(self):
        found = self.joined(VALUES[::-1])
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, [[0.6, 0.8, 0], [0, 0, -1], [1, 0, 0]], rtol=1e-6)

    def test_without_names_they_follow_the_table_of_paintings(self):
        works = pd.DataFrame({"Datei": ["2.png", "1.jpg", "3.png"], "title": ""})
        found = self.joined(VALUES[[1, 0, 2]], None, works, file="Datei")
        np.testing.assert_allclose(found, self.joined(VALUES[::-1]))

    @pytest.mark.parametrize("works", [NO_TABLE, pd.DataFrame({"file": ["1.jpg", "2.png"]})])
    def test_nobody_guesses_whose_they_are(self, works):
        with pytest.raises(VectorsError, match=r"3\) cannot be assigned to pictures, as the table of paintings has"):
            self.joined(names=None, works=works)
        with pytest.raises(VectorsError, match=r"3\) cannot be assigned to pictures, as the table of vectors has 2"):
            self.joined(names=("1.jpg", "2.png"), works=works)

    def test_a_picture_without_a_vector_is_named(self):
        with pytest.raises(VectorsError, match=r"2 of 3 pictures without a vector: Ada/1\.jpg, Bo/3\.png"):
            self.joined(names=("2.png", "x.png", "y.png"))

    def test_vectors_without_a_picture_are_told_of(self, caplog):
        found = self.joined(np.vstack([VALUES, VALUES[:1]]), ("1.jpg", "2.png", "3.png", "gone.png"))
        np.testing.assert_allclose(found, self.joined(VALUES[::-1]))
        assert "1 vectors without a picture: gone.png" in caplog.text

    @pytest.mark.parametrize("wrong", [0.0, np.nan, np.inf, 1e300])
    def test_vectors_without_a_direction_are_named(self, wrong):
        values = np.vstack([VALUES[:2], np.full((1, 3), wrong)])
        with pytest.raises(
            VectorsError, match=r"1 vector with zeros only, or with values that are not finite: Ada/1\.jpg"
        ):
            self.joined(values)

    def test_names_of_nothing(self):
        with pytest.raises(TableError, match=r"no row of the table of vectors matches a picture: .* Ada/1\.jpg$"):
            self.joined(names=("a", "b", "c"))
        with pytest.raises(
            TableError, match=r"the table of vectors needs a column .* such as file or id\. Received: x"
        ):
            join_vectors(PATHS, Vectors(VALUES, pd.DataFrame({"x": ["a", "b", "c"]})), NO_TABLE, {})
