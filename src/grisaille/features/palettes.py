"""Palettes of a collection for the feature store: images in, shares of colours out."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy

import numpy as np

from grisaille.arrays import FloatArray
from grisaille.collection import images
from grisaille.features.store import Contents
from grisaille.likenesses.colour import palette
from grisaille.parameters import Colour

LAYER = "colour"
_BATCH = 64


def contents(digests: Sequence[str], settings: Colour) -> Contents:
    """Contents of a store: the palettes of files, by their SHA-256, in order."""
    return Contents({"colour": settings.model_dump(mode="json", include={"bins", "reach"})}, (LAYER,), tuple(digests))


class Palettes:
    """The palettes of a list of images, computed on demand (a `store.Source`).

    Attributes:
        contents: Everything that determines them.
        columns: `colour` -> bins.
        dtype: float32.
        shard_rows: Rows computed at a time.
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
            readers: One function an image, which returns its file.
            digests: SHA-256 of each file.
            settings: Settings of the palettes.
            max_megapixels: As in ingestion.
            shard_rows: Images a file of the store.
        """
        self._readers: Mapping[int, Callable[[], bytes]] = dict(enumerate(readers))
        self._settings, self._max_megapixels = settings, max_megapixels
        self.contents = contents(digests, settings)
        self.shard_rows = shard_rows
        self.columns = {LAYER: settings.bins**3}
        self.dtype = np.dtype(np.float32)

    def part(self, rows: Sequence[int]) -> "Palettes":
        """The same work, restricted to some rows."""
        part = copy(self)
        part._readers = {row: self._readers[row] for row in rows}
        return part

    def compute(self, groups: Iterable[Sequence[int]]) -> Iterator[Mapping[str, FloatArray]]:
        """Yield {"colour": shares, float32, shape (b, bins)} of batches, in order."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for group in groups:
                for first in range(0, len(group), _BATCH):
                    yield {LAYER: np.stack(list(pool.map(self._palette, group[first : first + _BATCH])))}

    def _palette(self, row: int) -> FloatArray:
        image, _ = images.decode(self._readers[row](), self._max_megapixels)
        return palette(image, self._settings.bins, self._settings.reach)
