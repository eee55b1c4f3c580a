"""A collection that gains ten paintings, loses ten and renames five: what is computed, and how long it takes."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.memory import copied_project
from benchmarks.tools import Given, Skipped
from grisaille.collection.images import SUFFIXES

_ADDED, _RENAMED = 10, 5


def measure(given: Given) -> dict[str, Any]:
    """Seconds of a first run, and of one with more paintings and kept encoders; features computed at each step.

    VGG16 has random weights: its speed does not depend on them.
    """
    if given.paintings is None:
        raise Skipped("no folder of paintings was given (PAINTINGS=...)")
    files = sorted(path for path in given.paintings.rglob("*") if path.suffix.lower() in SUFFIXES)
    with tempfile.TemporaryDirectory() as root:
        folder, project = Path(root, "paintings"), copied_project(Path(root, "project"))
        folder.mkdir()
        for file in files[_ADDED:]:
            shutil.copy(file, folder)
        first = _run(project, folder)
        for file in files[:_ADDED]:
            shutil.copy(file, folder)
        grown = _run(project, folder, "autoencoder.retrain=never")
        for file in files[:_ADDED]:
            (folder / file.name).unlink()
        for file in files[-_RENAMED:]:
            (folder / file.name).rename(folder / f"Renamed_{file.name}")
        shrunk = _run(project, folder, pipelines="ingestion,feature_extraction")
    return {
        "n": len(files) - _ADDED,
        "first": first[0],
        "grown": grown[0],
        "of_first": grown[0] / first[0],
        "computed": [first[1], grown[1], shrunk[1]],
        "targets": {"of_first": 0.1},
    }


def _run(project: Path, folder: Path, more: str = "", pipelines: str = "__default__") -> tuple[float, int]:
    """Seconds, and how many paintings' features were computed."""
    parameters = f"paintings_folder={folder},backbone.weights=random" + (f",{more}" if more else "")
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "kedro", "run", "--pipelines", pipelines, "--params", parameters],
        cwd=project,
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "250"},
    )
    took = time.perf_counter() - start
    # Features come first, and palettes after them.
    known = re.search(r"known, ([\d,]+) new", done.stdout)
    assert known is not None, done.stdout[-2000:]
    return took, int(known[1].replace(",", ""))
