"""The verdict in words: every sentence follows from the tables."""

from grisaille.collection.artists import UNKNOWN
from grisaille.report.results import Results, ends_of_pairs, is_number, number


def summary(results: Results) -> list[str]:
    """The report's five main lines."""
    return [_what(results), _neighbours(results), _distances(results), _artists(results), _pairs(results)]


def verdict(results: Results) -> str:
    """One word-sized answer to the question, from recall of neighbours against PCA and against all."""
    recall = results.preserved("embedding", "recall")
    baseline = results.preserved("pca", "recall")
    if len(results.paintings) <= results.k + 1:
        return f"{len(results.paintings)} paintings are too few to judge: all of them are each other's nearest."
    kept = "Most" if recall >= 0.7 else "About half" if recall >= 0.4 else "Some" if recall >= 0.15 else "Little"
    against = "more than" if recall > baseline + 0.01 else "less than" if recall < baseline - 0.01 else "as much as"
    return (
        f"{kept} of the likeness survives: the embedding keeps {recall:.0%} of a painting's nearest neighbours, "
        f"{against} PCA at the same size ({baseline:.0%})."
    )


def _what(results: Results) -> str:
    paintings, artists = len(results.paintings), len(set(results.paintings["artist"]) - {UNKNOWN})
    values, size = results.values
    by = f"{artists} artist{'' if artists == 1 else 's'}" if artists else "artists whose names are not known"
    return (
        f"{paintings:,} paintings by {by}: {values:,} values a painting became {size}, {values / size:.0f} times fewer."
    )


def _neighbours(results: Results) -> str:
    k = results.k
    kept = k * results.preserved("embedding", "recall")
    baseline = k * results.preserved("pca", "recall")
    return (
        f"Of a painting's {k} nearest in the full features, {kept:.1f} are still among its {k} nearest "
        f"(PCA at the same size: {baseline:.1f}; chance: {k * k / max(len(results.paintings) - 1, 1):.1f})."
    )


def _distances(results: Results) -> str:
    kept = results.preserved("embedding", "spearman")
    baseline = results.preserved("pca", "spearman")
    if not is_number(kept):
        return "All distances are the same in one of the spaces, so that their order says nothing."
    pca = number(baseline, 3, "undefined")
    return f"The order of all distances agrees to {kept:.3f} on a scale to 1 (Spearman; PCA: {pca})."


def _artists(results: Results) -> str:
    likeness = results.made_for
    shares = {
        "in the full features": results.nearest_by_the_same_artist("raw", likeness),
        "after PCA": results.nearest_by_the_same_artist("pca", likeness),
        "in the embedding": results.nearest_by_the_same_artist("embedding", "euclidean"),
    }
    if not all(map(is_number, shares.values())):
        return (
            "Fewer than two different paintings have a known artist, so that likeness cannot be held against artists."
        )
    told = ", ".join(f"{share:.0%} {where}" for where, share in shares.items())
    return f"The nearest painting, by {_LIKENESS[likeness]}, is by the same artist: {told}.{_most_useful(results)}"


def _most_useful(results: Results) -> str:
    """Which embedding leads, and whether something else than an embedding is worth more."""
    table = results.usefulness[(results.usefulness["paintings"] == "all") & results.usefulness["precision"].notna()]
    embedded = table[table["space"] == "embedding"].sort_values("precision", ascending=False)
    if len(embedded) < 2:
        return ""
    best = embedded.iloc[0]
    likeness = "composition" if best["likeness"] in _LIKENESS else best["likeness"]
    share = f"{best['precision']:.0%} of the {results.k} nearest share the artist"
    said = f" The most useful embedding is that by {likeness}: {share}"
    others = table[table["space"].isin(["raw", "pca"])].sort_values("precision", ascending=False)
    if len(others) and others.iloc[0]["precision"] > best["precision"]:
        other = others.iloc[0]
        space = {"raw": "the full features", "pca": "PCA"}[other["space"]]
        said += f"; {space} by {_LIKENESS.get(other['likeness'], other['likeness'])} reach {other['precision']:.0%}"
    return said + "."


_LIKENESS = {"hellinger": "Hellinger distance", "euclidean": "Euclidean distance"}


def _pairs(results: Results) -> str:
    pairs, raw = results.pair_silhouettes, f"raw_{results.made_for}"
    ends = ends_of_pairs(pairs, "embedding")
    if ends is None:
        return "There are fewer than two artists, so no pair to tell apart."
    names, figures = [], []
    for pair in (pairs.loc[end].to_dict() for end in ends):
        names.append(f"{pair['artist']} and {pair['other_artist']}")
        figures.append([number(pair[space], undefined="undefined") for space in ("embedding", raw)])
    return (
        f"Hardest to tell apart: {names[0]} (silhouette {figures[0][0]}, full features {figures[0][1]}); "
        f"easiest: {names[1]} ({', '.join(figures[1])})."
    )
