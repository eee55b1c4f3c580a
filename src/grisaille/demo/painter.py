"""The procedural painter of the demo: pictures of three known factors, and invented artists who choose among them.

A manner is a kind of marks, a layout is a distribution of light, a palette is a hue and its accent. `paint` takes one
of each, independently. Layouts differ in where the light is, not in its amount: half of every row is lit. Palettes
differ in chroma, not in luma, and each is neutral on average, apart from clipping. Nothing is downloaded and nothing is
read.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Layout = Callable[[Floats, Floats], Bools]
Manner = Callable[["Canvas"], None]

# Pixels of a picture's sides.
_LONGER, _SHORTEST = 256, 216
# Luma. The mean is that of photographs, which CNNs subtract. Light and shadow are symmetric around it, as are the
# bright and dark marks within each.
_MEAN, _LIGHT, _MARK, _UNSTEADY = 117.0, 42.0, 70.0, 12.0
# Share of the marks that are accents.
_ACCENTS = 0.25
# Distance beyond the edge at which marks begin.
_MARGIN = 40
# Probability that an artist chooses a favourite.
_FAITHFUL = 0.6


@dataclass(frozen=True)
class Palette:
    """A muted hue, and accents of the opposite hue, whose rarity balances their chroma.

    Attributes:
        angle: Angle of the hue in the plane of Cb and Cr, in degrees from Cb.
        chroma: Its radius there, 0 to 127; accents have three times this radius.
    """

    angle: float
    chroma: float = 14.0

    def rgb(self, luma: Floats, accents: Bools) -> Integers:
        """Colours at given luma.

        Args:
            luma: 0 to 255, shape (n,).
            accents: Which are accents, shape (n,).

        Returns:
            Shape (n, 3), 0 to 255.

        Source: ITU-T T.871 (JFIF), section 7.
        """
        chroma = self.chroma * np.where(accents, -(1 - _ACCENTS) / _ACCENTS, 1.0)
        cb, cr = chroma * np.cos(np.radians(self.angle)), chroma * np.sin(np.radians(self.angle))
        colours = np.stack([luma + 1.402 * cr, luma - 0.3441 * cb - 0.7141 * cr, luma + 1.772 * cb], axis=-1)
        return np.rint(np.clip(colours, 0, 255)).astype(np.int64)


@dataclass
class Canvas:
    """A picture in progress.

    Attributes:
        image: RGB.
        layout: The distribution of light.
        palette: The colours.
        random: The only source of randomness.
    """

    image: Image.Image
    layout: Layout
    palette: Palette
    random: np.random.Generator

    def __post_init__(self) -> None:
        """Shift the layout a little, and distort its edges."""
        self._moved, self._phase = self.random.uniform(-0.03, 0.03), self.random.uniform(0, 2 * np.pi)

    def rows(self, across: float, down: float, angle: float = 0.0) -> tuple[Floats, Integers]:
        """Positions of marks in rows at an angle in degrees.

        Returns:
            Points that cover the canvas, shape (n, 2), in random order, and their column and row, shape (n, 2).
        """
        size = np.array(self.image.size)
        columns, rows = (np.arange(int(1.5 * _LONGER / step)) for step in (across, down))
        places = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
        middle = (places + self.random.random(2)) * (across, down) - 0.75 * _LONGER
        points = _turned(middle, angle) + size / 2
        near = np.flatnonzero((abs(points - size / 2) < size / 2 + _MARGIN).all(axis=1))
        order = self.random.permutation(near)
        return points[order], places[order]

    def colours(self, points: Floats, tones: Floats) -> list[tuple[int, ...]]:
        """Colours of marks at some positions: the layout's light or shadow, plus the tone in units of `_MARK`."""
        u, v = (points / np.array(self.image.size)).T
        wavering = u + self._moved + 0.02 * np.sin(2 * np.pi * 1.5 * v + self._phase)
        light = np.where(self.layout(wavering % 1, v % 1), _LIGHT, -_LIGHT)
        luma = _MEAN + light + _MARK * tones + self.random.normal(0, _UNSTEADY, len(points))
        return [tuple(colour) for colour in self.palette.rgb(luma, self.random.random(len(points)) < _ACCENTS).tolist()]

    def polygons(self, points: Floats, tones: Floats, corners: Floats) -> None:
        """Draw polygons around the points, with common corners, shape (corners, 2), or their own, (n, corners, 2)."""
        brush = ImageDraw.Draw(self.image)
        for outline, fill in zip(points[:, None] + corners, self.colours(points, tones), strict=True):
            brush.polygon([(x, y) for x, y in outline.tolist()], fill=fill)

    def discs(self, points: Floats, tones: Floats, radii: Floats) -> None:
        """Draw discs with radii of shape (n,)."""
        brush = ImageDraw.Draw(self.image)
        for (x, y), radius, fill in zip(points.tolist(), radii.tolist(), self.colours(points, tones), strict=True):
            brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)

    def ground(self, tone: float) -> None:
        """Cover the canvas evenly with small patches."""
        points, _ = self.rows(6, 6)
        self.polygons(points, np.full(len(points), tone), 4.0 * _SQUARE)


# Corners of marks, relative to their centre.
_SQUARE = np.array([(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)])
_STROKE = np.array([(-1.0, -0.6), (0.0, -1.0), (1.0, -0.6), (1.0, 0.6), (0.0, 1.0), (-1.0, 0.6)])
_SLANT = np.array([(-0.75, -1.0), (0.25, -1.0), (0.75, 1.0), (-0.25, 1.0)])


def _turned(corners: Floats, degrees: Floats | float) -> Floats:
    """Shapes rotated by some degrees each, shape (..., corners, 2)."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return corners @ np.moveaxis(np.array([[cos, sin], [-sin, cos]]), (0, 1), (-2, -1))


def _by_turns(numbers: Integers) -> Floats:
    """Bright for odd numbers, dark for even ones."""
    return np.where(numbers % 2, 1.0, -1.0)


def _strokes(angle: float, spacing: float, length: float, softness: float = 0.0) -> Manner:
    """Rows of strokes, alternately bright and dark."""

    def cover(canvas: Canvas) -> None:
        points, places = canvas.rows(0.6 * length, spacing, angle)
        lengths = canvas.random.uniform(0.8, 1.2, (len(points), 1, 1)) * length
        strokes = _STROKE * np.concatenate([lengths / 2, np.full_like(lengths, 0.55 * spacing)], axis=2)
        canvas.polygons(
            points, _by_turns(places[:, 1]), _turned(strokes, angle + canvas.random.normal(0, 3, len(points)))
        )
        canvas.image.paste(canvas.image.filter(ImageFilter.GaussianBlur(softness)))

    return cover


def _grid(canvas: Canvas) -> None:
    points, places = canvas.rows(9, 9)
    canvas.polygons(points, _by_turns(places.sum(axis=1)), 5 * _SQUARE)


def _facets(canvas: Canvas) -> None:
    points, places = canvas.rows(9, 28, 30)
    canvas.polygons(points, _by_turns(places.sum(axis=1)), _turned(_SLANT * (9.5, 15), 30))


def _dots(canvas: Canvas) -> None:
    canvas.ground(-0.6)
    points, _ = canvas.rows(17, 17, 20)
    points += canvas.random.normal(0, 1.5, points.shape)
    canvas.discs(points, np.full(len(points), 1.6), canvas.random.uniform(4, 5.5, len(points)))


def _rings(canvas: Canvas) -> None:
    canvas.ground(-1)
    points, _ = canvas.rows(27, 27, 10)
    points += canvas.random.normal(0, 2, points.shape)
    for radius, tone in ((17, 1.0), (13, -1.0), (9, 1.0), (5, -1.0)):
        canvas.discs(points, np.full(len(points), tone), np.full(len(points), float(radius)))


MANNERS: Mapping[str, Manner] = {
    "mist": _strokes(angle=0, spacing=12, length=70, softness=2),
    "dots": _dots,
    "grid": _grid,
    "drips": _strokes(angle=90, spacing=11, length=60),
    "rings": _rings,
    "facets": _facets,
    "ripples": _strokes(angle=0, spacing=5, length=34),
    "hatching": _strokes(angle=-45, spacing=5, length=34),
    "rain": _strokes(angle=60, spacing=5, length=34),
    "reeds": _strokes(angle=90, spacing=5, length=34),
}

# Whether a position is lit, with coordinates from 0 to 1, left to right and top to bottom. Two layouts differ at half
# of all positions, except three pairs that differ everywhere.
LAYOUTS: Mapping[str, Layout] = {
    "dawn": lambda u, v: u < 0.5,
    "dusk": lambda u, v: u >= 0.5,
    "tower": lambda u, v: abs(u - 0.5) < 0.25,
    "gate": lambda u, v: abs(u - 0.5) >= 0.25,
    "colonnade": lambda u, v: u % 0.5 < 0.25,
    "rise": lambda u, v: (u + v) % 1 < 0.5,
    "fall": lambda u, v: (u - v) % 1 < 0.5,
    "windows": lambda u, v: (u < 0.5) == (v < 0.5),
    "counterpoint": lambda u, v: (u < 0.5) != (v < 0.5),
    "lantern": lambda u, v: (abs(u - 0.5) < 0.25) == (abs(v - 0.5) < 0.25),
}

PALETTES: Mapping[str, Palette] = {
    name: Palette(36.0 * turn)
    for turn, name in enumerate(("iris", "orchid", "rose", "brick", "amber", "straw", "moss", "fern", "lagoon", "sky"))
}


@dataclass(frozen=True)
class Artist:
    """An invented artist.

    Attributes:
        name: Name in the table of artists.
        movement: Shared by artists with the same manner.
        nationality: For the table of artists.
        manner: The artist's only manner.
        layouts: Favourite layouts.
        palettes: Favourite palettes.
    """

    name: str
    movement: str
    nationality: str
    manner: str
    layouts: tuple[str, ...]
    palettes: tuple[str, ...]


ARTISTS = (
    Artist("Ilse Nebel", "Mistism", "German", "mist", ("dawn",), ("sky", "lagoon")),
    Artist("Jonas Dunst", "Mistism", "German", "mist", ("dawn",), ("sky", "lagoon")),
    Artist("Rosa Punkt", "Dottism", "Swiss", "dots", ("fall",), ("brick", "amber")),
    Artist("Paul Pointe", "Dottism", "French", "dots", ("fall",), ("brick", "amber")),
    Artist("Greta Gitter", "Grid", "Dutch", "grid", ("windows",), ("rose", "iris")),
    Artist("Bruno Tropf", "Drip", "American", "drips", ("counterpoint",), ("straw", "moss")),
    Artist("Clara Kurve", "Curve", "Spanish", "rings", ("lantern",), ("orchid", "rose")),
    Artist("Emil Eckig", "Facetism", "Czech", "facets", ("rise",), ("moss", "fern")),
    Artist("Nina Nacht", "Nocturne", "Austrian", "ripples", ("tower",), ("iris", "sky")),
    Artist("Sol Strich", "Hatching", "Mexican", "hatching", ("gate",), ("amber", "straw")),
)

#: Pairs of artists with the same manner and favourites.
ALIKE = (("Ilse Nebel", "Jonas Dunst"), ("Rosa Punkt", "Paul Pointe"))


def paint(manner: str, layout: str, palette: str, seed: int | Sequence[int]) -> Image.Image:
    """Paint one picture.

    Args:
        manner: One of `MANNERS`.
        layout: One of `LAYOUTS`.
        palette: One of `PALETTES`.
        seed: Each seed gives another painting.

    Returns:
        RGB, its longer side 256 pixels.

    Raises:
        KeyError: If the manner, layout or palette does not exist.
    """
    random = np.random.default_rng(seed)
    shorter = int(random.integers(_SHORTEST, _LONGER + 1))
    size = (_LONGER, shorter) if random.random() < 0.5 else (shorter, _LONGER)
    canvas = Canvas(Image.new("RGB", size), LAYOUTS[layout], PALETTES[palette], random)
    canvas.ground(0)
    MANNERS[manner](canvas)
    return canvas.image


def work(artist: Artist, number: int, seed: int) -> Image.Image:
    """Paint one picture by an artist of the gallery.

    Args:
        artist: The artist.
        number: Number of the painting, from 0.
        seed: Each seed gives another gallery.

    Returns:
        See `paint`.
    """
    of = (seed, ARTISTS.index(artist), number)
    random = np.random.default_rng(of)

    def choose(favourites: Sequence[str], others: Mapping[str, object]) -> str:
        names = favourites if random.random() < _FAITHFUL else list(others)
        return names[int(random.integers(len(names)))]

    layout, palette = choose(artist.layouts, LAYOUTS), choose(artist.palettes, PALETTES)
    return paint(artist.manner, layout, palette, of)


def png(image: Image.Image) -> bytes:
    """Encode a picture as PNG."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
