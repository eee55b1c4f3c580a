"""A scheduler and two workers, real processes of this machine: the same tables, also when workers die."""

import os
import re
import shutil
import signal
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import nullcontext

import distributed
import numpy as np
import pandas as pd
import pytest
from kedro.framework import project as kedro_project
from kedro.io import DataCatalog, MemoryDataset
from kedro.io.core import DatasetError
from kedro.pipeline import Node, Pipeline
from kedro.runner import AbstractRunner
from kedro.runner.task import Task
from kedro_datasets.json import JSONDataset

import chaos
from dask_cluster import started
from grisaille.errors import GrisailleError
from grisaille.framework.catalog import AtomicCatalog
from grisaille.framework.runner import DaskRunner, _execute
from helpers import PROJECT, kedro

TABLES = ("preservation.csv", "usefulness.csv", "pair_silhouettes.csv", "paper_experiments.csv", "rnx_curves.csv")


@pytest.fixture(scope="module")
def cluster():
    with started("Ada", "Bert") as cluster:
        yield cluster


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


class TestAClusterThatDies:
    """tests/framework/test_object_storage.py kills one."""

    @pytest.mark.parametrize(
        ("error", "words"),
        [
            (CancelledError(), r"the scheduler at tcp://127\.0\.0\.1:1 is gone: .+ is not computed again"),
            (distributed.KilledWorker("write_shard-1", None, 3), "all workers that tried one and the same task died"),
        ],
    )
    def test_one_sentence(self, tmp_path, monkeypatch, error, words):
        def die(*_, **__):
            raise error

        monkeypatch.setattr(DaskRunner, "_connect", nullcontext)
        monkeypatch.setattr(AbstractRunner, "_run", die)
        stored = JSONDataset(filepath=str(tmp_path / "title.json"))
        catalog = DataCatalog({"painting": MemoryDataset(1), "title": stored})
        with pytest.raises(GrisailleError, match=words):
            DaskRunner("tcp://127.0.0.1:1").run(Pipeline([Node(repr, "painting", "title", name="name")]), catalog)


class TestTheRecipeInTheDocs:
    @pytest.fixture
    def runner(self):
        blocks = re.findall(r"```python\n(.*?)```", (PROJECT / "docs" / "cluster.md").read_text("utf-8"), re.DOTALL)
        recipe = {"__name__": "recipe"}
        exec(next(block for block in blocks if "class DaskRunner" in block), recipe)
        with distributed.Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=None) as client:
            yield recipe["DaskRunner"](client.scheduler.address)

    def test_it_runs_and_refuses(self, tmp_path, runner):
        pipeline = Pipeline(
            [Node(str.title, "name", "title", name="title"), Node(len, "title", "length", name="count")]
        )
        stored = {name: JSONDataset(filepath=f"{tmp_path}/{name}.json") for name in ("title", "length")}
        catalog = DataCatalog({"name": MemoryDataset("nebel"), **stored})
        runner.run(pipeline, catalog)
        assert (catalog.load("title"), catalog.load("length")) == ("Nebel", 5)
        with pytest.raises(ValueError, match="no other worker could read length: "):
            runner.run(pipeline, DataCatalog({"name": MemoryDataset("nebel"), "title": stored["title"]}))


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
        with ThreadPoolExecutor(1) as thread:
            command = ("run", "--env", "cluster", *cluster.runner, "--params", parameters)
            running = thread.submit(kedro, *command, cwd=project)
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
