"""Which paintings train, which stop the training, and which it never sees."""

import hashlib
from collections.abc import Iterable

import numpy as np

from grisaille.arrays import IntArray, StringArray

TRAIN, VALIDATION, HELD_OUT = "train", "validation", "held_out"


def fingerprint(digests: Iterable[str], split: Iterable[str]) -> str:
    """16 hexadecimal digits that stand for a collection and the side that each of its paintings is on.

    Args:
        digests: SHA-256 of each file, in order.
        split: Of each painting.
    """
    sides = "\n".join(f"{digest} {side}" for digest, side in zip(digests, split, strict=True))
    return hashlib.sha256(sides.encode()).hexdigest()[:16]


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
