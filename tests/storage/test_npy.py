"""Arrays whose headers lie: none is believed, and nothing is set aside for one."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from grisaille.storage.npy import ArrayFileError, map_array, read_array

KINDS = st.one_of(
    arrays.floating_dtypes(), arrays.integer_dtypes(), arrays.boolean_dtypes(), arrays.unicode_string_dtypes(max_len=3)
)


def saved(array, version=None):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version)
    return file.getvalue()


def lying(header, values=b""):
    text = header.encode("latin1")
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + values


def told(data, tmp_path):
    """What is said of a file, read or mapped."""
    (tmp_path / "a.npy").write_bytes(data)
    with pytest.raises(ArrayFileError) as read:
        read_array(tmp_path / "a.npy")
    with pytest.raises(ArrayFileError) as mapped:
        map_array(tmp_path / "a.npy")
    assert str(read.value) == str(mapped.value)
    return str(read.value)


class TestArrays:
    @settings(deadline=None)
    @given(array=arrays.arrays(KINDS, arrays.array_shapes(min_dims=0, min_side=0)), fortran=st.booleans())
    def test_what_was_saved_comes_back(self, tmp_path_factory, array, fortran):
        array = np.asfortranarray(array) if fortran else array
        path = tmp_path_factory.getbasetemp() / "any.npy"
        path.write_bytes(saved(array))
        for found in (read_array(path), map_array(path)):
            assert (found.shape, found.dtype) == (array.shape, array.dtype)
            np.testing.assert_array_equal(found, array)

    def test_what_was_read_can_be_written_to(self, tmp_path):
        (tmp_path / "a.npy").write_bytes(saved(np.zeros(3)))
        array = read_array(tmp_path / "a.npy")
        array[0] = 1
        assert array.tolist() == [1, 0, 0]

    @pytest.mark.parametrize("version", [(2, 0), (3, 0)])
    def test_long_headers(self, tmp_path, version):
        (tmp_path / "a.npy").write_bytes(saved(np.eye(2), version))
        assert read_array(tmp_path / "a.npy").tolist() == [[1, 0], [0, 1]]

    def test_a_file_that_is_not_there_is_no_wrong_array(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            read_array(tmp_path / "a.npy")


class TestLies:
    @pytest.mark.parametrize("cut", [0, 5, 6, 8, 9, 10, 60, 127])
    def test_cut_within_the_header(self, cut, tmp_path):
        assert told(saved(np.eye(4))[:cut], tmp_path).startswith("not a .npy file: ")

    @pytest.mark.parametrize("cut", [128, 129, 255])
    def test_cut_within_the_values(self, cut, tmp_path):
        assert told(saved(np.eye(4))[:cut], tmp_path) == "not a .npy file: mmap length is greater than file size"

    def test_more_than_it_says(self, tmp_path):
        assert told(saved(np.eye(4)) + b"x", tmp_path) == "not a .npy file: 1 bytes more than its header claims"

    @pytest.mark.parametrize(
        "shape",
        ["(10**15,)", "(4611686018427387904, 4)", "(0, 340282366920938463463374607431768211456)", "(-1, -16)",
         f"({'1, ' * 65})", "(True, 16)", "(16.0,)", "'16'", f"(0x{'f' * 5000},)"],
    )  # fmt: skip
    def test_impossible_shapes(self, shape, tmp_path):
        header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"
        assert told(lying(header, bytes(8)), tmp_path)

    @pytest.mark.parametrize(
        "header",
        ["", "nonsense", "[]", "{", "{" * 5000, "(" * 5000, "-" * 9000 + "1", "{'descr': 1}", "\x00" * 100,
         "{'descr': 'zzz', 'fortran_order': False, 'shape': (1,), }",
         "{'descr': [[[]]], 'fortran_order': False, 'shape': (1,), }",
         "{'descr': '<f8', 'fortran_order': 7, 'shape': (1,), }"],
    )  # fmt: skip
    def test_impossible_headers(self, header, tmp_path):
        assert told(lying(header, bytes(8)), tmp_path).startswith("not a .npy file: ")

    @pytest.mark.parametrize("hidden", [np.array([{}], dtype=object), np.zeros(2, [("a", "f4"), ("b", "O")])])
    def test_objects_are_refused(self, hidden, tmp_path):
        file = io.BytesIO()
        np.save(file, hidden, allow_pickle=True)
        assert "Python objects" in told(file.getvalue(), tmp_path)

    def test_archives_of_arrays_are_no_arrays(self, tmp_path):
        file = io.BytesIO()
        np.savez(file, np.eye(2))
        assert told(file.getvalue(), tmp_path).startswith("not a .npy file: ")
