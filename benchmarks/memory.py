"""Peak memory of a whole run, and how it grows when every painting is joined by its mirror image."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from benchmarks.tools import Given, Skipped, peak_memory
from grisaille.collection.images import SUFFIXES

PROJECT = Path(__file__).resolve().parents[1]
_COPIED = ("conf", "src", "pyproject.toml", ".telemetry")


def measure(given: Given) -> dict[str, Any]:
    """GB of the process tree, with VGG16 of random weights in bfloat16, which changes the time and not the memory."""
    if given.paintings is None:
        raise Skipped("no folder of paintings was given (PAINTINGS=...)")
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder, "project")
        project.mkdir()
        for name in _COPIED:
            source = PROJECT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, project / name)
        doubled, n = _with_mirror_images(given.paintings, Path(folder, "doubled"))
        single, single_took = _run(project, given.paintings, project / "single.log")
        shutil.rmtree(project / "data")
        double, double_took = _run(project, doubled, project / "double.log")
    return {
        "n": n,
        "gb": single,
        "seconds": single_took,
        "gb_doubled": double,
        "seconds_doubled": double_took,
        "growth": double / single - 1,
        "targets": {"gb": 3.0, "growth": 0.10},
    }


def _run(project: Path, paintings: Path, log: Path) -> tuple[float, float]:
    parameters = f"paintings_folder={paintings.resolve()},backbone.weights=random,backbone.precision=mixed_bfloat16"
    return peak_memory([sys.executable, "-m", "kedro", "run", "--params", parameters], project, log)


def _with_mirror_images(paintings: Path, folder: Path) -> tuple[Path, int]:
    files = [path for path in sorted(paintings.rglob("*")) if path.suffix.lower() in SUFFIXES]
    folder.mkdir()
    for number, file in enumerate(files):
        name = f"{file.stem.rpartition('_')[0] or file.stem}_{number}"
        shutil.copy(file, folder / f"{name}{file.suffix}")
        with Image.open(file) as image:
            ImageOps.mirror(image.convert("RGB")).save(folder / f"{name}00000.jpg", quality=92)
    return folder, len(files)
