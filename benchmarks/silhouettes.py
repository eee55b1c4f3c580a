"""The silhouettes of all pairs of 50 artists, 8,355 paintings of 320 values."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.tools import Given, Skipped, kaggle_artists, seconds
from grisaille.measures.silhouettes import DistanceSums, pair_silhouettes
from grisaille.measures.spaces import embedding_space, rows_at_a_time

N, VALUES = 8355, 320


def all_pairs(embeddings: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The matrix of silhouettes, as the evaluation fills it."""
    space = embedding_space(embeddings)
    sums = DistanceSums(labels, int(labels.max()) + 1)
    everyone = np.arange(space.n)
    size = rows_at_a_time(space.n)
    for distances in space.walk(everyone, size):
        sums.update(distances)
    return pair_silhouettes(sums.sums, labels)


def measure(given: Given) -> dict[str, Any]:
    """Seconds, and how far the mean is from the loop's."""
    labels = kaggle_artists(N)
    random = np.random.default_rng(1)
    embeddings = (random.standard_normal((50, VALUES))[labels] + random.standard_normal((N, VALUES))).astype(np.float32)
    found: list[np.ndarray] = []
    took = min(seconds(lambda: found.append(all_pairs(embeddings, labels))) for _ in range(3))
    upper = found[0][np.triu_indices(50, 1)]
    results: dict[str, Any] = {"n": N, "values": VALUES, "seconds": took, "mean": float(upper.mean())}
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("embeddings.npy", "labels.npy")]
        for file, array in zip(files, (embeddings, labels), strict=True):
            np.save(file, array)
        try:
            loop = given.baseline("silhouette-loop", "--embeddings", str(files[0]), "--labels", str(files[1]))
        except Skipped as reason:
            return results | {"skipped": str(reason)}
    return results | {
        "loop": loop["seconds"],
        "times_loop": loop["seconds"] / took,
        "difference": abs(loop["mean"] - results["mean"]),
        "targets": {"loop": 4.0},
    }
