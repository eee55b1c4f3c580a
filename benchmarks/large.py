"""A run on many paintings, from files to neighbours, map and report: seconds, memory and disk of every stage.

A program paints the pictures, 40 an artist. A small random network makes features of VGG16's shapes, so extraction does
not take days. `make large N=100000`, or `python -m benchmarks.large 100000`, resumes what was interrupted.
"""

import argparse
import json
import re
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image

from benchmarks import machine, page
from benchmarks.tools import PROJECT
from grisaille.terminal import Bar

_ARTIST, _PAINTED, _SIZE, _QUALITY = 40, (128, 128), (256, 256), 88
_FOLDER = PROJECT / "build" / "large"
_TITLE = "Painted by a program"
_STARTED = re.compile(r"^(\S+ \S+) INFO kedro\.\S+: Running node: ([^:]+?)(?:: |$)")
_COMPLETED = re.compile(r"^(\S+ \S+) INFO kedro\.\S+: Completed node: ((?:\S+\.)?([^:\s.]+))")
# Everything that looks at files, and where names come from.
_EXTRACTION = ("inspect_files", "name_artists", "extract_features", "extract_palettes")


def paint(number: int) -> Image.Image:
    """A picture of its own: an artist's colours and texture, and a layout that some pictures of all artists share."""
    artist, own = np.random.default_rng((1, number // _ARTIST)), np.random.default_rng((2, number))
    palette = artist.uniform(0, 255, (4, 3)).astype(np.float32)
    cells, angle, period = int(artist.integers(3, 9)), artist.uniform(0, np.pi), artist.uniform(3, 12)
    shared = np.random.default_rng((3, int(own.integers(500)))).standard_normal((cells, cells), np.float32)
    layout = Image.fromarray(0.5 + 0.3 * shared + 0.15 * own.standard_normal((cells, cells), np.float32))
    places = np.clip(np.asarray(layout.resize(_PAINTED, Image.Resampling.BICUBIC)), 0, 1) * 2.999
    x, y = np.meshgrid(*(np.arange(side, dtype=np.float32) for side in _PAINTED))
    waves = np.sin((x * np.cos(angle) + y * np.sin(angle)) * (2 * np.pi / period) + own.uniform(0, 7))
    low, share = places.astype(np.uint8), (places % 1)[..., None]
    colours = palette[low] * (1 - share) + palette[low + 1] * share + 18 * waves[..., None]
    colours += 6 * own.standard_normal((*_PAINTED, 1), np.float32)
    return Image.fromarray(np.clip(colours, 0, 255).astype(np.uint8)).resize(_SIZE, Image.Resampling.BILINEAR)


def paint_folder(folder: Path, n: int) -> None:
    """Paint what is not there yet, on every core."""
    missing = [number for number in range(n) if not _file(folder, number).exists()]
    for first in range(0, n, _ARTIST):
        _file(folder, first).parent.mkdir(parents=True, exist_ok=True)
    parts = [missing[start : start + 200] for start in range(0, len(missing), 200)]
    with ProcessPoolExecutor() as pool:
        for _ in Bar(pool.map(_paint_some, [folder] * len(parts), parts), "painting", total=len(parts)):
            pass


def _paint_some(folder: Path, numbers: list[int]) -> None:
    for number in numbers:
        whole = _file(folder, number)
        partial = whole.with_suffix(".partial")
        paint(number).save(partial, "jpeg", quality=_QUALITY)
        partial.rename(whole)


def _file(folder: Path, number: int) -> Path:
    # A folder an artist, whose name is two words without digits.
    letters = (chr(ord("a") + number // _ARTIST // 26**place % 26) for place in (3, 2, 1, 0))
    artist = f"Ada_{''.join(letters).capitalize()}"
    return folder / artist / f"{artist}_{number}.jpg"


def save_network(path: Path, channels: int = 512) -> None:
    """A network of two layers that have VGG16's names and maps, with random weights."""
    import keras

    inputs = keras.Input((224, 224, 3))
    names, seeds = ("block4_pool", "block5_pool"), (keras.initializers.HeNormal(seed) for seed in (0, 1))
    hidden = inputs
    for name, size, initializer in zip(names, (16, 2), seeds, strict=True):
        convolution = keras.layers.Conv2D(
            channels, size, size, activation="relu", kernel_initializer=initializer, name=name
        )
        hidden = convolution(hidden)
    keras.Model(inputs, hidden).save(path)


class Watch:
    """Appends to a file, five times a second, the memory of a process and its children.

    A line holds seconds since 1970, all resident bytes, and those that are no pages of a mapped file: such pages are
    given up whenever another program wants memory.
    """

    def __init__(self, process: psutil.Process, path: Path) -> None:
        """Begin."""
        self._process, self._path = process, path
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        with self._path.open("a") as file:
            while not self._over.wait(0.2):
                resident, own = _memory(self._process)
                file.write(f"{time.time():.2f} {resident} {own}\n")
                file.flush()

    def end(self) -> None:
        """Stop."""
        self._over.set()
        self._thread.join()


def _memory(process: psutil.Process) -> tuple[int, int]:
    resident = own = 0
    try:
        for member in (process, *process.children(recursive=True)):
            status = Path(f"/proc/{member.pid}/status").read_text()
            found = dict(re.findall(r"^(VmRSS|RssFile):\s+(\d+) kB$", status, re.M))
            resident += 1024 * int(found.get("VmRSS", 0))
            own += 1024 * (int(found.get("VmRSS", 0)) - int(found.get("RssFile", 0)))
    except (psutil.NoSuchProcess, FileNotFoundError):
        pass
    return resident, own


def run(n: int, folder: Path) -> dict[str, Any]:
    """The whole run, or what is missing of it.

    Args:
        n: Paintings.
        folder: Where everything of this size is kept, and what is there is not made again.

    Returns:
        As `figures` gives them.
    """
    here, network = folder / str(n), folder / "network.keras"
    paint_folder(here / "paintings", n)
    if not network.exists():
        save_network(network)
    given = {"storage": here / "data", "paintings_folder": here / "paintings", "backbone.model_file": network.resolve()}
    parameters = ",".join(f"{name}={value}" for name, value in (given | {"report.title": _TITLE}).items())
    command = [sys.executable, "-m", "kedro", "run", "--pipelines", "__default__,discovery", "--only-missing-outputs"]
    with subprocess.Popen([*command, "--params", parameters], cwd=PROJECT) as process:
        watch = Watch(psutil.Process(process.pid), here / "memory.txt")
        code = process.wait()
        watch.end()
    if code:
        raise SystemExit(code)
    return figures(here)


def figures(here: Path) -> dict[str, Any]:
    """What the logs and the watch have left.

    Returns:
        nodes: name -> seconds, own_gb (the most memory while one of these nodes ran, without pages of mapped files) and
        gb (with them); nodes of several chunks count together. seconds_after and own_gb_after, of all nodes after
        extraction; disk_gb by kind.
    """
    samples = np.loadtxt(here / "memory.txt", ndmin=2)
    nodes: dict[str, dict[str, float]] = {}
    for name, began, ended in _spans(here):
        during = samples[(samples[:, 0] >= began - 0.2) & (samples[:, 0] <= ended + 0.2)]
        resident, own = during[:, 1:].max(axis=0) / 1e9 if len(during) else (0.0, 0.0)
        known = nodes.setdefault(name.rpartition(".")[2], {"seconds": 0.0, "own_gb": 0.0, "gb": 0.0})
        known["seconds"] += ended - began
        known["own_gb"], known["gb"] = max(known["own_gb"], own), max(known["gb"], resident)
    after = [found for name, found in nodes.items() if name not in _EXTRACTION]
    totals = {"seconds_after": sum(found["seconds"] for found in after)}
    return {"nodes": nodes, "disk_gb": _disk(here)} | totals | {"own_gb_after": max(found["own_gb"] for found in after)}


def _spans(here: Path) -> Iterator[tuple[str, float, float]]:
    """Every node's beginning and end, of the last time that it ran to its end and had something to do."""
    found = {}
    for log in sorted((here / "data" / "08_reporting" / "run_log").glob("*/run.log")):
        began: dict[str, float] = {}
        for line in log.read_text("utf-8", errors="replace").splitlines():
            if match := _STARTED.match(line):
                began[match[2]] = _seconds(match[1])
            elif (match := _COMPLETED.match(line)) and match[3] in began:
                found[match[2]] = began.pop(match[3]), _seconds(match[1])
            elif " known, 0 new" in line:
                # A run that resumed found these features.
                began = {name: start for name, start in began.items() if not name.startswith("extract_")}
    return ((name, *span) for name, span in found.items())


def _seconds(text: str) -> float:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S,%f").timestamp()


def _disk(here: Path) -> dict[str, float]:
    """GB of the paintings, and of each of Kedro's layers."""
    sizes: dict[str, float] = defaultdict(float)
    for file in here.rglob("*"):
        if file.is_file():
            first, *others = file.relative_to(here).parts
            sizes[others[0] if first == "data" else first] += file.stat().st_size / 1e9
    return dict(sorted(sizes.items()))


def main() -> None:
    """Run one size, and write what it took."""
    parser = argparse.ArgumentParser(prog="benchmarks.large", description=__doc__)
    parser.add_argument("paintings", type=int, help="how many")
    parser.add_argument("--folder", type=Path, default=_FOLDER, help="where everything is kept; 40 GB for 100,000")
    parser.add_argument("--output", type=Path, default=PROJECT / "docs", help="folder of performance.json and .md")
    options = parser.parse_args()
    found = run(options.paintings, options.folder)
    stored = options.output / "performance.json"
    results: dict[str, Any] = json.loads(stored.read_text()) if stored.exists() else {}
    sizes = results.get("large", {}).get("sizes", {}) | {str(options.paintings): found}
    results["large"] = {"sizes": dict(sorted(sizes.items(), key=lambda size: int(size[0])))} | machine.described()
    stored.write_text(json.dumps(results, indent=1) + "\n")
    page.write(results, options.output)


if __name__ == "__main__":
    main()
