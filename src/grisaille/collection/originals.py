"""The files of a table of paintings, as ingestion saw them: whatever reads a painting again reads it here."""

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
    """A file is not the one that ingestion looked at."""


class Originals(Mapping[str, Reader]):
    """Path -> function that reads the file, and raises `ChangedFileError` if it holds anything but what was hashed."""

    def __init__(self, paintings: pd.DataFrame, files: Files) -> None:
        """Take a table and what it was made of.

        Args:
            paintings: Columns path and sha256.
            files: Of the collection, as they are now.
        """
        self._digests, self._files = dict(zip(paintings["path"], paintings["sha256"], strict=True)), files
        self._blanks: set[str] = set()

    def __getitem__(self, path: str) -> Reader:
        """The function that reads one file; it travels to other processes."""
        return partial(_read, path, self._files[path], self._digests[path])

    def __iter__(self) -> Iterator[str]:
        """The paths that are in the table and still there."""
        return (path for path in self._digests if path in self._files)

    def __len__(self) -> int:
        """How many these are."""
        return sum(1 for _ in self)

    def picture(self, path: str, side: int | None = None) -> Image.Image | None:
        """The painting, upright RGB; None where it was moved, changed or cannot be read: results stand without it.

        Args:
            path: Of the painting.
            side: Pixels of the longer side, at most.
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
        """Say how many pictures were asked for in vain."""
        blanks = sorted(self._blanks)
        if blanks:
            logger.warning(
                "%d paintings are shown as blanks: since ingestion they were moved or changed (%s%s)",
                len(blanks), ", ".join(blanks[:3]), ", ..." if len(blanks) > 3 else "",
            )  # fmt: skip


def _read(path: str, read: Reader, digest: str) -> bytes:
    data = read()
    if hashlib.sha256(data).hexdigest() != digest:
        raise ChangedFileError(
            f"{path} has changed since ingestion looked at it: run `kedro run` with the same --params, which begins "
            "with ingestion and computes only what is affected"
        )
    return data
