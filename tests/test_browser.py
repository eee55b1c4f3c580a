"""Pages in a real browser: the report opens without errors, Kedro-Viz shows what a reader should see."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from helpers import PROJECT, kedro

pytestmark = pytest.mark.browser


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
