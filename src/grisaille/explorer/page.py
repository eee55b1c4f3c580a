"""The explorer: one self-contained HTML file that opens from the file system."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import jinja2
import numpy as np

from grisaille.collection.artists import UNKNOWN, normalise, split_movements
from grisaille.explorer.map_table import likenesses
from grisaille.lazy import pd

# Concatenated in this order. The studio serves theme.css, dom.js and combobox.js, too.
_STYLES = ("theme.css", "page.css")
_SCRIPTS = (
    "dom.js", "combobox.js", "data.js", "places.js", "scene.js", "raised.js", "regions.js", "panel.js", "compare.js",
    "search.js", "years.js", "legend.js", "camera.js", "main.js", "address.js",
)  # fmt: skip
# Layouts that a table may hold, in the order of the page.
_LAYOUTS = {"pca": "PCA", "umap": "UMAP", "grid": "grid"}
# Neighbours of a painting on the page; the table may hold more.
_SHOWN = 10
# Growth of data by base64.
ENCODED = 4 / 3
# Other schemes, such as `javascript:`, are not linked.
_WEB = re.compile(r"https?://[^\s/?#]", re.IGNORECASE)
_WORDS = ("title", "date", "museum", "link")
# Defaults of columns that a table lacks.
_UNKNOWN: dict[str, str | None] = {**dict.fromkeys(_WORDS, ""), "year_from": None, "year_to": None}


@dataclass(frozen=True)
class About:
    """Facts about the run for the page.

    Attributes:
        likeness: The likeness that the page opens with.
        metric: Metric of the raw features that composition preserves: "hellinger" or "euclidean".
        raw_values: Values a painting before the reduction.
        reduced_values: Values a painting of composition after it.
        stops_early: Whether some paintings served for early stopping instead of training.
        note: A sentence about the collection, or None.
    """

    likeness: str
    metric: str
    raw_values: int
    reduced_values: int
    stops_early: bool = False
    note: str | None = None


def render(table: pd.DataFrame, artists: pd.DataFrame, about: About) -> str:
    """Render the explorer page.

    Args:
        table: As `gather` returns it.
        artists: Columns name and, if known, years and nationality; an artist without a row has neither.
        about: Facts about the run.

    Returns:
        HTML; names are escaped.
    """
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["thousands"] = lambda number: f"{number:,}"
    data, made = _data(table, artists, about), likenesses(table)
    return environment.from_string(_read("web/page.html.j2")).render(
        about=about,
        paintings=len(table),
        artists=len(set(table["artist"]) - {UNKNOWN}),
        style="\n".join(_read(f"web/{name}") for name in _STYLES),
        library=_read("vendor/pixi.min.js").replace("//# sourceMappingURL=pixi.min.js.map", ""),
        script="\n".join(_read(f"web/{name}") for name in _SCRIPTS),
        data=_inside_a_script(data),
        several=len(made) > 1,
        composed="composition" in made,
        vectors="vectors" in made,
        layouts={name: words for name, words in _LAYOUTS.items() if f"{about.likeness}_{name}_x" in table},
        dated="years" in data,
    )


def too_large(count: int, most: int) -> str:
    """The page of a collection that is too large for one page."""
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>grisaille: the explorer</title>"
        f"<p>This collection has {count:,} paintings, but the explorer shows at most {most:,} "
        "(<code>discovery.page_paintings</code>). The map is stored beside this page, in "
        "<code>map_of_paintings.parquet</code>, and opens in embedding-atlas.</p></html>"
    )


def bytes_of_words(paintings: pd.DataFrame) -> int:
    """Approximate bytes of the titles, dates, museums and links of paintings on the page."""
    return sum(len("".join(paintings[name]).encode()) for name in _WORDS if name in paintings)


def room_for_pictures(count: int, megabytes: float, words: int = 0) -> float:
    """Bytes available for all pictures together.

    Args:
        count: Number of paintings.
        megabytes: Size limit of the page.
        words: `bytes_of_words` of the paintings.
    """
    program = ("vendor/pixi.min.js", *(f"web/{name}" for name in (*_STYLES, *_SCRIPTS, "page.html.j2")))
    # The names, positions and neighbours by four likenesses of a painting take some 450 bytes, with names of 20
    # characters.
    rest = sum(len(_read(name)) for name in program) + 500 * count + words
    return max(megabytes * 1e6 - rest, 0.2e6) / ENCODED


def _read(name: str) -> str:
    return resources.files("grisaille.explorer").joinpath(name).read_text("utf-8")


def _inside_a_script(value: Any) -> str:
    """JSON without `<`, so it contains neither `</script>` nor `<!--`."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _data(table: pd.DataFrame, artists: pd.DataFrame, about: About) -> dict[str, Any]:
    names = _by_name(table["artist"])
    artist = pd.Categorical(table["artist"], categories=names).codes
    movements = [split_movements(given) for given in table["movements"]]
    movement_names = _by_name(name for given in movements for name in given)
    known = {name: number for number, name in enumerate(movement_names)}
    rows = {name: row for row, name in enumerate(table["painting_id"])}
    # The default likeness comes first.
    made = sorted(likenesses(table), key=lambda likeness: likeness != about.likeness)
    return {
        "names": [str(name) for name in table["painting_id"]],
        "files": [str(path) for path in table["path"]],
        "artist": artist.tolist(),
        "artists": [_artist(name, artists) for name in names],
        "movements": [[known[name] for name in given] for given in movements],
        "movementNames": movement_names,
        "widths": table["width"].tolist(),
        "heights": table["height"].tolist(),
        "split": table["split"].tolist(),
        "splits": {
            "train": "took part",
            "validation": "decided when to stop" if about.stops_early else "took part",
            "held_out": "never took part",
            "added": "came later",
        },
        "duplicateOf": [rows.get(name, -1) for name in table["duplicate_of"]],
        "silhouettes": _numbers(np.round(table["silhouette"], 3)),
        "colours": table["colour"].tolist(),
        "likenesses": made,
        "places": {likeness: _places(table, likeness) for likeness in made},
        "near": {space: _neighbours(table[f"{space}_neighbours"]) for space in ("raw", *made)},
        "pictures": [base64.b64encode(picture["bytes"]).decode() for picture in table["picture"]],
        "metric": about.metric,
        "rawValues": about.raw_values,
        "values": about.reduced_values,
        **_known(table),
    }


def _known(table: pd.DataFrame) -> dict[str, Any]:
    """Known facts about the paintings; columns without any value are left out."""
    table = table.assign(**{name: empty for name, empty in _UNKNOWN.items() if name not in table})
    words = {name: table[name].tolist() for name in _WORDS}
    years = [_span(*pair) for pair in zip(table["year_from"], table["year_to"], strict=True)]
    spans = ("\N{EN DASH}".join(map(str, span)) for span in years)
    words["date"] = [date or of_years for date, of_years in zip(words["date"], spans, strict=True)]
    words["link"] = [link if _WEB.match(link) else "" for link in words["link"]]
    known: dict[str, Any] = {f"{name}s": values for name, values in words.items() if any(values)}
    # A single year for all paintings distinguishes nothing.
    return known | ({"years": years} if len({year for span in years for year in span}) > 1 else {})


def _span(first: int | None, last: int | None) -> list[int]:
    """The first and the last year, or the one that is known; empty if neither is."""
    return sorted({int(year) for year in (first, last) if pd.notna(year)})


def _places(table: pd.DataFrame, likeness: str) -> dict[str, str]:
    columns = {name: [f"{likeness}_{name}_{axis}" for axis in "xy"] for name in _LAYOUTS}
    return {
        name: _packed(table[both].to_numpy(dtype="<f4")) for name, both in columns.items() if set(both) <= set(table)
    }


def _by_name(names: Iterable[str]) -> list[str]:
    """Distinct names in alphabetical order, accents ignored: Édouard before William."""
    return sorted({str(name) for name in names}, key=lambda name: (normalise(name), name))


def _artist(name: str, artists: pd.DataFrame) -> dict[str, str]:
    rows = artists[artists["name"] == name] if "name" in artists else artists[:0]
    facts = {
        column: _tidy(str(rows[column].iloc[0]))
        for column in ("years", "nationality")
        if len(rows) and column in rows and pd.notna(rows[column].iloc[0])
    }
    return {"name": str(name)} | facts


def _tidy(fact: str) -> str:
    """Years and nationalities in typographic form: no spaces around a dash, one after a comma."""
    return ", ".join(part.strip() for part in fact.replace(" - ", "\N{EN DASH}").split(","))


def _numbers(values: Iterable[float]) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]


def _packed(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def _neighbours(column: Iterable[Mapping[str, Any] | None]) -> dict[str, Any]:
    """Rows of the nearest, shape (n, k), in the smallest integer type; n stands for unknown."""
    lists = [np.asarray(near["ids"])[:_SHOWN] if near else np.empty(0) for near in column]
    k = max((len(near) for near in lists), default=0)
    size = 2 if len(lists) < 2**16 else 4
    filled = np.full((len(lists), k), len(lists), dtype=f"<u{size}")
    for row, near in enumerate(lists):
        filled[row, : len(near)] = near
    return {"k": k, "bytes": size, "rows": _packed(filled)}
