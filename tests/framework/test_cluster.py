"""A scheduler and two workers, real processes of this machine: the same tables, also when workers die."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import distributed
import numpy as np
import pandas as pd
import pytest
from kedro.framework import project as kedro_project
from kedro.io import DataCatalog, MemoryDataset
from kedro.io.core import DatasetError
from kedro.pipeline import Node, Pipeline
from kedro.runner.task import Task
from kedro_datasets.json import JSONDataset

import chaos
from grisaille.errors import GrisailleError
from grisaille.framework.catalog import AtomicCatalog
from grisaille.framework.runner import DaskRunner, _execute
from helpers import COLUMNS, PATIENCE, kedro

TABLES = ("preservation.csv", "usefulness.csv", "pair_silhouettes.csv", "paper_experiments.csv", "rnx_curves.csv")


@dataclass
class Worker:
    """A `dask worker` and what it says."""

    name: str
    process: subprocess.Popen
    said: list = field(default_factory=list)


@dataclass
class Cluster:
    """A scheduler and its workers."""

    address: str
    workers: list
    heard: threading.Condition = field(default_factory=threading.Condition)

    def listen(self, worker):
        # Progress bars end their lines with a carriage return, which text mode reads as a line.
        for line in worker.process.stdout:
            with self.heard:
                worker.said.append(line)
                self.heard.notify_all()

    def wait_for(self, words, running):
        """The worker that says words of this pattern first, while a command runs."""

        def speaker():
            return next(
                (worker for worker in self.workers if any(re.search(words, line) for line in worker.said)), None
            )

        def notify(_):
            with self.heard:
                self.heard.notify_all()

        running.add_done_callback(notify)
        with self.heard:
            assert self.heard.wait_for(lambda: speaker() or running.done(), timeout=PATIENCE), f"nobody said {words}"
            assert speaker(), running.result()
            return speaker()

    def process_of(self, worker):
        """The process that works, and whose death its nanny makes good."""
        with distributed.Client(self.address, set_as_default=False) as client:
            addresses = {of["name"]: address for address, of in client.scheduler_info()["workers"].items()}
            address = addresses[worker.name]
            return client.run(os.getpid, workers=[address])[address]


def dask(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *arguments, "--no-dashboard"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # Every step of a bar is a line.
        env=os.environ | COLUMNS | {"TQDM_MININTERVAL": "0"},
    )


@pytest.fixture(scope="module")
def cluster():
    scheduler = dask("scheduler", "--host", "127.0.0.1", "--port", "0")
    address = next(line.split()[-1] for line in scheduler.stdout if "Scheduler at:" in line)
    threading.Thread(target=scheduler.stdout.read, daemon=True).start()
    workers = [Worker(name, dask("worker", address, "--name", name, "--nthreads", "1")) for name in ("Ada", "Bert")]
    cluster = Cluster(address, workers)
    for worker in workers:
        threading.Thread(target=cluster.listen, args=(worker,), daemon=True).start()
    with distributed.Client(address, set_as_default=False) as client:
        client.wait_for_workers(len(workers))
    yield cluster
    # A worker whose scheduler has gone takes its time.
    for processes in [worker.process for worker in workers], [scheduler]:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=PATIENCE)


@pytest.fixture(scope="module")
def project(tmp_path_factory, demo_run):
    """The project, whose cluster environment shows the demo's gallery to the small CNN; nothing has run there."""
    copied = tmp_path_factory.mktemp("cluster") / "project"
    chaos.copy_project(copied)
    demo, cluster = copied / "conf" / "demo", copied / "conf" / "cluster"
    shutil.copy(demo / "catalog.yml", cluster / "catalog.yml")
    shutil.copy(demo / "parameters.yml", cluster / "parameters_demo.yml")
    shutil.copy(demo_run.project / "conf" / "demo" / "parameters_small.yml", cluster / "parameters_small_demo.yml")
    return copied


class TestRefusing:
    @pytest.fixture
    def pipeline(self):
        return Pipeline([Node(repr, "painting", "title", name="name"), Node(len, "title", "length", name="count")])

    def test_what_would_stay_in_one_workers_memory_is_named_before_anything_starts(self, pipeline):
        catalog = DataCatalog({"painting": MemoryDataset(1)})
        with pytest.raises(DatasetError, match="length, title would be in one worker's memory"):
            DaskRunner("tcp://127.0.0.1:1").run(pipeline, catalog)

    def test_nobody_there(self, tmp_path):
        pipeline = Pipeline([Node(repr, "painting", "title", name="name")])
        stored = JSONDataset(filepath=str(tmp_path / "title.json"))
        catalog = DataCatalog({"painting": MemoryDataset(1), "title": stored})
        with pytest.raises(GrisailleError, match=r"there is no Dask scheduler at tcp://127\.0\.0\.1:1"):
            DaskRunner("tcp://127.0.0.1:1", patience=1).run(pipeline, catalog)

    def test_an_address_is_needed(self):
        with pytest.raises(GrisailleError, match="--runner-params address=tcp://host:8786"):
            DaskRunner()


class TestAnAnswerThatIsAskedForAgain:
    """Dask runs a task again when the worker that kept its answer dies."""

    @pytest.mark.parametrize("names", [["a", "b"], ["a"]])
    def test_results_that_are_all_there_stay_for_those_who_read_them(self, tmp_path, names):
        entries = {
            name: {"type": "json.JSONDataset", "filepath": f"{tmp_path}/{name}", "versioned": True} for name in "ab"
        }
        catalog = AtomicCatalog.from_config(entries, save_version="2021-01-01T00.00.00.000Z")
        for name in names:
            catalog.save(name, "before")
        task = Task(Node(lambda: ("again", "again"), None, ["a", "b"], name="n"), catalog, is_async=False)
        with distributed.Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=None) as client:
            client.submit(_execute, kedro_project.PACKAGE_NAME, dict(kedro_project.LOGGING), task, pure=False).result()
        assert {catalog.load(name) for name in "ab"} == {"before" if names == ["a", "b"] else "again"}


class TestAWholeRun:
    """One worker dies in extraction and one in evaluation; what is stored does not show it."""

    @pytest.fixture(scope="class")
    def run(self, project, demo_run, cluster):
        """The features that were stored when the first worker died, and what each worker said."""
        processes = {worker.name: cluster.process_of(worker) for worker in cluster.workers}
        parameters = demo_run.parameters[1].replace("shard_rows=64", "shard_rows=8")
        runner = ("--runner", "grisaille.framework.runner.DaskRunner", "--runner-params", f"address={cluster.address}")
        with ThreadPoolExecutor(1) as thread:
            running = thread.submit(kedro, "run", "--env", "cluster", *runner, "--params", parameters, cwd=project)
            extracting = cluster.wait_for(r"extracting features: ([89]|[1-9]\d) of", running)
            os.kill(processes[extracting.name], signal.SIGKILL)
            stored = {path: path.stat().st_mtime_ns for path in (project / "data").rglob("block*_pool/*.npy")}
            measuring = cluster.wait_for(r"codes of composition: [1-9]", running)
            os.kill(cluster.process_of(measuring), signal.SIGKILL)
        running.result()
        return stored, {worker.name: "".join(worker.said) for worker in cluster.workers}

    def newest(self, project, path):
        return sorted((project / "data" / path).iterdir())[-1] / path.split("/")[-1]

    def test_embeddings_and_tables_are_those_of_a_sequential_run(self, project, demo_run, run):
        embeddings = np.load(self.newest(project, "07_model_output/composition_embeddings.npy"))
        assert np.array_equal(embeddings, np.load(demo_run.first("07_model_output/composition_embeddings.npy")))
        for name in TABLES:
            table = pd.read_csv(self.newest(project, f"08_reporting/{name}"))
            expected = pd.read_csv(demo_run.first(f"08_reporting/{name}"))
            pd.testing.assert_frame_equal(table, expected, check_exact=True)

    def test_no_features_were_extracted_again(self, project, run):
        stored, _ = run
        every = list((project / "data").rglob("block*_pool/*.npy"))
        assert 0 < len(stored) < len(every), "nobody died in extraction"
        assert stored == {path: path.stat().st_mtime_ns for path in stored}

    def test_the_measuring_was_begun_twice(self, run):
        said = "".join(run[1].values())
        assert len(re.findall("codes of composition: 1 ", said)) == 2, "nobody died in evaluation"

    def test_both_workers_computed(self, run):
        """Chunks of a small collection take moments: which of the two fits them is a matter of chance."""
        assert all(re.search(r"(autoencoder|encoder|chunk|\w+_pca) ran on", said) for said in run[1].values())
        assert "Loading data" not in "".join(run[1].values())
