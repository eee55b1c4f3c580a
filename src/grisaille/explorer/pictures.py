"""Pictures small enough that all of a collection's fit on one page."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from grisaille.collection import images
from grisaille.collection.originals import Originals

# What five textures of 4,096 x 4,096 hold, which graphics cards of laptops bear.
_PIXELS = 5 * 4096**2
_SIDES = (256, 224, 192, 160, 144, 128, 112, 96, 80, 64, 48, 32, 24, 16)
LARGEST = 512
_QUALITIES = (82, 65, 45, 25)
# Enough to know the mean of all to a few per cent.
_SAMPLE = 120
_NOTHING = "#8d8a83"


@dataclass(frozen=True)
class MapPicture:
    """A painting, small.

    Attributes:
        data: A WebP file; empty for a painting that cannot be read any more.
        colour: The mean of all pixels, as `#rrggbb`.
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
    """A small picture of every painting: as large as suits their number, and as good as fits.

    Args:
        paths: Of the paintings.
        originals: Where they are read.
        side: Pixels of the longer side, at most.
        most_bytes: What all pictures may weigh together.
        progress: Wraps the walk, for a progress bar.

    Returns:
        One a path. The side shrinks with the number of paintings; quality, then the side, shrink further until the
        pictures of a sample promise to fit, and all of them do.
    """
    steps = list(_steps(len(paths), side))
    # The sample is kept, and nothing is shown larger than this.
    sample = [
        originals.picture(paths[row], LARGEST) for row in np.unique(np.linspace(0, len(paths) - 1, _SAMPLE).astype(int))
    ]
    for step in steps:
        promised = np.mean([len(_shrink(image, *step).data) for image in sample]) * len(paths)
        if promised > most_bytes and step != steps[-1]:
            continue
        found = [_shrink(originals.picture(path, LARGEST), *step) for path in progress(paths)]
        if sum(len(picture.data) for picture in found) <= most_bytes:
            break
    return found


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
