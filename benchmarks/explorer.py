"""The explorer page of 8,000 paintings that never were: its size, and how long its frames take in a real browser.

Without a graphics card Chromium draws in software (SwiftShader), which is what a figure taken on a server says.
"""

import hashlib
import io
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
from PIL import Image

from benchmarks.tools import Given, Skipped, kaggle_artists
from grisaille.collection.originals import Originals
from grisaille.explorer.map_table import LIKENESSES, Near, gather
from grisaille.explorer.page import About, render, room_for_pictures
from grisaille.explorer.pictures import pictures

N = 8000
_FRAMES = 240
# A wheel turned and a hand that drags: whatever a frame does, the browser asks for the next when it is done.
_DRIVE = """async ([gesture, frames]) => {
  const map = document.getElementById("map");
  const box = map.getBoundingClientRect();
  const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
  const frame = () => new Promise(requestAnimationFrame);
  const pointer = (type, dx) => map.dispatchEvent(new PointerEvent(type,
    {clientX: x + dx, clientY: y + dx / 3, pointerId: 7, button: 0, bubbles: true}));
  map.setPointerCapture = () => {};
  const times = [];
  if (gesture === "pan") pointer("pointerdown", 0);
  let begun = await frame();
  for (let i = 0; i < frames; i++) {
    if (gesture === "pan") pointer("pointermove", 250 * Math.sin(i / 12));
    else map.dispatchEvent(new WheelEvent("wheel",
      {deltaY: i % 80 < 40 ? -60 : 60, clientX: x, clientY: y, bubbles: true, cancelable: true}));
    const now = await frame();
    times.push(now - begun);
    begun = now;
  }
  if (gesture === "pan") pointer("pointerup", 0);
  return times;
}"""


_RENDERER = """(() => {
  const gl = document.createElement("canvas").getContext("webgl");
  const names = gl?.getExtension("WEBGL_debug_renderer_info");
  return names ? gl.getParameter(names.UNMASKED_RENDERER_WEBGL) : "";
})()"""


def measure(given: Given) -> dict[str, Any]:
    """Megabytes, seconds until all pictures are there, and milliseconds a frame: the median and the 95th percentile.

    And the processor's milliseconds a frame, which hold on a busy machine, too.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "explorer.html")
        file.write_text(_page(), "utf-8")
        return {"n": N, "targets": {"megabytes": 40}} | of_page(file)


def of_page(file: Path, frames: int = _FRAMES) -> dict[str, Any]:
    """What `measure` says, of a page that is there.

    Raises:
        Skipped: If there is no Chromium.
    """
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        raise Skipped("there is no Chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(0)
        start = time.perf_counter()
        page.goto(file.as_uri(), timeout=0)
        page.wait_for_selector("html[data-ready]", timeout=0)
        found: dict[str, Any] = {
            "megabytes": file.stat().st_size / 1e6,
            "ready_seconds": time.perf_counter() - start,
            "renderer": page.evaluate(_RENDERER),
            "frames": {},
        }
        for gesture in ("pan", "zoom"):
            begun = _processor_seconds()
            times = page.evaluate(_DRIVE, [gesture, frames])
            spent = {kind: 1000 * (now - begun[kind]) / frames for kind, now in _processor_seconds().items()}
            found["frames"][gesture] = {
                "median": float(np.median(times)),
                "p95": float(np.percentile(times, 95)),
                "processor": spent,
            }
        browser.close()
    return found


def _processor_seconds() -> dict[str, float]:
    """Of the browser's processes: those that run the page's program, and the one that stands in for a graphics card."""
    kinds = {"page": "--type=renderer", "drawing": "--type=gpu-process"}
    total = dict.fromkeys(kinds, 0.0)
    for process in psutil.Process().children(recursive=True):
        try:
            command, spent = process.cmdline(), process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        for kind, argument in kinds.items():
            if argument in command:
                total[kind] += spent.user + spent.system
    return total


def _page(n: int = N) -> str:
    """A page of noise, which compresses worse than any painting, in as many pictures as there are paintings."""
    random = np.random.default_rng(0)
    labels = kaggle_artists(n)
    paintings = pd.DataFrame(
        {
            "painting_id": [f"An_Artist_of_Some_Name_{row}" for row in range(n)],
            "artist": [f"Artist {label:02}" for label in labels],
            "movements": [f"Movement {label % 13}" for label in labels],
            "path": [str(row) for row in range(n)],
            "width": 256,
            "height": 320,
            "duplicate_of": None,
            "split": "train",
        }
    )
    identifiers = paintings["painting_id"].to_numpy()
    near = pd.DataFrame(
        {
            "painting_id": np.repeat(identifiers, 10),
            "rank": np.tile(np.arange(1, 11), n),
            "neighbour_id": identifiers[random.integers(0, n, 10 * n)],
            "distance": 1.0,
        }
    )
    files = {str(row): lambda row=row: _noise(row) for row in range(n)}
    room = room_for_pictures(n, 38)
    hashes = [hashlib.sha256(read()).hexdigest() for read in files.values()]
    originals = Originals(paintings.assign(sha256=hashes), files)
    shown = pictures(paintings["path"].tolist(), originals, 256, room)
    centres = random.normal(size=(labels.max() + 1, 2))
    places = (centres[labels] + random.normal(size=(n, 2))).astype(np.float32)
    sums = random.random((n, int(labels.max()) + 1))
    # Whatever the numbers, they take the same room.
    laid_out = {likeness: {"pca": places, "umap": places} for likeness in LIKENESSES}
    every = [near.assign(likeness=likeness) for likeness in LIKENESSES]
    table = gather(paintings, laid_out, Near(near, pd.concat(every)), sums, shown)
    return render(table, pd.DataFrame(), About("mixture", "hellinger", 125_440, 320))


def _noise(seed: int) -> bytes:
    """Strokes and grain: coarse shapes, as paintings have, below noise that nothing compresses."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (8, 6, 3), dtype=np.uint8)).resize((160, 200))
    grain = random.normal(0, 18, (200, 160, 3))
    buffer = io.BytesIO()
    Image.fromarray(np.clip(np.asarray(coarse) + grain, 0, 255).astype(np.uint8)).save(buffer, "BMP")
    return buffer.getvalue()
