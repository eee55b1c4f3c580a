"""Results in a bucket: a real S3-compatible server on this machine, and a cluster that dies on the way."""

import os
import re
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from benchmarks.object_storage import BUCKET, serving

import chaos
from dask_cluster import started
from grisaille.storage.files import as_path, atomic_path, listing
from helpers import kedro

ROOT = f"{BUCKET}/demo"


@dataclass
class Runs:
    """What two runs left: one whose scheduler died, and the one after it."""

    broken: str
    stored: set
    storage: object

    def newest(self, pattern):
        """Name -> content of the newest version."""
        files = self.storage.filesystem()
        return {path.split("/")[-1]: files.cat_file(path) for path in sorted(files.glob(f"{ROOT}/{pattern}"))}


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server") / "requests.txt") as storage:
        yield storage


@pytest.fixture(scope="module")
def runs(tmp_path_factory, demo_run, storage):
    folder = tmp_path_factory.mktemp("bucket")
    chaos.copy_project(folder / "project")
    demo = folder / "project" / "conf" / "demo"
    shutil.copy(demo_run.project / "conf" / "demo" / "parameters_small.yml", demo)
    # Pictures are there already: each would be a dozen requests.
    catalog, gallery = (demo / "catalog.yml").read_text(), demo_run.data / "01_raw" / "gallery"
    (demo / "catalog.yml").write_text(catalog.replace("${globals:storage}/01_raw/gallery", str(gallery)))
    parameters = demo_run.parameters[1].replace("shard_rows=64", "shard_rows=8") + f",storage=s3://{ROOT}"

    def run(cluster, **options):
        command = ("run", "--env", "demo", *cluster.runner, "--params", parameters)
        return kedro(*command, cwd=folder / "project", environment=storage.environment, **options)

    with ThreadPoolExecutor(1) as thread:
        with started("Ada", "Bert", environment=storage.environment) as cluster:
            processes = {worker.name: cluster.process_of(worker) for worker in cluster.workers}
            running = thread.submit(run, cluster, check=False)
            extracting = cluster.wait_for(r"extracting features: ([89]|[1-9]\d) of", running)
            os.kill(processes[extracting.name], signal.SIGKILL)
            cluster.wait_for(r"extracting features: ([89]\d|1\d\d) of", running)
            cluster.scheduler.kill()
            broken = running.result()
    assert broken.returncode == 1
    stored = set(storage.named("_pool/*.npy"))
    with started("Carl", "Dora", environment=storage.environment) as cluster:
        run(cluster)
    return Runs(broken.stdout + broken.stderr, stored, storage)


class TestFiles:
    def test_what_another_machine_has_written_is_seen_at_once(self, storage):
        other, folder = storage.filesystem(), as_path(f"s3://{BUCKET}/shared", storage.options)
        for name in ("a.txt", "b.txt"):
            other.pipe_file(f"{BUCKET}/shared/{name}", b"here")
            assert (folder / name).exists()
            assert listing(folder)[name][0] == 4

    def test_a_folder_gets_its_name_with_all_its_files(self, storage):
        folder = as_path(f"s3://{BUCKET}/folder", storage.options)
        with atomic_path(folder) as temporary:
            for name in ("a.txt", "deep/b.txt"):
                (temporary / name).write_bytes(name.encode())
        files, root = storage.filesystem(), f"{BUCKET}/folder"
        expected = {f"{root}/a.txt": b"a.txt", f"{root}/deep/b.txt": b"deep/b.txt"}
        assert {path: files.cat_file(path) for path in files.find(root)} == expected
        assert not files.glob(f"{root}.*")


class TestABucket:
    """A worker dies in extraction, then the scheduler; the next run goes on."""

    def test_the_broken_run_ends_in_one_line(self, runs):
        errors = [line for line in runs.broken.splitlines() if "rror" in line]
        assert len(errors) == 1
        assert re.search("the scheduler at .+ is gone: .+ What is stored is not computed again", errors[0])
        assert "Traceback" not in runs.broken

    def test_no_shard_is_stored_twice(self, runs):
        named = runs.storage.named("_pool/*.npy")
        assert 0 < len(runs.stored) < len(named), "nobody died in extraction"
        assert set(named.values()) == {1}

    @pytest.mark.parametrize("pattern", ["*.csv", "*.parquet"])
    def test_tables_are_those_of_a_run_on_a_disk(self, runs, demo_run, pattern):
        tables = runs.newest(f"08_reporting/*/*/{pattern}")
        expected = {path.name for path in (demo_run.untouched / "data/demo/08_reporting").glob(f"*/*/{pattern}")}
        assert set(tables) == expected
        assert tables == {name: demo_run.first(f"08_reporting/{name}").read_bytes() for name in expected}
