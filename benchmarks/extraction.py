"""Feature extraction with VGG16: the whole stage, from files on disk to the stored features."""

import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine
from benchmarks.tools import Given, Skipped, seconds
from grisaille import feature_store, measures
from grisaille.arrays import FloatArray
from grisaille.backbone import Extraction
from grisaille.collection.images import SUFFIXES
from grisaille.likeness import LIKENESSES
from grisaille.parameters import Backbone

N = 1024
# On a processor without instructions for bfloat16, which takes ten times as long and proves less.
FEWER = 256
TARGETS = {
    "float32": {"forward": 0.90, "original": 2.6, "torch": 1.3},
    "mixed_bfloat16": {"forward": 0.85, "original": 4.8},
}


def extract(files: list[Path], root: Path, precision: str) -> tuple[feature_store.FeatureStore, float]:
    """Extract as the pipeline's node does and its dataset stores; the store, and the seconds it took."""
    settings = Backbone(weights="random", precision=precision)  # type: ignore[arg-type]
    found: list[feature_store.FeatureStore] = []

    def stage() -> None:
        source = Extraction([file.read_bytes for file in files], [str(file) for file in files], settings, 150)
        found.append(feature_store.write(root, source))

    took = seconds(stage)
    return found[0], took


def measure(given: Given) -> dict[str, Any]:
    """Images a second in both precisions, what stands against them, and what half the precision costs."""
    if given.paintings is None:
        raise Skipped("no folder of paintings was given (PAINTINGS=...)")
    files = sorted(path for path in given.paintings.rglob("*") if path.suffix.lower() in SUFFIXES)[:N]
    if len(files) < 100:
        raise Skipped(f"{given.paintings} holds {len(files)} paintings; 100 are the least")
    native = machine.computes_bfloat16()
    taken = {"float32": files, "mixed_bfloat16": files if native else files[:FEWER]}
    results: dict[str, Any] = {"n": len(files), "computes_bfloat16": native, "n_bfloat16": len(taken["mixed_bfloat16"])}
    with tempfile.TemporaryDirectory() as folder:
        stores = {}
        for precision, targets in TARGETS.items():
            # Ours and what it is held against in turn, so that a machine that slows down slows both.
            before = _forward(given, precision)
            stores[precision], took = extract(taken[precision], Path(folder), precision)
            after = _forward(given, precision)
            forward = [figure for figure in (before, after) if figure is not None]
            rate = len(taken[precision]) / took
            results[precision] = {"seconds": took, "images_per_second": rate, "targets": targets}
            if forward:
                best = float(np.mean(forward))
                results[precision] |= {"forward": best, "of_forward": rate / best}
        for name, call in _others(given).items():
            try:
                results[name] = call()["images_per_second"]
            except Skipped as reason:
                results[f"{name}_skipped"] = str(reason)
        results["recall"] = _recall(*stores.values())
        results["share_of_float32"] = _share_of_float32(stores["float32"])
    for precision in TARGETS:
        for name in ("original", "torch"):
            if name in results:
                results[precision][f"times_{name}"] = results[precision]["images_per_second"] / results[name]
    return results


def _forward(given: Given, precision: str) -> float | None:
    """The bare forward pass at its best batch size."""
    try:
        rates = [
            given.baseline("forward", "--precision", precision, "--batch", str(batch))["images_per_second"]
            for batch in (8, 16, 32)
        ]
    except Skipped as reason:
        print(reason, file=sys.stderr)
        return None
    return max(rates)


def _others(given: Given) -> dict[str, Any]:
    others = {"original": partial(given.baseline, "original-extraction", "--paintings", str(given.paintings))}
    if given.torch_python is not None:
        others["torch"] = partial(given.baseline, "torch-forward", python=given.torch_python)
    return others


def _recall(one: feature_store.FeatureStore, other: feature_store.FeatureStore, k: int = 10) -> dict[str, float]:
    """Of the k nearest in one set of features, the share that are among the k nearest in the other."""
    found = {}
    n = min(len(store["block5_pool"]) for store in (one, other))
    for likeness in LIKENESSES:
        near = [
            _nearest(measures.feature_space({name: layer[:n] for name, layer in store.items()}, likeness), k)
            for store in (one, other)
        ]
        found[likeness] = float(np.mean([len(set(a) & set(b)) / k for a, b in zip(*near, strict=True)]))
    return found


def _nearest(space: measures.Space, k: int) -> FloatArray:
    everyone = np.arange(space.n)
    return measures.nearest(space.distances(everyone), everyone)[:, :k]


def _share_of_float32(store: feature_store.FeatureStore) -> float:
    """Bytes on disk over those of the same features in float32."""
    stored = sum(path.stat().st_size for path in Path(str(store.folder)).iterdir())
    return stored / sum(4 * layer.shape[0] * layer.shape[1] for layer in store.values())
