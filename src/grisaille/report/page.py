"""The HTML page: tables, figures and thumbnails in one self-contained file."""

import base64
import io
from collections.abc import Mapping
from importlib import resources
from typing import Any

import jinja2
import numpy as np
import pandas as pd
import yaml
from markupsafe import Markup
from PIL.Image import Image

from grisaille.arrays import StringArray
from grisaille.collection import Files, images
from grisaille.collection.artists import present, rows_of
from grisaille.collection.captions import caption
from grisaille.collection.originals import Originals
from grisaille.collection.split import ADDED, HELD_OUT
from grisaille.measures.code_rows import PRODUCT, SHORTLIST, SIZES
from grisaille.parameters import Report as Settings
from grisaille.parameters import plain
from grisaille.plots.comparison import side_name
from grisaille.report import summary_lines as words
from grisaille.report.results import SPACE_NAMES, Results, hubs, is_number, number, pairs_by_nearness, where


def render(results: Results, files: Files) -> str:
    """Render the report page.

    Args:
        results: The tables.
        files: Path of a painting -> function that reads its file, for thumbnails.

    Returns:
        HTML; names from files and tables are escaped.
    """
    settings = Settings.model_validate(results.parameters.get("report", {}))
    thumbnails = Thumbnails(results.paintings, files, settings.thumbnail_size)
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(resources.files("grisaille.report").joinpath("page.html.j2").read_text("utf-8"))
    artists = results.paintings["artist"].to_numpy(dtype=str)
    believe, doubt = words.verdict(results)
    page = template.render(
        title=words.title(results),
        head=[words.what(results), words.years(results), words.network(results)],
        note=settings.note,
        examples=_examples(results, thumbnails, settings.examples),
        believe=believe,
        doubt=doubt,
        own=[_comparison(results, key, thumbnails, settings.thumbnails, artists) for key in _keys(results, own=True)],
        own_line=words.expected(results),
        absent=_absent(results),
        work_of_2021=_work_of_2021(results, thumbnails, settings.thumbnails, artists),
        pairs=_pairs(results, thumbnails),
        pair_agreement=_pair_agreement(results),
        pairs_line=words.ends(results),
        heat_map=_png(results.silhouette_heat_map),
        heat_map_width=results.silhouette_heat_map.width,
        usefulness=_usefulness(results),
        worth=words.worth(results),
        hubs=_hubs(results, thumbnails),
        preservation=_preservation(results),
        kept=words.kept(results),
        sampled=int(results.preservation["queries"].max()) < len(results.paintings),
        rnx_curves=_png(results.rnx_figure),
        codes=_codes(results),
        all_codes=_all_codes(results),
        code_figure=_png(results.code_figure),
        recommendations=_recommendations(results),
        recommended=words.recommended(results),
        rejected=_first(results.rejected_paintings),
        duplicates=_duplicates(results),
        composed=results.composed,
        vectors="raw_vectors" in results.pair_silhouettes,
        offered=[name for _, name in results.offered],
        default=words.likeness(results.default),
        made_for=words.METRICS.get(results.made_for, results.made_for),
        linear=results.autoencoder.architecture == "linear",
        settings=_settings(results.parameters),
        k=results.k,
    )
    thumbnails.originals.warn_of_blanks()
    return page


# At most: rows of a growing table, comparisons named in a list, pictured neighbours of a work, pictured closest pairs,
# and pictured hubs of a space.
_ROWS, _NAMED, _NEAR, _PAIRS, _HUBS = 200, 20, 6, 5, 4


def _first(table: pd.DataFrame) -> dict[str, Any]:
    """The first rows of a table and its row count; browsers cannot open a page with very long tables."""
    return {"count": len(table), "rows": table.head(_ROWS).to_dict("records")}


class Thumbnails:
    """Thumbnails of paintings as data URIs, each made at its first use.

    Attributes:
        originals: Reads the full pictures.
    """

    def __init__(self, paintings: pd.DataFrame, files: Files, side: int) -> None:
        """Take the paintings; no file is opened yet."""
        self._rows = paintings.set_index("painting_id")
        self.originals, self._side = Originals(paintings, files), side
        self._made: dict[str, dict[str, str]] = {}

    def __call__(self, painting_id: str) -> dict[str, str]:
        """Picture, artist, title and date (either may be empty) and identifier of a painting."""
        if painting_id not in self._made:
            row: Any = self._rows.loc[painting_id]
            image = self.originals.picture(row["path"])
            picture = "" if image is None else _data_uri(images.thumbnail(image, self._side), "image/webp")
            texts = {"artist": row["artist"], "name": caption(row, ""), "id": painting_id}
            self._made[painting_id] = texts | {"picture": picture}
        return self._made[painting_id]


def _data_uri(data: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _png(figure: Image) -> str:
    buffer = io.BytesIO()
    figure.save(buffer, "PNG")
    return _data_uri(buffer.getvalue(), "image/png")


def _duplicates(results: Results) -> dict[str, Any]:
    """Pairs of near-duplicates: captions and file names."""
    duplicates = results.paintings.dropna(subset=["duplicate_of"])
    path = results.paintings.set_index("painting_id")["path"]
    return _first(duplicates.assign(original=duplicates["duplicate_of"].map(path).fillna(duplicates["duplicate_of"])))


def _keys(results: Results, own: bool) -> list[str]:
    """Keys of the comparisons with paintings on both sides: your own, or those of the 2021 work."""
    return [key for key in results.compared if (results.comparisons[key].paper is None) == own]


def _absent(results: Results) -> dict[str, Any]:
    """Your own comparisons that lack a side, with messages about their names."""
    messages = [f"{title}: {'; '.join(wrong)}" for title, wrong in words.absent(results).items()]
    return {"rows": messages[:_NAMED], "more": len(messages) - _NAMED}


def _comparison(results: Results, key: str, thumbnails: Thumbnails, count: int, artists: StringArray) -> dict[str, Any]:
    """Two groups side by side: expectation and outcome, pictures, figures."""
    comparison = results.comparisons[key]
    row = where(results.paper_experiments, comparison=key).iloc[0]
    outcome, sentence = words.found_of(results, key)
    columns = ({"paper": "2021 work"} if is_number(row["paper"]) else {}) | _shown(results.paper_experiments)
    return {
        "title": comparison.title,
        "expected": comparison.expected,
        "verdict": outcome,
        "said": sentence,
        "sides": [
            (
                side_name(present(side, artists)),
                [thumbnails(name) for name in _spread(results, rows_of(artists, side), count)],
            )
            for side in (comparison.left, comparison.right)
        ],
        "figures": {"columns": ["Silhouette", *columns.values()], "rows": [["", *(number(row[c]) for c in columns)]]},
        "scatter": _png(results.scatters[key]) if key in results.scatters else "",
    }


def _work_of_2021(results: Results, thumbnails: Thumbnails, count: int, artists: StringArray) -> dict[str, Any] | None:
    """Figures of the 2021 work beside ours; None if neither its artists nor its network are here."""
    keys, own_network = _keys(results, own=False), results.autoencoder.architecture == "paper"
    if not keys and not own_network:
        return None
    columns = {"paper": "2021 work"} | _shown(results.paper_experiments)
    compared = results.paper_experiments[results.paper_experiments["comparison"].isin(keys)].to_dict("records")
    rows = [[row["title"], *(number(row[column]) for column in columns)] for row in compared]
    absent = [c.title for key, c in results.comparisons.items() if c.paper is not None and key not in keys]
    return {
        "table": {"columns": ["Comparison", *columns.values()], "rows": rows},
        "absent": "; ".join(absent),
        "comparisons": [_comparison(results, key, thumbnails, count, artists) for key in keys],
    }


def _shown(table: pd.DataFrame) -> dict[str, str]:
    return {column: name for column, name in SPACE_NAMES.items() if column in table}


def _pairs(results: Results, thumbnails: Thumbnails) -> list[dict[str, Any]]:
    """The closest and the farthest pairs of artists, with a work of each artist."""
    pairs = pairs_by_nearness(results).to_dict("records")
    count = min(_PAIRS, len(pairs) // 2)
    ends = {"Closest": pairs[:count], "Farthest apart": pairs[::-1][:count]} if count else {"The only pair": pairs}
    return [
        {
            "title": title,
            "pairs": [
                {
                    "names": f"{pair['artist']} and {pair['other_artist']}",
                    "nearness": number(pair["nearness"], 1),
                    "works": [thumbnails(name) for name in _meeting(results, pair["artist"], pair["other_artist"])],
                }
                for pair in members
            ],
        }
        for title, members in ends.items()
        if members
    ]


def _meeting(results: Results, one: str, other: str) -> list[str]:
    """The two works of a pair of artists that are nearest to each other; without neighbours, a middle work of each."""
    near = where(results.neighbours, space=results.default[0], likeness=results.default[1])
    artist = results.paintings.set_index("painting_id")["artist"]
    own, theirs = near["painting_id"].map(artist), near["neighbour_id"].map(artist)
    both = near[((own == one) & (theirs == other)) | ((own == other) & (theirs == one))]
    if len(both):
        first = both.sort_values("distance", kind="stable").iloc[0]
        return sorted((str(first["painting_id"]), str(first["neighbour_id"])), key=lambda name: artist[name] != one)
    works = [artist.index[artist == name] for name in (one, other)]
    return [str(of_artist[len(of_artist) // 2]) for of_artist in works]


_PARTS = {"all": "all", HELD_OUT: "never seen", ADDED: "came later"}


def _preservation(results: Results) -> dict[str, Any]:
    """Preservation of all paintings and of those never seen in fitting, and of the best single answer for all."""
    measures = {
        "recall": f"recall@{results.k}",
        "trustworthiness": "trustworthiness",
        "continuity": "continuity",
        "area_under_rnx": "area under R_NX",
        "spearman": "Spearman",
    }
    table, rows = results.preservation[results.preservation["paintings"].isin(_PARTS)], []
    metrics = [results.made_for, *(name for name in words.METRICS if name != results.made_for)]
    # The metric that the embedding preserves comes first.
    for likeness in dict.fromkeys([*metrics, "style", "colour", "vectors"]):
        own = table[table["likeness"] == likeness].sort_values("space", kind="stable").to_dict("records")
        rows += [
            [
                _name(row),
                f"{_PARTS[row['paintings']]} ({row['queries']:,})",
                *(_with_margin(row[measure], row.get(f"{measure}_margin", 0.0)) for measure in measures),
            ]
            for row in own
        ]
        if own:
            everybody = f"{_name(own[0]).partition(': ')[0]}: the same {results.k} for everybody"
            everybody += f", {words.METRICS[likeness]}" if likeness in words.METRICS else ""
            blanks = ["\N{EN DASH}"] * (len(measures) - 1)
            rows.append([everybody, "all", number(own[0]["recall_of_one_answer"], 3), *blanks])
    return {"columns": ["Space", "Paintings", *measures.values()], "rows": rows}


def _hubs(results: Results, thumbnails: Thumbnails) -> list[dict[str, Any]]:
    """Hubs by space, the first few of each space with pictures."""
    rows = []
    names = dict.fromkeys(results.neighbours[["space", "likeness"]].itertuples(index=False, name=None))
    # Offered spaces come before the full features. PCA is left out, since it is not offered.
    for space, likeness in sorted((name for name in names if name[0] != "pca"), key=lambda name: name[0] == "raw"):
        near = hubs(results, space, likeness)
        if near:
            works = [thumbnails(name) | {"note": f"near to {share:.0%}"} for name, share in list(near.items())[:_HUBS]]
            rows.append({"space": _name({"space": space, "likeness": likeness}), "count": len(near), "works": works})
    return rows


# Bytes that a code may exceed its nominal size by: one length in float32.
_ROOM = 4


def _codes(results: Results) -> list[dict[str, Any]]:
    """One table a likeness: families of codes by bytes a painting, with the best of each size in bold."""
    known, tables = _known_codes(results), []
    for likeness in dict.fromkeys(known["likeness"]):
        rows = known[(known["likeness"] == likeness) & known["family"].notna()]
        sizes = {size: rows[(rows["bytes"] <= size + _ROOM) & (rows["bytes"] > size // 2 + _ROOM)] for size in SIZES}
        best = {size: members.groupby("family")["recall"].max() for size, members in sizes.items()}
        body = [
            [family, *(_among(best[size].get(family, np.nan), best[size].max()) for size in SIZES)]
            for family in dict.fromkeys(rows["family"])
        ]
        columns = [f"recall@{results.k}", *(f"{size:,} bytes" for size in SIZES)]
        tables.append({"title": likeness.capitalize(), "columns": columns, "rows": body})
    return tables


def _among(recall: float, best: float) -> str:
    """A figure, bold if it is the best."""
    if not is_number(recall):
        return ""
    text = number(recall, 3)
    return Markup("<strong>{}</strong>").format(text) if recall == best else text


def _all_codes(results: Results) -> dict[str, Any]:
    measures = ["recall", "reranked", "spearman"]
    rows = [
        [row["code"], row["likeness"], f"{row['bytes']:,}", *(number(row[name], 3) for name in measures)]
        for row in _known_codes(results).to_dict("records")
    ]
    columns = ["Code", "Likeness", "Bytes", f"recall@{results.k}", f"in the nearest {SHORTLIST}", "Spearman"]
    return {"columns": columns, "rows": rows}


def _known_codes(results: Results) -> pd.DataFrame:
    """The codes of this run, and the product-quantised codes of the study if there is one."""
    study = results.study_codes_if_there
    if study is None:
        return results.kept_by_codes
    more = study[(study["family"] == PRODUCT) & study["likeness"].isin(results.kept_by_codes["likeness"])]
    return pd.concat([results.kept_by_codes, more], ignore_index=True)


def _with_margin(value: float, margin: float) -> str:
    return f"{number(value, 3)}\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}{number(margin, 3)}" if margin else number(value, 3)


def _pair_agreement(results: Results) -> dict[str, Any]:
    rows = [
        [
            _name(row),
            f"{row['pairs']:,}",
            number(row["mean_silhouette"], 3),
            number(row["spearman"], 3),
            f"{row['sign_agreement']:.1%}" if is_number(row["sign_agreement"]) else "\N{EN DASH}",
        ]
        for row in sorted(results.pair_agreement.to_dict("records"), key=_place)
    ]
    return {"columns": ["Space", "Pairs", "mean silhouette", "Spearman", "same sign"], "rows": rows}


_SPACE_WORDS = {"raw": "full features", "pca": "PCA", "embedding": "embedding", "embedding_csls": "embedding, CSLS"}
_NO_SPACE = {"chance": "Chance", "random": "Chance", "labels": "Labels alone"}
_SCORES = {
    "one_nn": "nearest is by the same artist",
    "precision": "same artist among {k} nearest",
    "never_seen": "the same, of paintings never seen",
    "mean_average_precision": "mean average precision",
    "precision_movement": "same movement",
    "precision_period": "same period",
    "precision_nationality": "same nationality",
}


def _usefulness(results: Results) -> dict[str, Any]:
    table = results.usefulness
    known = {name: heading.format(k=results.k) for name, heading in _SCORES.items() if name in table or "never" in name}
    of_space, precision = ["space", "likeness"], ["precision", "precision_low", "precision_high"]
    never_seen = table[table["paintings"] == HELD_OUT].set_index(of_space)[precision]
    never_seen.columns = never_seen.columns.str.replace("precision", "never_seen")
    of_all = table[table["paintings"] == "all"].join(never_seen, on=of_space).to_dict("records")
    rows = []
    for row in sorted(of_all, key=_place):
        counted = f"{row['values']:,.0f}" if is_number(row["values"]) else ""
        rows.append([_name(row), counted, *(_with_interval(row, name) for name in known), number(row["hubness"], 1)])
    return {"columns": ["Space", "Values", *known.values(), "hubness"], "rows": rows}


_ORDER = ["Composition", "Style", "Colour", "Mixture", "Vectors", "Chance", "Labels alone"]


def _place(row: Mapping[Any, Any]) -> int:
    """Position of a row's likeness in the order of the table."""
    return _ORDER.index(_name(row).partition(":")[0])


_KINDS = {
    "artist": "Profiles that like one artist",
    "movement": "Profiles that like one movement",
    "new_artists": "Profiles that like one movement and want other artists",
}


def _recommendations(results: Results) -> list[dict[str, Any]]:
    """One table a kind of profile."""
    tables = []
    for kind, title in _KINDS.items():
        records = where(results.recommendations, kind=kind).to_dict("records")
        label = "same artist" if kind == "artist" else "same movement"
        headings = {"recall": "R@20", "ndcg": "nDCG@20", "precision": f"{label} among the 20"}
        headings |= {"different_artists": "pairs by two artists", "coverage": "coverage"}
        rows = [
            [_varied(row), *(_with_interval(row, name) for name in headings)] for row in sorted(records, key=_place)
        ]
        if rows:
            tables.append({"title": title, "columns": ["Space", *headings.values()], "rows": rows})
    return tables


def _varied(row: Mapping[Any, Any]) -> str:
    return f"{_name(row)}, varied by {row['diversity']}" if row["diversity"] else _name(row)


def _with_interval(row: Mapping[Any, Any], name: str) -> str:
    """A score and half the width of its 95% interval, which keeps the table narrow."""
    if name not in {"precision", "never_seen", "recall"}:
        return number(row[name], 3)
    margin = (row[f"{name}_high"] - row[f"{name}_low"]) / 2
    return _with_margin(row[name], margin if is_number(margin) else 0.0)


def _name(row: Mapping[Any, Any]) -> str:
    """A row's space and likeness, or metric of composition, for readers."""
    if row["space"] in _NO_SPACE:
        return _NO_SPACE[row["space"]]
    likeness = row["likeness"]
    if likeness not in words.METRICS:
        return f"{likeness.capitalize()}: {_SPACE_WORDS[row['space']]}"
    return f"Composition: {_SPACE_WORDS[row['space']]}, {words.METRICS[likeness]}"


def _spread(results: Results, rows: Any, count: int) -> list[str]:
    """Evenly spaced paintings of a group, so that nobody picks them by hand."""
    indices = rows[np.unique(np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(int))] if count else []
    return [str(name) for name in results.paintings["painting_id"].iloc[indices]]


def _examples(results: Results, thumbnails: Thumbnails, count: int) -> list[dict[str, Any]]:
    """Example works with their nearest by every offered likeness, without near-duplicates."""
    # In a sampled collection, only some paintings have stored neighbours.
    original = results.paintings["duplicate_of"].isna()
    known = results.paintings["painting_id"].isin(results.neighbours["painting_id"].unique())
    copies = set(results.paintings.loc[~original, "painting_id"])
    examples = []
    for painting in _spread(results, np.flatnonzero(known & original), count):
        rows = []
        for space, likeness in results.offered:
            near = [name for name in results.nearest(space, likeness, painting) if name not in copies][:_NEAR]
            rows.append((likeness.capitalize(), [thumbnails(name) for name in near]))
        examples.append({"query": thumbnails(painting), "rows": rows})
    return examples


_PLACES = ("paintings_folder", "features_file")


def _settings(parameters: dict[str, Any]) -> str:
    # Sorted, since Kedro reads its configuration files in no particular order. File locations are left out for privacy.
    groups = {name: plain(parameters[name]) for name in sorted(parameters) if name not in _PLACES}
    return yaml.safe_dump(groups, sort_keys=False, allow_unicode=True)
