"""Array types that modules share, and the conversion of stored features to float32."""

from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.floating[Any]]
IntArray: TypeAlias = npt.NDArray[np.integer[Any]]
ByteArray: TypeAlias = npt.NDArray[np.uint8]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
StringArray: TypeAlias = npt.NDArray[np.str_] | npt.NDArray[np.object_]


# Exponent bias: 15 in float16, 127 in float32.
_EXPONENTS = np.float32(2.0 ** (127 - 15))
_INFINITE = 0x7C00


def as_float32(values: FloatArray) -> FloatArray:
    """Features as float32, without a copy if they are float32 already.

    NumPy converts half precision value by value, which is four times slower than the shift and product here. These
    suffice for finite, non-negative values, such as features after a ReLU.
    """
    if values.dtype != np.float16:
        return values.astype(np.float32, copy=False)
    bits = np.ascontiguousarray(values).view(np.int16)
    if bits.min(initial=0) < 0 or bits.max(initial=0) >= _INFINITE:
        return values.astype(np.float32)
    shifted = bits.astype(np.int32)
    shifted <<= 13
    converted: FloatArray = shifted.view(np.float32)
    converted *= _EXPONENTS
    return converted


class Rows(Protocol):
    """A matrix that is read a few rows at a time: a NumPy array, a memory map or a layer of the feature store."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(rows, columns)."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the stored values."""

    def __getitem__(self, key: Any, /) -> Any:
        """A slice or an integer array of rows, and optionally a slice of columns, as a NumPy array."""


class ChosenRows:
    """Some rows of a `Rows`, read on demand."""

    def __init__(self, source: Rows, rows: IntArray) -> None:
        """Select rows of source, shape (m,)."""
        self._source, self._rows = source, rows
        self.shape, self.dtype = (len(rows), source.shape[1]), source.dtype

    def __getitem__(self, key: Any) -> Any:
        """Some of the m rows, and optionally a slice of columns, as a NumPy array."""
        if isinstance(key, tuple):
            return self._source[(self._rows[key[0]], *key[1:])]
        return self._source[self._rows[key]]


class ColumnRange:
    """A contiguous range of the columns of a `Rows`, read on demand."""

    def __init__(self, source: Rows, start: int, stop: int) -> None:
        """Select columns [start, stop) of source.

        Raises:
            ValueError: If the range is empty or leaves the source.
        """
        if not 0 <= start < stop <= source.shape[1]:
            raise ValueError(
                f"columns must satisfy 0 <= start < stop <= {source.shape[1]}. Received: start={start}, stop={stop}"
            )
        self._source, self._columns = source, slice(start, stop)
        self.shape = (source.shape[0], stop - start)
        self.dtype = source.dtype

    def __getitem__(self, rows: Any) -> Any:
        """The given rows of the range, as a NumPy array."""
        return self._source[rows, self._columns]
