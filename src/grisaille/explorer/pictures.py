"""Thumbnails small enough for all to fit on one page."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from grisaille.collection import images
from grisaille.collection.originals import Originals

# Five textures of 4,096 x 4,096 pixels, which the graphics cards of laptops can hold.
_PIXELS = 5 * 4096**2
_SIDES = (256, 224, 192, 160, 144, 128, 112, 96, 80, 64, 48, 32, 24, 16)
LARGEST = 512
_QUALITIES = (82, 65, 45, 25)
# A sample of this size estimates the mean size to a few per cent.
_SAMPLE = 120
_NOTHING = "#8d8a83"


@dataclass(frozen=True)
class MapPicture:
    """The thumbnail of a painting.

    Attributes:
        data: A WebP file; empty if the painting can no longer be read.
        colour: Mean colour of all pixels, as `#rrggbb`.
    """

    data: bytes
    colour: str


def pictures(
    paths: Sequence[str],
    originals: Originals,
    side: int,
    most_bytes: float,
    progress: Callable[[Iterable[str]], Iterable[str]] = iter,
) -> list[MapPicture]:
    """Make a thumbnail of every painting, with side and quality chosen to fit a size limit.

    Args:
        paths: Paths of the paintings.
        originals: Reads the paintings.
        side: Maximum of the longer side, in pixels.
        most_bytes: Size limit of all thumbnails together.
        progress: Wraps the iteration, for a progress bar.

    Returns:
        One thumbnail a path. The side shrinks with the number of paintings. Quality, and then the side, shrink further
        until a sample, and then all thumbnails, fit.
    """
    steps = list(_steps(len(paths), side))
    # The sample is held in memory; no thumbnail is larger than this.
    sample = [
        originals.picture(paths[row], LARGEST) for row in np.unique(np.linspace(0, len(paths) - 1, _SAMPLE).astype(int))
    ]
    for step in steps:
        promised = np.mean([len(_shrink(image, *step).data) for image in sample]) * len(paths)
        if promised > most_bytes and step != steps[-1]:
            continue
        shown = [_shrink(originals.picture(path, LARGEST), *step) for path in progress(paths)]
        if sum(len(picture.data) for picture in shown) <= most_bytes:
            break
    return shown


def _steps(count: int, side: int) -> Iterator[tuple[int, int]]:
    """Sides and qualities, best first."""
    room = (_PIXELS / max(count, 1)) ** 0.5
    for tried in sorted({side, *_SIDES}, reverse=True):
        if tried <= side and (tried <= room or tried == _SIDES[-1]):
            for quality in _QUALITIES:
                yield tried, quality


def _shrink(image: Image.Image | None, side: int, quality: int) -> MapPicture:
    if image is None:
        return MapPicture(b"", _NOTHING)
    red, green, blue = np.asarray(image.resize((1, 1), Image.Resampling.BOX))[0, 0].tolist()
    return MapPicture(images.thumbnail(image, side, quality), f"#{red:02x}{green:02x}{blue:02x}")
