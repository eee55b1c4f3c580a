"""A scheduler and two workers, real processes of this machine: the same tables, also when workers die."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field

import distributed
import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.io.core import DatasetError
from kedro.pipeline import Node, Pipeline
from kedro_datasets.json import JSONDataset

import chaos
from grisaille.runner import DaskRunner
from helpers import PATIENCE

TABLES = ("preservation.csv", "retrieval.csv", "pair_silhouettes.csv", "paper_experiments.csv", "rnx_curves.csv")


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

    def wait_for(self, words):
        """The worker that says words of this pattern first."""

        def speaker():
            return next(
                (worker for worker in self.workers if any(re.search(words, line) for line in worker.said)), None
            )

        with self.heard:
            assert self.heard.wait_for(speaker, timeout=PATIENCE), f"no worker said {words}"
            return speaker()

    def kill(self, worker):
        """Kill the process that works; its nanny starts another."""
        with distributed.Client(self.address, set_as_default=False) as client:
            names = {of["name"]: address for address, of in client.scheduler_info()["workers"].items()}
            address = names[worker.name]
            pid = client.run(os.getpid, workers=[address])[address]
        os.kill(pid, signal.SIGKILL)


def start(*command, **options):
    environment = os.environ | {"COLUMNS": "200"}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, **options
    )


def dask(*arguments):
    return start(sys.executable, "-m", "dask", *arguments, "--no-dashboard")


@pytest.fixture(scope="module")
def cluster():
    scheduler = dask("scheduler", "--host", "127.0.0.1", "--port", "0")
    address = next(line.split()[-1] for line in scheduler.stdout if "Scheduler at:" in line)
    threading.Thread(target=scheduler.stdout.read, daemon=True).start()
    workers = [Worker(name, dask("worker", address, "--name", name, "--nthreads", "1")) for name in ("Ada", "Bert")]
    cluster = Cluster(address, workers)
    for worker in workers:
        threading.Thread(target=cluster.listen, args=(worker,), daemon=True).start()
    yield cluster
    for process in (*(worker.process for worker in workers), scheduler):
        process.terminate()
        process.wait(timeout=PATIENCE)


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cluster") / "project"
    chaos.copy_project(folder)
    return folder


@pytest.fixture
def project(copied, demo_run):
    """The project, whose cluster environment shows the demo's gallery to the small CNN; nothing has run there."""
    shutil.rmtree(copied / "data", ignore_errors=True)
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
        with pytest.raises(DatasetError, match="length, title would stay in one worker's memory"):
            DaskRunner("tcp://127.0.0.1:1").run(pipeline, catalog)

    def test_nobody_there(self, tmp_path):
        pipeline = Pipeline([Node(repr, "painting", "title", name="name")])
        stored = JSONDataset(filepath=str(tmp_path / "title.json"))
        catalog = DataCatalog({"painting": MemoryDataset(1), "title": stored})
        with pytest.raises(ConnectionError, match=r"there is no Dask scheduler at tcp://127\.0\.0\.1:1"):
            DaskRunner("tcp://127.0.0.1:1", patience=1).run(pipeline, catalog)

    def test_an_address_is_needed(self):
        with pytest.raises(ValueError, match="--runner-params address=tcp://host:8786"):
            DaskRunner()


class TestAWholeRun:
    def run(self, project, demo_run, cluster):
        for worker in cluster.workers:
            worker.said.clear()
        parameters = demo_run.parameters[1].replace("shard_rows=64", "shard_rows=8")
        runner = ("--runner", "grisaille.runner.DaskRunner", "--runner-params", f"address={cluster.address}")
        command = ("run", "--env", "cluster", *runner, "--params", parameters)
        return start(sys.executable, "-m", "kedro", *command, cwd=project)

    def newest(self, project, path):
        return sorted((project / "data" / path).iterdir())[-1] / path.split("/")[-1]

    def check(self, project, demo_run):
        embeddings = np.load(self.newest(project, "07_model_output/embeddings.npy"))
        assert np.array_equal(embeddings, np.load(demo_run.first("07_model_output/embeddings.npy")))
        for name in TABLES:
            table = pd.read_csv(self.newest(project, f"08_reporting/{name}"))
            expected = pd.read_csv(demo_run.first(f"08_reporting/{name}"))
            pd.testing.assert_frame_equal(table, expected, check_exact=True)

    def test_tables_are_those_of_a_sequential_run(self, project, demo_run, cluster):
        done = self.run(project, demo_run, cluster)
        output, _ = done.communicate(timeout=PATIENCE)
        assert done.returncode == 0, output[-4000:]
        self.check(project, demo_run)
        ran = {worker.name: "".join(worker.said) for worker in cluster.workers}
        assert all("encode_paintings ran on" in said for said in ran.values()), "one worker encoded all"

    def test_a_worker_dies_in_extraction_and_another_in_training(self, project, demo_run, cluster):
        running = self.run(project, demo_run, cluster)
        cluster.kill(cluster.wait_for(r"\| ([89]|[1-9]\d)/181"))
        stored = {path: path.stat().st_mtime_ns for path in (project / "data").rglob("block*_pool-*.npy")}
        cluster.kill(cluster.wait_for(r"likeness of 3 chunks: +[1-9]\d?%"))
        output, _ = running.communicate(timeout=PATIENCE)
        assert running.returncode == 0, output[-4000:]
        assert stored
        assert stored == {path: path.stat().st_mtime_ns for path in stored}
        self.check(project, demo_run)
