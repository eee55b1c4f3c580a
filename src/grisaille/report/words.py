"""The verdict in words: every sentence follows from the tables."""

import numpy as np

from grisaille.report.results import Results, is_number


def summary(results: Results) -> list[str]:
    """The report's five main lines."""
    return [_what(results), _neighbours(results), _distances(results), _artists(results), _pairs(results)]


def verdict(results: Results) -> str:
    """One word-sized answer to the question, from recall of neighbours against PCA and against all."""
    recall = results.preserved("embedding", results.made_for, "recall")
    baseline = results.preserved("pca", results.made_for, "recall")
    kept = "Most" if recall >= 0.7 else "About half" if recall >= 0.4 else "Some" if recall >= 0.15 else "Little"
    against = "more than" if recall > baseline + 0.01 else "less than" if recall < baseline - 0.01 else "as much as"
    return (
        f"{kept} of the likeness survives: the embedding keeps {recall:.0%} of a painting's nearest neighbours, "
        f"{against} PCA at the same size ({baseline:.0%})."
    )


def _what(results: Results) -> str:
    paintings, artists = len(results.paintings), results.paintings["artist"].nunique()
    size = results.embeddings.shape[1]
    return (
        f"{paintings:,} paintings by {artists} artists: {results.values:,} values a painting became {size}, "
        f"{results.values / size:.0f} times fewer."
    )


def _neighbours(results: Results) -> str:
    k = results.k
    kept = k * results.preserved("embedding", results.made_for, "recall")
    baseline = k * results.preserved("pca", results.made_for, "recall")
    return (
        f"Of a painting's {k} nearest in the full features, {kept:.1f} are still among its {k} nearest "
        f"(PCA at the same size: {baseline:.1f})."
    )


def _distances(results: Results) -> str:
    kept = results.preserved("embedding", results.made_for, "spearman")
    baseline = results.preserved("pca", results.made_for, "spearman")
    return f"The order of all distances agrees to {kept:.3f} on a scale to 1 (Spearman; PCA: {baseline:.3f})."


def _artists(results: Results) -> str:
    shares = {
        name: results.retrieved(space, likeness, "one_nn")
        for name, space, likeness in (
            ("in the full features", "raw", "euclidean"),
            ("by their cosine", "raw", "cosine"),
            ("after PCA", "pca", "euclidean"),
            ("in the embedding", "embedding", "euclidean"),
        )
    }
    return "The nearest painting is by the same artist: " + ", ".join(f"{v:.0%} {k}" for k, v in shares.items()) + "."


def _pairs(results: Results) -> str:
    pairs = results.pair_silhouettes
    if not len(pairs) or not pairs["embedding"].notna().any():
        return "There are fewer than two artists, so no pair to tell apart."
    closest, farthest = (pairs.iloc[int(end(pairs["embedding"]))] for end in (np.nanargmin, np.nanargmax))
    return (
        f"Hardest to tell apart: {closest['artist']} and {closest['other_artist']} "
        f"(silhouette {_figure(closest['embedding'])}, full features {_figure(closest['raw_euclidean'])}); easiest: "
        f"{farthest['artist']} and {farthest['other_artist']} "
        f"({_figure(farthest['embedding'])}, {_figure(farthest['raw_euclidean'])})."
    )


def _figure(value: float) -> str:
    return f"{value:.2f}" if is_number(value) else "undefined"
