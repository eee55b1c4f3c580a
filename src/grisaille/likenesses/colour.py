"""The palette of a painting: how much of it has which colour."""

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

# Pixels of the longer side that colours are counted in; each stands for the mean of those it covers.
_SIDE = 128


@lru_cache(maxsize=1)
def _to_lab() -> Any:
    return ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")


def shrunk(image: Image.Image) -> Image.Image:
    """A picture as its colours are counted; one that is as small already stays as it is."""
    small = image.copy()
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
    return small


def lab(image: Image.Image) -> npt.NDArray[np.int16]:
    """A picture in CIE Lab.

    Args:
        image: Upright sRGB.

    Returns:
        Shape (height, width, 3): L* from 0 to 255 for 0 to 100, a* and b* from -128 to 127; of a large picture, at most
        128 pixels a side.

    Source: CIE 15:2004, Colorimetry, as LittleCMS computes it.
    """
    values = np.asarray(ImageCms.applyTransform(shrunk(image), _to_lab())).astype(np.int16)
    # Pillow hands out the signed bytes of a* and b* as unsigned ones.
    values[..., 1:] = (values[..., 1:] + 128) % 256 - 128
    return values


def bins(values: npt.NDArray[np.int16], count: int, reach: int) -> npt.NDArray[np.int64]:
    """The bin of every pixel: L* cut into so many equal parts, and a* and b* likewise between -reach and reach.

    Args:
        values: As `lab` gives them, shape (..., 3).
        count: Parts of each axis.
        reach: What is more colourful counts to the outermost part.

    Returns:
        Shape (...), 0 .. count ** 3 - 1.
    """
    lightness = values[..., 0].astype(np.int64) * count // 256
    a, b = (
        np.clip((values[..., axis].astype(np.int64) + reach) * count // (2 * reach), 0, count - 1) for axis in (1, 2)
    )
    return (lightness * count + a) * count + b


def palette(image: Image.Image, count: int, reach: int) -> npt.NDArray[np.float32]:
    """The share of a picture that has each colour.

    Args:
        image: Upright sRGB.
        count: As for `bins`.
        reach: Likewise.

    Returns:
        Shape (count ** 3,), of sum 1.

    Source: Swain & Ballard 1991, "Color indexing".
    """
    found = bins(lab(image), count, reach).ravel()
    return (np.bincount(found, minlength=count**3) / len(found)).astype(np.float32)
