"""What each likeness finds in pictures whose manner, layout and palette are known and independent of each other.

    python -m benchmarks.known_factors [--copies 3] [--side 224]

Every manner is painted with every layout, and the palettes are dealt out in Latin squares, so that one factor says
nothing about another. The CNN is the demo's: VGG16 with seeded random weights.
"""

import argparse
from collections.abc import Mapping

import numpy as np
from PIL import Image

from grisaille.arrays import FloatArray, IntArray
from grisaille.demo import painter as gallery
from grisaille.features.backbone import Extraction
from grisaille.likenesses.colour import palette
from grisaille.likenesses.components import fit_components, join
from grisaille.likenesses.metrics import columns, layer_norms
from grisaille.likenesses.style import describe
from grisaille.measures.neighbourhoods import nearest
from grisaille.measures.retrieval import Retrieval
from grisaille.measures.spaces import embedding_space
from grisaille.parameters import Backbone, Colour, Style

FACTORS = {"manner": list(gallery.MANNERS), "layout": list(gallery.LAYOUTS), "palette": list(gallery.PALETTES)}
# Chunks that the base configuration cuts the layers into.
_CHUNKS = {"block4_pool": 4, "block5_pool": 1}
# Palette = manner + step * layout + start, modulo 10, is a Latin square for steps that share no divisor with 10.
_STEPS = (1, 3, 7, 9)


def design(copies: int) -> IntArray:
    """Numbers of manner, layout and palette, shape (100 * copies, 3): any two of them occur `copies` times together."""
    manners, layouts = np.divmod(np.arange(100), 10)
    squares = [(manners + _STEPS[copy % 4] * layouts + 5 * copy) % 10 for copy in range(copies)]
    return np.concatenate([np.stack([manners, layouts, square], axis=1) for square in squares])


def spaces(pictures: list[Image.Image], side: int) -> dict[str, FloatArray]:
    """Raw spaces of the likenesses and embeddings of style and colour, each of shape (n, d).

    Args:
        pictures: RGB.
        side: Pixels of the CNN's input.
    """
    layers = _features(pictures, side)
    described, codes, style = [], [], Style()
    for name, layer in layers.items():
        norms = layer_norms(layer, "hellinger")
        for chunk in np.split(layer, _CHUNKS[name], axis=1):
            whole, halves = describe(chunk, norms, style.channels)
            mean, directions = fit_components(whole, halves, style.code_size, style.shrinkage, style.whitening)
            described.append(whole)
            codes.append((whole - mean) @ directions)
    colour = Colour()
    palettes = np.sqrt(np.stack([palette(picture, colour.bins, colour.reach) for picture in pictures]))
    mean, directions = fit_components(palettes, palettes[None][:0], colour.code_size)
    composition = columns(layers, "hellinger", max(layer.shape[1] for layer in layers.values()))
    return {
        "composition: raw": np.concatenate([piece[:] for piece in composition], axis=1),
        "style: raw": np.concatenate(described, axis=1),
        "style: embedding": join(codes),
        "colour: raw": palettes,
        "colour: embedding": join([(palettes - mean) @ directions]),
    }


def _features(pictures: list[Image.Image], side: int) -> Mapping[str, FloatArray]:
    files = [gallery.png(picture) for picture in pictures]
    readers = [lambda file=file: file for file in files]
    settings = Backbone(weights="random", image_size=side)
    extraction = Extraction(readers, [str(row) for row in range(len(files))], settings, max_megapixels=1)
    batches = list(extraction.compute([range(len(files))]))
    return {name: np.concatenate([batch[name] for batch in batches]) for name in settings.layers}


def precisions(space: FloatArray, labels: IntArray) -> dict[str, float]:
    """Share of the ten nearest that have the same manner, layout and palette, by the name of the factor."""
    rows = np.arange(len(space))
    order = nearest(embedding_space(space).distances(rows), rows)
    found = {}
    for factor, column in zip(FACTORS, labels.T, strict=True):
        retrieval = Retrieval(column, np.ones(len(rows), bool))
        retrieval.update(rows, order)
        found[factor] = retrieval.result()["precision"]
    return found


def measure(copies: int, side: int) -> dict[str, dict[str, float]]:
    """Paint, look, and give `precisions` by the name of the space."""
    labels = design(copies)
    names = [[FACTORS[factor][n] for factor, n in zip(FACTORS, row, strict=True)] for row in labels.tolist()]
    pictures = [gallery.paint(*chosen, seed=row) for row, chosen in enumerate(names)]
    return {name: precisions(space, labels) for name, space in spaces(pictures, side).items()}


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--copies", type=int, default=3)
    parser.add_argument("--side", type=int, default=224, help="a multiple of 32")
    given = parser.parse_args()
    print(f"| space | {' | '.join(f'same {factor}' for factor in FACTORS)} |\n|---|---|---|---|")
    for name, found in measure(given.copies, given.side).items():
        print(f"| {name} | {' | '.join(f'{value:.3f}' for value in found.values())} |")


if __name__ == "__main__":
    main()
