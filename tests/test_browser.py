"""Pages in a real browser: the report opens without errors, Kedro-Viz shows what a reader should see."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import replace
from datetime import datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pandas as pd
import pytest
from PIL import Image

from grisaille.report.page import render
from helpers import PATIENCE, PROJECT, kedro
from pages import files, results

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
    for _ in range(2 * PATIENCE):
        try:
            urllib.request.urlopen(address, timeout=1).close()
            break
        except OSError:
            time.sleep(0.5)
    yield address
    # The server is a child of the command; a signal to the group reaches both.
    os.killpg(server.pid, signal.SIGTERM)
    server.wait(PATIENCE)


@pytest.fixture
def served():
    """A function that serves a folder on this machine and returns its address."""
    servers = []

    def serve(folder):
        handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
        handler.log_message = lambda *_: None
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


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

    def test_folded_evidence_is_printed(self, browser, demo_run):
        page = browser.new_page()
        page.goto((demo_run.data / "08_reporting" / "report.html").as_uri())
        folded = page.locator("h3", has_text="Do small spaces rank pairs in the same order?")
        assert not folded.is_visible()
        page.emulate_media(media="print")
        assert folded.is_visible()
        assert not page.locator("pre").is_visible()

    def test_it_says_when_its_run_was(self, browser, demo_run):
        kept = demo_run.first("08_reporting/reports/report.html")
        page = browser.new_page()
        page.goto(kept.as_uri())
        day = datetime.strptime(kept.parent.name[:10], "%Y-%m-%d")
        assert page.locator("#when").inner_text() == f", {day.day} {day:%B %Y}"
        page.goto((demo_run.data / "08_reporting" / "report.html").as_uri())
        assert page.locator("#when").inner_text().startswith(", file of ")

    def test_a_large_heat_map_is_scrolled_in(self, browser, tmp_path):
        given = replace(results(), silhouette_heat_map=Image.new("RGB", (3000, 10)))
        path = tmp_path / "report.html"
        path.write_text(render(given, {}), encoding="utf-8")
        page = browser.new_page(viewport={"width": 390, "height": 800})
        page.goto(path.as_uri())
        page.get_by_text("Which artists are close").click()
        picture = page.locator(".pan img")
        assert picture.bounding_box()["width"] < 390
        page.get_by_text("Full size").click()
        assert picture.bounding_box()["width"] == 3000
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


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
        given = replace(
            results(artists=self.NAMES, name="{}" + self.NAMES[0] + self.NAMES[2]), rejected_paintings=rejected
        )
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
        # That of the page itself, which sets its date and unfolds it for paper.
        assert page.evaluate("document.scripts.length") == 1
        handlers = "[...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames()).filter(n => /^on/.test(n))"
        assert page.evaluate(handlers) == []
        assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
        page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
        rows = page.evaluate(
            "[...document.querySelectorAll('table.left')].find(t => /^File/.test(t.innerText)).innerText"
        )
        for name in self.NAMES:
            assert name in rows


class TestKedroViz:
    def test_chunks_are_boxes_and_tables_have_previews(self, browser, viz):
        with urllib.request.urlopen(f"{viz}/api/main", timeout=PATIENCE) as response:
            main = json.load(response)
        boxes = {node["name"]: node for node in main["nodes"] if node["type"] == "modularPipeline"}
        assert {"top", "bottom", "pool5"} <= set(boxes)
        assert [layer for layer in main["layers"] if layer == "feature"]
        data = [node for node in main["nodes"] if node["type"] == "data"]
        assert all(node["layer"] for node in data), [node["name"] for node in data if not node["layer"]]
        by_name = {node["name"]: node["id"] for node in data}
        for name, kind in {"preservation": "TablePreview", "silhouette_heat_map": "ImagePreview"}.items():
            with urllib.request.urlopen(f"{viz}/api/nodes/{by_name[name]}", timeout=PATIENCE) as response:
                details = json.load(response)
            assert details["preview"], name
            assert kind in str(details["preview_type"])
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.goto(viz)
        page.wait_for_selector(".pipeline-node--modularPipeline")
        # Three chunks of the small demo, palettes, and three pipelines.
        assert page.locator(".pipeline-node--modularPipeline").count() == 7


class TestDocsSite:
    @pytest.fixture(scope="class")
    def site(self, tmp_path_factory):
        folder = tmp_path_factory.mktemp("site")
        command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)]
        subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)
        return folder

    @pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
    def test_every_page_opens_from_here_alone_and_fits(self, browser, served, site, width, scheme):
        address = served(site)
        page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        told, asked = [], []
        page.on("console", lambda message: told.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: asked.append(request.url))
        names = [path.relative_to(site).as_posix() for path in site.rglob("*.html") if "viz" not in path.parts]
        assert len(names) > 20
        for name in names:
            page.goto(address + name)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
            assert page.evaluate("[...document.images].filter(i => !i.naturalWidth).length") == 0, name
        assert told == []
        assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
        page.close()

    def test_it_is_searched(self, browser, served, site):
        page = browser.new_page()
        page.goto(served(site) + "index.html")
        page.fill(".md-search__input", "hubness")
        # Whoever types before the page listens types again.
        page.wait_for_function(
            "() => { const input = document.querySelector('.md-search__input'); input.focus();"
            " for (const kind of ['input', 'keyup']) input.dispatchEvent(new Event(kind, {bubbles: true}));"
            " return document.querySelector('.md-search-result__item'); }",
            polling=500,
        )
        assert "Add a measure" in page.inner_text(".md-search-result__list")
        page.close()


@pytest.fixture(scope="module")
def built_viz(demo_run):
    """What `make viz` builds, when every dataset of every pipeline is there to be previewed."""
    demo_run.again("--pipelines", "discovery")
    command = [sys.executable, str(PROJECT / "docs" / "build_viz.py"), str(demo_run.project)]
    done = subprocess.run(command, cwd=demo_run.project, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return demo_run.project / "build"


class TestPublishedViz:
    @pytest.fixture
    def page(self, browser, served, built_viz):
        page = browser.new_page(viewport={"width": 1600, "height": 1000}, color_scheme="light")
        page.told, page.asked = [], []
        page.on("console", lambda message: page.told.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: page.told.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        page.address = served(built_viz)
        page.goto(page.address)
        page.wait_for_selector(".pipeline-node--modularPipeline")
        yield page
        page.close()

    def test_it_opens_without_errors_and_asks_no_other_host(self, page):
        assert page.told == []
        assert [url for url in page.asked if not url.startswith((page.address, "data:", "blob:"))] == []
        assert page.title() == "The pipeline of grisaille"
        assert page.locator(".feature-hints").count() == 0

    def test_layers_have_colours_and_nodes_have_names(self, page):
        fills = page.evaluate(
            """Object.fromEntries([...document.querySelectorAll('.pipeline-node')].map(node =>
            [node.textContent.trim(), getComputedStyle(node.querySelector('.pipeline-node__bg')).fill]))"""
        )
        assert fills["raw_paintings"] == "rgb(228, 220, 203)"
        assert fills["composition_embeddings"] == fills["top.codes"] == "rgb(244, 191, 164)"
        assert len({fills[name] for name in ("paintings", "features", "pool5.codes", "report")}) == 4

    def test_a_table_and_a_picture_are_previewed(self, page, built_viz):
        nodes = json.loads((built_viz / "api" / "main").read_text())["nodes"]
        ids = {node["name"]: node["id"] for node in nodes}
        page.goto(f"{page.address}?pid=__default__&sid={ids['preservation']}")
        page.wait_for_selector(".preview-table")
        page.goto(f"{page.address}?pid=__default__&sid={ids['silhouette_heat_map']}")
        page.wait_for_selector(".pipeline-matplotlib-chart img, .pipeline-metadata img")

    def test_it_does_not_tell_where_it_was_built(self, built_viz, demo_run):
        files = [path for path in (built_viz / "api").rglob("*") if path.is_file()]
        assert files
        assert not [path for path in files if str(demo_run.project) in path.read_text(encoding="utf-8")]


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
