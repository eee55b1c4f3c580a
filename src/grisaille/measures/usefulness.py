"""What a likeness is worth: do the nearest paintings share an artist, a movement, a period, a nationality."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from grisaille.arrays import BoolArray, FloatArray, IntArray
from grisaille.measures.retrieval import Answers

# Resamples of the bootstrap; of more, the interval's ends change in the third digit at most.
_RESAMPLES = 1000
# Resamples that are held at once.
_BATCH = 50


def usefulness(
    answers: Answers, labels: IntArray, relations: Mapping[str, BoolArray], chosen: BoolArray, seed: int
) -> dict[str, float]:
    """Measure one space.

    Args:
        answers: Of all queries.
        labels: Artist of each painting, 0 .. c - 1, shape (n,).
        relations: Name -> whether two artists share something, shape (c, c). Queries whose artist shares it with
            nobody, not even with itself, are left out: it is not known of them.
        chosen: Paintings that count as queries, shape (n,).
        seed: Of the bootstrap.

    Returns:
        `one_nn` (share of queries whose nearest painting is by the same artist), `precision` (share of the k nearest
        that are), `mean_average_precision`, and `precision_<relation>`; each with `_low` and `_high`, the ends of a
        95% interval. NaN where there was no query.

    Sources: Manning, Raghavan & Schütze, Introduction to Information Retrieval, section 8.4; percentile bootstrap over
    queries, Efron & Tibshirani 1993, section 13.3.
    """
    asked = chosen[answers.rows]
    own, near = labels[answers.rows[asked]], labels[answers.near[asked]]
    same = own[:, None] == near
    scores = {
        "one_nn": same[:, :1].mean(axis=1),
        "precision": same.mean(axis=1),
        "mean_average_precision": answers.average_precision[asked],
    }
    for name, relation in relations.items():
        known = relation[own, own]
        scores[f"precision_{name}"] = np.where(known, relation[own[:, None], near].mean(axis=1), np.nan)
    result: dict[str, float] = {}
    for name, values in scores.items():
        known = values[np.isfinite(values)]
        mean = float(known.mean()) if len(known) else float("nan")
        low, high = bootstrap_interval(known, seed)
        result |= {name: mean, f"{name}_low": low, f"{name}_high": high}
    return result


def bootstrap_interval(values: FloatArray, seed: int) -> tuple[float, float]:
    """Ends of a 95% interval of the mean of independent values, shape (q,); NaN of fewer than two.

    Source: percentile bootstrap, Efron & Tibshirani 1993, section 13.3.
    """
    if len(values) < 2:
        return float("nan"), float("nan")
    from scipy.stats import bootstrap

    interval = bootstrap(
        (values,), np.mean, n_resamples=_RESAMPLES, batch=_BATCH, method="percentile", rng=np.random.default_rng(seed)
    ).confidence_interval
    return float(interval.low), float(interval.high)


def chance(labels: IntArray, kept: BoolArray, relations: Mapping[str, BoolArray]) -> dict[str, float]:
    """What paintings in random order reach.

    Args:
        labels: As for `usefulness`.
        kept: Paintings that take part, shape (n,).
        relations: As for `usefulness`.

    Returns:
        `one_nn` and `precision`, which are the same, and `precision_<relation>`.
    """
    own = labels[kept]
    counts = np.bincount(own, minlength=int(labels.max(initial=0)) + 1)
    others = max(len(own) - 1, 1)
    by_artist = float(((counts[own] - 1) / others).mean()) if len(own) > 1 else float("nan")
    result = {"one_nn": by_artist, "precision": by_artist}
    for name, relation in relations.items():
        known = own[relation[own, own]]
        shares = (relation[known].astype(float) @ counts - 1) / others
        result[f"precision_{name}"] = float(shares.mean()) if len(known) else float("nan")
    return result


def hubness(answers: Answers, n: int) -> tuple[float, int, int]:
    """Are some paintings near to very many.

    Args:
        answers: Of all queries.
        n: Paintings.

    Returns:
        Skewness of the number of queries that a painting is among the k nearest of (0 is even; NaN where all are
        equal), the row of the painting that is near to most, and to how many.

    Source: Radovanović, Nanopoulos & Ivanović 2010, "Hubs in space".
    """
    from scipy.stats import skew

    counts = np.bincount(answers.near.ravel(), minlength=n)
    among = np.zeros(n, bool)
    among[answers.rows] = True
    known = counts[among]
    skewness = float(skew(known)) if np.ptp(known) else float("nan")
    top = int(counts.argmax())
    return skewness, top, int(counts[top])


def constant_recall(neighbours: IntArray, rows: IntArray, n: int) -> float:
    """How many nearest paintings are found by answering everybody with the same ones, those that are near to most.

    Args:
        neighbours: The k nearest of each query, shape (q, k).
        rows: The queries, shape (q,).
        n: Paintings.

    Returns:
        Recall@k, 0 to 1. A recall that is not well above it says little.
    """
    k = neighbours.shape[1]
    top = np.argsort(-np.bincount(neighbours.ravel(), minlength=n), kind="stable")[: k + 1]
    found = (neighbours[:, :, None] == top[None, None, :]).any(axis=1)
    # A query is no answer to itself; then the next takes its place.
    itself = rows[:, None] == top[None, :]
    found[:, k] &= itself.any(axis=1)
    return float((found & ~itself).sum(axis=1).mean() / k)


def shared(values: list[str | None]) -> BoolArray:
    """Which artists have the same value, shape (c, c); nobody shares what is not known."""
    known = np.array([value or "" for value in values])
    return np.asarray((known[:, None] == known[None, :]) & (known != "")[:, None])


def overlapping(years: list[tuple[int, int] | None]) -> BoolArray:
    """Which artists were alive together for at least half of the shorter of their lives, shape (c, c).

    Args:
        years: First and last of every artist; None where they are not known.
    """
    c = len(years)
    result = np.zeros((c, c), bool)
    for one, own in enumerate(years):
        for other, theirs in enumerate(years):
            if own and theirs:
                both = min(own[1], theirs[1]) - max(own[0], theirs[0])
                result[one, other] = 2 * both >= min(own[1] - own[0], theirs[1] - theirs[0])
    return result
