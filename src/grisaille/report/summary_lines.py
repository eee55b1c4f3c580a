"""The sentences of the report, all derived from its tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from grisaille.collection.artists import UNKNOWN, misspelt, normalise, rows_of
from grisaille.collection.captions import caption
from grisaille.collection.split import ADDED, HELD_OUT
from grisaille.errors import counted
from grisaille.lazy import pd
from grisaille.parameters import Backbone, Comparison
from grisaille.parameters import Report as Settings
from grisaille.report.results import CLOSER, Results, hubs, is_number, pairs_by_nearness, where

# A larger share is better only if it exceeds the other by this much.
_BETTER = 0.005
# A likeness is reliable only if it finds this many times as many works by the same artist as chance.
_RELIABLE = 1.5
# "Close" means closer than this share of others, "far" means farther than this share.
_CLEAR = 2 / 3
# Most doubts, and most unexpected comparisons, in one sentence.
_DOUBTS, _OTHERS = 3, 5
_WEAK = 0.75
METRICS = {"euclidean": "Euclidean", "hellinger": "Hellinger"}


def summary(results: Results) -> list[str]:
    """The summary that a run prints, at most five lines."""
    lines = [f"{title(results)}: {what(results)}", *verdict(results), kept(results), expected(results)]
    return [line for line in lines if line]


def growth_line(growth: pd.DataFrame) -> str:
    """How well kept encoders serve paintings that came later, from the table `growth`."""
    if growth.empty:
        return "No paintings came after the encoders were fitted, and none were held out, so nothing can be measured."
    words = {ADDED: "that came later", HELD_OUT: "that were held out"}
    recalls = [
        f"{row['recall']:.3f} for {row['queries']:,} {words[row['paintings']]}" for row in growth.to_dict("records")
    ]
    fitted_on = f"{growth['fitted_on'].iloc[0]:,}"
    return (
        f"The encoders were kept; they were fitted on {fitted_on} of these paintings. Share of a painting's nearest "
        f"neighbours by composition that the embedding keeps: {', '.join(recalls)}."
    )


def title(results: Results) -> str:
    """Name of the collection: from the settings, or else from its folder."""
    settings = Settings.model_validate(results.parameters.get("report", {}))
    given = str(results.parameters.get("paintings_folder") or "").rstrip("/\\").replace("\\", "/")
    folder = given.partition("://")[2] or PurePosixPath(given).name
    return settings.title or f"{folder[:1].upper()}{folder[1:]}".replace("_", " ") or "The collection"


def what(results: Results) -> str:
    """Number of works and of artists."""
    artists = results.paintings["artist"]
    known, unknown = len(set(artists) - {UNKNOWN}), int((artists == UNKNOWN).sum())
    by = f"{known:,} artist{'' if known == 1 else 's'}" if known else "artists whose names are not known"
    nobody = f", {unknown:,} of them by unknown artists" if known and unknown else ""
    added = int((results.paintings["split"] == ADDED).sum())
    later = f" {added:,} of them came after the encoders were fitted." if added else ""
    return f"{len(artists):,} paintings by {by}{nobody}.{later}"


def years(results: Results) -> str:
    """The period of the works; empty if no dates are known."""
    ends = [results.paintings[name].dropna() for name in ("year_from", "year_to") if name in results.paintings]
    if not ends or not all(map(len, ends)):
        return ""
    first, last = int(ends[0].min()), int(ends[-1].max())
    return str(first) if first == last else f"{first}\N{EN DASH}{last}"


def network(results: Results) -> str:
    """The network behind the features, or the source of given vectors."""
    if not results.composed:
        file = PurePosixPath(str(results.parameters.get("features_file") or "").replace("\\", "/")).name
        return f"given vectors{_counted(results.values[0])}, computed elsewhere{f' ({file})' if file else ''}"
    backbone = Backbone.model_validate(results.parameters.get("backbone", {}))
    if backbone.model_file is not None:
        return f"the network in {backbone.model_file.name}"
    learnt = {
        "random": "with random weights, untrained",
        "imagenet": "trained on photographs (ImageNet)",
    }
    of_file = f"with weights from {PurePosixPath(backbone.weights).name}"
    return f"{backbone.name} {learnt.get(backbone.weights, of_file)}"


def verdict(results: Results) -> tuple[str, str]:
    """The two sentences of the verdict: the likeness to believe, and the reasons for doubt."""
    if len(results.paintings) <= results.k + 1:
        few = f"The collection is too small to judge ({counted(len(results.paintings), 'painting')})."
        return few, "Look at the pictures, and do not rely on any figure on this page."
    return _belief(results), f"Do not rely on {', nor on '.join(_doubts(results)[:_DOUBTS])}."


def _worth(results: Results) -> dict[tuple[str, str], float]:
    """Offered spaces -> share of the nearest by the same artist, best first."""
    shares = {name: results.useful(*name, "precision") for name in results.offered}
    return dict(sorted(((n, v) for n, v in shares.items() if is_number(v)), key=lambda item: -item[1]))


def _belief(results: Results) -> str:
    """The likeness that finds most works by the same artist, unless PCA finds more."""
    worth, k = _worth(results), results.k
    if not worth or not is_number(results.chance):
        return (
            "Fewer than two different paintings have a known artist, so the likenesses cannot be measured: trust your "
            "eyes."
        )
    best, share = next(iter(worth.items()))
    by_chance = f"where chance would give {k * results.chance:.1f}"
    rows = where(results.usefulness, space=best[0], likeness=best[1], paintings="all").iloc[0]
    if not rows["precision_low"] > _RELIABLE * results.chance:
        return (
            f"No likeness is reliable yet: {k * share:.1f} of a work's {k} nearest are by the same artist, {by_chance}."
        )
    plain = where(results.usefulness, space="pca", paintings="all").sort_values("precision", na_position="first")
    strongest: dict[Any, Any] = plain.to_dict("records")[-1] if len(plain) else {"precision": 0.0}
    if strongest["precision"] > share + _BETTER:
        return (
            f"Nothing here beats PCA, the baseline: by {_of(strongest['likeness'])} it finds "
            f"{k * strongest['precision']:.1f} works by the same artist among a work's {k} nearest, {likeness(best)} "
            f"finds {k * share:.1f}, and chance {k * results.chance:.1f}."
        )
    return f"Believe {likeness(best)}: {k * share:.1f} of a work's {k} nearest are by the same artist, {by_chance}."


def worth(results: Results) -> str:
    """Works by the same artist among the nearest, for every offered likeness, best first."""
    counts = [f"{likeness(name)} {results.k * share:.1f}" for name, share in _worth(results).items()]
    if not counts:
        return "No artists are known to measure it by."
    k, chance = results.k, results.chance
    return f"Works by the same artist among the {k} nearest: {', '.join(counts)}; chance {k * chance:.1f}."


def recommended(results: Results) -> str:
    """What the best likeness finds of the works left out of profiles of one artist, beside chance and PCA."""
    rows = results.recommendations
    rows = rows[(rows["kind"] == "artist") & rows["recall"].notna()].sort_values("recall", kind="stable")
    found = {space: where(rows, space=space).to_dict("records") for space in ("embedding", "random", "pca")}
    if not found["embedding"] or not found["random"]:
        return ""
    best: dict[Any, Any] = found["embedding"][-1]
    plain = f", and PCA at best {found['pca'][-1]['recall']:.1%}" if found["pca"] else ""
    varied = " (varied)" if best["diversity"] else ""
    return (
        f"Best at finding works by a liked artist: {likeness(('', best['likeness']))}{varied}, with "
        f"{best['recall']:.1%} of those left out; chance would find {found['random'][-1]['recall']:.1%}{plain}."
    )


def likeness(name: tuple[str, str]) -> str:
    """An offered space in a sentence."""
    return {"mixture": "the mixture", "vectors": "the vectors"}.get(name[1], name[1])


def _of(name: str) -> str:
    return f"composition ({METRICS[name]})" if name in METRICS else {"vectors": "the vectors"}.get(name, name)


def _doubts(results: Results) -> list[str]:
    """Reasons for doubt, the gravest first."""
    worth = _worth(results)
    best = max(worth.values(), default=0.0)
    doubts = []
    backbone = Backbone.model_validate(results.parameters.get("backbone", {}))
    if results.composed and backbone.model_file is None and backbone.weights == "random":
        doubts.append("any of it as a statement about art, since the network's weights are random")
    beaten = {}
    for name, own in worth.items():
        plain = _plain(results, name)
        if name[0] == "embedding" and plain > own + _BETTER:
            beaten[name] = f"{likeness(name)} to tell artists apart, where {_size(results, name)} finds more"
            beaten[name] += f" ({plain:.0%} against {own:.0%} by the same artist)"
    doubts += beaten.values()
    for name in results.offered:
        near = hubs(results, *name)
        if near:
            first, share = next(iter(near.items()))
            by = f"by {likeness(name)}, which {share:.0%} of all works have"
            doubts.append(f"{called(results, first)} as a neighbour {by}")
            break
    weak = [name for name, own in worth.items() if name not in beaten and own < _WEAK * best]
    doubts += [
        f"{likeness(name)} alone, which finds {worth[name]:.0%} where the best finds {best:.0%}" for name in weak
    ]
    return [*doubts, "nearness as a sign of influence, since the network sees pictures and no history"]


def _plain(results: Results, name: tuple[str, str]) -> float:
    """Precision of PCA for the same likeness, by its better metric; -inf if unknown."""
    metrics = METRICS if name[1] == "composition" else [name[1]]
    shares = [results.useful("pca", metric, "precision") for metric in metrics]
    return max(filter(is_number, shares), default=-np.inf)


def _size(results: Results, name: tuple[str, str]) -> str:
    """PCA in words, with its size if that differs from the embedding's."""
    plain = results.useful("pca", results.made_for if name[1] == "composition" else name[1], "values")
    own = results.useful(*name, "values")
    if not (is_number(plain) and is_number(own)):
        return "PCA"
    return "PCA of the same size" if plain == own else f"PCA of {plain:,.0f} values in place of {own:,.0f}"


def _counted(values: float) -> str:
    return f" ({values:,.0f} values)" if is_number(values) else ""


def called(results: Results, painting_id: str) -> str:
    """A painting in a sentence: its title and artist, or only its artist."""
    row: Any = results.paintings.set_index("painting_id").loc[painting_id]
    name = caption(row, "")
    return f"\N{LEFT DOUBLE QUOTATION MARK}{name}\N{RIGHT DOUBLE QUOTATION MARK} by {row['artist']}" if name else (
        f"a work by {row['artist']}"
    )  # fmt: skip


def kept(results: Results) -> str:
    """Neighbours that survive the reduction, beside PCA and the best single answer for all paintings."""
    k, space = results.k, results.embedded
    recall, plain = (results.preserved(name, "recall") for name in (space[0], "pca"))
    same = results.preserved("pca", "recall_of_one_answer")
    everybody = f"the same {k} for everybody would keep {k * same:.1f}" if is_number(same) else ""
    if not is_number(recall):
        return ""
    if not results.composed:
        return (
            f"PCA{_counted(results.values[1])} keeps {k * recall:.1f} of the {k} nearest by the vectors; {everybody}."
        )
    return (
        f"Of a work's {k} nearest by composition in the full features{_counted(results.values[0])}, the embedding"
        f"{_counted(results.values[1])} keeps {k * recall:.1f}; {_size(results, space)} keeps {k * plain:.1f}, and "
        f"{everybody}."
    )


def unknown_artists(comparison: Comparison, artists: Sequence[str]) -> list[str]:
    """One message for each artist of a comparison who is not in the collection, with a suggestion."""
    known = {normalise(artist) for artist in artists}
    messages = []
    for name in (*comparison.left, *comparison.right):
        if normalise(name) in known:
            continue
        close = _suggested_artists(name, artists)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        messages.append(f"there is no {name} in the collection{hint}")
    return messages


def _suggested_artists(name: str, artists: Sequence[str]) -> list[str]:
    """At most three artists whose names contain all words of this one, or else the closest spelling."""
    words = set(normalise(name).split())
    holding = [artist for artist in artists if artist != UNKNOWN and words and words <= set(normalise(artist).split())]
    return holding[:3] or list(misspelt([name], artists).values())


def absent(results: Results) -> dict[str, list[str]]:
    """Your own comparisons without paintings on a side: title -> messages about the names."""
    artists = np.unique(results.paintings["artist"].to_numpy(dtype=str))
    return {
        comparison.title: unknown_artists(comparison, artists.tolist())
        for comparison in results.comparisons.values()
        if comparison.paper is None
        and not all(len(rows_of(artists, side)) for side in (comparison.left, comparison.right))
    }


def found_of(results: Results, key: str) -> tuple[str, str]:
    """The outcome of a comparison, and a sentence about it.

    Args:
        results: The tables.
        key: Key of the comparison.

    Returns:
        `as expected`, `not as expected`, `undecided`, or an empty text without expectation or measurement; the
        sentence.
    """
    row = where(results.paper_experiments, comparison=key).iloc[0]
    shares = {name: row[f"{CLOSER}{'_'.join(name)}"] for name in results.offered}
    share, comparison = shares[results.default], results.comparisons[key]
    pair = len(comparison.left) == len(comparison.right) == 1
    if not is_number(share):
        return "", "There are too few artists to compare with."
    others = ", ".join(f"by {likeness(n)} {s:.0%}" for n, s in shares.items() if n != results.default and is_number(s))
    against = "of all pairs of artists" if pair else "of random groups of the same number of artists"
    sentence = f"By {likeness(results.default)} it is closer than {share:.0%} {against}"
    sentence += f" ({others})." if others else "."
    expected = comparison.expected
    if expected is None:
        return "", sentence
    agreed = share if expected == "close" else 1 - share
    word = "as expected" if agreed >= _CLEAR else "not as expected" if agreed <= 1 - _CLEAR else "undecided"
    return word, sentence


def expected(results: Results) -> str:
    """How many of your own comparisons came out as expected."""
    words = {key: found_of(results, key)[0] for key in results.compared if results.comparisons[key].paper is None}
    outcomes = {key: word for key, word in words.items() if word}
    if not outcomes:
        return ""
    others = [f"{results.comparisons[key].title} {word}" for key, word in outcomes.items() if word != "as expected"]
    as_expected = f"{len(outcomes) - len(others)} of {len(outcomes)} comparisons came out as expected"
    more = f"; and {len(others) - _OTHERS} more" if len(others) > _OTHERS else ""
    return f"{'; '.join([as_expected, *others[:_OTHERS]])}{more}."


def ends(results: Results) -> str:
    """The closest and the most distant pair of artists."""
    pairs = pairs_by_nearness(results)
    if len(pairs) < 2:
        return "There are fewer than three artists to compare." if len(pairs) else (
            "There are fewer than two artists, so there are no pairs."
        )  # fmt: skip
    close, far = (f"{pair['artist']} and {pair['other_artist']}" for pair in pairs.iloc[[0, -1]].to_dict("records"))
    return f"Closest artists by {likeness(results.default)}: {close}; farthest apart: {far}."
