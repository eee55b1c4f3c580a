"""The split of paintings into training, validation and held-out sets."""

import hashlib
from collections.abc import Iterable, Mapping

import numpy as np

from grisaille.arrays import IntArray, StringArray

TRAIN, VALIDATION, HELD_OUT = "train", "validation", "held_out"
# Side of paintings that were added after the encoders were fitted.
ADDED = "added"


PLENTY = 10_000
"""Number of paintings that a few hundred components are fitted on; more change them little, but take longer."""


def fitted_on(split: StringArray, most: int | None = None) -> IntArray:
    """Rows of the paintings that encoders and baselines may be fitted on.

    Args:
        split: Side of each painting, shape (n,).
        most: Maximum number of rows, evenly spaced if there are more; None takes all.

    Returns:
        Ascending rows.
    """
    rows = np.flatnonzero(np.isin(split, (TRAIN, VALIDATION)))
    return rows if most is None or len(rows) <= most else rows[np.arange(most) * len(rows) // most]


def fingerprint(digests: Iterable[str], split: Iterable[str]) -> str:
    """16 hexadecimal digits that identify a collection and its split.

    Args:
        digests: SHA-256 of each file, in order.
        split: Side of each painting.
    """
    sides = "\n".join(f"{digest} {side}" for digest, side in zip(digests, split, strict=True))
    return hashlib.sha256(sides.encode()).hexdigest()[:16]


def keep(digests: list[str], known: Mapping[str, str]) -> StringArray:
    """Keep the sides of known paintings after the collection has changed.

    Args:
        digests: SHA-256 of each file.
        known: SHA-256 of a file -> its former side.

    Returns:
        Sides as from `assign`, and "added" for unknown paintings, shape (n,).
    """
    return np.array([known.get(digest, ADDED) for digest in digests], dtype=object)


def assign(digests: list[str], originals: IntArray, validation: float, held_out: float, seed: int) -> StringArray:
    """Split paintings by the hash of their content, so that names and order do not matter.

    A duplicate is on the side of its original, so no painting is on two sides.

    Args:
        digests: SHA-256 of each file.
        originals: Row of each file's original, shape (n,).
        validation: Share of the originals for early stopping.
        held_out: Share of the originals that nothing is fitted on.
        seed: Each seed gives another split.

    Returns:
        "train", "validation" or "held_out", shape (n,).
    """
    rows = np.flatnonzero(originals == np.arange(len(originals)))
    rank = sorted(rows, key=lambda row: hashlib.sha256(f"{seed}:{digests[row]}".encode()).hexdigest())
    unseen = round(held_out * len(rank))
    stopping = unseen + round(validation * len(rank))
    split = np.full(len(originals), TRAIN, dtype=object)
    split[rank[:unseen]] = HELD_OUT
    split[rank[unseen:stopping]] = VALIDATION
    return split[originals]
