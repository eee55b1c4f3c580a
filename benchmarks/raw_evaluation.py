"""Measuring the unreduced features of 8,355 paintings, against the matrix product that it cannot do without."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.tools import LAYERS, Given, Noise, kaggle_artists, seconds
from grisaille.features import store as feature_store
from grisaille.likenesses.metrics import LIKENESSES
from grisaille.measures.comparison import Collection, compare
from grisaille.measures.spaces import feature_space

N = 8355
_PIECE = 12544


def bare_product(n: int, columns: int) -> float:
    """Seconds of the product of two float32 matrices, (n, columns) and (columns, n), with no reading at all."""
    random = np.random.default_rng(0)
    left, right = (random.standard_normal((n, _PIECE), dtype=np.float32) for _ in range(2))
    out = np.empty((n, n), dtype=np.float32)
    np.matmul(left[:512], right.T, out=out[:512])
    return seconds(lambda: [np.matmul(left, right.T, out=out) for _ in range(columns // _PIECE)])


def evaluate(store: feature_store.FeatureStore) -> None:
    """All measures of the raw features alone, by either likeness."""
    n = len(store["block5_pool"])
    everyone = np.arange(n)
    collection = Collection(kaggle_artists(n), np.ones(n, dtype=bool), np.full(n, "train"))
    spaces = {("raw", likeness): feature_space(store, likeness) for likeness in LIKENESSES}
    compare(spaces, [], collection, everyone, 10)


def measure(given: Given) -> dict[str, Any]:
    """Seconds of the product before and after, and of the evaluation between them."""
    with tempfile.TemporaryDirectory() as folder:
        store = feature_store.write(Path(folder), Noise(N))
        before = bare_product(N, sum(LAYERS.values()))
        took = seconds(lambda: evaluate(store))
        after = bare_product(N, sum(LAYERS.values()))
    product = (before + after) / 2
    return {
        "n": N,
        "columns": sum(LAYERS.values()),
        "seconds": took,
        "product": product,
        "of_product": took / product,
        "targets": {"product": 2.0},
    }
