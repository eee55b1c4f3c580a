"""Reads untrusted `.npy` files: a header that claims another size than the file has is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from grisaille.errors import GrisailleError


class ArrayFileError(GrisailleError):
    """A file that is not an array, or whose header is wrong."""


def map_array(path: Path) -> npt.NDArray[Any]:
    """Memory-map an array of a local file, read-only.

    Raises:
        ArrayFileError: If it is not a `.npy` file, holds Python objects, or is too long or too short.
    """
    try:
        # NumPy warns about headers whose product overflows before it refuses them.
        with np.errstate(over="ignore"):
            mapped = np.lib.format.open_memmap(path, "r")
    except OSError:
        raise
    except Exception as error:
        # NumPy parses headers as Python literals, which fail in many ways, with memory addresses in the message.
        reason = " ".join(str(error).partition(": <")[0].split())[:200] or type(error).__name__
        raise ArrayFileError(f"not a .npy file: {reason}") from error
    surplus = path.stat().st_size - mapped.offset - mapped.nbytes
    if surplus:
        raise ArrayFileError(f"not a .npy file: {surplus} bytes more than its header claims")
    return mapped


def read_array(path: Path) -> npt.NDArray[Any]:
    """Read a whole array of a local file.

    Raises:
        ArrayFileError: See `map_array`.
    """
    # `numpy.load` allocates the size in the header; mapping first proves that the file is that large.
    return np.array(map_array(path))
