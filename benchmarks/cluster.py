"""Many machines, as far as one can stand for them: Dask workers of one thread each, and a slow object storage.

What was measured is kept in build/cluster/ until all is, so that an interrupted benchmark goes on.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import distributed
import fsspec

from benchmarks.large import paint_folder, save_network
from benchmarks.memory import copied_project
from benchmarks.object_storage import BUCKET, serving
from benchmarks.tools import PROJECT, Given
from grisaille.collection.images import SUFFIXES
from grisaille.features import store as feature_store
from grisaille.features.backbone import Extraction
from grisaille.parameters import Backbone
from grisaille.storage import sha256

PAINTINGS = 320
WORKERS = (2, 4, 8)
DELAY = 0.02
TARGET = 1.8
_FOLDER = PROJECT / "build" / "cluster"
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1"
)
_VERSION = re.compile(r"/\d{4}-\d\d-\d\dT[^/]+(?=/)")


def measure(given: Given) -> dict[str, Any]:
    """Extraction by 1 and 4 workers, and the demo in turn and by 2, 4 and 8, on a disk and in a bucket."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    paintings, model = given.paintings, given.model
    if paintings is None:
        paintings = _FOLDER / "paintings"
        paint_folder(paintings, PAINTINGS)
    if model is None:
        model = _FOLDER / "network.keras"
        if not model.exists():
            save_network(model)
    files = sorted(path for path in paintings.rglob("*") if path.suffix.lower() in SUFFIXES)[:PAINTINGS]
    one, four = (_once(f"extraction_{n}", partial(_extraction, files, n)) for n in (1, 4))
    bare = _once("demo", partial(_demo, model, None))
    results = {
        "n": len(files),
        "cores": os.cpu_count(),
        "delay": DELAY,
        "targets": {"times_one": TARGET},
        "extraction": {
            "times_one": one["seconds"] / four["seconds"],
            "computed_twice": one["twice"] + four["twice"],
            "identical": one["features"] == four["features"],
        },
        "demo": {
            place: {str(n): _compared(_once(f"{place}_{n}", partial(_demo, model, n, place)), bare, n) for n in WORKERS}
            for place in ("disk", "bucket")
        },
    }
    shutil.rmtree(_FOLDER)
    return results


def _once(name: str, measured: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What a part came to, today or before it was interrupted."""
    file = _FOLDER / f"{name}.json"
    if not file.exists():
        print(f"  {name}", flush=True)
        found = measured()
        file.write_text(json.dumps(found))
    kept: dict[str, Any] = json.loads(file.read_text())
    return kept


def _compared(run: dict[str, Any], bare: dict[str, Any], workers: int) -> dict[str, Any]:
    times = bare["seconds"] / run["seconds"]
    return {
        "times_sequential": times,
        "efficiency": times / min(workers, os.cpu_count() or 1),
        "identical": run["tables"] == bare["tables"],
        "tables": len(run["tables"]),
        **{name: run[name] for name in ("requests", "shards", "stored_twice") if name in run},
    }


@contextmanager
def cluster(workers: int, environment: dict[str, str] | None = None) -> Iterator[str]:
    """A scheduler and so many workers of one thread, all there; its address."""
    options: dict[str, Any] = {
        "env": os.environ | _ONE_THREAD | (environment or {}),
        "stderr": subprocess.PIPE,
        "stdout": subprocess.DEVNULL,
        "text": True,
    }
    dask = [sys.executable, "-m", "dask"]
    processes = [
        subprocess.Popen([*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"], **options)
    ]
    try:
        lines = processes[0].stderr or ()
        address = next(line.split()[-1] for line in lines if "Scheduler at:" in line)
        limit = ("--nthreads", "1", "--memory-limit", "0", "--no-dashboard")
        processes += [subprocess.Popen([*dask, "worker", address, *limit], **options) for _ in range(workers)]
        for process in processes:
            assert process.stderr is not None
            threading.Thread(target=process.stderr.read, daemon=True).start()
        with distributed.Client(address, set_as_default=False) as client:
            client.wait_for_workers(workers)
        yield address
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait()


def _read(path: Path, tally: Path) -> bytes:
    """A picture; a line says that somebody has asked for it."""
    with tally.open("a") as file:
        file.write(f"{path}\n")
    return path.read_bytes()


def _import() -> None:
    import keras  # noqa: F401 - takes as long as some pictures, and is part of a worker's start


def _extraction(files: list[Path], workers: int) -> dict[str, Any]:
    """All of it, as the pipeline's node does it: shards handed out, computed, stored, and listed in the manifest.

    Workers have started and imported TensorFlow; each still builds its CNN.
    """
    root, tally = _FOLDER / f"features_{workers}", _FOLDER / f"pictures_{workers}.txt"
    shutil.rmtree(root, ignore_errors=True)
    tally.unlink(missing_ok=True)
    settings = Backbone(weights="random", shard_rows=16)
    source = Extraction(
        [partial(_read, file, tally) for file in files], [sha256(file) for file in files], settings, 150
    )
    with cluster(workers) as address, distributed.Client(address, set_as_default=False) as client:
        client.run(_import)
        start = time.perf_counter()
        store = feature_store.write(root, source, client.get_executor(pure=False))
        seconds = time.perf_counter() - start
    found = json.loads(store.path.read_text())
    shutil.rmtree(root)
    return {
        "seconds": seconds,
        "twice": len(tally.read_text().splitlines()) - len(files),
        "features": {name: layer["sha256"] for name, layer in found["layers"].items()},
    }


def _demo(model: Path, workers: int | None, place: str = "disk") -> dict[str, Any]:
    """A run of the demo, in turn or by so many workers: the whole command's seconds, and what it left.

    The workers have started, and TensorFlow is imported by each when it needs it.
    """
    project = _FOLDER / "project"
    shutil.rmtree(project, ignore_errors=True)
    copied_project(project)
    parameters = f"backbone.model_file={model.resolve()},backbone.shard_rows=16"
    if place == "disk":
        return _run(project, parameters, workers, {}) | {"tables": _tables(fsspec.filesystem("file"), project / "data")}
    log = _FOLDER / "requests.txt"
    log.unlink(missing_ok=True)
    with serving(log, DELAY) as storage:
        found = _run(project, f"{parameters},storage=s3://{BUCKET}/data", workers, storage.environment)
        counts, requests = storage.named("/04_feature/*.npy"), len(storage.requests())
        return found | {
            "requests": requests,
            "shards": len(counts),
            "stored_twice": sum(count - 1 for count in counts.values()),
            "tables": _tables(storage.filesystem(), f"{BUCKET}/data"),
        }


def _run(project: Path, parameters: str, workers: int | None, environment: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "kedro", "run", "--env", "demo", "--params", parameters]
    if workers is None:
        return _timed(command, project, environment)
    with cluster(workers, environment) as address:
        runner = ("--runner", "grisaille.framework.runner.DaskRunner", "--runner-params", f"address={address}")
        return _timed([*command, *runner], project, environment)


def _timed(command: list[str], project: Path, environment: dict[str, str]) -> dict[str, Any]:
    start = time.perf_counter()
    done = subprocess.run(
        command, cwd=project, env=os.environ | _ONE_THREAD | environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return {"seconds": time.perf_counter() - start}


def _tables(files: Any, root: Path | str) -> dict[str, str]:
    """Every table below the folder of reports, without its version -> SHA-256 of its content."""
    reports = [path for path in files.find(str(root)) if "/08_reporting/" in path]
    return {
        _VERSION.sub("", path.split("/08_reporting/")[1]): hashlib.sha256(files.cat_file(path)).hexdigest()
        for path in reports
        if path.endswith((".csv", ".parquet"))
    }
