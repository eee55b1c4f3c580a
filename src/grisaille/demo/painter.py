"""The procedural painter behind the demo: invented artists whose likeness to each other is known.

Two pairs of artists share a manner by construction; the others have manners of their own. Nothing is downloaded and
nothing is read: a painting is a function of the seed, the artist and its number.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Painter = Callable[["Canvas"], None]


@dataclass(frozen=True)
class Artist:
    """An invented artist.

    Attributes:
        name: As in the table of artists.
        movement: The manner, shared by those who are alike.
        nationality: For the table of artists.
        palette: RGB colours.
        paint: Covers a canvas.
    """

    name: str
    movement: str
    nationality: str
    palette: tuple[Colour, ...]
    paint: Painter


@dataclass
class Canvas:
    """A picture in the making.

    Attributes:
        image: RGB.
        palette: The artist's colours.
        random: The only source of chance.
    """

    image: Image.Image
    palette: tuple[Colour, ...]
    random: np.random.Generator

    @property
    def brush(self) -> ImageDraw.ImageDraw:
        """Something to draw with."""
        return ImageDraw.Draw(self.image)

    def colour(self) -> Colour:
        """One of the palette, never mixed twice the same way."""
        base = np.array(self.palette[self.random.integers(len(self.palette))])
        red, green, blue = np.clip(base + self.random.normal(0, 10, 3), 0, 255).astype(int).tolist()
        return red, green, blue

    def point(self) -> tuple[float, float]:
        """Somewhere on the canvas."""
        return self.random.uniform(0, self.image.width), self.random.uniform(0, self.image.height)


def _mist(canvas: Canvas) -> None:
    for _ in range(14):
        x, y = canvas.point()
        wide, high = canvas.random.uniform(60, 160), canvas.random.uniform(12, 40)
        canvas.brush.ellipse((x - wide, y - high, x + wide, y + high), fill=canvas.colour())
    canvas.image.paste(canvas.image.filter(ImageFilter.GaussianBlur(9)))


def _dots(canvas: Canvas) -> None:
    for _ in range(1500):
        x, y = canvas.point()
        radius = canvas.random.uniform(2, 5)
        canvas.brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=canvas.colour())


def _grid(canvas: Canvas) -> None:
    columns = np.sort(canvas.random.integers(20, canvas.image.width - 20, 5)).tolist()
    rows = np.sort(canvas.random.integers(20, canvas.image.height - 20, 5)).tolist()
    for left, right in zip([0, *columns], [*columns, canvas.image.width], strict=True):
        for top, bottom in zip([0, *rows], [*rows, canvas.image.height], strict=True):
            fill = canvas.colour() if canvas.random.random() < 0.35 else (240, 236, 224)
            canvas.brush.rectangle((left, top, right, bottom), fill=fill, outline=(15, 15, 15), width=6)


def _drips(canvas: Canvas) -> None:
    for _ in range(60):
        x, y = canvas.point()
        steps = canvas.random.normal(0, 22, (14, 2)).cumsum(axis=0) + np.array([x, y])
        line = [(float(a), float(b)) for a, b in steps]
        canvas.brush.line(line, fill=canvas.colour(), width=int(canvas.random.integers(1, 5)), joint="curve")


def _curves(canvas: Canvas) -> None:
    for _ in range(40):
        x, y = canvas.point()
        radius, start = canvas.random.uniform(20, 110), canvas.random.uniform(0, 360)
        box = (x - radius, y - radius, x + radius, y + radius)
        canvas.brush.arc(box, start, start + 200, fill=canvas.colour(), width=9)


def _facets(canvas: Canvas) -> None:
    for _ in range(70):
        centre = np.array(canvas.point())
        corners = centre + canvas.random.normal(0, 38, (3, 2))
        canvas.brush.polygon([(float(a), float(b)) for a, b in corners], fill=canvas.colour())


def _night(canvas: Canvas) -> None:
    canvas.brush.rectangle((0, 0, *canvas.image.size), fill=(8, 8, 16))
    for _ in range(6):
        x, y = canvas.point()
        radius = canvas.random.uniform(4, 16)
        canvas.brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=canvas.colour())
    canvas.image.paste(canvas.image.filter(ImageFilter.GaussianBlur(4)))


def _hatching(canvas: Canvas) -> None:
    slope = canvas.random.uniform(0.7, 1.3)
    for _ in range(420):
        x, y = canvas.point()
        length = canvas.random.uniform(10, 34)
        canvas.brush.line((x, y, x + length, y - slope * length), fill=canvas.colour(), width=2)


_FOG = ((176, 186, 196), (204, 204, 198), (150, 160, 172), (222, 214, 200))
_FOG_TOO = ((180, 188, 194), (208, 204, 194), (152, 158, 170), (220, 216, 204))
_SUN = ((226, 112, 48), (240, 190, 72), (58, 110, 168), (196, 60, 70))
_SUN_TOO = ((222, 116, 52), (238, 186, 78), (62, 112, 162), (192, 64, 72))

ARTISTS = (
    Artist("Ilse Nebel", "Mistism", "German", _FOG, _mist),
    Artist("Jonas Dunst", "Mistism", "German", _FOG_TOO, _mist),
    Artist("Rosa Punkt", "Dottism", "Swiss", _SUN, _dots),
    Artist("Paul Pointe", "Dottism", "French", _SUN_TOO, _dots),
    Artist("Greta Gitter", "Grid", "Dutch", ((200, 30, 40), (30, 60, 160), (240, 210, 50)), _grid),
    Artist("Bruno Tropf", "Drip", "American", ((20, 20, 20), (235, 230, 220), (150, 110, 70)), _drips),
    Artist("Clara Kurve", "Curve", "Spanish", ((20, 120, 110), (240, 140, 150), (90, 50, 120)), _curves),
    Artist("Emil Eckig", "Facetism", "Czech", ((120, 96, 60), (90, 110, 80), (170, 150, 110), (60, 56, 50)), _facets),
    Artist("Nina Nacht", "Nocturne", "Austrian", ((250, 230, 160), (170, 190, 240)), _night),
    Artist("Sol Strich", "Hatching", "Mexican", ((60, 40, 30), (110, 80, 60), (30, 26, 24)), _hatching),
)

#: Pairs of artists that share a manner.
ALIKE = (("Ilse Nebel", "Jonas Dunst"), ("Rosa Punkt", "Paul Pointe"))


def paint(artist: Artist, number: int, seed: int) -> Image.Image:
    """Make one painting.

    Args:
        artist: Who.
        number: Which, from 0.
        seed: Another seed is another oeuvre.

    Returns:
        RGB, its longer side 256 pixels.
    """
    random = np.random.default_rng([seed, ARTISTS.index(artist), number])
    shorter = int(random.integers(180, 257))
    size = (256, shorter) if random.random() < 0.5 else (shorter, 256)
    canvas = Canvas(Image.new("RGB", size), artist.palette, random)
    canvas.brush.rectangle((0, 0, *size), fill=canvas.colour())
    artist.paint(canvas)
    return canvas.image


def png(image: Image.Image) -> bytes:
    """A picture as a PNG file."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
