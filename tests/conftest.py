"""What several rooms of tests need: a small backbone, one run of the whole project, the development paintings."""

import os
import shutil
import threading
from pathlib import Path

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
import pytest
import yaml
from filelock import FileLock
from tqdm import tqdm

import chaos
from helpers import PATIENCE, SHARED, Run, kedro

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
