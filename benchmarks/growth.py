"""What each stage costs as the collection grows: seconds at four sizes, and the power of n that they follow."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.tools import LAYERS, Given, Noise, kaggle_artists, seconds
from grisaille.arrays import ColumnRange, FloatArray
from grisaille.autoencoders import joining, training
from grisaille.autoencoders.compression import compress_chunk
from grisaille.autoencoders.similarity_training import train_similarity
from grisaille.features import store as feature_store
from grisaille.likenesses.metrics import LIKENESSES, MetricRows, layer_norms
from grisaille.measures.comparison import Collection, compare
from grisaille.measures.spaces import embedding_space, feature_space
from grisaille.parameters import Autoencoder

SIZES = (500, 1000, 2000, 4000)
_CHUNK = 25088


class Stages:
    """The stages after extraction, on noise of one size, each on what the one before left."""

    def __init__(self, store: feature_store.FeatureStore) -> None:
        """Take a store."""
        self.store = store
        self.n = len(store["block5_pool"])
        self.everyone = np.arange(self.n)
        self.settings = Autoencoder(architecture="similarity")
        self.compressed: list[FloatArray] = []
        self.bases: list[FloatArray] = []
        self.norms: list[FloatArray] = []
        self.encoders: list[Any] = []
        self.codes: list[tuple[FloatArray, FloatArray]] = []
        self.embeddings: FloatArray = np.empty((0, 0))

    def _chunks(self) -> list[ColumnRange]:
        return [
            ColumnRange(self.store[layer], start, start + _CHUNK)
            for layer, width in LAYERS.items()
            for start in range(0, width, _CHUNK)
        ]

    def compress(self) -> None:
        """Principal components of every chunk, for `hellinger`."""
        norms = {layer: layer_norms(self.store[layer], "hellinger") for layer in LAYERS}
        names = [layer for layer, width in LAYERS.items() for _ in range(0, width, _CHUNK)]
        for chunk, layer in zip(self._chunks(), names, strict=True):
            components = self.settings.similarity.resolve_for("hellinger").components
            basis, rows = compress_chunk(MetricRows(chunk, "hellinger", norms[layer]), self.everyone, components, 0)
            self.bases.append(basis)
            self.compressed.append(rows)
            self.norms.append(norms[layer])

    def train(self) -> None:
        """Every chunk's encoder."""
        for basis, rows in zip(self.bases, self.compressed, strict=True):
            self.encoders.append(train_similarity(basis, rows, self.settings, "training")[1])

    def encode(self) -> None:
        """Every chunk of every painting."""
        self.codes = [training.encode(e, chunk) for e, chunk in zip(self.encoders, self._chunks(), strict=True)]

    def join(self) -> None:
        """All chunks, by a joiner that is trained for it."""
        codes, compressed = ([each[part] for each in self.codes] for part in (0, 1))
        joiner, _ = joining.train_joiner(codes, compressed, self.norms, self.everyone, self.settings)
        self.embeddings = joining.join(joiner, codes, compressed, self.norms)

    def compare(self) -> None:
        """Raw features by either likeness, and the embedding against them."""
        spaces = {("raw", likeness): feature_space(self.store, likeness) for likeness in LIKENESSES}
        spaces["embedding", "euclidean"] = embedding_space(self.embeddings)
        pairs = [(("raw", likeness), ("embedding", "euclidean")) for likeness in LIKENESSES]
        collection = Collection(kaggle_artists(self.n, 20), np.ones(self.n, dtype=bool), np.full(self.n, "train"))
        compare(spaces, pairs, collection, self.everyone, 10)


def measure(given: Given) -> dict[str, Any]:
    """Stage -> seconds at each size, and the exponent of the line through the logarithms of the last three."""
    took: dict[str, list[float]] = {name: [] for name in ("compress", "train", "encode", "join", "compare")}
    for n in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            stages = Stages(feature_store.write(Path(folder), Noise(n)))
            for name, figures in took.items():
                stage: Callable[[], None] = getattr(stages, name)
                figures.append(seconds(stage))
    slopes = {name: float(np.polyfit(np.log(SIZES[1:]), np.log(figures[1:]), 1)[0]) for name, figures in took.items()}
    return {"sizes": list(SIZES), "seconds": took, "exponents": slopes}
