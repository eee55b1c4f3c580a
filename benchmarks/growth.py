"""What each stage costs as the collection grows: seconds at four sizes, and the power of n that they follow."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.tools import LAYERS, Given, Noise, kaggle_artists, seconds
from grisaille.arrays import ColumnRange, FloatArray
from grisaille.autoencoders import joining, training
from grisaille.features import store as feature_store
from grisaille.likenesses.metrics import LIKENESSES, layer_norms
from grisaille.measures.comparison import Collection, compare
from grisaille.measures.spaces import embedding_space, feature_space
from grisaille.parameters import Autoencoder
from grisaille.points import Points

SIZES = (500, 1000, 2000, 4000)
_CHUNK = 25088


class Stages:
    """The stages after extraction, on noise of one size, each on what the one before left."""

    def __init__(self, store: feature_store.FeatureStore) -> None:
        """Take a store."""
        self.store = store
        self.n = len(store["block5_pool"])
        self.everyone = np.arange(self.n)
        self.settings = Autoencoder()
        self.norms: list[FloatArray] = []
        self.encoders: list[Any] = []
        self.codes: list[FloatArray] = []
        self.embeddings: FloatArray = np.empty((0, 0))

    def _chunks(self) -> list[ColumnRange]:
        return [
            ColumnRange(self.store[layer], start, start + _CHUNK)
            for layer, width in LAYERS.items()
            for start in range(0, width, _CHUNK)
        ]

    def train(self) -> None:
        """Every chunk's autoencoder, for `hellinger`."""
        norms = {layer: layer_norms(self.store[layer], "hellinger") for layer in LAYERS}
        names = [layer for layer, width in LAYERS.items() for _ in range(0, width, _CHUNK)]
        nobody = self.everyone[:0]
        for chunk, layer in zip(self._chunks(), names, strict=True):
            self.norms.append(norms[layer])
            _, encoder, _ = training.train(chunk, norms[layer], self.everyone, nobody, self.settings, layer)
            self.encoders.append(encoder)

    def encode(self) -> None:
        """Every chunk of every painting."""
        self.codes = [training.encode(e, chunk) for e, chunk in zip(self.encoders, self._chunks(), strict=True)]

    def join(self) -> None:
        """All chunks, and their bytes."""
        values = self.settings.code_size * len(self.codes)
        points = joining.CompositionPoints(self.codes, self.norms, "linear")
        code = joining.fit_composition_code(points, self.everyone, 160, values - 1, 0)
        self.embeddings = joining.embed_composition(points, code, values, "linear")
        joining.encode_points(code, points)

    def compare(self) -> None:
        """Raw features by either likeness, and the embedding against them."""
        spaces = {("raw", likeness): feature_space(self.store, likeness) for likeness in LIKENESSES}
        spaces["embedding", "euclidean"] = embedding_space(Points.of("composition", self.embeddings))
        pairs = [(("raw", likeness), ("embedding", "euclidean")) for likeness in LIKENESSES]
        collection = Collection(kaggle_artists(self.n, 20), np.ones(self.n, dtype=bool), np.full(self.n, "train"))
        compare(spaces, pairs, collection, self.everyone, 10)


def measure(given: Given) -> dict[str, Any]:
    """Stage -> seconds at each size, and the exponent of the line through the logarithms of the last three."""
    took: dict[str, list[float]] = {name: [] for name in ("train", "encode", "join", "compare")}
    for n in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            stages = Stages(feature_store.write(Path(folder), Noise(n)))
            for name, figures in took.items():
                stage: Callable[[], None] = getattr(stages, name)
                figures.append(seconds(stage))
    slopes = {name: float(np.polyfit(np.log(SIZES[1:]), np.log(figures[1:]), 1)[0]) for name, figures in took.items()}
    return {"sizes": list(SIZES), "seconds": took, "exponents": slopes}
