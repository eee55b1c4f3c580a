"""The HTML page: tables, figures and thumbnails gathered into one file that needs nothing else."""

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

from grisaille.collection import Files, images
from grisaille.collection.artists import present, rows_of
from grisaille.collection.captions import caption
from grisaille.collection.originals import Originals
from grisaille.collection.split import HELD_OUT
from grisaille.measures.code_rows import PRODUCT, SHORTLIST, SIZES
from grisaille.measures.silhouettes import full_features
from grisaille.parameters import Backbone, plain
from grisaille.parameters import Report as Settings
from grisaille.plots.comparison import side_name
from grisaille.report import summary_lines
from grisaille.report.results import SPACE_NAMES, Results, is_number, number, where, with_ends


def render(results: Results, files: Files) -> str:
    """Write the page.

    Args:
        results: The tables.
        files: Path of a painting -> function that reads its file, for the thumbnails.

    Returns:
        HTML; names from files and tables are escaped.
    """
    settings = Settings.model_validate(results.parameters.get("report", {}))
    thumbnails = Thumbnails(results.paintings, files, settings.thumbnail_size)
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(resources.files("grisaille.report").joinpath("page.html.j2").read_text("utf-8"))
    page = template.render(
        note=settings.note,
        verdict=summary_lines.verdict(results),
        summary=summary_lines.summary(results),
        experiments=_experiments(results),
        preservation=_preservation(results),
        usefulness=_usefulness(results),
        recommendations=_recommendations(results),
        comparisons=_comparisons(results, thumbnails, settings.thumbnails),
        pair_agreement=_pair_agreement(results),
        codes=_codes(results),
        all_codes=_all_codes(results),
        code_figure=_png(results.code_figure),
        rnx_curves=_png(results.rnx_figure),
        sampled=int(results.preservation["queries"].max()) < len(results.paintings),
        heat_map=_png(results.silhouette_heat_map) if len(results.pair_silhouettes) else None,
        examples=_examples(results, thumbnails, settings.examples),
        rejected=_first(results.rejected_paintings),
        duplicates=_first(results.paintings.dropna(subset=["duplicate_of"])),
        network=_network(results),
        composed=results.composed,
        vectors="raw_vectors" in results.pair_silhouettes,
        made_for=_LIKENESS_NAMES.get(results.made_for, results.made_for),
        linear=results.autoencoder.architecture == "linear",
        settings=_settings(results.parameters),
        k=results.k,
    )
    thumbnails.originals.warn_of_blanks()
    return page


# Rows of a table that grows with the collection, and comparisons that are named in one sentence.
_ROWS, _NAMED = 200, 20


def _first(table: pd.DataFrame) -> dict[str, Any]:
    """The first rows of a table, and how many it has: a page with all rows of a long one would not open."""
    return {"count": len(table), "rows": table.head(_ROWS).to_dict("records")}


class Thumbnails:
    """Small pictures of paintings, as data URIs.

    Attributes:
        originals: What they are made of.
    """

    def __init__(self, paintings: pd.DataFrame, files: Files, side: int) -> None:
        """Know where the paintings are; none is opened yet."""
        self._rows = paintings.set_index("painting_id")
        self.originals, self._side = Originals(paintings, files), side
        self._made: dict[str, dict[str, str]] = {}

    def __call__(self, painting_id: str) -> dict[str, str]:
        """The picture, who painted it, and its title and date, or what its file is called."""
        if painting_id not in self._made:
            row: Any = self._rows.loc[painting_id]
            image = self.originals.picture(row["path"])
            picture = "" if image is None else _data_uri(images.thumbnail(image, self._side), "image/webp")
            self._made[painting_id] = {"picture": picture, "artist": row["artist"], "name": caption(row, painting_id)}
        return self._made[painting_id]


def _data_uri(data: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _png(figure: Image) -> str:
    buffer = io.BytesIO()
    figure.save(buffer, "PNG")
    return _data_uri(buffer.getvalue(), "image/png")


def _experiments(results: Results) -> dict[str, Any]:
    table = results.paper_experiments
    known = table[full_features(table)].notna()
    # A collection without the artists that the 2021 work compared has nothing to be held against it.
    repeats = bool(table.loc[known, "paper"].notna().any())
    columns = ({"paper": "2021 work"} if repeats else {}) | _shown(table)
    rows = [[row["title"], *(number(row[column]) for column in columns)] for row in table[known].to_dict("records")]
    titles = table.loc[~known, "title"].tolist()
    absent = "; ".join(titles[:_NAMED])
    if len(titles) > _NAMED:
        absent += f"; and {len(titles) - _NAMED:,} more, which are in paper_experiments"
    return {"columns": ["Comparison", *columns.values()], "rows": rows, "absent": absent, "repeats": repeats}


def _shown(table: pd.DataFrame) -> dict[str, str]:
    return {column: name for column, name in SPACE_NAMES.items() if column in table}


_LIKENESS_NAMES = {"euclidean": "Euclidean", "hellinger": "Hellinger"}
_PARTS = {
    "all": "all",
    "train": "seen in training",
    "validation": "stopped the training",
    "held_out": "never seen",
    "added": "came later",
}


def _preservation(results: Results) -> dict[str, Any]:
    measures = {
        "recall": f"recall@{results.k}",
        "recall_of_one_answer": "recall of one answer for all",
        "trustworthiness": "trustworthiness",
        "continuity": "continuity",
        "area_under_rnx": "area under R_NX",
        "spearman": "Spearman",
    }
    # Nothing of the linear one is stopped, so it takes the validation paintings in.
    stopped = results.autoencoder.architecture != "linear"
    parts = _PARTS if stopped else _PARTS | {"validation": "seen in training, too"}
    order = list(_PARTS)
    metrics = [results.made_for, *(name for name in _LIKENESS_NAMES if name != results.made_for)]
    likenesses = list(dict.fromkeys([*metrics, "style", "colour", "vectors"]))
    # The metric that the embedding was asked to keep, and there the embedding, come before the others.
    wanted_first = sorted(
        results.preservation.to_dict("records"),
        key=lambda row: (likenesses.index(row["likeness"]), row["space"] != "embedding", order.index(row["paintings"])),
    )
    rows = [
        [
            _name(row),
            f"{parts[row['paintings']]} ({row['queries']:,})",
            *(_with_margin(row[measure], row.get(f"{measure}_margin", 0.0)) for measure in measures),
        ]
        for row in wanted_first
    ]
    return {"columns": ["Space", "Paintings", *measures.values()], "rows": rows}


# What a code may weigh beyond the size that it stands for: a length in float32.
_ROOM = 4


def _codes(results: Results) -> list[dict[str, Any]]:
    """A table a likeness: families of codes by the bytes of a painting, the best of each size in bold."""
    known, tables = _known_codes(results), []
    for likeness in dict.fromkeys(known["likeness"]):
        rows = known[(known["likeness"] == likeness) & known["family"].notna()]
        sizes = {size: rows[(rows["bytes"] <= size + _ROOM) & (rows["bytes"] > size // 2 + _ROOM)] for size in SIZES}
        best = {size: found.groupby("family")["recall"].max() for size, found in sizes.items()}
        body = [
            [family, *(_among(best[size].get(family, np.nan), best[size].max()) for size in SIZES)]
            for family in dict.fromkeys(rows["family"])
        ]
        columns = [f"recall@{results.k}", *(f"{size:,} bytes" for size in SIZES)]
        tables.append({"title": likeness.capitalize(), "columns": columns, "rows": body})
    return tables


def _among(recall: float, best: float) -> str:
    """A figure, bold where there is no better one."""
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
    """The codes of this run, and those that only the study measures."""
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
        for row in results.pair_agreement.to_dict("records")
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
        rows.append([_name(row), counted, *(_with_interval(row, name) for name in known), *_hub(row)])
    return {"columns": ["Space", "Values", *known.values(), "hubness", "near to most others"], "rows": rows}


_ORDER = ["Composition", "Style", "Colour", "Mixture", "Vectors", "Chance", "Labels alone"]


def _place(row: Mapping[Any, Any]) -> int:
    """Where the likeness of a row stands among the others."""
    return _ORDER.index(_name(row).partition(":")[0])


_KINDS = {
    "artist": "Who likes works of one artist",
    "movement": "Who likes works of one movement",
    "new_artists": "Who likes works of one movement, and wants other artists",
}


def _recommendations(results: Results) -> list[dict[str, Any]]:
    """A table a kind of profile."""
    tables = []
    for kind, title in _KINDS.items():
        found = where(results.recommendations, kind=kind).to_dict("records")
        label = "same artist" if kind == "artist" else "same movement"
        headings = {"recall": "R@20", "ndcg": "nDCG@20", "precision": f"{label} among the 20"}
        headings |= {"different_artists": "pairs by two artists", "coverage": "coverage"}
        rows = [[_varied(row), *(_with_interval(row, name) for name in headings)] for row in sorted(found, key=_place)]
        if rows:
            tables.append({"title": title, "columns": ["Space", *headings.values()], "rows": rows})
    return tables


def _varied(row: Mapping[Any, Any]) -> str:
    return f"{_name(row)}, varied by {row['diversity']}" if row["diversity"] else _name(row)


def _with_interval(row: Mapping[Any, Any], name: str) -> str:
    """A score, and half the width of its 95% interval; a table of all intervals would be too wide."""
    if name not in {"precision", "never_seen", "recall"}:
        return number(row[name], 3)
    margin = (row[f"{name}_high"] - row[f"{name}_low"]) / 2
    return _with_margin(row[name], margin if is_number(margin) else 0.0)


def _hub(row: Mapping[Any, Any]) -> list[str]:
    if not is_number(row["hub_count"]):
        return ["\N{EN DASH}", ""]
    return [number(row["hubness"], 1), f"{row['hub_count']:,.0f}: {row['hub']}"]


def _name(row: Mapping[Any, Any]) -> str:
    """A space and its likeness, or the metric of composition that it is held against, for readers."""
    if row["space"] in _NO_SPACE:
        return _NO_SPACE[row["space"]]
    likeness = row["likeness"]
    if likeness not in _LIKENESS_NAMES:
        return f"{likeness.capitalize()}: {_SPACE_WORDS[row['space']]}"
    return f"Composition: {_SPACE_WORDS[row['space']]}, {_LIKENESS_NAMES[likeness]}"


def _comparisons(results: Results, thumbnails: Thumbnails, count: int) -> list[dict[str, Any]]:
    figures = results.paper_experiments.set_index("comparison").to_dict("index")
    shown = []
    for name, comparison in with_ends(results.parameters.get("comparisons", {}), results.pair_silhouettes).items():
        artists = results.paintings["artist"].to_numpy(dtype=str)
        sides = [rows_of(artists, side) for side in (comparison.left, comparison.right)]
        if not all(len(side) for side in sides):
            continue
        names = [side_name(present(side, artists)) for side in (comparison.left, comparison.right)]
        shown.append(
            {
                "title": comparison.title,
                "expected": comparison.expected,
                "figures": [
                    (label, number(figures[name][column]))
                    for column, label in {"paper": "2021 work", **_shown(results.paper_experiments)}.items()
                ],
                "sides": [
                    (side_name, [thumbnails(painting) for painting in _spread(results, side, count)])
                    for side_name, side in zip(names, sides, strict=True)
                ],
                "scatter": _png(results.scatters[name]),
            }
        )
    return shown


def _network(results: Results) -> str:
    """What is known of the network: nothing, where its weights are a file."""
    backbone = Backbone.model_validate(results.parameters.get("backbone", {}))
    return {
        "random": ", whose weights are random, and which knows nothing,",
        "imagenet": " that was trained to recognise things in photographs",
    }.get("" if backbone.model_file else backbone.weights, "")


def _spread(results: Results, rows: Any, count: int) -> list[str]:
    """Evenly spaced paintings of a group, so that no choice of ours comes between it and the reader."""
    chosen = rows[np.unique(np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(int))] if count else []
    return [str(name) for name in results.paintings["painting_id"].iloc[chosen]]


def _examples(results: Results, thumbnails: Thumbnails, count: int) -> list[dict[str, Any]]:
    # In a sampled collection only some were asked for their neighbours.
    known = results.paintings["painting_id"].isin(results.neighbours["painting_id"].unique())
    everyone = np.flatnonzero(known & results.paintings["duplicate_of"].isna())
    places = ("in the full features", "in the embedding") if results.composed else ("by the vectors", "after PCA")
    examples = []
    for painting in _spread(results, everyone, count):
        raw = results.nearest("raw", results.made_for, painting)[:6]
        embedded = results.nearest(*results.embedded, painting)[:6]
        examples.append(
            {
                "query": thumbnails(painting),
                "rows": [
                    (places[0], [(thumbnails(name), name in embedded) for name in raw]),
                    (places[1], [(thumbnails(name), name in raw) for name in embedded]),
                ],
            }
        )
    return examples


def _settings(parameters: dict[str, Any]) -> str:
    # Kedro reads its configuration files in no particular order, so the groups arrive in another one every time.
    groups = {name: plain(parameters[name]) for name in sorted(parameters)}
    return yaml.safe_dump(groups, sort_keys=False, allow_unicode=True)
