"""Arrays from `.npy` files that nobody vouches for: the header is held against the file before it is believed."""

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from grisaille.errors import GrisailleError

# Numbers, truth values, times and text; Python objects, and the records that could hide some, are not among them.
_KINDS = frozenset("?biufcmMSU")
_READERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
_MOST_DIMENSIONS = 32
_LONGEST = 2**48


class ArrayFileError(GrisailleError):
    """A file that is no array, or not the array it says it is."""


@dataclass(frozen=True)
class Header:
    """What a `.npy` file says of itself.

    Attributes:
        shape: Of the array.
        dtype: Of the array.
        fortran_order: Whether columns lie together instead of rows.
        offset: Bytes before the first value.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran_order: bool
    offset: int


def read_header(file: IO[bytes]) -> Header:
    """Read a header and see that the file is as long as it says.

    Args:
        file: At its beginning; seekable.

    Raises:
        ArrayFileError: If it is no `.npy` file, holds Python objects or records, or is too long or too short.
    """
    try:
        # Version 3 is for the names of a record's fields, which no array of ours has.
        shape, fortran_order, dtype = _READERS[np.lib.format.read_magic(file)](file)
    except Exception as error:
        # NumPy parses headers as Python literals, which fail in a dozen ways and tell of objects in memory.
        reason = " ".join(str(error).partition(": <")[0].split())[:200] or type(error).__name__
        raise ArrayFileError(f"no .npy file: {reason}") from error
    if dtype.kind not in _KINDS or not dtype.itemsize:
        raise ArrayFileError(f"an array of type {dtype} is not read: Python objects could run programs (allow_pickle)")
    if len(shape) > _MOST_DIMENSIONS or not all(0 <= length < _LONGEST for length in shape):
        raise ArrayFileError("no .npy file: its shape is impossible")
    offset = file.tell()
    stored, said = file.seek(0, os.SEEK_END) - offset, math.prod(shape) * dtype.itemsize
    if stored != said:
        raise ArrayFileError(f"{stored} bytes of values, where the header {shape} {dtype} says {said}")
    return Header(shape, dtype, fortran_order, offset)


def read_array(file: IO[bytes]) -> npt.NDArray[Any]:
    """Read a whole array.

    Raises:
        ArrayFileError: As `read_header`.
    """
    header = read_header(file)
    array = np.empty(header.shape, header.dtype, order="F" if header.fortran_order else "C")
    if array.size:
        file.seek(header.offset)
        _fill(file, array.reshape(-1, order="A").view(np.uint8))
    return array


def _fill(file: IO[bytes], octets: npt.NDArray[np.uint8]) -> None:
    filled = 0
    while filled < len(octets):
        block = file.read(min(len(octets) - filled, 1 << 24))
        if not block:
            raise ArrayFileError(f"the file ended after {filled} of {len(octets)} bytes of values")
        octets[filled : filled + len(block)] = np.frombuffer(block, np.uint8)
        filled += len(block)


def map_array(path: Path, mode: str = "r") -> npt.NDArray[Any]:
    """Map an array of a local file into memory.

    Args:
        path: The file.
        mode: `r` or `c`, as in `numpy.memmap`.

    Raises:
        ArrayFileError: As `read_header`.
    """
    with path.open("rb") as file:
        header = read_header(file)
    if not math.prod(header.shape):
        return np.empty(header.shape, header.dtype)
    order = "F" if header.fortran_order else "C"
    mapped: npt.NDArray[Any] = np.memmap(path, header.dtype, mode, header.offset, header.shape, order)  # type: ignore[call-overload]
    return mapped
