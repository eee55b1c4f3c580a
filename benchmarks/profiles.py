"""Where the time goes, by pyinstrument: the functions of the main thread that take most of it, stage by stage."""

import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyinstrument import Profiler
from pyinstrument.frame import Frame

from benchmarks import extraction, raw_evaluation
from benchmarks.growth import Stages
from benchmarks.tools import Given, Noise
from grisaille.collection.images import SUFFIXES
from grisaille.features import store as feature_store

_N = 2000
_PAINTINGS = 256
_SHOWN = 6


def measure(given: Given) -> dict[str, Any]:
    """Stage -> its seconds, and the share of each function in them."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        if given.paintings is not None:
            files = [path for path in sorted(given.paintings.rglob("*")) if path.suffix.lower() in SUFFIXES][
                :_PAINTINGS
            ]
            found[f"extraction, {len(files)} paintings"] = _profiled(
                lambda: extraction.extract(files, Path(folder, "real"), "float32")
            )
        store = feature_store.write(Path(folder, "noise"), Noise(_N))
        stages = Stages(store)
        for name in ("train", "encode", "join", "compare"):
            found[f"{name}, {_N:,} paintings"] = _profiled(getattr(stages, name))
        found[f"raw features alone, {_N:,} paintings"] = _profiled(lambda: raw_evaluation.evaluate(store))
    return {"stages": found}


def _profiled(work: Callable[[], object]) -> dict[str, Any]:
    profiler = Profiler(interval=0.005, async_mode="disabled")
    with profiler:
        work()
    root = profiler.last_session.root_frame() if profiler.last_session else None
    if root is None:
        return {"seconds": 0.0, "shares": {}}
    own: Counter[str] = Counter()
    _gather(root, own, "python")
    return {"seconds": root.time, "shares": {name: time / root.time for name, time in own.most_common(_SHOWN)}}


def _gather(frame: Frame, own: Counter[str], ours: str) -> None:
    """Own time of every frame, under the name of the function of this project that called for it."""
    path = frame.file_path_short or ""
    if "grisaille" in path and "site-packages" not in path:
        ours = f"{Path(path).stem}.{frame.function}"
    own[ours] += frame.absorbed_time + (frame.time - sum(child.time for child in frame.children))
    for child in frame.children:
        _gather(child, own, ours)
