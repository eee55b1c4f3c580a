"""Palettes of paintings: the share of each colour."""

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

# Pixels of the longer side of the picture that colours are counted in.
_SIDE = 128


@lru_cache(maxsize=1)
def _to_lab() -> Any:
    return ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")


def shrunk(image: Image.Image) -> Image.Image:
    """The small picture that colours are counted in; smaller pictures stay as they are."""
    small = image.copy()
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
    return small


def lab(image: Image.Image) -> npt.NDArray[np.int16]:
    """A picture in CIE Lab.

    Args:
        image: Upright sRGB.

    Returns:
        Shape (height, width, 3): L* from 0 to 255 for 0 to 100, a* and b* from -128 to 127. Large pictures are reduced
        to at most 128 pixels a side.

    Source: CIE 15:2004, Colorimetry, as LittleCMS computes it.
    """
    values = np.asarray(ImageCms.applyTransform(shrunk(image), _to_lab())).astype(np.int16)
    # Pillow returns the signed bytes of a* and b* as unsigned.
    values[..., 1:] = (values[..., 1:] + 128) % 256 - 128
    return values


def bins(values: npt.NDArray[np.int16], count: int, reach: int) -> npt.NDArray[np.int64]:
    """The bin of every pixel: L* is cut into `count` equal parts, and a* and b* likewise between -reach and reach.

    Args:
        values: As `lab` returns them, shape (..., 3).
        count: Parts of each axis.
        reach: Limit of a* and b*; more colourful pixels count to the outermost part.

    Returns:
        Shape (...), 0 .. count ** 3 - 1.
    """
    lightness = values[..., 0].astype(np.int64) * count // 256
    a, b = (
        np.clip((values[..., axis].astype(np.int64) + reach) * count // (2 * reach), 0, count - 1) for axis in (1, 2)
    )
    return (lightness * count + a) * count + b


def palette(image: Image.Image, count: int, reach: int) -> npt.NDArray[np.float32]:
    """The share of each colour in a picture.

    Args:
        image: Upright sRGB.
        count: See `bins`.
        reach: See `bins`.

    Returns:
        Shape (count ** 3,), with sum 1.

    Source: Swain & Ballard 1991, "Color indexing".
    """
    indices = bins(lab(image), count, reach).ravel()
    return (np.bincount(indices, minlength=count**3) / len(indices)).astype(np.float32)
