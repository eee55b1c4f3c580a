"""Decodes image files to upright 8-bit RGB. Nothing here knows where the bytes come from."""

import hashlib
import io
import warnings
from dataclasses import dataclass
from typing import Any

import imagehash
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from grisaille.errors import GrisailleError

SUFFIXES = (".jpg", ".jpeg", ".jfif", ".jpe", ".png", ".webp", ".tif", ".tiff", ".bmp")
# Accepted formats, whatever the file name. Pillow supports forty more, some of which start other programs.
_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")
RESIZE_FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


class UnusableImageError(GrisailleError):
    """A file that cannot be used; the message is the reason, for users."""


@dataclass(frozen=True)
class ImageFacts:
    """Facts about an image file for ingestion.

    Attributes:
        width: Pixels, upright.
        height: Pixels, upright.
        mode: Pillow's name for the stored pixels ("RGB", "L", "CMYK", "P", "I;16", ...).
        sha256: Hexadecimal digest of the file.
        perceptual_hash: 64 bits from the picture's low frequencies; small changes of the picture change few bits.
        difference_hash: 64 more bits: where brightness increases from left to right.
    """

    width: int
    height: int
    mode: str
    sha256: str
    perceptual_hash: int
    difference_hash: int


def decode(data: bytes, max_megapixels: float = 150.0) -> tuple[Image.Image, str]:
    """Decode a whole image file to upright 8-bit RGB.

    EXIF orientation is applied, colour profiles are converted to sRGB, transparency is composited on white, samples of
    more than 8 bits are scaled down, and only the first frame of an animation is read.

    Args:
        data: Content of the file.
        max_megapixels: Larger images are rejected from their header alone.

    The format (JPEG, PNG, WebP, TIFF, BMP or GIF) is detected from the content, not from a name. Broken colour profiles
    and EXIF blocks are ignored, as in most viewers.

    Returns:
        The picture, and the mode it was stored in.

    Raises:
        UnusableImageError: If the file is empty, not an image, too large, truncated or otherwise broken. No other
            exception is raised for any content; the reason is one line.
    """
    if not data:
        raise UnusableImageError("empty file")
    try:
        with warnings.catch_warnings():
            # Ignore warnings about defects that Pillow repairs. Others raise below, and our size limit is stricter.
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data), formats=_FORMATS)
            megapixels = image.width * image.height / 1e6
            if megapixels > max_megapixels:
                raise UnusableImageError(f"{megapixels:.0f} megapixels, more than the {max_megapixels:g} allowed")
            mode = image.mode
            image.load()
            if image.mode == "P" and image.palette is None:
                raise UnusableImageError("cannot be decoded: its palette is missing")
            return _to_rgb(_upright(image)), mode
    except UnusableImageError:
        raise
    except UnidentifiedImageError:
        raise UnusableImageError("not an image, or none of the kinds JPEG, PNG, WebP, TIFF, BMP and GIF") from None
    except Image.DecompressionBombError:
        raise UnusableImageError("decompression bomb: the header claims more than 178 megapixels") from None
    except Exception as error:
        # Decoders raise OSError, SyntaxError, ValueError, struct.error, EOFError and more on broken files. One bad file
        # must not end the run. Some messages quote the file at length.
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UnusableImageError(f"cannot be decoded: {reason}") from error


def _upright(image: Image.Image) -> Image.Image:
    try:
        image.getexif()
        # The orientation is applied by now. Pillow would write the EXIF block again, and fail on values it cannot
        # write.
        image.info = {name: image.info[name] for name in ("icc_profile", "transparency") if name in image.info}
        return ImageOps.exif_transpose(image)
    except Exception:
        return image


def _to_rgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if image.mode in {"I", "F"} or image.mode.startswith("I;16"):
        image = _to_eight_bits(image)
    if image.mode == "LAB":
        return _converted(image, ImageCms.createProfile("LAB"))
    if image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info:
        image = image.convert("RGBA")
        picture = Image.new("RGB", image.size, "white")
        picture.paste(_to_srgb(image.convert("RGB"), profile), mask=image.getchannel("A"))
        return picture
    if image.mode not in {"L", "RGB", "CMYK"}:
        image = image.convert("RGB")
    return _to_srgb(image, profile).convert("RGB")


def _to_eight_bits(image: Image.Image) -> Image.Image:
    values = np.asarray(image).astype(np.float64)
    if not np.isfinite(values).all():
        raise UnusableImageError("pixels that are not finite numbers")
    # Floats are scaled to 1, 255 or 65535: take the smallest of these that is no less than the maximum.
    top = next((top for top in (1.0, 255.0, 65535.0) if values.max(initial=0) <= top), float(values.max()))
    if image.mode != "F":
        top = max(top, 65535.0)
    return Image.fromarray(np.clip(values / top * 255, 0, 255).round().astype(np.uint8))


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if not profile:
        return image
    try:
        return _converted(image, ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except (ImageCms.PyCMSError, OSError):
        return image


def _converted(image: Image.Image, source: Any) -> Image.Image:
    converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    return converted if converted is not None else image


def inspect(data: bytes, max_megapixels: float = 150.0) -> ImageFacts:
    """Decode a file once and collect the facts that ingestion needs.

    Raises:
        UnusableImageError: As `decode`.
    """
    image, mode = decode(data, max_megapixels)
    return ImageFacts(
        width=image.width,
        height=image.height,
        mode=mode,
        sha256=hashlib.sha256(data).hexdigest(),
        perceptual_hash=int(str(imagehash.phash(image)), 16),
        difference_hash=int(str(imagehash.dhash(image)), 16),
    )


def stretch(image: Image.Image, height: int, width: int, resize: str = "bilinear") -> npt.NDArray[np.uint8]:
    """Resize a picture without keeping its proportions, as the 2021 work did.

    Args:
        image: RGB or greyscale.
        height: Pixels.
        width: Pixels.
        resize: A key of `RESIZE_FILTERS`.

    Returns:
        uint8, shape (height, width, 3), or (height, width, 1) for greyscale.
    """
    return np.asarray(image.resize((width, height), RESIZE_FILTERS[resize])).reshape(height, width, -1)


def thumbnail(image: Image.Image, side: int, quality: int = 80) -> bytes:
    """A WebP thumbnail with a longer side of at most `side` pixels; proportions are kept."""
    small = image.copy()
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=quality)
    return buffer.getvalue()
