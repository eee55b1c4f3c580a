"""Arrays out of pickles without unpickling: of all that a pickle may ask for, only an array of numbers is made."""

import io
import math
import pickle
import struct
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

_NUMBERS = {f"{order}{code}" for order in "<>|" for code in ("b1", "i1", "i2", "i4", "i8", "f2", "f4", "f8")}


class PickledArrayError(ValueError):
    """A pickle that is not one array of numbers."""


class _Type:
    """Stands for `numpy.dtype`; of its state only the byte order counts."""

    def __init__(self, code: object = "", *_: object) -> None:
        self._code, self._order = code, "|"

    def __setstate__(self, state: Any) -> None:
        self._order = state[1]

    def known(self) -> np.dtype[Any]:
        name = f"{self._order}{self._code}"
        if name not in _NUMBERS:
            raise PickledArrayError("values of another type than plain numbers")
        return np.dtype(name)


class _Array:
    """Stands for an array: what its bytes are, to be looked at before they are believed."""

    def __init__(self, *_: object) -> None:
        self._shape: Any = None

    def __setstate__(self, state: Any) -> None:
        _, self._shape, self._type, fortran, self._bytes = state
        self._order = "F" if fortran else "C"

    @classmethod
    def of_buffer(cls, octets: Any, kind: Any, shape: Any, order: Any) -> "_Array":
        """What NumPy's own function makes of a buffer."""
        array = cls()
        array.__setstate__((1, shape, kind, order == "F", bytes(octets)))
        return array

    def known(self) -> npt.NDArray[Any]:
        """The array, once everything that was said of it fits together."""
        shape = self._shape
        if not (
            isinstance(shape, tuple) and len(shape) <= 32 and all(type(side) is int and side >= 0 for side in shape)
        ):
            raise PickledArrayError("an array of no shape")
        if not isinstance(self._type, _Type) or not isinstance(self._bytes, bytes):
            raise PickledArrayError("an array that holds other things than numbers")
        kind = self._type.known()
        if len(self._bytes) != math.prod(shape) * kind.itemsize:
            raise PickledArrayError(f"{len(self._bytes)} bytes of values for an array of {shape} {kind}")
        values = np.frombuffer(self._bytes, kind)
        return np.array(values.reshape(shape[::-1]).T if self._order == "F" else values.reshape(shape))


_STAND_INS: dict[tuple[str, str], Any] = {
    ("numpy", "dtype"): _Type,
    ("numpy", "ndarray"): _Array,
    # NumPy 2 and 1 pickle arrays by these, of protocol 5 and of those before it.
    **dict.fromkeys((("numpy._core.multiarray", "_reconstruct"), ("numpy.core.multiarray", "_reconstruct")), _Array),
    **dict.fromkeys((("numpy._core.numeric", "_frombuffer"), ("numpy.core.numeric", "_frombuffer")), _Array.of_buffer),
}


# The one written in Python: the other sets aside as much memory as a file tells it to.
_Unpickler: Any = pickle._Unpickler


class _Reader(_Unpickler):
    dispatch: ClassVar[dict[int, Any]] = dict(_Unpickler.dispatch)

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _STAND_INS[module, name]
        except KeyError:
            raise PickledArrayError(f"it asks for {module}.{name}") from None

    def load_bytearray8(self) -> None:
        # So does this one here, and nowhere else.
        (length,) = struct.unpack("<Q", self.read(8))
        self.append(self.read(length))

    dispatch[pickle.BYTEARRAY8[0]] = load_bytearray8


def read_array(data: bytes) -> npt.NDArray[Any]:
    """The array in a pickle. Nothing is imported or called that the pickle names, not even NumPy.

    Args:
        data: The pickle.

    Returns:
        An array of numbers or truth values.

    Raises:
        PickledArrayError: If there is anything else in it.
    """
    try:
        found = _Reader(io.BytesIO(data)).load()
        if not isinstance(found, _Array):
            raise PickledArrayError(f"it holds a {type(found).__name__}")
        return found.known()
    except PickledArrayError as error:
        raise PickledArrayError(f"the pickle is not one array of numbers, and is not loaded: {error}") from None
    except Exception as error:
        # A broken pickle fails in as many ways as there are instructions.
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise PickledArrayError(f"the pickle is broken: {reason}") from error
