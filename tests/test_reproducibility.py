"""Runs told apart and repeated: by one thread and by two, from a manifest, and after something was touched."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import keras  # noqa: F401 - it writes to the standard error that it finds, which must not be a command's
import pytest
from click.testing import CliRunner

import chaos
from grisaille.cli import cli
from grisaille.framework import config
from grisaille.provenance.environment import THREADS
from helpers import Run, flip


@dataclass(frozen=True)
class Stored:
    """A run in a storage of its own, and its repetition."""

    storage: Path
    repetition: Path
    said: str

    @property
    def before(self):
        return newest_manifest(self.storage)

    @property
    def after(self):
        return newest_manifest(self.repetition)


def newest_manifest(storage):
    return json.loads(sorted(storage.glob("08_reporting/run_manifest.json/*/run_manifest.json"))[-1].read_text())


@pytest.fixture(scope="module")
def small_run(tmp_path_factory, small_cnn):
    """A copy of the project with a tiny gallery, in which nothing has run."""
    gallery = chaos.small_gallery(tmp_path_factory.mktemp("small") / "project", small_cnn)
    _, parameters = gallery.parameters
    return Run(gallery.project, "", ("--params", f"{parameters},{chaos.QUICK}"), gallery.project)


def repeat(small_run, folder, threads):
    storage, repetition = folder / "storage", folder / "again"
    settings = f"{small_run.parameters[1]},storage={storage}"
    # Libraries read their threads as they are imported; in a warm process they have one.
    environment = None if threads == 1 else dict.fromkeys(THREADS, str(threads))
    small_run.again("--params", settings, environment=environment)
    done = small_run.grisaille("rerun", "newest", "--storage", str(storage), "--into", str(repetition), check=False)
    assert not done.returncode, done.stdout[-4000:] + done.stderr[-2000:]
    return Stored(storage, repetition, done.stdout)


def copied(storage, folder):
    shutil.copytree(storage, folder / "storage")
    return folder / "storage"


def names(said, word, column=2):
    """The names of what a command says this word of."""
    lines = [line.split() for line in said.splitlines()]
    return {line[column] for line in lines if line[:1] == [word] and len(line) > column}


@pytest.fixture
def call(small_run, monkeypatch):
    """A function that calls a command in this process: its status, and what it said."""
    monkeypatch.chdir(small_run.project)
    # The loader of a command is no session's.
    monkeypatch.setattr(config, "_newest", None)

    def invoke(command, *arguments):
        done = CliRunner().invoke(cli, [command, *map(str, arguments), "--env", "demo"])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    return invoke


@pytest.fixture(scope="module")
def one_thread(small_run, tmp_path_factory):
    return repeat(small_run, tmp_path_factory.mktemp("one"), 1)


@pytest.fixture(scope="module")
def two_threads(small_run, tmp_path_factory):
    return repeat(small_run, tmp_path_factory.mktemp("two"), 2)


@pytest.fixture(scope="module", params=["one_thread", "two_threads"])
def run(request):
    return request.getfixturevalue(request.param)


class TestBitIdentical:
    def test_features_weights_embeddings_tables_and_all_the_rest(self, run):
        before, after = (
            {name: record["sha256"] for name, record in manifest["outputs"].items()}
            for manifest in (run.before, run.after)
        )
        assert before == after
        assert {
            "features",
            "pool5.composition_encoder",
            "composition_embeddings",
            "preservation",
            "neighbours",
            "report",
        } <= set(before)

    def test_with_the_threads_that_were_recorded(self, run):
        assert run.before["threads"] == run.after["threads"]
        assert set(THREADS) <= set(run.before["threads"])

    def test_the_features_were_extracted_again(self, run):
        shards = [
            {
                f"{path.parent.name}/{path.name}": path.stat().st_ino
                for path in storage.glob("04_feature/features/*/*/*.npy")
            }
            for storage in (run.storage, run.repetition)
        ]
        assert shards[0].keys() == shards[1].keys()
        assert not set(shards[0].values()) & set(shards[1].values())


class TestManifest:
    def test_it_says_what_was_asked_for(self, one_thread):
        manifest = one_thread.before
        assert manifest["status"] == "finished"
        assert manifest["command"]["env"] == "demo"
        assert manifest["command"]["params"]["autoencoder"]["components"] == 24
        assert manifest["parameters"]["autoencoder"]["components"] == 24
        assert manifest["parameters"]["autoencoder"]["seed"] == manifest["parameters"]["seed"]

    def test_it_says_by_what(self, one_thread):
        manifest = one_thread.before
        assert {"tensorflow", "numpy", "kedro"} <= set(manifest["packages"])
        assert manifest["machine"]["cores"] >= 1
        assert manifest["code"] is None, "the copy of the project is no repository"

    def test_it_has_hashes_of_inputs_weights_and_outputs(self, one_thread):
        manifest = one_thread.before
        assert len(manifest["weights"]["model_sha256"]) == 64
        assert all(len(record["sha256"]) == 64 for record in manifest["outputs"].values())


class TestVerify:
    def test_nothing_has_changed(self, call, one_thread):
        status, found = call("verify", "newest", "--storage", one_thread.storage)
        assert status == 0
        assert names(found, "ok") == {*one_thread.before["outputs"], "raw_paintings", "backbone"}

    def test_what_was_touched_is_named(self, call, one_thread, tmp_path):
        storage, records = copied(one_thread.storage, tmp_path), one_thread.before["outputs"]
        shutil.rmtree(storage / records["pool5.codes"]["path"])
        flip(storage / records["composition_embeddings"]["path"])
        flip(sorted((storage / records["features"]["path"]).parent.glob("*/*.npy"))[0])
        flip(next((storage / records["artist_embeddings"]["path"]).glob("*.npy")))
        status, found = call("verify", "newest", "--storage", storage)
        assert status == 1
        assert names(found, "missing") == {"pool5.codes"}
        assert names(found, "changed") == {"composition_embeddings", "features", "artist_embeddings"}

    def test_without_the_table_nobody_knows_the_paintings(self, call, one_thread, tmp_path):
        storage = copied(one_thread.storage, tmp_path)
        (storage / one_thread.before["outputs"]["picture_files"]["path"]).unlink()
        status, found = call("verify", "newest", "--storage", storage)
        assert status == 1
        assert names(found, "missing") == {"picture_files", "raw_paintings"}

    def test_a_run_that_never_was(self, call, one_thread):
        status, found = call("verify", "yesterday", "--storage", one_thread.storage)
        assert status == 1
        assert "no manifest of the run yesterday" in found


GRAPH = {"artist_graph", "artist_graph_figure", "artist_graph_gexf"}
DISCOVERED = {"embedding_neighbours", "map_of_paintings", "explorer"} | GRAPH


class TestRerun:
    @pytest.fixture(scope="class")
    def discovered(self, small_run, one_thread, tmp_path_factory):
        """A storage in which the newest run is one that reads what another has stored."""
        storage = copied(one_thread.storage, tmp_path_factory.mktemp("discovered"))
        settings = f"{small_run.parameters[1]},storage={storage}"
        small_run.again("--pipeline", "discovery", "--params", settings)
        return storage

    def test_it_says_of_every_result_that_it_is_identical(self, one_thread):
        identical = names(one_thread.said, "identical", 1)
        assert identical == set(one_thread.before["outputs"])
        assert f"{len(identical)} identical" in one_thread.said.splitlines()

    def test_a_part_that_reads_what_is_stored(self, call, discovered, tmp_path):
        status, found = call("rerun", "newest", "--storage", discovered, "--into", tmp_path / "again")
        assert status == 0
        assert names(found, "identical", 1) == DISCOVERED

    def test_an_input_that_has_changed_is_named_and_not_read(self, call, discovered, tmp_path):
        storage = copied(discovered, tmp_path)
        flip(storage / newest_manifest(storage)["inputs"]["composition_embeddings"]["path"])
        status, found = call("rerun", "newest", "--storage", storage, "--into", tmp_path / "again")
        assert status == 1
        assert "the input composition_embeddings is changed" in found

    def test_other_results_are_named(self, call, discovered, tmp_path):
        storage = copied(discovered, tmp_path)
        path = sorted(storage.glob("08_reporting/run_manifest.json/*/run_manifest.json"))[-1]
        manifest = json.loads(path.read_text())
        manifest["outputs"]["explorer"]["sha256"] = "0" * 64
        path.write_text(json.dumps(manifest))
        path.with_name("run_manifest.json.stamp.json").unlink()
        status, found = call("rerun", "newest", "--storage", storage, "--into", tmp_path / "again")
        assert status == 1
        assert names(found, "differs", 1) == {"explorer"}

    def test_nothing_is_overwritten(self, call, one_thread):
        status, found = call("rerun", "newest", "--storage", one_thread.storage, "--into", one_thread.storage)
        assert status == 2
        assert "is not empty" in found
