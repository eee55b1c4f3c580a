"""What a codec of the feature store would save, and what reading would cost: plain float16, zstd, bit masks, Blosc2.

    python -m benchmarks.codecs STORE [STORE ...]

A store is the folder of one identity (`04_feature/features/<fingerprint>`). Every codec compresses a painting's piece
of 25,088 values at a time, since the store hands out single rows, and training reads a piece at a time. Speeds are in
GB of float16 a second on one thread, from memory: what the disk adds or saves depends on the disk. `zstandard` and
`blosc2` are needed, which grisaille does not install.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from grisaille.arrays import ByteArray, FloatArray

_WIDTH = 25_088
# Paintings of a store that are compressed, from its whole length, and times that each speed is taken; the best counts,
# since others use the machine as well.
_ROWS, _TIMES = 256, 3


@dataclass(frozen=True)
class Codec:
    """A way to store one piece of one painting.

    Attributes:
        name: For the table.
        pack: From float16, shape (d,), to what is stored.
        unpack: Back.
    """

    name: str
    pack: Callable[[FloatArray], Any]
    unpack: Callable[[Any], FloatArray]


def codecs() -> list[Codec]:
    """All that are compared; the first is how the store keeps features today."""
    import zstandard

    def zstd(level: int) -> Codec:
        press, expand = zstandard.ZstdCompressor(level).compress, zstandard.ZstdDecompressor().decompress
        return Codec(f"zstd {level}", lambda row: press(row.data), lambda file: np.frombuffer(expand(file), np.float16))

    press, expand = zstandard.ZstdCompressor(3).compress, zstandard.ZstdDecompressor().decompress
    return [
        Codec("plain float16", lambda row: row.tobytes(), lambda file: np.frombuffer(file, np.float16).copy()),
        zstd(1),
        zstd(9),
        Codec("bit mask and values", _mask, _unmask),
        Codec(
            "bit mask and values, bytes sorted, zstd 3",
            lambda row: press(_sorted(_mask(row))),
            lambda file: _unmask(_unsorted(np.frombuffer(expand(file), np.uint8))),
        ),
        *(_blosc(name, shuffle) for name in ("LZ4", "ZSTD") for shuffle in ("SHUFFLE", "BITSHUFFLE")),
    ]


def _mask(row: FloatArray) -> ByteArray:
    there = row != 0
    return np.concatenate([np.packbits(there), row[there].view(np.uint8)])


def _unmask(stored: ByteArray) -> FloatArray:
    row = np.zeros(_WIDTH, np.float16)
    row[np.unpackbits(stored[: _WIDTH // 8]).view(bool)] = stored[_WIDTH // 8 :].view(np.float16)
    return row


def _sorted(stored: ByteArray) -> bytes:
    """The mask, then the lower bytes of all values, then the upper ones, which repeat."""
    mask, values = stored[: _WIDTH // 8], stored[_WIDTH // 8 :]
    return np.concatenate([mask, values[::2], values[1::2]]).tobytes()


def _unsorted(stored: ByteArray) -> ByteArray:
    mask, values = stored[: _WIDTH // 8], stored[_WIDTH // 8 :]
    return np.concatenate([mask, np.ascontiguousarray(values.reshape(2, -1).T).ravel()])


def _blosc(name: str, shuffle: str) -> Codec:
    import blosc2

    settings = {"codec": blosc2.Codec[name], "filters": [blosc2.Filter[shuffle]], "clevel": 5, "typesize": 2}
    return Codec(
        f"Blosc2, {name.lower()}, {shuffle.lower()}",
        lambda row: blosc2.compress2(row, **settings, nthreads=1),
        lambda file: np.frombuffer(blosc2.decompress2(file, nthreads=1), np.float16),
    )


def pieces(store: Path) -> list[FloatArray]:
    """Pieces of paintings from the whole length of each layer, float16, shape (25,088,) each."""
    found = []
    for layer in sorted(path for path in store.iterdir() if path.is_dir()):
        shards = [np.load(path, mmap_mode="r") for path in sorted(layer.glob("*.npy"))]
        for number in np.linspace(0, len(shards) - 1, _ROWS).astype(int):
            shard = shards[number]
            row = np.array(shard[len(found) % len(shard)])
            found += [row[start : start + _WIDTH] for start in range(0, len(row), _WIDTH)]
    return found


def measure(codec: Codec, rows: Sequence[FloatArray]) -> tuple[float, float, float]:
    """Share of the bytes of float16, and GB of float16 that are written and read a second.

    Raises:
        ValueError: If a row does not come back as it was.
    """
    stored = [codec.pack(row) for row in rows]
    if not all(np.array_equal(codec.unpack(file), row) for file, row in zip(stored, rows, strict=True)):
        raise ValueError(f"{codec.name} loses something")
    total = sum(row.nbytes for row in rows)
    write = min(_seconds(codec.pack, rows) for _ in range(_TIMES))
    read = min(_seconds(codec.unpack, stored) for _ in range(_TIMES))
    return sum(len(memoryview(file).cast("B")) for file in stored) / total, total / write / 1e9, total / read / 1e9


def _seconds(work: Callable[[Any], Any], given: Sequence[Any]) -> float:
    # The thread's own time: a machine that is shared takes it away for others.
    start = time.thread_time()
    for one in given:
        work(one)
    return time.thread_time() - start


def main() -> None:
    """Print a Markdown table a store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stores", nargs="+", type=Path, metavar="STORE", help="the folder of one identity")
    for store in parser.parse_args().stores:
        rows = pieces(store)
        zeros = np.mean([np.mean(row == 0) for row in rows])
        print(f"{store.name}: {len(rows):,} pieces of {_WIDTH:,} values, {zeros:.1%} zeros\n")
        print("| codec | share of float16 | written, GB a second | read, GB a second |\n|---|---|---|---|")
        for codec in codecs():
            size, write, read = measure(codec, rows)
            print(f"| {codec.name} | {size:.3f} | {write:.2f} | {read:.2f} |", flush=True)
        print()


if __name__ == "__main__":
    main()
