"""What several rooms of tests need: a small backbone, one run of the whole project, the development paintings."""

import os
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

# Processes share the cores: threads of each would wait for those of the others. Read when these libraries are imported.
for variable in (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
):
    os.environ.setdefault(variable, "1")

import hypothesis
import numpy as np
import pandas as pd
import pytest
import yaml
from filelock import FileLock
from tqdm import tqdm

import chaos
from grisaille.features.store import FeatureStore, ShardedArray
from helpers import PATIENCE, SHARED, command, kedro

# How fast a machine is proves nothing.
hypothesis.settings.register_profile("grisaille", deadline=None)
hypothesis.settings.load_profile("grisaille")
# Mutants: the same few examples each time, and no search for the smallest that fails.
hypothesis.settings.register_profile(
    "mutants",
    deadline=None,
    max_examples=12,
    derandomize=True,
    database=None,
    # A process runs the same test over and over.
    suppress_health_check=[hypothesis.HealthCheck.differing_executors],
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
)
# Its own lock is shared with processes that are forked: one that is killed would leave it held, and all others waiting.
tqdm.set_lock(threading.RLock())


# Begun first, the longest before the others, so that no process is left with one of them when the rest is done. The two
# at the head do not wait for the same run.
LONGEST = (
    "test_whole_run.py",
    "test_cluster.py",
    "test_reproducibility.py",
    "test_faults.py",
    "test_browser.py",
    "test_docs.py",
    "test_places.py",
    "test_degenerate.py",
    "test_stability.py",
    "test_similar.py",
    "test_notebooks.py",
    "test_training.py",
    "test_study.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


@pytest.fixture(scope="session")
def shared() -> Path:
    if not (SHARED / "data" / "paintings").is_dir():
        pytest.skip("the development paintings are not beside this checkout")
    return SHARED


class PatientBrowser:
    """A browser whose pages wait as long as it takes."""

    def __init__(self, browser):
        self._browser = browser

    def new_context(self, **options):
        context = self._browser.new_context(**options)
        context.set_default_timeout(1000 * PATIENCE)
        return context

    def new_page(self, **options):
        return self.new_context(**options).new_page()


# Of a module: its event loop must not run under tests that have one of their own.
@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield PatientBrowser(opened)
        opened.close()


@pytest.fixture(scope="session")
def common(tmp_path_factory, worker_id) -> Path:
    """A folder of all processes that share these tests."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "common"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def small_cnn(common) -> Path:
    """A saved CNN with two named layers whose chunks are of one length, like VGG16's but 1,000 times cheaper."""
    path = common / "small.keras"
    with FileLock(common / "small.lock"):
        return path if path.exists() else chaos.small_cnn(path)


# Of the demo, to suit the small CNN.
SMALL = {
    "chunks": chaos.CHUNKS,
    "study": {
        "layer_sets": {"block3": None, "block4": None, "blocks_3_4_5": None},
        "code_sizes": [2, 8],
        "embedding_size": 12,
        "chunk_values": 512,
        "queries": 60,
    },
    # UMAP compiles itself first, which takes longer than all else here.
    "discovery": {"umap": False},
}


@dataclass(frozen=True)
class Run:
    """A copy of the project that was run once."""

    project: Path
    output: str
    parameters: tuple[str, ...]
    # Where no test runs anything.
    untouched: Path

    @property
    def data(self) -> Path:
        return self.project / "data" / "demo"

    def again(self, *arguments: str, **options) -> CompletedProcess[str]:
        """Run again with the same parameters, unless others are given."""
        given = () if "--params" in arguments else self.parameters
        return kedro("run", "--env", "demo", *arguments, *given, cwd=self.project, **options)

    def grisaille(self, *arguments: str, **options) -> CompletedProcess[str]:
        """One of the project's own commands."""
        return command("grisaille", *arguments, "--env", "demo", cwd=self.project, **options)

    def first(self, path: str) -> Path:
        """What the run itself left, whatever tests have run since."""
        return min((self.data / path).iterdir()) / Path(path).name

    def newest(self, path: str) -> Path:
        return sorted((self.data / path).iterdir())[-1] / Path(path).name

    def table(self, name: str) -> pd.DataFrame:
        path = self.newest(f"08_reporting/{name}")
        return pd.read_csv(path) if name.endswith(".csv") else pd.read_parquet(path)

    def embeddings(self) -> np.ndarray:
        return np.load(self.newest("07_model_output/composition_embeddings.npy"))

    def features(self) -> dict[str, ShardedArray]:
        """Layer -> features, palettes among them."""
        manifests = [path for path in self.data.glob("04_feature/features/*/*.json") if "stamp" not in path.name]
        stores = [FeatureStore(path) for path in manifests]
        return {layer: store[layer] for store in stores for layer in store}

    def shard_times(self) -> dict[str, int]:
        shards = self.data.glob("04_feature/features/*/*/*.npy")
        return {f"{path.parent.name}/{path.name}": path.stat().st_mtime_ns for path in shards}


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory, common, small_cnn) -> Run:
    """One run for all processes; each has a copy of what it left."""
    parameters = (
        "--params",
        f"backbone.model_file={small_cnn},backbone.shard_rows=64,autoencoder.channels=8,autoencoder.code_size=8,"
        # Not in the file: of one folder's files Kedro may read any first.
        "comparisons.punkt_pointe=null,comparisons.tropf_kurve=null",
    )
    original, output = common / "run", common / "run.txt"
    with FileLock(common / "run.lock"):
        if not output.exists():
            chaos.copy_project(original)
            (original / "conf" / "demo" / "parameters_small.yml").write_text(yaml.safe_dump(SMALL, sort_keys=False))
            done = kedro("run", "--env", "demo", *parameters, cwd=original)
            output.write_text(done.stdout + done.stderr)
    project = tmp_path_factory.mktemp("run") / "project"
    shutil.copytree(original, project)
    return Run(project, output.read_text(), parameters, original)
