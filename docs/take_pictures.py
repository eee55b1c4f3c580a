"""Take the pictures of the docs anew, after `make demo` and `.venv/bin/kedro run --env demo --pipeline discovery`.

`.venv/bin/python docs/take_pictures.py`, which needs Chromium.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

PROJECT = Path(__file__).resolve().parents[1]
IMAGES = PROJECT / "docs" / "images"
PORT = 41400


def report(browser: Browser) -> None:
    """The top of the demo's report, and the neighbours of a painting in it."""
    page = browser.new_page(viewport={"width": 1100, "height": 800})
    page.goto((PROJECT / "data/demo/08_reporting/report.html").as_uri())
    page.locator("h2", has_text="Nearest paintings").scroll_into_view_if_needed()
    page.evaluate("[...document.querySelectorAll('h2')].find(h => h.innerText == 'Nearest paintings').scrollIntoView()")
    page.screenshot(path=IMAGES / "report.png")


def explorer(browser: Browser) -> None:
    """The demo's map, and a painting chosen on it (`kedro run --env demo --pipeline discovery` first)."""
    page = browser.new_page(viewport={"width": 1440, "height": 880})
    address = (PROJECT / "data/demo/08_reporting/explorer.html").as_uri()
    page.goto(f"{address}#colour=artist&spread=1&view=0.1,0.18,1.15&painting=Paul_Pointe_5")
    page.wait_for_selector("html[data-ready]", timeout=120_000)
    time.sleep(2)  # the last pictures are drawn
    page.screenshot(path=IMAGES / "explorer.png")


def kedro_viz(browser: Browser) -> None:
    """The pipeline with its five namespaces, and the table of preservation previewed."""
    command = [sys.executable, "-m", "kedro", "viz", "run", "--env", "demo", "--port", str(PORT), "--no-browser"]
    server = subprocess.Popen(command, cwd=PROJECT, start_new_session=True)
    try:
        page = browser.new_page(viewport={"width": 1700, "height": 1100})
        address = f"http://127.0.0.1:{PORT}"
        for _ in range(120):
            try:
                urllib.request.urlopen(address, timeout=1).close()
                break
            except OSError:
                time.sleep(1)
        page.goto(address)
        page.wait_for_selector(".pipeline-node--modularPipeline", timeout=60_000)
        _dismiss(page)
        time.sleep(3)  # the graph glides into place
        page.screenshot(path=IMAGES / "kedro-viz.png")
        with urllib.request.urlopen(f"{address}/api/main", timeout=60) as response:
            nodes = json.load(response)["nodes"]
        chosen = next(node["id"] for node in nodes if node["name"] == "preservation")
        page.goto(f"{address}/?pid=__default__&sid={chosen}")
        page.wait_for_selector(".pipeline-metadata", timeout=60_000)
        time.sleep(4)
        _dismiss(page)
        # Where the data of whoever takes the picture lie is nobody's business.
        page.evaluate("""[...document.querySelectorAll('.pipeline-metadata__label')]
            .filter(label => label.innerText.startsWith('File Path'))
            .forEach(label => { label.nextElementSibling?.remove(); label.remove() })""")
        page.screenshot(path=IMAGES / "kedro-viz-preview.png")
    finally:
        os.killpg(server.pid, signal.SIGTERM)


def _dismiss(page: Page) -> None:
    """Close what Kedro-Viz says about itself."""
    for words in ("Dismiss", "Skip"):
        for button in page.get_by_text(words, exact=True).all():
            button.click(timeout=2000, force=True)
    page.evaluate("document.querySelectorAll('[class*=feature-hints]').forEach(box => box.remove())")


def main() -> None:
    """Take all pictures."""
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        report(browser)
        explorer(browser)
        kedro_viz(browser)
        browser.close()


if __name__ == "__main__":
    main()
