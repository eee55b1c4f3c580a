"""Which files show the same painting: byte-identical, or alike in their perceptual hash."""

import numpy as np
import numpy.typing as npt

from grisaille.arrays import IntArray


def first_of_each(hashes: npt.NDArray[np.uint64], digests: list[str], bits: int | None) -> IntArray:
    """Point every file at the first file that shows the same painting.

    Two files show the same painting if their digests are equal or their hashes differ in at most `bits` bits.
    A file is compared with the earlier originals only, so a chain of small differences cannot join two paintings
    that look unlike.

    Args:
        hashes: 64-bit perceptual hashes, shape (n,).
        digests: One SHA-256 a file.
        bits: Largest Hamming distance, or None for byte-identical files only.

    Returns:
        Row of the original, shape (n,), int64; a file that is its own original points at itself.
    """
    originals = np.arange(len(hashes))
    by_digest: dict[str, int] = {}
    kept = np.empty(len(hashes), dtype=np.int64)
    count = 0
    for row, (value, digest) in enumerate(zip(hashes, digests, strict=True)):
        original = by_digest.get(digest)
        if original is None and bits is not None and count:
            near = np.flatnonzero(np.bitwise_count(hashes[kept[:count]] ^ value) <= bits)
            original = int(kept[near[0]]) if near.size else None
        if original is None:
            original = row
            kept[count] = row
            count += 1
        by_digest.setdefault(digest, original)
        originals[row] = original
    return originals
