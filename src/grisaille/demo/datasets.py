"""The demo's collection: paintings that are generated when they are first read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any, NoReturn

import pandas as pd
from kedro.io.core import AbstractDataset, DatasetError

from grisaille.demo import painter as gallery
from grisaille.storage.files import AnyPath, as_path, write_atomically


# Cached: ingestion, extraction, the report and the explorer read all paintings, and painting takes longer than reading.
@lru_cache(maxsize=512)
def _painted(artist: gallery.Artist, number: int, seed: int, file: AnyPath | None) -> bytes:
    if file is not None and file.exists():
        return file.read_bytes()
    picture = gallery.png(gallery.work(artist, number, seed))
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, lambda opened: opened.write(picture))
    return picture


def _torn(whole: Callable[[], bytes]) -> bytes:
    """The first half of a file."""
    data = whole()
    return data[: len(data) // 2]


def _file_name(artist: gallery.Artist, number: int) -> str:
    return f"{artist.name.replace(' ', '_')}_{number + 1}.png"


# Dates as museums write them.
_DATES = ("{}", "c. {}", "{} (signed)", "before {}")


class _Gallery(AbstractDataset[NoReturn, Any]):
    """A read-only dataset that always exists."""

    def save(self, data: NoReturn) -> NoReturn:
        """Refuse: the painter does not take returns."""
        raise DatasetError(f"{type(self).__name__} is read-only")

    def _exists(self) -> bool:
        return True


class GalleryDataset(_Gallery):
    r"""``GalleryDataset`` loads the procedural painter's oeuvre like a folder of image files: some artists' paintings,
    one forgery (a byte-identical copy under another name) and one torn canvas (half a file).

    Examples:
        ```yaml
        raw_paintings:
          type: grisaille.demo.datasets.GalleryDataset
          paintings_each: 20
          seed: 0
          path: data/gallery
        ```

        >>> from grisaille.datasets import GalleryDataset
        >>>
        >>> paintings = GalleryDataset(paintings_each=16).load()
        >>> len(paintings)
        162
        >>> paintings["Rosa_Punkt_1.png"]()[:4]
        b'\x89PNG'

    """  # noqa: D205 - the first sentence of a Kedro dataset names the class, and does not fit on a line

    def __init__(
        self,
        *,
        paintings_each: int = 16,
        seed: int = 0,
        path: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Configure the paintings.

        Args:
            paintings_each: Paintings an artist.
            seed: Each seed gives other paintings.
            path: Folder that caches the files; without it every process paints them again.
            metadata: Ignored by Kedro; read by plugins.
        """
        self._paintings_each, self._seed, self.metadata = paintings_each, seed, metadata
        self._folder = as_path(path) / f"seed_{seed}" if path else None

    def _describe(self) -> dict[str, Any]:
        return {"paintings_each": self._paintings_each, "seed": self._seed}

    def folder(self) -> str | None:
        """The folder of cached files, if there is one."""
        return None if self._folder is None else str(self._folder)

    def load(self) -> Mapping[str, Callable[[], bytes]]:
        """File name -> function that paints the picture."""
        works: dict[str, Callable[[], bytes]] = {}
        for artist in gallery.ARTISTS:
            for number in range(self._paintings_each):
                name = _file_name(artist, number)
                file = None if self._folder is None else self._folder / name
                works[name] = partial(_painted, artist, number, self._seed, file)
        stem = gallery.ARTISTS[0].name.replace(" ", "_")
        original = works[f"{stem}_1.png"]
        works[f"{stem}_{self._paintings_each + 1}.png"] = original
        works[f"{stem}_{self._paintings_each + 2}.png"] = partial(_torn, original)
        return works

    def fingerprint(self) -> str:
        """A string that changes with the paintings."""
        return f"{self._paintings_each} paintings each, seed {self._seed}"


class GalleryArtistsDataset(_Gallery):
    """``GalleryArtistsDataset`` loads the table of the procedural painter's artists.

    Examples:
        >>> from grisaille.datasets import GalleryArtistsDataset
        >>>
        >>> GalleryArtistsDataset().load()["name"][0]
        'Ilse Nebel'

    """

    def __init__(self, *, metadata: dict[str, Any] | None = None) -> None:
        """There are no options; metadata is ignored by Kedro and read by plugins."""
        self.metadata = metadata

    def _describe(self) -> dict[str, Any]:
        return {}

    def load(self) -> pd.DataFrame:
        """Columns name, genre and nationality, as in the public `artists.csv`."""
        return pd.DataFrame(
            [{"name": a.name, "genre": a.movement, "nationality": a.nationality} for a in gallery.ARTISTS]
        )

    def fingerprint(self) -> str:
        """A constant, since there is only one table."""
        return "gallery"


class GalleryWorksDataset(_Gallery):
    """``GalleryWorksDataset`` loads a table of the procedural painter's paintings, with titles and dates, formatted
    like a museum's. The forgery is not in it.

    Examples:
        >>> from grisaille.demo.datasets import GalleryWorksDataset
        >>>
        >>> GalleryWorksDataset(paintings_each=2).load().iloc[1].tolist()
        ['Ilse_Nebel_2.png', 'Mist, No. 2', 'c. 1881', 'Pixels', 'Gallery of the Demo', 'Public domain']

    """  # noqa: D205 - the first sentence of a Kedro dataset names the class, and does not fit on a line

    def __init__(self, *, paintings_each: int = 16, metadata: dict[str, Any] | None = None) -> None:
        """Configure the table.

        Args:
            paintings_each: Paintings an artist.
            metadata: Ignored by Kedro; read by plugins.
        """
        self._paintings_each, self.metadata = paintings_each, metadata

    def _describe(self) -> dict[str, Any]:
        return {"paintings_each": self._paintings_each}

    def load(self) -> pd.DataFrame:
        """Columns filename, title, date, medium, museum and rights, of text."""
        rows = [
            {
                "filename": _file_name(artist, number),
                "title": f"{artist.manner.capitalize()}, No. {number + 1}",
                "date": _DATES[number % len(_DATES)].format(1880 + 5 * generation + number),
                "medium": "Pixels",
                "museum": "Gallery of the Demo",
                "rights": "Public domain",
            }
            for generation, artist in enumerate(gallery.ARTISTS)
            for number in range(self._paintings_each)
        ]
        return pd.DataFrame(rows)

    def fingerprint(self) -> str:
        """A string that changes with the table."""
        return f"{self._paintings_each} paintings each"
