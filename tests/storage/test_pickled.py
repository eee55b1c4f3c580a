"""Pickles: an array comes out, and nothing else happens."""

import os
import pickle
import pickletools

import numpy as np
import pytest

from grisaille.datasets import ArrayPickleDataset
from grisaille.storage.pickled import PickledArrayError, read_array


class Runs:
    """Asks whoever unpickles it to call a function."""

    def __init__(self, function, *arguments):
        self.asked = function, arguments

    def __reduce__(self):
        return self.asked


class TestArrays:
    @pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
    @pytest.mark.parametrize(
        "array",
        [np.arange(6, dtype="f4").reshape(2, 3), np.eye(3, dtype=">f8"), np.zeros((0, 4)), np.array(7),
         np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.array([True, False]), np.arange(10)[::3]],
    )  # fmt: skip
    def test_what_was_pickled_comes_back(self, array, protocol):
        if protocol < 3:
            # Protocol 2 spells bytes as text, with the help of another function.
            with pytest.raises(PickledArrayError, match=r"it asks for _codecs\.encode"):
                read_array(pickle.dumps(array, protocol))
            return
        found = read_array(pickle.dumps(array, protocol))
        assert (found.shape, found.dtype) == (array.shape, array.dtype)
        np.testing.assert_array_equal(found, array)

    def test_the_dataset_saves_what_other_programs_unpickle(self, tmp_path):
        dataset = ArrayPickleDataset(filepath=str(tmp_path / "a.pkl"))
        dataset.save(np.eye(2, dtype="f4"))
        assert np.array_equal(pickle.loads((tmp_path / "a.pkl").read_bytes()), np.eye(2))
        assert np.array_equal(dataset.load(), np.eye(2))


class TestWhatIsRefused:
    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_no_function_is_called(self, protocol, tmp_path):
        touched = tmp_path / "touched"
        evil = pickle.dumps([np.eye(2), Runs(os.mkdir, str(touched))], protocol)
        with pytest.raises(PickledArrayError, match="not loaded: it asks for "):
            read_array(evil)
        assert not touched.exists()
        pickle.loads(evil)
        assert touched.exists(), "the pickle would have done it"

    @pytest.mark.parametrize("function", [eval, exec, getattr, print, np.load, np.dtype("f4").newbyteorder])
    def test_not_even_harmless_ones(self, function):
        with pytest.raises(PickledArrayError, match=r"asks for|broken"):
            read_array(pickle.dumps(Runs(function, "1")))

    @pytest.mark.parametrize(
        "other",
        [None, 5, "text", [np.eye(2)], {"a": np.eye(2)}, np.array([{}], dtype=object), np.zeros(2, [("a", "f4")]),
         np.float32(3), np.array(["a"]), np.dtype("f4"), np.ndarray],
    )  # fmt: skip
    def test_other_things(self, other):
        with pytest.raises(PickledArrayError, match=r"^the pickle is not one array of numbers, and is not loaded: "):
            read_array(pickle.dumps(other, 4))

    def test_every_beginning_of_one(self):
        whole = pickle.dumps(np.eye(2), 4)
        ends = {at + cut for _, _, at in pickletools.genops(whole) for cut in (0, 1)} - {len(whole)}
        for end in sorted(ends):
            with pytest.raises(PickledArrayError, match="broken"):
                read_array(whole[:end])

    @pytest.mark.parametrize(
        "bomb",
        [
            b"\x80\x04" + b"K\x01r\xff\xff\xff\x7f.",  # a place in the memo beyond all others
            b"\x80\x05\x8e\xff\xff\xff\xff\xff\x00\x00\x00.",  # bytes that are not there
            # What the fuzzing found: Python's own reader sets all of these aside before it looks for them.
            b"\x80\x05\x96\x00\x00\x00\x00\x08\x00\x00\x00.",
            b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f.",
        ],
    )
    def test_sizes_are_not_believed(self, bomb):
        with pytest.raises(PickledArrayError):
            read_array(bomb)

    @pytest.mark.parametrize("claimed", [(3, 2), (10**12,), (-2, -2), (2.0, 2), (2,) * 40, None])
    def test_shapes_are_not_believed(self, claimed):
        function, arguments, state = np.eye(2).__reduce__()
        evil = Runs(function, *arguments)
        evil.__class__ = type(
            "Lies", (), {"__reduce__": lambda _: (function, arguments, (state[0], claimed, *state[2:]))}
        )
        with pytest.raises(PickledArrayError):
            read_array(pickle.dumps(evil, 4))
