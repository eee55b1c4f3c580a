"""Arrays from `.npy` files that nobody vouches for: a header that claims another size than the file's is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from grisaille.errors import GrisailleError


class ArrayFileError(GrisailleError):
    """A file that is no array, or not the array it says it is."""


def map_array(path: Path) -> npt.NDArray[Any]:
    """Map an array of a local file into memory, to be read only.

    Raises:
        ArrayFileError: If it is no `.npy` file, holds Python objects, or is too long or too short.
    """
    try:
        # Of headers whose product overflows, NumPy warns before it refuses them.
        with np.errstate(over="ignore"):
            mapped = np.lib.format.open_memmap(path, "r")
    except OSError:
        raise
    except Exception as error:
        # NumPy parses headers as Python literals, which fail in a dozen ways and tell of objects in memory.
        reason = " ".join(str(error).partition(": <")[0].split())[:200] or type(error).__name__
        raise ArrayFileError(f"no .npy file: {reason}") from error
    surplus = path.stat().st_size - mapped.offset - mapped.nbytes
    if surplus:
        raise ArrayFileError(f"no .npy file: {surplus} bytes more than its header says")
    return mapped


def read_array(path: Path) -> npt.NDArray[Any]:
    """Read a whole array of a local file.

    Raises:
        ArrayFileError: As `map_array`.
    """
    # `numpy.load` sets aside the memory that a header asks for; once mapped, it is known to ask for what is there.
    return np.array(map_array(path))
