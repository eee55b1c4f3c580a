"""Files that nobody would send on purpose: each with its name, its bytes and the end it must come to.

Made from whole pictures by cutting, patching and lying; nothing is stored and nothing is random. The fuzzing in `fuzz/`
starts from the same files.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from PIL import Image, ImageCms

from helpers import encode, picture

WHITE, RED, GREEN, BLUE = (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255)


@dataclass(frozen=True)
class Case:
    """A file and how it must end.

    Attributes:
        name: What is wrong with it.
        data: The file.
        accepted: Width, height and mode, where it is a picture after all.
        reason: What the reason for its rejection must match.
        pixels: (x, y) of the upright picture -> colour, give or take `near`.
        near: Largest difference of a channel.
        whole: The file that this one was cut from: it must be rejected or show the same picture.
    """

    name: str
    data: bytes
    accepted: tuple[int, int, str] | None = None
    reason: str = ""
    pixels: dict[tuple[int, int], tuple[int, int, int]] = field(default_factory=dict)
    near: int = 2
    whole: bytes | None = None


# --- the parts of a file -------------------------------------------------------------------------------------------


def png_ends(data: bytes) -> Iterator[int]:
    """After the signature, and after the length, the kind, the content and the checksum of every chunk."""
    at = 8
    yield at
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        yield from (at + 4, at + 8, at + 8 + length, at + 12 + length)
        at += 12 + length


def jpeg_ends(data: bytes) -> Iterator[int]:
    """After every marker and every segment, in the middle of the coded picture and at its end."""
    at = 2
    yield at
    while at < len(data):
        yield at + 2
        if data[at + 1] == 0xD9:
            return
        at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
        yield at
        if data[at : at + 1] != b"\xff":
            start = at
            while data[at] != 0xFF or data[at + 1] in {0, *range(0xD0, 0xD8)}:
                at += 1
            yield from ((start + at) // 2, at)


def gif_ends(data: bytes) -> Iterator[int]:
    """After the header, the palettes, and every block and part of a block."""
    flags = data[10]
    at = 13 + (3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0)
    yield from (6, 13, at)
    while data[at] != 0x3B:
        if data[at] == 0x21:
            at += 2
        else:
            at += 10 + (3 * 2 ** ((data[at + 9] & 7) + 1) if data[at + 9] & 0x80 else 0)
            yield at
            at += 1
        yield at
        while data[at]:
            at += 1 + data[at]
            yield at
        at += 1
        yield at


def tiff_ends(data: bytes) -> Iterator[int]:
    """After the header, every entry of the directory, and every strip."""
    (directory,) = struct.unpack("<I", data[4:8])
    (entries,) = struct.unpack("<H", data[directory : directory + 2])
    tags = {}
    yield from (4, 8, directory, directory + 2)
    for number in range(entries):
        at = directory + 2 + 12 * number
        tag, _, count, value = struct.unpack("<HHII", data[at : at + 12])
        tags[tag] = (count, value)
        yield at + 12
    yield directory + 2 + 12 * entries + 4
    for tag in (273, 279):
        if tags[tag][0] == 1:
            tags[tag] = (1, tags[tag][1])
    if tags[273][0] == 1:
        yield from (tags[273][1], tags[273][1] + tags[279][1] // 2, tags[273][1] + tags[279][1])


def webp_ends(data: bytes) -> Iterator[int]:
    """After the header, and after the kind, the length, half of the content and the content of every chunk."""
    at = 12
    yield from (4, 8, 12)
    while at < len(data):
        (length,) = struct.unpack("<I", data[at + 4 : at + 8])
        yield from (at + 4, at + 8, at + 8 + length // 2, at + 8 + length)
        at += 8 + length + length % 2


def bmp_ends(data: bytes) -> Iterator[int]:
    """After both headers, the palette, the first row and half of the rows."""
    (pixels,) = struct.unpack("<I", data[10:14])
    (header,) = struct.unpack("<I", data[14:18])
    row = (len(data) - pixels) // abs(struct.unpack("<i", data[22:26])[0])
    yield from (2, 14, 18, 14 + header, pixels, pixels + row, pixels + row * 20)


def _wholes() -> dict[str, tuple[bytes, Iterator[int]]]:
    shown = picture(3)
    png, palette = encode(shown), encode(shown.quantize(8), transparency=0)
    jpeg, progressive = encode(shown, "JPEG"), encode(shown, "JPEG", progressive=True, icc_profile=srgb())
    gif = encode(shown, "GIF")
    raw, packed = encode(shown, "TIFF"), encode(shown, "TIFF", compression="tiff_lzw")
    lossy, lossless = encode(shown, "WEBP"), encode(shown, "WEBP", lossless=True, exif=_exif(6))
    bmp, bmp8 = encode(shown, "BMP"), encode(shown.convert("L"), "BMP")
    return {
        "png": (png, png_ends(png)),
        "palette png": (palette, png_ends(palette)),
        "jpeg": (jpeg, jpeg_ends(jpeg)),
        "progressive jpeg": (progressive, jpeg_ends(progressive)),
        "gif": (gif, gif_ends(gif)),
        "tiff": (raw, tiff_ends(raw)),
        "lzw tiff": (packed, tiff_ends(packed)),
        "webp": (lossy, webp_ends(lossy)),
        "lossless webp": (lossless, webp_ends(lossless)),
        "bmp": (bmp, bmp_ends(bmp)),
        "palette bmp": (bmp8, bmp_ends(bmp8)),
    }


def truncated() -> Iterator[Case]:
    """Every kind of file, cut at every boundary of its structure."""
    for kind, (whole, ends) in _wholes().items():
        for end in sorted({end for end in ends if 0 < end < len(whole)}):
            yield Case(f"{kind} cut after {end} of {len(whole)} bytes", whole[:end], whole=whole)


# --- pieces to make files of ---------------------------------------------------------------------------------------


def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped_profile() -> bytes:
    """A profile whose red is blue and whose blue is red: whoever applies it sees it."""
    profile = srgb()
    count = struct.unpack(">I", profile[128:132])[0]
    patched = bytearray(profile)
    for number in range(count):
        at = 132 + 12 * number
        name = profile[at : at + 4]
        patched[at : at + 4] = {b"rXYZ": b"bXYZ", b"bXYZ": b"rXYZ"}.get(name, name)
    return bytes(patched)


def grey_profile() -> bytes:
    """Linear light for grey: 128 is 188 in sRGB."""
    white = b"XYZ \0\0\0\0" + struct.pack(">iii", 63190, 65536, 54061)
    curve = b"curv\0\0\0\0" + struct.pack(">I", 0)
    tags = [(b"wtpt", white), (b"kTRC", curve)]
    table, body, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, content in tags:
        table += struct.pack(">4sII", name, at + len(body), len(content))
        body += content
    header = struct.pack(">I4xI4s4s4s", at + len(body), 0x02400000, b"mntr", b"GRAY", b"XYZ ")
    header += bytes(12) + b"acsp" + bytes(28) + struct.pack(">iii", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + table + body


def chunk(kind: bytes, content: bytes) -> bytes:
    """A PNG chunk."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, depth: int, colour: int, rows: bytes, *others: bytes) -> bytes:
    """A PNG of any kind, also of those that Pillow does not write."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(others) + data + chunk(b"IEND", b"")


def tiff(entries: dict[int, tuple[int, int, int]], following: int = 0, pixels: bytes = b"") -> bytes:
    """A little-endian TIFF of one directory: tag -> (kind, count, value); pixels begin where the directory ends."""
    directory = struct.pack("<H", len(entries))
    for tag, (kind, count, value) in sorted(entries.items()):
        directory += struct.pack("<HHII", tag, kind, count, value)
    return b"II*\0" + struct.pack("<I", 8) + directory + struct.pack("<I", following) + pixels


def grey_tiff(**changed: tuple[int, int, int]) -> dict[int, tuple[int, int, int]]:
    """The directory of a grey TIFF of 4 x 4; `t256=(4, 1, 9)` changes a tag."""
    entries = {256: (4, 1, 4), 257: (4, 1, 4), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1), 277: (3, 1, 1)}
    entries |= {278: (4, 1, 4), 279: (4, 1, 16)} | {int(tag[1:]): entry for tag, entry in changed.items()}
    return entries | {273: (4, 1, 8 + 2 + 12 * (len(entries) + 1) + 4)}


def _exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def _corner() -> Image.Image:
    """White in its upper left corner, black elsewhere: whichever way up it is, it shows."""
    image = Image.new("RGB", (48, 40))
    image.paste(WHITE, (0, 0, 16, 16))
    return image


def _patched(data: bytes, at: int, content: bytes) -> bytes:
    return data[:at] + content + data[at + len(content) :]


# --- the kinds of hostility ----------------------------------------------------------------------------------------


def no_pictures() -> Iterator[Case]:
    """What is no picture at all, or none that is read."""
    unknown = "not an image, or none of the kinds"
    yield Case("empty", b"", reason="^empty file$")
    page = b"<!doctype html><html><script>alert(1)</script><h1>404 Not Found</h1></html>"
    for name, data in {
        "html": page,
        "text": b"Claude Monet",
        "json": b'{"error": "rate limited"}',
        "zip": b"PK\x03\x04" + bytes(60),
        "pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
        "svg with a script": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "postscript, which would start a program": encode(picture(), "EPS"),
        "photoshop": b"8BPS\0\x01" + bytes(6) + struct.pack(">HIIHH", 3, 4, 4, 8, 3) + bytes(64),
        "jpeg 2000": encode(picture(), "JPEG2000"),
        "icon": encode(picture(), "ICO"),
        "targa": encode(picture(), "TGA"),
        "portable pixmap": encode(picture(), "PPM"),
        "nothing but zeros": bytes(4096),
        "noise": np.random.default_rng(0).bytes(4096),
        "a python pickle": b"\x80\x04cos\nsystem\n(S'true'\ntR.",
    }.items():
        yield Case(name, data, reason=unknown)
    yield Case("a png signature alone", b"\x89PNG\r\n\x1a\n", reason=unknown)
    yield Case("a jpeg marker alone", b"\xff\xd8", reason=unknown + "|cannot be decoded")


def extremes() -> Iterator[Case]:
    """Very small, very long, and as large as a liar says."""
    for kind in ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP"):
        mode = "P" if kind == "GIF" else "RGB"
        yield Case(f"1 x 1 {kind}", encode(Image.new("RGB", (1, 1), RED), kind), (1, 1, mode), pixels={(0, 0): RED})
    yield Case("1 x 20,000", encode(Image.new("RGB", (1, 20_000), RED)), (1, 20_000, "RGB"), pixels={(0, 19_999): RED})
    yield Case("20,000 x 1", encode(Image.new("L", (20_000, 1), 9), "JPEG"), (20_000, 1, "L"))
    bomb = "decompression bomb"
    yield Case("40,000 x 40,000 png", png(40_000, 40_000, 8, 2, b""), reason=bomb)
    jpeg = encode(picture(), "JPEG")
    frame = jpeg.index(b"\xff\xc0")
    yield Case("40,000 x 40,000 jpeg", _patched(jpeg, frame + 5, struct.pack(">HH", 40_000, 40_000)), reason=bomb)
    gif = encode(picture(), "GIF")
    yield Case("40,000 x 40,000 gif", _patched(gif, 6, struct.pack("<HH", 40_000, 40_000)), reason=bomb)
    bmp = encode(picture(), "BMP")
    yield Case("40,000 x 40,000 bmp", _patched(bmp, 18, struct.pack("<II", 40_000, 40_000)), reason=bomb)
    large = grey_tiff(t256=(4, 1, 40_000), t257=(4, 1, 40_000))
    yield Case("40,000 x 40,000 tiff", tiff(large, pixels=bytes(16)), reason=bomb)
    webp = encode(Image.new("RGB", (8, 8)), "WEBP", lossless=True)
    size = struct.pack("<I", (16_383) | (16_383 << 14))
    yield Case("16,384 x 16,384 webp", _patched(webp, 21, size), reason=f"{bomb}|cannot be decoded|not an image")
    yield Case("170 megapixels", png(17_000, 10_000, 8, 2, b""), reason="^170 megapixels, more than the 150 allowed$")
    yield Case("no width", png(0, 4, 8, 2, b""), reason="not an image|cannot be decoded")
    yield Case("2 billion wide", png(2**31 - 1, 1, 1, 0, b"\0"), reason=bomb)
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(64 << 20)))
    yield Case("a text of 64 MB, packed", png(1, 1, 8, 2, b"\0\1\2\3", text), reason="cannot be decoded|not an image")
    profile = chunk(b"iCCP", b"icc\0\0" + zlib.compress(bytes(64 << 20)))
    yield Case(
        "a profile of 64 MB, packed", png(1, 1, 8, 2, b"\0\1\2\3", profile), reason="cannot be decoded|not an image"
    )


def colours() -> Iterator[Case]:
    """Every way to store a colour, with the colour that a person would see."""
    red = Image.new("RGB", (8, 8), (200, 30, 40)).convert("CMYK")
    seen = {(4, 4): (200, 30, 40)}
    yield Case("cmyk jpeg", encode(red, "JPEG", quality=95), (8, 8, "CMYK"), pixels=seen, near=12)
    yield Case("cmyk tiff", encode(red, "TIFF"), (8, 8, "CMYK"), pixels=seen, near=12)
    ramp = np.array([[0, 32768, 65535]], dtype=np.uint16)
    greys = {(0, 0): (0, 0, 0), (1, 0): (128, 128, 128), (2, 0): WHITE}
    yield Case("16-bit grey png", encode(Image.fromarray(ramp)), (3, 1, "I;16"), pixels=greys)
    yield Case("16-bit grey tiff", encode(Image.fromarray(ramp), "TIFF"), (3, 1, "I;16"), pixels=greys)
    wide = {(0, 0): (255, 128, 0)}
    deep = struct.pack(">HHH", 65535, 32768, 0)
    yield Case("16-bit rgb png", png(1, 1, 16, 2, b"\0" + deep), (1, 1, "RGB"), pixels=wide)
    yield Case("16-bit rgba png", png(1, 1, 16, 6, b"\0" + deep + b"\0\0"), (1, 1, "RGBA"), pixels={(0, 0): WHITE})
    clear_grey = png(1, 1, 16, 4, b"\0" + struct.pack(">HH", 0, 0))
    yield Case("16-bit grey png, clear", clear_grey, (1, 1, "RGBA"), pixels={(0, 0): WHITE})
    whole = Image.fromarray(np.array([[0, 70_000]], dtype=np.int32))
    yield Case("32-bit tiff", encode(whole, "TIFF"), (2, 1, "I"), pixels={(0, 0): (0, 0, 0), (1, 0): WHITE})
    below = Image.fromarray(np.array([[-5, 65_535]], dtype=np.int32))
    yield Case("32-bit tiff, below nothing", encode(below, "TIFF"), (2, 1, "I"), pixels={(0, 0): (0, 0, 0)})
    for name, top in {"0 to 1": 1.0, "0 to 255": 255.0}.items():
        floats = Image.fromarray(np.array([[0.0, top]], dtype=np.float32))
        yield Case(f"float tiff, {name}", encode(floats, "TIFF"), (2, 1, "F"), pixels={(1, 0): WHITE})
    for value in (np.nan, np.inf, -np.inf):
        floats = Image.fromarray(np.array([[0.0, value]], dtype=np.float32))
        yield Case(f"{value} float tiff", encode(floats, "TIFF"), reason="^pixels that are not finite numbers$")
    yield Case("1-bit png", png(8, 1, 1, 0, b"\0\x80"), (8, 1, "1"), pixels={(0, 0): WHITE, (1, 0): (0, 0, 0)})
    palette = chunk(b"PLTE", bytes((*RED, *GREEN, *BLUE)))
    rows = b"\0\0\1\2"
    pure = {(0, 0): RED, (1, 0): GREEN, (2, 0): BLUE}
    yield Case("palette png", png(3, 1, 8, 3, rows, palette), (3, 1, "P"), pixels=pure)
    alpha = chunk(b"tRNS", b"\x00\xff\x80")
    half = {(0, 0): WHITE, (1, 0): GREEN, (2, 0): (127, 127, 255)}
    yield Case("palette png with alpha", png(3, 1, 8, 3, rows, palette, alpha), (3, 1, "P"), pixels=half)
    yield Case(
        "palette png without palette", png(3, 1, 8, 3, rows), reason="^cannot be decoded: its palette is missing$"
    )
    beyond = png(1, 1, 8, 3, b"\0\xc8", palette)
    yield Case("palette png, a colour beyond its end", beyond, (1, 1, "P"))
    key = chunk(b"tRNS", struct.pack(">HHH", 255, 0, 0))
    keyed = {(0, 0): WHITE, (1, 0): BLUE}
    yield Case("rgb png, red is clear", png(2, 1, 8, 2, bytes((0, *RED, *BLUE)), key), (2, 1, "RGB"), pixels=keyed)
    grey_key = chunk(b"tRNS", struct.pack(">H", 0))
    yield Case("grey png, black is clear", png(1, 1, 8, 0, b"\0\0", grey_key), (1, 1, "L"), pixels={(0, 0): WHITE})
    deep_key = png(1, 1, 16, 0, b"\0\0\0", chunk(b"tRNS", struct.pack(">H", 40_000)))
    yield Case("16-bit grey png, a grey is clear", deep_key, (1, 1, "I;16"), pixels={(0, 0): (0, 0, 0)})
    clear = Image.new("RGBA", (4, 4), (10, 20, 30, 0))
    for kind in ("PNG", "TIFF", "WEBP"):
        yield Case(f"clear {kind}", encode(clear, kind), (4, 4, "RGBA"), pixels={(0, 0): WHITE})
    yield Case("grey with alpha", encode(Image.new("LA", (2, 2), (0, 0))), (2, 2, "LA"), pixels={(0, 0): WHITE})
    see_through = picture().quantize(8)
    yield Case("gif with transparency", encode(see_through, "GIF", transparency=0), (48, 40, "P"))
    lab = Image.new("LAB", (4, 4), (136, 208, 195))  # red, of lightness 53
    yield Case("lab tiff", encode(lab, "TIFF"), (4, 4, "LAB"), pixels={(0, 0): (255, 0, 0)}, near=14)
    inside = encode(Image.new("RGB", (16, 16), RED), "TIFF", compression="jpeg")
    yield Case("tiff with a jpeg inside", inside, (16, 16, "RGB"), pixels={(8, 8): RED}, near=3)


def profiles() -> Iterator[Case]:
    """Colour profiles: applied whatever the mode, and passed over when broken."""
    red, swapped = Image.new("RGB", (4, 4), RED), {(0, 0): BLUE}
    profile = swapped_profile()
    for kind in ("PNG", "TIFF"):
        data = encode(red, kind, icc_profile=profile)
        yield Case(f"profile of a {kind}", data, (4, 4, "RGB"), pixels=swapped)
    yield Case("profile of a jpeg", encode(red, "JPEG", icc_profile=profile), (4, 4, "RGB"), pixels=swapped, near=6)
    yield Case("profile beside alpha", encode(red.convert("RGBA"), icc_profile=profile), (4, 4, "RGBA"), pixels=swapped)
    half = Image.new("RGBA", (4, 4), (*RED, 0))
    yield Case("profile of what is clear", encode(half, icc_profile=profile), (4, 4, "RGBA"), pixels={(0, 0): WHITE})
    palette = encode(red.quantize(2), icc_profile=profile)
    yield Case("profile of a palette", palette, (4, 4, "P"), pixels=swapped)
    grey = encode(Image.new("L", (4, 4), 128), icc_profile=grey_profile())
    yield Case("profile of greys", grey, (4, 4, "L"), pixels={(0, 0): (188, 188, 188)})
    same = {(0, 0): RED}
    yield Case("broken profile", encode(red, icc_profile=b"not a profile"), (4, 4, "RGB"), pixels=same)
    yield Case("half a profile", encode(red, icc_profile=srgb()[:200]), (4, 4, "RGB"), pixels=same)
    yield Case("profile for greys on colours", encode(red, icc_profile=grey_profile()), (4, 4, "RGB"), pixels=same)
    lying = _patched(srgb(), 128, b"\xff\xff\xff\xff")
    yield Case("profile of 4 billion tags", encode(red, icc_profile=lying), (4, 4, "RGB"), pixels=same)


def rotations() -> Iterator[Case]:
    """EXIF orientations, of which there are eight."""
    corners = {1: (0, 0), 2: (47, 0), 3: (47, 39), 4: (0, 39), 5: (0, 0), 6: (39, 0), 7: (39, 47), 8: (0, 47)}
    for orientation, white in corners.items():
        size = (48, 40) if orientation < 5 else (40, 48)
        for kind in ("JPEG", "PNG", "TIFF", "WEBP"):
            data = encode(_corner(), kind, exif=_exif(orientation))
            yield Case(f"{kind} turned {orientation}", data, (*size, "RGB"), pixels={white: WHITE}, near=8)
    for orientation in (0, 9, 65_535):
        data = encode(_corner(), "JPEG", exif=_exif(orientation))
        yield Case(f"turned {orientation}, which is no way", data, (48, 40, "RGB"), pixels={(0, 0): WHITE}, near=8)
    upright = {(0, 0): WHITE}
    for name, exif in {
        "broken exif": b"Exif\0\0nonsense",
        "exif cut short": _exif(6).tobytes()[:16],
        "exif of 65,535 entries": b"Exif\0\0II*\0\x08\0\0\0\xff\xff",
        "exif that leads to itself": b"Exif\0\0II*\0\x08\0\0\0\1\0\x69\x87\4\0\1\0\0\0\x08\0\0\0\x08\0\0\0",
    }.items():
        yield Case(name, encode(_corner(), "JPEG", exif=exif), (48, 40, "RGB"), pixels=upright, near=8)


def several() -> Iterator[Case]:
    """Animations and pages: the first counts."""
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, BLUE)]
    for kind, mode, options in (
        ("GIF", "P", {}), ("PNG", "RGB", {}), ("WEBP", "RGB", {"lossless": True}), ("TIFF", "RGB", {}),
        ("MPO", "RGB", {}),
    ):  # fmt: skip
        data = encode(frames[0], kind, save_all=True, append_images=frames[1:], **options)
        yield Case(f"two frames of {kind}", data, (8, 8, mode), pixels={(0, 0): RED}, near=6)
    many = [Image.new("P", (2, 2), number % 251) for number in range(2_000)]
    yield Case("2,000 frames", encode(many[0], "GIF", save_all=True, append_images=many[1:]), (2, 2, "P"))


def liars() -> Iterator[Case]:
    """Files whose parts contradict each other, and files that are two things at once."""
    shown = picture()
    page = b"<script>alert(1)</script>"
    at = {(20, 20): shown.getpixel((20, 20))}
    yield Case("png with a page behind it", encode(shown) + page, (48, 40, "RGB"), pixels=at)
    yield Case("jpeg with a page behind it", encode(shown, "JPEG") + page, (48, 40, "RGB"), pixels=at, near=12)
    yield Case("jpeg with a page in its comment", encode(shown, "JPEG", comment=page), (48, 40, "RGB"))
    good = encode(shown)
    data = good.index(b"IDAT")
    yield Case("png with a flipped bit", _patched(good, data + 40, bytes([good[data + 40] ^ 1])), reason="cannot be")
    # All pixels are there before the lie could be noticed.
    yield Case("png that claims more", _patched(good, data - 4, b"\x7f\xff\xff\xff"), (48, 40, "RGB"), pixels=at)
    # The stream ends as it should, only early. Pillow says nothing and leaves the rest black.
    yield Case("png of too few rows", png(4, 4, 8, 0, b"\0\1\2\3\4"), (4, 4, "L"), pixels={(0, 3): (0, 0, 0)})
    yield Case("png of an unknown depth", png(4, 4, 7, 0, b"\0"), reason="not an image|cannot be decoded")
    yield Case("png without data", good[: data - 4] + chunk(b"IEND", b""), reason="cannot be decoded")
    broken = encode(shown, "JPEG")
    frame = broken.index(b"\xff\xc0")
    yield Case("jpeg of nine channels", _patched(broken, frame + 9, b"\x09"), reason="not an image|cannot be decoded")
    tables = broken.replace(b"\xff\xdb", b"\xff\xfe")
    yield Case("jpeg without tables", tables, reason="cannot be decoded|not an image")
    loop = tiff(grey_tiff(), following=8, pixels=bytes(range(16)))
    yield Case("tiff whose pages are a circle", loop, (4, 4, "L"))
    endless = tiff(grey_tiff(t270=(2, 2**32 - 1, 0)), pixels=bytes(16))
    # Pillow 12 gives up, 13 passes the text over.
    yield Case("tiff with a text of 4 GB", endless, whole=tiff(grey_tiff(), pixels=bytes(16)))
    away = tiff(grey_tiff() | {273: (4, 1, 2**32 - 1)}, pixels=bytes(16))
    yield Case("tiff whose pixels are elsewhere", away, reason="cannot be decoded")
    yield Case("tiff of no tags", tiff({}), reason="not an image|cannot be decoded")
    yield Case(
        "tiff of unknown packing", tiff(grey_tiff(t259=(3, 1, 31_337)), pixels=bytes(16)), reason="not an|cannot"
    )
    bmp = encode(shown, "BMP")
    down = bytearray(bmp)
    down[22:26] = struct.pack("<i", -40)
    yield Case("bmp from top to bottom", bytes(down), (48, 40, "RGB"))
    yield Case("bmp whose pixels are elsewhere", _patched(bmp, 10, b"\xff\xff\xff\x7f"), reason="cannot be decoded")
    webp = encode(shown, "WEBP")
    yield Case("webp that claims more", _patched(webp, 4, b"\xff\xff\xff\x7f"), reason="cannot be decoded|not an image")
    gif = encode(shown, "GIF")
    yield Case("gif of no size", _patched(gif, 6, bytes(4)), (48, 40, "P"))
    yield Case("gif that never ends", gif[:-1] + b"\x21\xfe\xff" + bytes(255), (48, 40, "P"))


NAMES = (
    "two\nlines_1.png",
    "return\r_1.png",
    "tab\t_1.png",
    "quote\"s and 'others'_1.png",
    "comma, semicolon;_1.png",
    "\u200fright to left_1.png",
    "\u202egnp.1_turned round_1.png",
    "ab" * 125 + "_.png",
    "\N{ARTIST PALETTE}\N{FAMILY}_1.png",
    "up\\..\\..\\windows_1.png",
    "-rf_1.png",
    "~_1.png",
    "$HOME_1.png",
    "$(reboot)_1.png",
    "$\\frac$_1.png",
    "%s%n_1.png",
    "{artist}_1.png",
    "[red]bold_1.png",
    "*?_1.png",
    "\x1b[31mred_1.png",
    "<img src=x onerror=window.stolen=1>_1.png",
    "<script>window.stolen=1_1.png",
    '"><svg onload=window.stolen=1>_1.png',
    "=cmd()_1.png",
    "+1_1.png",
    "@SUM(A1)_1.png",
    "NA_1.png",
    "None_1.png",
    "CON_1.png",
    "  _1.png",
    "#fragment?query_1.png",
    "file:::chained_1.png",
)
"""Names of files that a filesystem of Unix takes, each of 255 bytes at most."""

HIDDEN = (
    "..png",
    "..._1.png",
    "..%2f..%2fetc%2fpasswd_1.png",
    "..\\..\\windows_1.png",
    "._Titian_1.jpg",
    ".ipynb_checkpoints/Titian_1-checkpoint.jpg",
    "__MACOSX/Titian/._Titian_1.jpg",
    "@eaDir/Titian_1.jpg/SYNOPHOTO_THUMB_M.jpg",
    "$RECYCLE.BIN/$R1.jpg",
)
"""Names of files that a person does not see in the folder, and which are passed over."""

NO_UTF_8 = b"caf\xe9_1.png"


def tables() -> Iterator[tuple[str, bytes, list[str] | None]]:
    """Tables of artists: what is odd, the file, and the names it must give; None where it must be refused."""
    text = "id,name,genre\n0,Claude Monet,Impressionism\n1,Albrecht D\u00fcrer,Renaissance\n"
    names = ["Claude Monet", "Albrecht D\u00fcrer"]
    yield "a byte order mark", text.encode("utf-8-sig"), names
    yield "UTF-16", text.encode("utf-16"), names
    yield "Windows-1252", text.encode("cp1252"), names
    for separator in ";\t|":
        yield f"separated by {separator!r}", text.replace(",", separator).encode(), names
    yield "Excel's line before it", b"sep=;\r\n" + text.replace(",", ";").replace("\n", "\r\n").encode("cp1252"), names
    yield "Excel's line, quoted, in UTF-16", ('"sep=\t"\n' + text.replace(",", "\t")).encode("utf-16"), names
    yield "Excel's line and another separator", b"SEP=#\n" + text.replace(",", "#").encode(), names
    yield "Excel's line that lies", b"sep=;\n" + text.encode(), None
    yield "Excel's line alone", b"sep=;\n", None
    yield "ends of lines as on Windows", text.replace("\n", "\r\n").encode(), names
    yield "ends of lines as on old Macs", text.replace("\n", "\r").encode(), names
    yield "a column spelt otherwise", text.replace("name", " Name ").encode(), names
    yield "quoted columns", text.replace("name", '"name"').encode(), names
    yield "names alone", b"name\nClaude Monet\n", ["Claude Monet"]
    yield "rows without a name", b"name,genre\n,Cubism\nClaude Monet,\n  ,\n", ["Claude Monet"]
    yield "artists called NA and None", b"name\nNA\nNone\n", ["NA", "None"]
    yield "doubled names", b"name,genre\nA B,x\nA B,y\na_b,z\n", ["A B"]
    yield "a doubled column", b"name,name,Name\nA,B,C\n", ["A"]
    yield "formulas", b"name,genre\n=cmd(),@SUM\n+1,-2\n", ["=cmd()", "+1"]
    yield "a biography of 10 MB", b"name,bio\nClaude Monet," + b"x" * 10_000_000 + b"\n", ["Claude Monet"]
    yield "lines in a cell", b'name,bio\n"Claude\nMonet","a\nb"\n', ["Claude Monet"]
    yield "marks that nobody sees", "name\n\u200fClaude\u200b Monet\u202e\n".encode(), ["Claude Monet"]
    yield "a header alone", b"name,genre\n", []
    yield "no column of names", b"artist,genre\nClaude Monet,Impressionism\n", None
    yield "nothing", b"", None
    yield "blank lines", b"\n\n\n", None
    yield "a page", b"<!doctype html><html><body>Sign in</body></html>", None
    yield "a picture", encode(picture()), None
    yield "rows of other lengths", b"name,genre\nA,b\nC,d,e,f\n", None
    yield "a quote that is never closed", b'name,genre\n"A,b\nC,d\n', None
    # What the fuzzing found: Python's own reader of tables stops at an end of line of old Macs.
    yield "ends of lines of two kinds", b'id\tname\tsum\tude\t"Impret\t"Impr"\r)1\n\t"a "b"""\r\n', ['a b"""']


def works_tables() -> Iterator[tuple[str, str, bytes, list[str] | None]]:
    """Tables of paintings: what is odd, the ending, the file, and the titles it must give; None where it is refused."""
    text = "file,title,year\nA_1.jpg,Caf\u00e9,1503\nA_2.jpg,NA,1504\n"
    titles = ["Caf\u00e9", "NA"]
    yield "Windows-1252", ".csv", text.encode("cp1252"), titles
    yield "another separator than its ending says", ".tsv", text.replace(",", ";").encode(), titles
    yield "Excel's line before it", ".csv", b"sep=|\r\n" + text.replace(",", "|").encode("cp1252"), titles
    yield "separators within its columns' names", ".csv", b'file;title;"a,b,c,d"\nA_1.jpg;X;Y\n', ["X"]
    yield "formulas", ".csv", b"file,title\nA_1.jpg,=cmd()\n", ["=cmd()"]
    yield "a page in a title", ".csv", b"file,title\nA_1.jpg,<script>alert(1)</script>\n", ["<script>alert(1)</script>"]
    yield "lines in a cell", ".csv", b'file,title\nA_1.jpg,"a\nb"\n', ["a\nb"]
    yield "cells of 10 MB", ".csv", b"file,title,date\nA_1.jpg,X," + b"1" * 10_000_000 + b"\n", ["X"]
    yield "a header alone", ".csv", b"file,title\n", []
    yield "a name that leads elsewhere", ".csv", b"file,title\n../../../etc/passwd/A_1.jpg,X\n", ["X"]
    yield "names of its columns that are ours", ".csv", b"file,title,sha256,split\nA_1.jpg,X,0,train\n", ["X"]
    yield "half a character", ".jsonl", b'{"file": "A_1.jpg", "title": "\\ud800", "\\udfff": 1}\n', ["?"]
    yield "numbers that are none", ".json", b'[{"file": "A_1.jpg", "title": NaN, "year": 1e999}]', ["NaN"]
    yield "a number of 10,000 digits", ".json", b'[{"file": "A_1.jpg", "year": ' + b"9" * 10_000 + b"}]", [""]
    yield "other columns in every line", ".ndjson", b'{"file": "A_1.jpg"}\n{"title": "Y", "x": []}\n', ["", "Y"]
    yield "nothing", ".csv", b"", None
    yield "nothing", ".json", b"", []
    yield "nothing", ".parquet", b"", None
    yield "no column of files", ".csv", b"title,year\nX,1503\n", None
    yield "rows of other lengths", ".csv", b"file,title\nA_1.jpg,X,Y,Z,1\n", None
    yield "a picture", ".csv", encode(picture()), None
    yield "a picture", ".json", encode(picture()), None
    yield "a picture", ".parquet", encode(picture()), None
    yield "a page", ".json", b"<!doctype html><html><body>Sign in</body></html>", None
    yield "no records", ".json", b"[1, 2, 3]", None
    yield "a number", ".json", b"7", None
    yield "brackets without end", ".json", b"[" * 100_000, None
    yield "a column a record", ".json", b"{" + b",".join(b'"%d": 1' % n for n in range(3_000)) + b"}", None
    yield "half a record", ".jsonl", b'{"file": "A_1.jpg"}\n{"file": "A', None
    yield "a parquet file that lies", ".parquet", b"PAR1" + bytes(40) + b"\xff\xff\xff\x7fPAR1", None
    yield "a zip file", ".xlsx", b"PK\x03\x04" + bytes(60), None


@cache
def cases() -> tuple[Case, ...]:
    """All of them."""
    kinds = (no_pictures, extremes, colours, profiles, rotations, several, liars, truncated)
    return tuple(case for kind in kinds for case in kind())
