"""The verdict in words: every sentence follows from the tables."""

from __future__ import annotations

from grisaille.collection.artists import UNKNOWN
from grisaille.collection.split import ADDED, HELD_OUT
from grisaille.lazy import pd
from grisaille.report.results import Results, ends_of_pairs, is_number, number


def summary(results: Results) -> list[str]:
    """The report's five main lines."""
    return [_what(results), _neighbours(results), _distances(results), _artists(results), _pairs(results)]


def _spaces(results: Results) -> dict[str, tuple[str, str]]:
    """What is compared, in words -> space and likeness, as the table of usefulness calls them."""
    if not results.composed:
        return {"by the vectors": ("raw", "vectors"), "after PCA": ("pca", "vectors")}
    made_for = results.made_for
    return {
        "in the full features": ("raw", made_for),
        "after PCA": ("pca", made_for),
        "in the embedding": ("embedding", "composition"),
    }


def growth_line(growth: pd.DataFrame) -> str:
    """What kept encoders are worth for paintings that came later, from the table `growth`."""
    if growth.empty:
        return "No paintings came after the encoders were fitted, and none were held out: nothing says what they keep."
    words = {ADDED: "that came later", HELD_OUT: "that were held out"}
    told = [
        f"{row['recall']:.3f} for {row['queries']:,} {words[row['paintings']]}" for row in growth.to_dict("records")
    ]
    fitted_on = f"{growth['fitted_on'].iloc[0]:,}"
    return (
        f"The encoders were kept; they were fitted on {fitted_on} of these paintings. Share of a painting's nearest by "
        f"composition that the embedding keeps: {', '.join(told)}."
    )


def verdict(results: Results) -> str:
    """The answer to the question: is the likeness kept, and does what is kept find artists as often as before."""
    recall = results.preserved("embedding", "recall")
    baseline = results.preserved("pca", "recall")
    if len(results.paintings) <= results.k + 1:
        return f"{len(results.paintings)} paintings are too few to judge: all of them are each other's nearest."
    if not results.composed:
        return _verdict_on_vectors(results)
    kept = "Most" if recall >= 0.7 else "About half" if recall >= 0.4 else "Some" if recall >= 0.15 else "Little"
    against = "more than" if recall > baseline + 0.01 else "less than" if recall < baseline - 0.01 else "as much as"
    return (
        f"{kept} of the likeness by composition survives: the embedding keeps {recall:.0%} of a painting's {results.k} "
        f"nearest, {against} PCA of each chunk at the same size ({baseline:.0%}).{_worth(results)}"
    )


def _verdict_on_vectors(results: Results) -> str:
    """What vectors that were given find, and whether they could be shorter."""
    found, chance = results.useful("raw", "vectors", "precision"), results.usefulness["space"] == "chance"
    by_chance = float(results.usefulness.loc[chance, "precision"].iloc[0])
    recall = results.preserved("pca", "recall")
    kept = f"PCA to {results.values[1]} values keeps {recall:.0%} of their {results.k} nearest."
    if not (is_number(found) and is_number(by_chance)):
        return f"The vectors were compared as they are. {kept}"
    return (
        f"{found:.0%} of a painting's {results.k} nearest by the vectors are by the same artist; chance gives "
        f"{by_chance:.0%}. {kept}"
    )


def _worth(results: Results) -> str:
    """What the embedding finds, beside the full features and PCA, whichever is better."""
    full, pca, embedding = (results.useful(*name, "precision") for name in _spaces(results).values())
    if not all(map(is_number, (full, pca, embedding))):
        return ""

    def beside(other: float) -> str:
        return "fewer than" if other > embedding + 0.005 else "more than" if other < embedding - 0.005 else "as many as"

    return (
        f" {embedding:.0%} of those nearest in the embedding are by the same artist, {beside(full)} in the full "
        f"features ({full:.0%}) and {beside(pca)} after PCA ({pca:.0%})."
    )


def _what(results: Results) -> str:
    paintings, artists = len(results.paintings), len(set(results.paintings["artist"]) - {UNKNOWN})
    values, size = results.values
    by = f"{artists} artist{'' if artists == 1 else 's'}" if artists else "artists whose names are not known"
    added = int((results.paintings["split"] == ADDED).sum())
    later = f" {added:,} of them came after the encoders were fitted." if added else ""
    if not results.composed:
        return f"{paintings:,} paintings by {by}, by vectors of {values:,} values that came with them.{later}"
    return (
        f"{paintings:,} paintings by {by}: {values:,} values a painting became {size}, {values / size:.0f} times fewer."
        f"{later}"
    )


def _neighbours(results: Results) -> str:
    k = results.k
    baseline = k * results.preserved("pca", "recall")
    by_chance = f"chance: {k * k / max(len(results.paintings) - 1, 1):.1f}"
    if not results.composed:
        return f"Of a painting's {k} nearest by the vectors, {baseline:.1f} are still so after PCA ({by_chance})."
    kept = k * results.preserved("embedding", "recall")
    return (
        f"Of a painting's {k} nearest by composition in the full features, {kept:.1f} are still among its {k} nearest "
        f"(PCA of each chunk: {baseline:.1f}; {by_chance})."
    )


def _distances(results: Results) -> str:
    kept = results.preserved(results.embedded[0], "spearman")
    baseline = results.preserved("pca", "spearman")
    if not is_number(kept):
        return "All distances are the same in one of the spaces, so that their order says nothing."
    pca = f"; PCA: {number(baseline, 3, 'undefined')}" if results.composed else ", after PCA"
    return f"The order of all distances agrees to {kept:.3f} on a scale to 1 (Spearman{pca})."


def _artists(results: Results) -> str:
    shares = {place: results.useful(*name, "one_nn") for place, name in _spaces(results).items()}
    if not all(map(is_number, shares.values())):
        return (
            "Fewer than two different paintings have a known artist, so that likeness cannot be held against artists."
        )
    told = ", ".join(f"{share:.0%} {where}" for where, share in shares.items())
    if not results.composed:
        return f"The nearest painting is by the same artist: {told}.{_most_useful(results)}"
    return (
        f"The nearest painting, by {_LIKENESS[results.made_for]}, is by the same artist: {told}.{_most_useful(results)}"
    )


def _most_useful(results: Results) -> str:
    """Which embedding leads, and whether something else than an embedding is worth more."""
    table = results.usefulness[(results.usefulness["paintings"] == "all") & results.usefulness["precision"].notna()]
    embedded = table[table["space"] == "embedding"].sort_values("precision", ascending=False)
    if len(embedded) < 2:
        return ""
    best = embedded.iloc[0]
    share = f"{best['precision']:.0%} of the {results.k} nearest share the artist"
    said = f" The most useful embedding is that by {best['likeness']}: {share}"
    others = table[table["space"].isin(["raw", "pca"])].sort_values("precision", ascending=False)
    if len(others) and others.iloc[0]["precision"] > best["precision"]:
        other = others.iloc[0]
        by = _LIKENESS.get(other["likeness"], other["likeness"])
        full = "the vectors" if by == "vectors" else f"the full features by {by}"
        said += {"raw": f"; {full} reach", "pca": f"; PCA by {by} reaches"}[other["space"]]
        said += f" {other['precision']:.0%}"
    return said + "."


_LIKENESS = {"hellinger": "Hellinger distance", "euclidean": "Euclidean distance"}


def _pairs(results: Results) -> str:
    pairs, raw = results.pair_silhouettes, f"raw_{results.made_for}"
    embedded = "_".join(results.embedded)
    ends = ends_of_pairs(pairs, embedded)
    if ends is None:
        return "There are fewer than two artists, so no pair to tell apart."
    names, figures = [], []
    for pair in (pairs.loc[end].to_dict() for end in ends):
        names.append(f"{pair['artist']} and {pair['other_artist']}")
        figures.append([number(pair[space], undefined="undefined") for space in (embedded, raw)])
    if not results.composed:
        return (
            f"Hardest to tell apart: {names[0]} (silhouette {figures[0][1]}, after PCA {figures[0][0]}); easiest: "
            f"{names[1]} ({', '.join(reversed(figures[1]))})."
        )
    return (
        f"Hardest to tell apart: {names[0]} (silhouette {figures[0][0]}, full features {figures[0][1]}); "
        f"easiest: {names[1]} ({', '.join(figures[1])})."
    )
