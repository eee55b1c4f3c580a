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
_VGG16_SEES = (512, 1024)


def measure(given: Given) -> dict[str, Any]:
    """GB of the process tree at n paintings and at twice as many.

    VGG16 looks at all of them, or, where a quicker CNN of the same two layers is given, at 512 and at 1,024 of them:
    its memory is that of a batch, and which CNN it was is forgotten after extraction.
    """
    if given.paintings is None:
        raise Skipped("no folder of paintings was given (PAINTINGS=...)")
    with tempfile.TemporaryDirectory() as folder:
        project = copied_project(Path(folder, "project"))
        doubled, n = _with_mirror_images(given.paintings, Path(folder, "doubled"))
        whole = [_run(project, paintings, given.model) for paintings in (given.paintings, doubled)]
        results = {"n": n, "gb": whole[0], "gb_doubled": whole[1], "growth": whole[1] / whole[0] - 1}
        if given.model is not None:
            some = [_some(doubled, Path(folder, f"some_{size}"), size) for size in _VGG16_SEES]
            extraction = ("--pipelines", "ingestion,feature_extraction")
            results["vgg16"] = [_run(project, part, None, *extraction) for part in some]
            results["vgg16_sees"] = list(_VGG16_SEES)
    return results | {"targets": {"gb": 3.0, "growth": 0.10}}


def copied_project(folder: Path) -> Path:
    """The project without its data, in a folder that is made."""
    folder.mkdir()
    for name in _COPIED:
        source = PROJECT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    return folder


def _run(project: Path, paintings: Path, model: Path | None, *arguments: str) -> float:
    backbone = "backbone.weights=random" if model is None else f"backbone.model_file={model.resolve()}"
    parameters = f"paintings_folder={paintings.resolve()},{backbone}"
    command = [sys.executable, "-m", "kedro", "run", *arguments, "--params", parameters]
    peak, _ = peak_memory(command, project, project / "run.log")
    shutil.rmtree(project / "data")
    return peak


def _some(paintings: Path, folder: Path, n: int) -> Path:
    folder.mkdir()
    for file in sorted(paintings.iterdir())[:n]:
        shutil.copy(file, folder)
    return folder


def _with_mirror_images(paintings: Path, folder: Path) -> tuple[Path, int]:
    files = [path for path in sorted(paintings.rglob("*")) if path.suffix.lower() in SUFFIXES]
    folder.mkdir()
    for number, file in enumerate(files):
        name = f"{file.stem.rpartition('_')[0] or file.stem}_{number}"
        shutil.copy(file, folder / f"{name}{file.suffix}")
        with Image.open(file) as image:
            ImageOps.mirror(image.convert("RGB")).save(folder / f"{name}00000.jpg", quality=92)
    return folder, len(files)
