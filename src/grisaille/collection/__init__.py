"""From files to a table of paintings: decoding, names, duplicates, the split. Storage is in `datasets`."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

Reader: TypeAlias = Callable[[], bytes]
"""A function that reads a file; it raises OSError if the file cannot be read."""

Files: TypeAlias = Mapping[str, Reader]
"""Path inside a collection -> function that reads the file."""
