"""What becomes of likeness in a small collection: paintings that come later, and those that training never saw.

    python -m benchmarks.small_collections [--sizes 211,500,...] [--params a.b=1,...]

Takes part of the features that a run has stored as a collection of its own (a tenth of it held out), trains on it with
plain components and with factored ones, and asks for the ten nearest of 200 paintings that are not in it. Give the
parameters of the run, as to Kedro.
"""

import argparse
from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.tools import catalog_of
from grisaille.arrays import ColumnRange, FloatArray, IntArray
from grisaille.autoencoders.compression import Projection
from grisaille.autoencoders.factored_components import fit_factored_components
from grisaille.autoencoders.joining import CompositionPoints
from grisaille.autoencoders.principal_components import fit_principal_components
from grisaille.codes.linear import Rotation
from grisaille.likenesses.metrics import MetricRows, layer_norms
from grisaille.parameters import Autoencoder, Chunk, named
from grisaille.points import Points

_STRANGERS = 200
_K = 10


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="60,211,500,1000,2000,3600")
    parser.add_argument("--params", default="")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    catalog = catalog_of(given.params)
    print("| paintings | space | recall@10 of strangers | seen | held-out share | same artist among ten |")
    print("|---|---|---|---|---|---|")
    for size in map(int, given.sizes.split(",")):
        part = Part(catalog, size, given.seed)
        for name, space in part.spaces():
            print(f"| {size} | {name} | {part.row(space)} |", flush=True)


class Part:
    """Some of the paintings as a collection, and strangers after them."""

    def __init__(self, catalog: Any, size: int, seed: int) -> None:
        """Choose by seed, and read."""
        features, paintings = catalog.load("features"), catalog.load("paintings")
        random = np.random.default_rng(seed)
        originals = np.flatnonzero(paintings["duplicate_of"].isna())
        chosen = random.permutation(originals)[: size + _STRANGERS]
        order = random.permutation(size)
        self.held_out, self.training = np.sort(order[: size // 10]), np.sort(order[size // 10 :])
        self.size, self.artists = size, paintings["artist"].to_numpy()[chosen]
        self.settings: Autoencoder = catalog.load("params:autoencoder")
        self.chunks = list(named(catalog.load("params:chunks"), Chunk).values())
        self.layers: Mapping[str, FloatArray] = {layer: features[layer][np.sort(chosen)] for layer in features}
        back = np.argsort(np.argsort(chosen))
        self.layers = {layer: rows[back] for layer, rows in self.layers.items()}
        self.norms = {layer: layer_norms(rows, self.settings.likeness) for layer, rows in self.layers.items()}
        self.pieces = [
            MetricRows(ColumnRange(self.layers[c.layer], c.start, c.stop), self.settings.likeness, self.norms[c.layer])
            for c in self.chunks
        ]
        self.nearest_raw = self._nearest(Points.plain(np.concatenate([piece[:] for piece in self.pieces], axis=1)))

    def spaces(self) -> Any:
        """Name -> points of the collection and of the strangers."""
        k = self.settings.components
        few = max(1, min(k, len(self.training) // 3))
        plain = [fit_principal_components(piece, self.training, few, 0) for piece in self.pieces]
        factored = [fit_factored_components(piece, self.training, k, self.settings.channels) for piece in self.pieces]
        yield "raw features", None
        size = self.settings.code_size
        scores = [found.transform(piece)[:, :size] for found, piece in zip(plain, self.pieces, strict=True)]
        yield "PCA", Points.plain(np.concatenate(scores, axis=1))
        yield "embedding, plain components", self._embedding([Projection.on(found) for found in plain])
        yield "embedding, factored components", self._embedding([Projection.on(found) for found in factored])

    def _embedding(self, projections: list[Projection]) -> Points:
        compressed = [each.compress(piece) for each, piece in zip(projections, self.pieces, strict=True)]
        points = CompositionPoints(compressed, [np.ones(len(rows)) for rows in compressed], "linear")[:]
        rotation = Rotation.fit(points.coordinates[self.training])
        values = self.settings.code_size * len(self.chunks)
        return rotation.leading(values - 1).project(points.coordinates, points.rests)

    def _nearest(self, points: Points) -> IntArray:
        """Rows of the collection that are nearest to each point, itself left out."""
        squares = points.squares_to(points[: self.size])
        squares[np.arange(self.size), np.arange(self.size)] = np.inf
        return np.argsort(squares, axis=1)[:, :_K]

    def row(self, points: Points | None) -> str:
        """The figures of a space; None is the raw one."""
        nearest = self.nearest_raw if points is None else self._nearest(points)
        kept = np.array([len(np.intersect1d(*pair)) for pair in zip(nearest, self.nearest_raw, strict=True)]) / _K
        strangers = nearest[self.size :]
        same = self.artists[strangers] == self.artists[self.size :, None]
        figures = [kept[self.size :], kept[self.training], np.isin(strangers, self.held_out), same]
        return " | ".join(f"{figure.mean():.3f}" for figure in figures)


if __name__ == "__main__":
    main()
