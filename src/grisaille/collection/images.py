"""Bytes to upright 8-bit RGB, whatever the file was; nothing here knows where the bytes come from."""

import hashlib
import io
import warnings
from dataclasses import dataclass

import imagehash
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp")
RESIZE_FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


class UnusableImageError(ValueError):
    """A file that cannot be used, with the reason a person should read."""


@dataclass(frozen=True)
class ImageFacts:
    """What ingestion keeps of a file.

    Attributes:
        width: Pixels, upright.
        height: Pixels, upright.
        mode: Pillow's name for the pixels as stored ("RGB", "L", "CMYK", "P", "I;16", ...).
        sha256: Hex digest of the file.
        perceptual_hash: 64 bits that change little when the picture does: its coarse waves.
        difference_hash: Another 64: where it grows brighter from left to right.
    """

    width: int
    height: int
    mode: str
    sha256: str
    perceptual_hash: int
    difference_hash: int


def decode(data: bytes, max_megapixels: float = 150.0) -> tuple[Image.Image, str]:
    """Decode a whole image file to upright 8-bit RGB.

    EXIF orientation is applied, colour profiles are converted to sRGB, transparency is laid on white, samples of
    more than 8 bits are scaled down, and of an animation the first frame is taken.

    Args:
        data: The file.
        max_megapixels: Larger images are refused from their header alone.

    Returns:
        The picture, and the mode it was stored in.

    Raises:
        UnusableImageError: If the file is empty, no image, too large, truncated or otherwise broken.
    """
    if not data:
        raise UnusableImageError("empty file")
    try:
        with warnings.catch_warnings():
            # Our own bound below is stricter than the warning, and says so in words.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data))
            megapixels = image.width * image.height / 1e6
            if megapixels > max_megapixels:
                raise UnusableImageError(f"{megapixels:.0f} megapixels, more than the {max_megapixels:g} allowed")
            mode = image.mode
            image.load()
            return _to_rgb(ImageOps.exif_transpose(image)), mode
    except UnusableImageError:
        raise
    except UnidentifiedImageError:
        raise UnusableImageError("not an image that Pillow can read") from None
    except Image.DecompressionBombError:
        raise UnusableImageError("decompression bomb: the header claims more than 178 megapixels") from None
    except Exception as error:
        # Decoders raise OSError, SyntaxError, ValueError, struct.error, EOFError, ... on broken files; whichever
        # it is, one bad file must not end the run.
        raise UnusableImageError(f"cannot be decoded: {error or type(error).__name__}") from error


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode in {"I", "F"} or image.mode.startswith("I;16"):
        image = _to_eight_bits(image)
    profile = image.info.get("icc_profile")
    if profile and image.mode in {"RGB", "CMYK"}:
        image = _to_srgb(image, profile)
    if image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


def _to_eight_bits(image: Image.Image) -> Image.Image:
    values = np.asarray(image).astype(np.float64)
    if not np.isfinite(values).all():
        raise UnusableImageError("pixels that are not finite numbers")
    # Floats come as 0..1, 0..255 or 0..65535; the smallest of these that holds the picture is meant.
    top = next((top for top in (1.0, 255.0, 65535.0) if values.max(initial=0) <= top), float(values.max()))
    if image.mode != "F":
        top = max(top, 65535.0)
    return Image.fromarray(np.clip(values / top * 255, 0, 255).round().astype(np.uint8))


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        # A broken profile says nothing about the picture; most viewers ignore it as well.
        return image
    return converted if converted is not None else image


def inspect(data: bytes, max_megapixels: float = 150.0) -> ImageFacts:
    """Decode a file once and keep what ingestion needs to know of it.

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


def to_square(image: Image.Image, side: int, resize: str = "bilinear") -> npt.NDArray[np.uint8]:
    """Stretch a picture to a square, as the original did.

    Args:
        image: RGB.
        side: Pixels.
        resize: A key of `RESIZE_FILTERS`.

    Returns:
        uint8, shape (side, side, 3).
    """
    return np.asarray(image.resize((side, side), RESIZE_FILTERS[resize]))


def thumbnail(image: Image.Image, side: int, quality: int = 80) -> bytes:
    """A small WebP of a picture, longer side `side` pixels at most, proportions kept."""
    small = image.copy()
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=quality)
    return buffer.getvalue()
