"""Feature extraction with VGG16: the whole stage, from files on disk to the stored features."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import engines, machine
from benchmarks.engines import ENGINES
from benchmarks.tools import Given, Skipped, seconds
from grisaille.arrays import FloatArray
from grisaille.collection.images import SUFFIXES
from grisaille.features import store as feature_store
from grisaille.features.backbone import Extraction
from grisaille.likenesses.metrics import LIKENESSES
from grisaille.measures.neighbourhoods import nearest
from grisaille.measures.spaces import Space, feature_space
from grisaille.parameters import Backbone
from grisaille.storage import sha256

N = 1024
# On a processor without instructions for bfloat16, which takes ten times as long and proves less.
FEWER = 128
TARGETS = {
    "float32": {"forward": 0.90, "fastest": 0.90, "original": 2.6, "torch": 1.3},
    "mixed_bfloat16": {"forward": 0.95, "original": 4.8},
}
_PAUSES = 4
_BATCHES = (8, 16, 32)


class Interrupted(Extraction):
    """An extraction that stops now and then while something else is timed on the same machine.

    A machine that others share may be twice as fast a minute later: what is compared has to take turns.
    """

    other: Callable[[], None]
    away = 0.0

    def compute(self, groups: Iterable[Sequence[int]]) -> Iterator[Mapping[str, FloatArray]]:
        """As `Extraction`, with as many pauses as asked for, spread evenly."""
        first, size = 0, self._settings.batch_size
        for batch in super().compute(groups):
            if first % max(len(self.contents.paintings) // _PAUSES, 1) < size:
                self.away += seconds(self.other)
            yield batch
            first += size


def extract(
    files: list[Path], root: Path, precision: str, other: Callable[[], None] = lambda: None
) -> tuple[feature_store.FeatureStore, float]:
    """Extract as the pipeline's node does and its dataset stores; the store, and the seconds it took.

    Args:
        files: Paintings.
        root: Folder of the store.
        precision: Of the network.
        other: Called four times on the way; its time does not count.
    """
    settings = Backbone(weights="random", precision=precision)  # type: ignore[arg-type]
    start = time.perf_counter()
    source = Interrupted([file.read_bytes for file in files], [sha256(file) for file in files], settings, 150)
    source.other = other
    store = feature_store.write(root, source)
    return store, time.perf_counter() - start - source.away


def measure(given: Given) -> dict[str, Any]:
    """Images a second in both precisions, what stands against them, and what half the precision costs."""
    if given.paintings is None:
        raise Skipped("no folder of paintings was given (PAINTINGS=...)")
    files = sorted(path for path in given.paintings.rglob("*") if path.suffix.lower() in SUFFIXES)[:N]
    if len(files) < FEWER:
        raise Skipped(f"{given.paintings} holds {len(files)} paintings; {FEWER} are the least")
    native = machine.computes_bfloat16()
    taken = {"float32": files, "mixed_bfloat16": files if native else files[:FEWER]}
    results: dict[str, Any] = {"n": len(files), "computes_bfloat16": native, "n_bfloat16": len(taken["mixed_bfloat16"])}
    stores = {}
    with tempfile.TemporaryDirectory() as folder:
        for precision, paintings in taken.items():
            others = Others(given, precision)
            stores[precision], took = extract(paintings, Path(folder), precision, others.time)
            rate = len(paintings) / took
            results[precision] = {"seconds": took, "images_per_second": rate, "targets": TARGETS[precision]}
            results[precision] |= others.compared(rate)
        results["recall"] = _recall(*stores.values())
        results["share_of_float32"] = _share_of_float32(stores["float32"])
    return results


class Others:
    """What extraction is held against, timed a few times on its way."""

    def __init__(self, given: Given, precision: str) -> None:
        """Find the bare forward pass's best batch size."""
        self._given, self._rates, self._calls = given, {}, {}  # type: ignore[var-annotated]
        forward = {batch: ("forward", "--precision", precision, "--batch", str(batch)) for batch in _BATCHES}
        try:
            best = max(_BATCHES, key=lambda batch: given.baseline(*forward[batch])["images_per_second"])
        except Skipped as reason:
            print(reason, file=sys.stderr)
            return
        self._calls["forward"] = (forward[best], None)
        self._calls["original"] = (("original-extraction", "--paintings", str(given.paintings)), None)
        self._torch_python = given.torch_python if precision == "float32" else None
        if self._torch_python is not None:
            self._calls["torch"] = (("torch-forward",), self._torch_python)

    def time(self) -> None:
        """Each once."""
        for name, (arguments, python) in self._calls.items():
            figures = self._given.baseline(*arguments, python=python)
            self._rates.setdefault(name, []).append(figures["images_per_second"])
        for engine in ENGINES if self._torch_python is not None else ():
            command = [str(self._torch_python), str(Path(engines.__file__)), engine]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"{engine}: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
                continue
            self._rates.setdefault(engine, []).append(json.loads(done.stdout.splitlines()[-1])["images_per_second"])

    def compared(self, rate: float) -> dict[str, float]:
        """Mean rates of each, and how many times each ours is."""
        means = {name: float(np.mean(rates)) for name, rates in self._rates.items()}
        passes = [mean for name, mean in means.items() if name != "original"]
        fastest = {"times_fastest": rate / max(passes)} if passes else {}
        return means | {f"times_{name}": rate / mean for name, mean in means.items()} | fastest


def _recall(one: feature_store.FeatureStore, other: feature_store.FeatureStore, k: int = 10) -> dict[str, float]:
    """Of the k nearest in one set of features, the share that are among the k nearest in the other."""
    found = {}
    n = min(len(store["block5_pool"]) for store in (one, other))
    for likeness in LIKENESSES:
        near = [
            _nearest(feature_space({name: layer[:n] for name, layer in store.items()}, likeness), k)
            for store in (one, other)
        ]
        found[likeness] = float(np.mean([len(set(a) & set(b)) / k for a, b in zip(*near, strict=True)]))
    return found


def _nearest(space: Space, k: int) -> FloatArray:
    everyone = np.arange(space.n)
    return nearest(space.distances(everyone), everyone)[:, :k]


def _share_of_float32(store: feature_store.FeatureStore) -> float:
    """Bytes on disk over those of the same features in float32."""
    stored = sum(path.stat().st_size for path in Path(str(store.path)).parent.rglob("*"))
    return stored / sum(4 * layer.shape[0] * layer.shape[1] for layer in store.values())
