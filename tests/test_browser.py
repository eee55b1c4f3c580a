"""Pages in a real browser: the report opens without errors, Kedro-Viz shows what a reader should see."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import replace

import pandas as pd
import pytest

from grisaille.report import render
from helpers import PROJECT, kedro
from pages import files, results

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield opened
        opened.close()


def _free_port() -> int:
    # Kedro-Viz takes no port above 49151, where the system picks its own.
    for port in range(41410, 49151):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    raise AssertionError("no free port")


@pytest.fixture(scope="module")
def viz(demo_run):
    """Kedro-Viz over the project that was run, on a free port of this machine."""
    port = _free_port()
    command = [
        "viz",
        "run",
        "--env",
        "demo",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--no-browser",
        *demo_run.parameters,
    ]
    server = subprocess.Popen([sys.executable, "-m", "kedro", *command], cwd=demo_run.project, start_new_session=True)
    address = f"http://127.0.0.1:{port}"
    for _ in range(240):
        try:
            urllib.request.urlopen(address, timeout=1).close()
            break
        except OSError:
            time.sleep(0.5)
    yield address
    # The server is a child of the command; a signal to the group reaches both.
    os.killpg(server.pid, signal.SIGTERM)
    server.wait(20)


class TestReport:
    def test_no_console_errors_and_no_requests(self, browser, demo_run):
        page = browser.new_page()
        errors, requests = [], []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto((demo_run.data / "08_reporting" / "report.html").as_uri())
        assert errors == []
        assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
        broken = page.evaluate("[...document.images].filter(i => !i.naturalWidth).length")
        assert broken == 0

    @pytest.mark.parametrize("width", [1200, 390])
    def test_nothing_sticks_out(self, browser, demo_run, width):
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.goto((demo_run.data / "08_reporting" / "report.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width


class TestHostileNames:
    """Names from files and tables that would be scripts, had nobody escaped them."""

    NAMES = (
        "<img src=x onerror=window.stolen=1>",
        "<script>window.stolen=1</script>",
        '"><svg onload=window.stolen=1>',
        "' onmouseover='window.stolen=1",
        "</pre></title></table><script>window.stolen=1</script>",
        "<!--<script>window.stolen=1</script>",
        "{{ 7 * 7 }}{% raw %}",
        "&lt;img src=x onerror=window.stolen=1&gt;",
        "javascript:window.stolen=1",
    )

    def test_none_runs_and_all_can_be_read(self, browser, tmp_path):
        rejected = pd.DataFrame({"path": self.NAMES, "reason": self.NAMES})
        given = replace(results(artists=self.NAMES, name="{}" + self.NAMES[0] + self.NAMES[2]), rejected=rejected)
        given.paintings.loc[1:3, "duplicate_of"] = given.paintings["painting_id"][0]
        given.paper_experiments["title"] = self.NAMES[1]
        comparison = {"left": [self.NAMES[0]], "right": [self.NAMES[1]], "title": self.NAMES[2]}
        given.parameters["comparisons"]["pair"] = comparison
        given.parameters["report"] = {"note": self.NAMES[4], "examples": 9}
        given.parameters["ingestion"] = {"aliases": dict(zip(self.NAMES, self.NAMES, strict=True))}
        path = tmp_path / "report.html"
        path.write_text(render(given, files(given)), encoding="utf-8")
        page = browser.new_page()
        requests = []
        page.on("request", lambda request: requests.append(request.url))
        page.goto(path.as_uri())
        page.mouse.move(400, 300)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("window.stolen") is None
        assert page.evaluate("document.scripts.length") == 0
        handlers = "[...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames()).filter(n => /^on/.test(n))"
        assert page.evaluate(handlers) == []
        assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
        rows = page.evaluate("[...document.querySelectorAll('table.left')][0].innerText")
        for name in self.NAMES:
            assert name in rows


class TestKedroViz:
    def test_chunks_are_boxes_and_tables_have_previews(self, browser, viz):
        import json

        with urllib.request.urlopen(f"{viz}/api/main", timeout=60) as response:
            main = json.load(response)
        boxes = {node["name"]: node for node in main["nodes"] if node["type"] == "modularPipeline"}
        assert {"top", "bottom", "pool5"} <= set(boxes)
        assert [layer for layer in main["layers"] if layer == "feature"]
        data = [node for node in main["nodes"] if node["type"] == "data"]
        assert all(node["layer"] for node in data), [node["name"] for node in data if not node["layer"]]
        by_name = {node["name"]: node["id"] for node in data}
        for name, kind in {"preservation": "TablePreview", "silhouette_heat_map": "ImagePreview"}.items():
            with urllib.request.urlopen(f"{viz}/api/nodes/{by_name[name]}", timeout=60) as response:
                details = json.load(response)
            assert details["preview"], name
            assert kind in str(details["preview_type"])
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.goto(viz)
        page.wait_for_selector(".pipeline-node--modularPipeline", timeout=60_000)
        assert page.locator(".pipeline-node--modularPipeline").count() == 3


class TestStart:
    def test_the_registry_is_listed_without_tensorflow(self):
        code = (
            "import sys; from kedro.framework.cli.cli import main; sys.argv = ['kedro', 'registry', 'list']\n"
            "try: main()\nexcept SystemExit: pass\nassert not {'tensorflow', 'keras'} & set(sys.modules)"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "feature_extraction" in done.stdout
        assert "evaluation" in kedro("registry", "list").stdout
