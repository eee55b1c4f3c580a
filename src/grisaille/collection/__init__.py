"""From files to a collection: decoding, names, duplicates, the split. What stores them is in `datasets`."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

Files: TypeAlias = Mapping[str, Callable[[], bytes]]
"""Path inside a collection -> function that reads the file; it raises OSError when the file cannot be read."""
