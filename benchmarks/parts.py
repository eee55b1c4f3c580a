"""Whether a search by a part finds what was planted: figures in the demo's gallery, pieces of other real paintings.

    python -m benchmarks.parts [--choosing] [--no-gallery] [--paintings FOLDER --model FILE.keras]

Every carrier of a motif is asked with the rectangle around it. The figure is the share of the other carriers among the
first ten; beside it the same for the style of the whole picture. `--choosing` plants the motifs that the method was
chosen on instead of those that it was held against afterwards.
"""

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from grisaille.arrays import FloatArray, IntArray
from grisaille.demo import painter
from grisaille.features.backbone import Extraction
from grisaille.likenesses.metrics import layer_norms
from grisaille.likenesses.style import describe
from grisaille.lookalikes.parts import Box, PartSearch, View, alone
from grisaille.parameters import Backbone

LAYER = "block4_pool"
_SHAPE = (14, 14, 512)
_FIRST = 10
# Side of a figure in parts of the shorter side of a picture, before it is scaled; and its scales.
_SIDE, _SCALES = 0.26, (0.7, 1.4)
# Pixels of a figure before it is scaled.
_DRAWN = 400
# Kind of shape, tone, and corners from 0 to 1.
Figure = Sequence[tuple[str, str, Sequence[float]]]

CHOOSING: Mapping[str, Figure] = {
    "fish": [
        ("ellipse", "dark", (0, 0.2, 0.78, 0.8)),
        ("polygon", "dark", (0.68, 0.5, 1, 0.15, 1, 0.85)),
        ("ellipse", "light", (0.12, 0.36, 0.24, 0.48)),
    ],
    "house": [
        ("polygon", "dark", (0, 0.45, 0.5, 0.02, 1, 0.45)),
        ("rectangle", "light", (0.1, 0.45, 0.9, 0.98)),
        ("rectangle", "dark", (0.4, 0.6, 0.6, 0.98)),
        ("rectangle", "dark", (0.18, 0.55, 0.32, 0.7)),
        ("rectangle", "dark", (0.68, 0.55, 0.82, 0.7)),
    ],
}
FIGURES: Mapping[str, Figure] = {
    "hat": [
        ("ellipse", "dark", (0, 0.62, 1, 0.98)),
        ("rectangle", "dark", (0.25, 0.05, 0.75, 0.75)),
        ("rectangle", "light", (0.25, 0.55, 0.75, 0.7)),
    ],
    "hand": [
        ("ellipse", "dark", (0.15, 0.45, 0.82, 0.98)),
        ("polygon", "dark", (0.18, 0.6, 0.08, 0.2, 0.2, 0.16, 0.32, 0.6)),
        ("polygon", "dark", (0.34, 0.55, 0.3, 0.04, 0.43, 0.03, 0.47, 0.55)),
        ("polygon", "dark", (0.5, 0.55, 0.53, 0.06, 0.66, 0.07, 0.64, 0.55)),
        ("polygon", "dark", (0.67, 0.6, 0.78, 0.18, 0.9, 0.22, 0.8, 0.65)),
    ],
    "boat": [
        ("polygon", "dark", (0, 0.68, 1, 0.68, 0.8, 0.98, 0.2, 0.98)),
        ("polygon", "light", (0.48, 0.02, 0.48, 0.62, 0.05, 0.62)),
        ("polygon", "light", (0.55, 0.1, 0.55, 0.62, 0.92, 0.62)),
        ("rectangle", "dark", (0.49, 0, 0.53, 0.7)),
    ],
    "wheel": [
        ("ellipse", "dark", (0, 0, 1, 1)),
        ("ellipse", "light", (0.12, 0.12, 0.88, 0.88)),
        ("rectangle", "dark", (0.05, 0.47, 0.95, 0.53)),
        ("rectangle", "dark", (0.47, 0.05, 0.53, 0.95)),
        ("ellipse", "dark", (0.4, 0.4, 0.6, 0.6)),
    ],
}


@dataclass(frozen=True)
class Planted:
    """Pictures, some of which carry a motif.

    Attributes:
        pictures: RGB.
        motifs: Number of the motif in each; -1 is none.
        boxes: Where it is.
    """

    pictures: list[Image.Image]
    motifs: IntArray
    boxes: list[Box]


def draw(figure: Figure, picture: Image.Image, is_framed: bool) -> Image.Image:
    """A figure in a picture's own darkest and lightest colours, RGBA; framed, on a ground of its mean colour."""
    pixels = np.asarray(picture).reshape(-1, 3).astype(np.float64)
    luma = pixels @ (0.299, 0.587, 0.114)
    low, high = np.quantile(luma, (0.04, 0.96))
    colours = {"dark": pixels[luma <= low].mean(axis=0), "light": pixels[luma >= high].mean(axis=0)}
    ground = (*pixels.mean(axis=0).astype(int).tolist(), 255) if is_framed else (0, 0, 0, 0)
    image = Image.new("RGBA", (_DRAWN, _DRAWN), ground)
    brush, margin = ImageDraw.Draw(image), 0.05 if is_framed else 0.0
    for kind, tone, corners in figure:
        places = [_DRAWN * (margin + (1 - 2 * margin) * corner) for corner in corners]
        getattr(brush, kind)(places, fill=tuple(colours[tone].astype(int).tolist()))
    return image


def plant(
    pictures: Sequence[Image.Image],
    motifs: Sequence[Callable[[Image.Image], Image.Image]],
    sides: Sequence[float],
    carriers: int,
    seed: int,
) -> Planted:
    """Plant every motif into some pictures, no two into one, at any place and at 0.7 to 1.4 times its side.

    Args:
        pictures: RGB; they stay as they are.
        motifs: Functions that draw one for a picture.
        sides: Of each motif, in parts of the shorter side of a picture.
        carriers: Pictures a motif.
        seed: Of pictures, places and sides.
    """
    random = np.random.default_rng(seed)
    planted, labels = list(pictures), np.full(len(pictures), -1)
    boxes: list[Box] = [(0.0, 0.0, 1.0, 1.0)] * len(pictures)
    order = random.permutation(len(pictures))
    for number, (motif, part) in enumerate(zip(motifs, sides, strict=True)):
        for row in order[number * carriers : (number + 1) * carriers].tolist():
            picture = pictures[row].copy()
            width, height = picture.size
            side = round(part * min(width, height) * np.exp(random.uniform(*np.log(_SCALES))))
            x, y = int(random.integers(width - side + 1)), int(random.integers(height - side + 1))
            drawn = motif(picture).convert("RGBA").resize((side, side), Image.Resampling.LANCZOS)
            picture.paste(drawn, (x, y), drawn)
            planted[row], labels[row] = picture, number
            boxes[row] = (x / width, y / height, (x + side) / width, (y + side) / height)
    return Planted(planted, labels, boxes)


def extract(pictures: Sequence[Image.Image], settings: Backbone) -> Mapping[str, FloatArray]:
    """Layer -> features of pictures, float16, shape (n, d)."""
    files = [painter.png(picture) for picture in pictures]
    readers = [lambda file=file: file for file in files]
    extraction = Extraction(readers, [str(row) for row in range(len(files))], settings, max_megapixels=1)
    batches = list(extraction.compute([range(len(files))]))
    return {name: np.concatenate([batch[name] for batch in batches]) for name in settings.layers}


def styles(features: Mapping[str, FloatArray], channels: int = 512) -> FloatArray:
    """Styles of whole pictures, less their mean and of length 1, shape (n, d)."""
    chunks = {"block4_pool": 4, "block5_pool": 1}
    parts = [
        describe(chunk, layer_norms(layer, "hellinger"), channels)[0]
        for name, layer in features.items()
        for chunk in np.split(layer, chunks[name], axis=1)
    ]
    joined = np.concatenate(parts, axis=1)
    joined -= joined.mean(axis=0)
    return joined / np.linalg.norm(joined, axis=1, keepdims=True)


def measure(planted: Planted, settings: Backbone, each: int | None = None, first: int = _FIRST) -> dict[str, float]:
    """Mean share of the other carriers among the first, by the part and by the style of the whole picture.

    Args:
        planted: Pictures.
        settings: The CNN.
        each: Carriers of a motif that are asked; None asks all.
        first: How many are looked at.
    """
    motifs = range(planted.motifs.max() + 1)
    asked = np.concatenate([np.flatnonzero(planted.motifs == motif)[:each] for motif in motifs])
    features = extract(planted.pictures, settings)
    views = [alone(planted.pictures[row], planted.boxes[row]) for row in asked]
    by_themselves = extract([picture for picture, _ in views], settings)[LAYER]
    search, whole = PartSearch.fit(features[LAYER], _SHAPE), styles(features)
    found: dict[str, list[float]] = {"part": [], "whole": []}
    start = time.process_time()
    for row, maps, (_, box) in zip(asked.tolist(), by_themselves, views, strict=True):
        others = np.flatnonzero(np.arange(len(whole)) != row)
        part = [View(features[LAYER][row].reshape(_SHAPE), planted.boxes[row]), View(maps.reshape(_SHAPE), box)]
        carriers = planted.motifs == planted.motifs[row]
        by_style = others[np.argsort(-(whole[others] @ whole[row]), kind="stable")]
        for name, rows in (("part", search.nearest(part, others, first).rows), ("whole", by_style[:first])):
            found[name].append(carriers[rows].sum() / (carriers.sum() - 1))
    spent = (time.process_time() - start) / len(asked)
    return {name: float(np.mean(shares)) for name, shares in found.items()} | {"seconds": spent}


def gallery(figures: Mapping[str, Figure], is_framed: bool, each: int = 18, carriers: int = 10) -> Planted:
    """The demo's gallery with figures, `each` paintings an artist."""
    pictures = [painter.work(artist, number, 0) for artist in painter.ARTISTS for number in range(each)]
    motifs = [lambda picture, figure=figure: draw(figure, picture, is_framed) for figure in figures.values()]
    return plant(pictures, motifs, [_SIDE] * len(motifs), carriers, seed=2)


def collection(folder: Path, is_choosing: bool, count: int = 600, motifs: int = 20, carriers: int = 8) -> Planted:
    """Real paintings with pieces of other ones, of 70 of 256 pixels: of six at random the one of most contrast.

    What the method was chosen on, and what it is held against, are paintings of two halves.
    """
    files = np.random.default_rng(0).permutation(np.array(sorted(folder.rglob("*.jpg"))))
    half = np.array_split(files, 2)[0 if is_choosing else 1]
    random = np.random.default_rng(1)
    pieces = [_piece(file, random) for file in half[count : count + motifs]]
    pictures = [Image.open(file).convert("RGB") for file in half[:count]]
    drawn = [lambda _, piece=piece: piece for piece in pieces]
    return plant(pictures, drawn, [70 / 256] * motifs, carriers, seed=2)


def _piece(file: Path, random: np.random.Generator) -> Image.Image:
    image = Image.open(file).convert("RGB")
    side = round(70 / 256 * min(image.size))
    corners = [(int(random.integers(image.width - side)), int(random.integers(image.height - side))) for _ in range(6)]
    pieces = [image.crop((x, y, x + side, y + side)) for x, y in corners]
    return max(pieces, key=lambda piece: float(np.asarray(piece.convert("L")).std()))


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paintings", type=Path)
    parser.add_argument("--model", type=Path, help="a saved CNN with VGG16's two layers")
    parser.add_argument("--choosing", action="store_true")
    parser.add_argument("--no-gallery", action="store_true", help="do not wait for VGG16")
    given = parser.parse_args()
    print("| pictures | by the part | by the whole picture | processor seconds a question |\n|---|---|---|---|")
    if not given.no_gallery:
        for is_framed in (False, True):
            planted = gallery(CHOOSING if given.choosing else FIGURES, is_framed)
            _print(f"gallery, {'framed' if is_framed else 'bare'} figures", planted, Backbone(weights="random"))
    if given.paintings and given.model:
        planted = collection(given.paintings, given.choosing)
        _print("real paintings", planted, Backbone(model_file=given.model.resolve()))


def _print(name: str, planted: Planted, settings: Backbone) -> None:
    found = measure(planted, settings)
    print(f"| {name} | {found['part']:.3f} | {found['whole']:.3f} | {found['seconds']:.2f} |", flush=True)


if __name__ == "__main__":
    main()
