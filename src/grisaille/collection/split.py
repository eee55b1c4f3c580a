"""Which paintings train, which stop the training, and which it never sees."""

import hashlib
from collections.abc import Iterable, Mapping

import numpy as np

from grisaille.arrays import IntArray, StringArray

TRAIN, VALIDATION, HELD_OUT = "train", "validation", "held_out"
# Paintings that came after the encoders were fitted.
ADDED = "added"


PLENTY = 10_000
"""Paintings from which a few hundred components are fitted; more change them little and cost as much time."""


def fitted_on(split: StringArray, most: int | None = None) -> IntArray:
    """The rows of paintings that encoders, and what they are held against, may be fitted on.

    Args:
        split: Of each painting, shape (n,).
        most: Of more rows, so many that are evenly spaced; None takes all.

    Returns:
        Ascending rows.
    """
    rows = np.flatnonzero(np.isin(split, (TRAIN, VALIDATION)))
    return rows if most is None or len(rows) <= most else rows[np.arange(most) * len(rows) // most]


def fingerprint(digests: Iterable[str], split: Iterable[str]) -> str:
    """16 hexadecimal digits that stand for a collection and the side that each of its paintings is on.

    Args:
        digests: SHA-256 of each file, in order.
        split: Of each painting.
    """
    sides = "\n".join(f"{digest} {side}" for digest, side in zip(digests, split, strict=True))
    return hashlib.sha256(sides.encode()).hexdigest()[:16]


def keep(digests: list[str], known: Mapping[str, str]) -> StringArray:
    """Leave every painting on its side, of a collection that has changed since.

    Args:
        digests: SHA-256 of each file.
        known: SHA-256 of a file -> its side then.

    Returns:
        As `assign`, and "added" of paintings that are not known, shape (n,).
    """
    return np.array([known.get(digest, ADDED) for digest in digests], dtype=object)


def assign(digests: list[str], originals: IntArray, validation: float, held_out: float, seed: int) -> StringArray:
    """Split paintings by the hash of their content, so that names and order do not matter.

    A duplicate goes where its original goes: no painting is on both sides.

    Args:
        digests: SHA-256 of each file.
        originals: Row of each file's original, shape (n,).
        validation: Share of the originals that stops training.
        held_out: Share of the originals that training never sees.
        seed: Another seed is another split.

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
