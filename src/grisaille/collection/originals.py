"""Reads the files of a table of paintings, and checks that they are still those that ingestion read."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping
from functools import partial

from PIL import Image

from grisaille.collection import Files, Reader, images
from grisaille.errors import GrisailleError
from grisaille.lazy import pd

logger = logging.getLogger(__name__)


class ChangedFileError(GrisailleError, OSError):
    """A file has changed since ingestion."""


class Originals(Mapping[str, Reader]):
    """Path -> function that reads the file, and raises `ChangedFileError` if its hash is not the stored one."""

    def __init__(self, paintings: pd.DataFrame, files: Files) -> None:
        """Take a table and the current files of its collection.

        Args:
            paintings: Columns path and sha256.
            files: The current files.
        """
        self._digests, self._files = dict(zip(paintings["path"], paintings["sha256"], strict=True)), files
        self._blanks: set[str] = set()

    def __getitem__(self, path: str) -> Reader:
        """The function that reads one file; it can be pickled."""
        return partial(_read, path, self._files[path], self._digests[path])

    def __iter__(self) -> Iterator[str]:
        """The paths of the table whose files still exist."""
        return (path for path in self._digests if path in self._files)

    def __len__(self) -> int:
        """Number of these paths."""
        return sum(1 for _ in self)

    def picture(self, path: str, side: int | None = None) -> Image.Image | None:
        """The painting as upright RGB; None if its file has moved, changed or cannot be read.

        Args:
            path: Path of the painting.
            side: Maximum of the longer side, in pixels.
        """
        try:
            image, _ = images.decode(self[path](), max_megapixels=178)
        except (KeyError, OSError, images.UnusableImageError):
            self._blanks.add(path)
            return None
        if side is not None:
            image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3)
        return image

    def warn_of_blanks(self) -> None:
        """Log the number of pictures that could not be read."""
        blanks = sorted(self._blanks)
        if blanks:
            logger.warning(
                "%d paintings are shown as blanks: their files have moved or changed since ingestion (%s%s)",
                len(blanks), ", ".join(blanks[:3]), ", ..." if len(blanks) > 3 else "",
            )  # fmt: skip


def _read(path: str, read: Reader, digest: str) -> bytes:
    data = read()
    if hashlib.sha256(data).hexdigest() != digest:
        raise ChangedFileError(
            f"{path} has changed since ingestion: run `kedro run` with the same --params, which starts "
            "with ingestion and recomputes only the affected results"
        )
    return data
