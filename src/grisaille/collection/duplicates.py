"""Which files show the same painting: byte-identical, or alike in two perceptual hashes."""

import numpy as np
import numpy.typing as npt

from grisaille.arrays import IntArray

# Of pictures that vary in one direction only, the first hash hardly differs. On 3,902 paintings the second was at most
# 15 apart wherever the first agreed; of plain stripes that looked unlike it was 16 to 48, and chance gives 32.
_SECOND_BITS = 15


def first_of_each(
    hashes: npt.NDArray[np.uint64], second: npt.NDArray[np.uint64], digests: list[str], bits: int | None
) -> IntArray:
    """Point every file at the first file that shows the same painting.

    Two files show the same painting if their digests are equal, or if their hashes differ in at most `bits` bits and a
    second kind of hash agrees. A file is compared with the earlier originals only, so a chain of small differences
    cannot join two paintings that look unlike.

    Args:
        hashes: 64-bit perceptual hashes, shape (n,).
        second: 64-bit hashes of another kind, shape (n,).
        digests: One SHA-256 a file.
        bits: Largest Hamming distance of the first hashes, or None for byte-identical files only.

    Returns:
        Row of the original, shape (n,), int64; a file that is its own original points at itself.
    """
    originals = np.arange(len(hashes))
    by_digest: dict[str, int] = {}
    kept = np.empty(len(hashes), dtype=np.int64)
    count = 0
    for row, digest in enumerate(digests):
        original = by_digest.get(digest)
        if original is None and bits is not None and count:
            earlier = kept[:count]
            alike = np.bitwise_count(hashes[earlier] ^ hashes[row]) <= bits
            near = np.flatnonzero(alike & (np.bitwise_count(second[earlier] ^ second[row]) <= _SECOND_BITS))
            original = int(kept[near[0]]) if near.size else None
        if original is None:
            original = row
            kept[count] = row
            count += 1
        by_digest.setdefault(digest, original)
        originals[row] = original
    return originals
