"""Usefulness of a likeness: whether the nearest paintings share an artist, a movement, a period or a nationality."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from grisaille.arrays import BoolArray, FloatArray, IntArray
from grisaille.measures.retrieval import Answers

# Resamples of the bootstrap; more change the interval's ends in the third digit at most.
_RESAMPLES = 1000
# Resamples in memory at a time.
_BATCH = 50


def usefulness(
    answers: Answers, labels: IntArray, relations: Mapping[str, BoolArray], chosen: BoolArray, seed: int
) -> dict[str, float]:
    """Measure one space.

    Args:
        answers: Neighbours of all queries.
        labels: Artist of each painting, 0 .. c - 1, shape (n,).
        relations: Name -> whether two artists share something, shape (c, c). Queries whose artist shares it with
            nobody, not even with itself, are left out, since it is unknown for them.
        chosen: Paintings that count as queries, shape (n,).
        seed: Seed of the bootstrap.

    Returns:
        `one_nn` (share of queries whose nearest painting is by the same artist), `precision` (share of the k nearest by
        the same artist), `mean_average_precision`, and `precision_<relation>`; each with `_low` and `_high`, the ends
        of a 95% interval. NaN without queries.

    Sources: Manning, Raghavan & Schütze, Introduction to Information Retrieval, section 8.4; percentile bootstrap over
    queries, Efron & Tibshirani 1993, section 13.3.
    """
    counted = chosen[answers.rows]
    own, near = labels[answers.rows[counted]], labels[answers.near[counted]]
    same = own[:, None] == near
    scores = {
        "one_nn": same[:, :1].mean(axis=1),
        "precision": same.mean(axis=1),
        "mean_average_precision": answers.average_precision[counted],
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
    """Ends of a 95% interval of the mean of independent values, shape (q,); NaN for fewer than two.

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
    """The scores of a random order.

    Args:
        labels: See `usefulness`.
        kept: Paintings that take part, shape (n,).
        relations: See `usefulness`.

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
    """Measure whether some paintings are neighbours of very many.

    Args:
        answers: Neighbours of all queries.
        n: Number of paintings.

    Returns:
        Skewness of the number of queries that have a painting among their k nearest (0 is even; NaN if all are equal),
        the row of the painting with the largest number, and this number.

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
    """The recall of the best constant answer: the same paintings for everybody, those near to most.

    Args:
        neighbours: The k nearest of each query, shape (q, k).
        rows: The queries, shape (q,).
        n: Number of paintings.

    Returns:
        Recall@k, 0 to 1. A recall that is not well above it means little.
    """
    k = neighbours.shape[1]
    top = np.argsort(-np.bincount(neighbours.ravel(), minlength=n), kind="stable")[: k + 1]
    hits = (neighbours[:, :, None] == top[None, None, :]).any(axis=1)
    # A query is not an answer to itself; the next painting replaces it.
    itself = rows[:, None] == top[None, :]
    hits[:, k] &= itself.any(axis=1)
    return float((hits & ~itself).sum(axis=1).mean() / k)


def shared(values: list[str | None]) -> BoolArray:
    """Which artists have the same value, shape (c, c); unknown values match nothing."""
    known = np.array([value or "" for value in values])
    return np.asarray((known[:, None] == known[None, :]) & (known != "")[:, None])


def overlapping(years: list[tuple[int, int] | None]) -> BoolArray:
    """Which artists were alive together for at least half of the shorter life, shape (c, c).

    Args:
        years: First and last year of every artist; None if unknown.
    """
    c = len(years)
    result = np.zeros((c, c), bool)
    for one, own in enumerate(years):
        for other, theirs in enumerate(years):
            if own and theirs:
                both = min(own[1], theirs[1]) - max(own[0], theirs[0])
                result[one, other] = 2 * both >= min(own[1] - own[0], theirs[1] - theirs[0])
    return result
