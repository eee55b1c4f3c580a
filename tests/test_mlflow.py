"""Runs in MLflow: with the extra every run is logged, without it nothing is."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from importlib.util import find_spec

import pytest

from grisaille.comparison.listing import headline
from grisaille.provenance import manifest as manifests
from helpers import PATIENCE, kedro

INSTALLED = find_spec("kedro_mlflow") is not None
needs_it = pytest.mark.skipif(not INSTALLED, reason="the extra is not installed: pip install 'grisaille[mlflow]'")


@pytest.fixture(scope="module")
def storage(demo_run):
    return demo_run.untouched / "data" / "demo"


@pytest.mark.skipif(INSTALLED, reason="the extra is installed")
def test_without_it_nothing_is_logged(storage):
    assert list(storage.glob("mlflow*")) == []


@pytest.fixture(scope="module")
def address(storage):
    """Of MLflow's store."""
    return f"sqlite:///{storage}/mlflow.db"


@pytest.fixture(scope="module")
def logged(address):
    """The demo's run, as MLflow knows it."""
    from mlflow import MlflowClient

    (run,) = MlflowClient(address).search_runs(["1"])
    return run


@needs_it
class TestWithIt:
    def test_parameters_and_headline_figures(self, logged, storage):
        manifest = manifests.read(storage, "newest")
        assert logged.info.status == "FINISHED"
        assert logged.data.tags["grisaille.run"] == manifest["run"]
        assert logged.data.params["style.whitening"] == str(manifest["parameters"]["style"]["whitening"])
        assert logged.data.params["likenesses"] == str(manifest["parameters"]["likenesses"])
        assert logged.data.metrics == pytest.approx(headline(manifest, storage))
        assert "kept_composition" in logged.data.metrics

    def test_report_figures_and_manifest(self, logged, address, storage):
        from mlflow import MlflowClient

        names = {artifact.path for artifact in MlflowClient(address).list_artifacts(logged.info.run_id)}
        figures = {"rnx_curves.png", "codes.png", "silhouette_heat_map.png", "scatters"}
        assert names == {"report.html", "run_manifest.json"} | figures
        kept = storage / "mlflow" / logged.info.run_id / "artifacts"
        assert json.loads((kept / "run_manifest.json").read_text()) == manifests.read(storage, "newest")

    def test_without_its_configuration_runs_are_as_ever(self, demo_run, tmp_path):
        project = tmp_path / "project"
        shutil.copytree(demo_run.untouched, project)
        (project / "conf" / "base" / "mlflow.yml").unlink()
        given = f"{demo_run.parameters[1]},storage={tmp_path}/data"
        kedro("run", "--env", "demo", "--pipelines", "ingestion", "--params", given, cwd=project, environment={})
        assert manifests.read(tmp_path / "data", "newest")["status"] == "finished"
        assert list((tmp_path / "data").glob("mlflow*")) == []
        assert not (project / "mlruns").exists()


@needs_it
@pytest.mark.browser
class TestInABrowser:
    @pytest.fixture(scope="class")
    def ui(self, address):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = ["ui", "--backend-store-uri", address, "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
        server = subprocess.Popen([sys.executable, "-m", "mlflow", *command], start_new_session=True)
        for _ in range(2 * PATIENCE):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
                break
            except OSError:
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
        # Its workers are children; a signal to the group reaches them.
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(PATIENCE)

    def test_the_run_with_its_figures(self, ui, browser, logged):
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.goto(f"{ui}/#/experiments/1/runs/{logged.info.run_id}")
        page.get_by_text("kept_composition").first.wait_for()
        page.goto(f"{ui}/#/experiments/1/runs/{logged.info.run_id}/artifacts")
        page.get_by_text("rnx_curves.png").first.click()
        picture = page.locator("img[src^='blob:'], img[src*='rnx_curves']").first
        picture.wait_for()
        assert picture.evaluate("async (image) => (await image.decode(), image.naturalWidth)") > 100
        page.get_by_text("report.html").first.click()
        page.frame_locator("iframe").get_by_text("What is left of the likeness").first.wait_for()
