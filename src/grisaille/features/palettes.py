"""Palettes of a collection, as the feature store asks for them: images in, shares of colours out."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from typing import Any

import numpy as np

from grisaille.arrays import FloatArray
from grisaille.collection import images
from grisaille.features.store import identity_of_files
from grisaille.likenesses.colour import palette
from grisaille.parameters import Colour

LAYER = "colour"
_BATCH = 64


def identity(digests: Sequence[str], settings: Colour) -> dict[str, Any]:
    """Everything that determines the palettes of a collection: how colours are counted, and the files in order."""
    return {"colour": settings.model_dump(mode="json", include={"bins", "reach"})} | identity_of_files(digests)


class Palettes:
    """The palettes of a list of images, computed only when a range of rows is asked for (a `store.Source`).

    Attributes:
        identity: What determines them.
        rows: Number of images.
        columns: `colour` -> bins.
        dtype: float32.
        shard_rows: Rows asked for at a time.
    """

    def __init__(
        self,
        readers: Sequence[Callable[[], bytes]],
        digests: Sequence[str],
        settings: Colour,
        max_megapixels: float,
        shard_rows: int = 4096,
    ) -> None:
        """Describe the work.

        Args:
            readers: One function an image, returning its file.
            digests: SHA-256 of each file.
            settings: How colours are counted.
            max_megapixels: As in ingestion.
            shard_rows: Images a file of the store.
        """
        self._readers: Mapping[int, Callable[[], bytes]] = dict(enumerate(readers))
        self._settings, self._max_megapixels = settings, max_megapixels
        self.identity = identity(digests, settings)
        self.rows, self.shard_rows = len(readers), shard_rows
        self.columns = {LAYER: settings.bins**3}
        self.dtype = np.dtype(np.float32)

    def part(self, start: int, stop: int) -> "Palettes":
        """The same work, of which only rows [start, stop) can be computed."""
        part = copy(self)
        part._readers = {row: self._readers[row] for row in range(start, stop)}
        return part

    def compute(self, ranges: Iterable[tuple[int, int]]) -> Iterator[tuple[int, Mapping[str, FloatArray]]]:
        """Yield the first row and {"colour": shares, float32, shape (b, bins)} of batches, in order."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for start, stop in ranges:
                for first in range(start, stop, _BATCH):
                    rows = range(first, min(first + _BATCH, stop))
                    yield first, {LAYER: np.stack(list(pool.map(self._palette, rows)))}

    def _palette(self, row: int) -> FloatArray:
        image, _ = images.decode(self._readers[row](), self._max_megapixels)
        return palette(image, self._settings.bins, self._settings.reach)
