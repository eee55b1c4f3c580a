"""Questions to a million paintings: how long answers take, how good they are, and what exact search costs.

Embeddings are synthetic: 2,000 clusters of 24 dimensions in 320, whose centres are as far apart as standard normal
points, and whose points are spread 0.6 as wide; the other dimensions hold noise of 0.03. Alone, `python -m
benchmarks.scale --paintings 100000` measures another number.
"""

import argparse
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import psutil
from threadpoolctl import threadpool_limits

from benchmarks.tools import Given
from grisaille.api import Collection
from grisaille.arrays import FloatArray
from grisaille.measures.lookup import Lookup
from grisaille.parameters import Mixture
from grisaille.provenance import manifest as manifests

_N, _D, _CLUSTERS, _DIMENSIONS, _SPREAD, _NOISE = 1_000_000, 320, 2000, 24, 0.6, 0.03
_BLOCK = 65536
_TIMES, _FEW, _LISTS, _LIKED = 40, 3, 12, 20
# Queries and points by which the two costs of exact search are told apart.
_MANY, _SEARCHED = 512, 262_144


def measure(_: Given) -> dict[str, Any]:
    """All figures: seconds, GB, shares and rates a second."""
    return of(_N)


def of(n: int) -> dict[str, Any]:
    """The same of another number of paintings."""
    with tempfile.TemporaryDirectory() as folder:
        collection = _open(Path(folder), n)
        embeddings = collection.embeddings("vectors")
        found = {"n": n, "load": os.getloadavg()[0], "targets": {"similar": 0.05, "recommend": 0.05}}
        found |= _rates(embeddings[:_SEARCHED])
        found["exact"] = _asked(collection, _FEW)
        liked = [_liked(collection, number) for number in range(_LISTS)]
        lists = [_recommended(collection, works) for works in liked]
        before = _resident()
        found["warm"] = _timed(lambda _: collection.warm(), 1)
        found["recall"] = collection.similar(_name(collection, 0)).attrs["recall"]
        again = [_recommended(collection, works) for works in liked]
        found["lists"] = float(np.mean([np.isin(one, other).mean() for one, other in zip(lists, again, strict=True)]))
        found["index"] = _asked(collection, _TIMES)
        found |= {"gb": _resident(), "gb_of_index": _resident() - before, "gb_of_embeddings": embeddings.nbytes / 1e9}
        import tensorflow as tf

        tf.linalg.matmul(tf.ones((512, 512)), tf.ones((512, 512))).numpy()
        return found | {"beside_tensorflow": _asked(collection, _TIMES)}


def _open(folder: Path, n: int) -> Collection:
    """A collection of synthetic embeddings, as if a run had stored them."""
    embeddings = np.lib.format.open_memmap(folder / "vectors_embeddings.npy", "w+", np.float32, (n, _D))
    clusters = np.concatenate([_fill(block, number) for number, block in enumerate(_blocks(embeddings))])
    embeddings.flush()
    artists = [f"Artist {number}" for number in clusters]
    years = 1400 + clusters % 600
    table = {"painting_id": [f"{artist}/{row}" for row, artist in enumerate(artists)], "artist": artists}
    table |= {"sha256": [hashlib.sha256(b"%d" % row).hexdigest() for row in range(n)], "duplicate_of": [None] * n}
    pd.DataFrame(table | {"year_from": years, "year_to": years, "movements": ""}).to_parquet(
        folder / "paintings.parquet"
    )
    (folder / manifests.FOLDER).mkdir(parents=True)
    files = {"paintings": "paintings.parquet", "vectors_embeddings": "vectors_embeddings.npy"}
    stored = SimpleNamespace(
        storage=folder,
        name="synthetic",
        likenesses=["vectors"],
        parameters=SimpleNamespace(mixture=Mixture()),
        path=lambda name: folder / files[name],
    )
    with mock.patch("grisaille.api.StoredRun", return_value=stored):
        return Collection(folder)


def _blocks(embeddings: FloatArray) -> Iterator[FloatArray]:
    return (embeddings[start : start + _BLOCK] for start in range(0, len(embeddings), _BLOCK))


def _fill(block: FloatArray, number: int) -> Any:
    """Write points, and say of which cluster each is."""
    shared, random = np.random.default_rng(0), np.random.default_rng((0, number))
    basis = np.linalg.qr(shared.standard_normal((_D, _DIMENSIONS)))[0].T.astype(np.float32)
    centres = shared.standard_normal((_CLUSTERS, _DIMENSIONS), dtype=np.float32)
    clusters = random.integers(0, _CLUSTERS, len(block))
    inside = centres[clusters] + _SPREAD * random.standard_normal((len(block), _DIMENSIONS), dtype=np.float32)
    block[:] = inside @ basis + _NOISE * random.standard_normal(block.shape, dtype=np.float32)
    return clusters


def _rates(embeddings: FloatArray) -> dict[str, float]:
    """Multiply-adds and values that one core does in a second of exact search, each the best of three."""
    with threadpool_limits(1):
        lookup = Lookup(embeddings)
        few, many = (
            min(_timed(lambda _, count=count: lookup.nearest(embeddings[:count], 10), 1)["processor"] for _ in range(3))
            for count in (1, _MANY)
        )
    return {"read": embeddings.size / few, "multiplied": embeddings.size * _MANY / (many - few)}


def _asked(collection: Collection, times: int) -> dict[str, dict[str, float]]:
    """Every kind of question, asked once before it is timed."""
    names = [_name(collection, number) for number in range(times + 1)]
    liked = [_liked(collection, number) for number in range(times + 1)]
    kinds: dict[str, Callable[[int], object]] = {
        "similar": lambda number: collection.similar(names[number]),
        "recommend": lambda number: _recommended(collection, liked[number]),
        "recommend_years": lambda number: _recommended(collection, liked[number], years=(1500, 1599)),
        "recommend_artist": lambda number: _recommended(collection, liked[number], artists=["Artist 7"]),
    }
    for ask in kinds.values():
        ask(0)
    return {kind: _timed(ask, times) for kind, ask in kinds.items()}


def _recommended(collection: Collection, liked: list[str], **filters: Any) -> list[str]:
    return list(collection.recommend(liked, n=20, diversity=0.3, **filters)["painting_id"])


def _liked(collection: Collection, number: int) -> list[str]:
    """Works of one, two or four neighbourhoods in turn: a painting and the next of its artist."""
    random, paintings = np.random.default_rng((1, number)), collection.paintings
    artists = paintings["artist"].iloc[random.choice(len(paintings), 2 ** (number % 3), replace=False)]
    rows = np.flatnonzero(paintings["artist"].isin(artists))
    return list(paintings["painting_id"].iloc[random.permutation(rows)[:_LIKED]])


def _name(collection: Collection, number: int) -> str:
    return str(collection.paintings["painting_id"].iloc[number * 7919 % len(collection.paintings)])


def _resident() -> float:
    return float(psutil.Process().memory_info().rss) / 1e9


def _timed(work: Callable[[int], object], times: int) -> dict[str, float]:
    """Medians of what passed, and of the processor's time in all threads, which other programs hardly change."""
    clocks = []
    for number in range(1, times + 1):
        start, began = time.process_time(), time.perf_counter()
        work(number)
        clocks.append((time.perf_counter() - began, time.process_time() - start))
    passed, processor = np.median(clocks, axis=0)
    return {"seconds": float(passed), "processor": float(processor)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--paintings", type=int, default=_N)
    print(json.dumps(of(parser.parse_args().paintings), indent=1))
