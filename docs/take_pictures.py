"""Take the pictures of the docs anew (needs Chromium).

First `make demo`, `kedro run --env demo --pipelines discovery` and `make viz`.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from playwright.sync_api import Browser, sync_playwright

from grisaille.demo import painter as gallery

PROJECT = Path(__file__).resolve().parents[1]
IMAGES = PROJECT / "docs" / "images"


def report(browser: Browser) -> None:
    """The neighbours of a painting in the demo's report."""
    page = browser.new_page(viewport={"width": 1100, "height": 800})
    page.goto((PROJECT / "data/demo/08_reporting/report.html").as_uri())
    page.locator(".example").nth(1).evaluate("element => element.scrollIntoView()")
    page.screenshot(path=IMAGES / "report.png")


def explorer(browser: Browser) -> None:
    """The demo's map, and a painting chosen on it (`kedro run --env demo --pipelines discovery` first)."""
    page = browser.new_page(viewport={"width": 1440, "height": 880})
    address = (PROJECT / "data/demo/08_reporting/explorer.html").as_uri()
    page.goto(f"{address}#colour=artist&spread=1&view=-0.25,-0.15,0.8&painting=Paul_Pointe_5")
    page.wait_for_selector("html[data-ready]", timeout=120_000)
    time.sleep(2)  # the last pictures are drawn
    page.screenshot(path=IMAGES / "explorer.png")


def studio(browser: Browser) -> None:
    """The studio on the demo, with five works that are liked and one that is not."""
    command = [sys.executable, "-m", "grisaille", "serve", "--env", "demo", "--port", "0"]
    liked = ("Ilse_Nebel_1", "Rosa_Punkt_2", "Emil_Eckig_3", "Sol_Strich_4", "Paul_Pointe_5")
    chosen = "&".join(["picture=Rosa_Punkt_2", *(f"liked={name}" for name in liked), "disliked=Greta_Gitter_3"])
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, env=environment) as serving:
        assert serving.stdout is not None
        address = serving.stdout.readline().split(" at ")[1].split()[0]
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{address}#{chosen}")
        page.wait_for_selector("#results .card")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=IMAGES / "studio.png")
        serving.terminate()


def look_alikes() -> None:
    """What the commands draw for a picture that the demo's painter might have made, cut out and enlarged."""
    artist = next(artist for artist in gallery.ARTISTS if artist.name == "Paul Pointe")
    painting = gallery.work(artist, number=99, seed=7)
    width, height = painting.size
    with tempfile.TemporaryDirectory() as folder:
        photo, made = Path(folder, "photo.png"), Path(folder, "made")
        painting.crop((width // 4, height // 4, width, height)).save(photo)
        similar = ["similar", str(photo)]
        path = ["path", "Ilse_Nebel_1", "Greta_Gitter_2"]
        for question in ([*similar, "--likeness", "all"], [*similar, "--why"], path):
            command = [sys.executable, "-m", "grisaille", *question, "--env", "demo", "--output", str(made)]
            subprocess.run(command, cwd=PROJECT, check=True)
            for sheet in made.glob("*photo.png"):
                shutil.move(sheet, made / ("one.png" if "--why" in question else "all.png"))
        shutil.copy(made / "one.png", IMAGES / "look-alikes.png")
        shutil.copy(made / "all.png", IMAGES / "likenesses.png")
        shutil.copy(next(made.glob("*why*.png")), IMAGES / "why.png")
        shutil.copy(made / "chain.png", IMAGES / "chain.png")


def kedro_viz(browser: Browser) -> None:
    """The pipeline with its five namespaces, and the table of preservation previewed."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(PROJECT / "build"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    page = browser.new_page(viewport={"width": 1500, "height": 1000}, color_scheme="light")
    page.goto(address)
    page.wait_for_selector(".pipeline-node--modularPipeline", timeout=60_000)
    time.sleep(3)  # the graph glides into place
    page.screenshot(path=IMAGES / "kedro-viz.png")
    page.locator(".pipeline-node--modularPipeline", has_text="pool5").dispatch_event("click")
    time.sleep(3)
    page.screenshot(path=IMAGES / "kedro-viz-pool5.png")
    nodes = json.loads((PROJECT / "build" / "api" / "main").read_text(encoding="utf-8"))["nodes"]
    chosen = next(node["id"] for node in nodes if node["name"] == "preservation")
    page.goto(f"{address}/?pid=__default__&sid={chosen}")
    page.wait_for_selector(".preview-table", timeout=60_000)
    time.sleep(4)
    page.screenshot(path=IMAGES / "kedro-viz-preview.png")
    server.shutdown()


def main() -> None:
    """Take all pictures."""
    IMAGES.mkdir(exist_ok=True)
    look_alikes()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        report(browser)
        explorer(browser)
        studio(browser)
        kedro_viz(browser)
        browser.close()


if __name__ == "__main__":
    main()
