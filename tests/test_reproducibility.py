"""Runs told apart and repeated: by one thread and by two, from a manifest, and after something was touched."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from grisaille.provenance import THREADS

QUICK = (
    "autoencoder.similarity.epochs=1,autoencoder.similarity.fewest_steps=10,"
    "report.thumbnails=1,report.examples=1,comparisons.tropf_kurve=null"
)


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
    return json.loads(sorted(storage.glob("08_reporting/run_manifest.json/*/*.json"))[-1].read_text())


def repeat(demo_run, folder, threads):
    storage, repetition = folder / "storage", folder / "again"
    settings = f"{demo_run.parameters[1]},{QUICK},storage={storage}"
    demo_run.again("--params", settings, environment=dict.fromkeys(THREADS, str(threads)))
    done = demo_run.grisaille("rerun", "newest", "--storage", str(storage), "--into", str(repetition), check=False)
    assert not done.returncode, done.stdout[-4000:] + done.stderr[-2000:]
    return Stored(storage, repetition, done.stdout)


@pytest.fixture(scope="module")
def one_thread(demo_run, tmp_path_factory):
    return repeat(demo_run, tmp_path_factory.mktemp("one"), 1)


@pytest.fixture(scope="module")
def two_threads(demo_run, tmp_path_factory):
    return repeat(demo_run, tmp_path_factory.mktemp("two"), 2)


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
        assert {"features", "pool5.encoder", "embeddings", "preservation", "neighbours", "report"} <= set(before)

    def test_with_the_threads_that_were_recorded(self, run):
        assert run.before["threads"] == run.after["threads"]
        assert set(THREADS) <= set(run.before["threads"])

    def test_the_features_were_extracted_again(self, run):
        shards = [
            {path.name: path.stat().st_ino for path in storage.glob("04_feature/features/*/*.npy")}
            for storage in (run.storage, run.repetition)
        ]
        assert shards[0].keys() == shards[1].keys()
        assert not set(shards[0].values()) & set(shards[1].values())


class TestManifest:
    def test_it_says_what_was_asked_for(self, one_thread):
        manifest = one_thread.before
        assert manifest["status"] == "finished"
        assert manifest["command"]["env"] == "demo"
        assert manifest["command"]["params"]["autoencoder"]["similarity"]["epochs"] == 1
        assert manifest["parameters"]["autoencoder"]["similarity"]["epochs"] == 1
        assert manifest["seeds"]["autoencoder.seed"] == manifest["parameters"]["seed"]

    def test_it_says_by_what(self, one_thread):
        manifest = one_thread.before
        assert {"tensorflow", "numpy", "kedro"} <= set(manifest["packages"])
        assert manifest["machine"]["cores"] >= 1
        assert manifest["code"] is None, "the copy of the project is no repository"

    def test_it_has_hashes_of_inputs_weights_and_outputs(self, one_thread):
        manifest = one_thread.before
        assert manifest["paintings"]["files"] == 181
        assert len(manifest["weights"]["model_sha256"]) == 64
        assert all(len(record["sha256"]) == 64 for record in manifest["outputs"].values())

    def test_a_run_that_fails_leaves_one_that_says_so(self, demo_run, one_thread, tmp_path):
        for folder in ("03_primary", "04_feature"):
            shutil.copytree(one_thread.storage / folder, tmp_path / folder)
        settings = f"{demo_run.parameters[1]},{QUICK},storage={tmp_path},chunks.pool5.stop=99999"
        assert demo_run.again("--pipeline", "autoencoding", "--params", settings, check=False).returncode
        manifest = newest_manifest(tmp_path)
        assert manifest["status"] == "failed"
        assert "99999" in manifest["error"]
        assert manifest["inputs"].keys() == {"features", "paintings"}
        assert "embeddings" not in manifest["outputs"]


class TestVerify:
    def verify(self, demo_run, storage, run="newest"):
        return demo_run.grisaille("verify", run, "--storage", str(storage), check=False)

    def found(self, done):
        """What was found -> the names of which."""
        lines = [line.split() for line in done.stdout.splitlines() if "put " in line]
        return {word: {line[2] for line in lines if line[0] == word} for word in ("ok", "changed", "missing")}

    def test_nothing_has_changed(self, demo_run, one_thread):
        done = self.verify(demo_run, one_thread.storage)
        assert done.returncode == 0
        assert self.found(done)["ok"] == {*one_thread.before["outputs"], "raw_paintings"}

    def test_what_was_touched_is_named(self, demo_run, one_thread, tmp_path):
        storage = tmp_path / "storage"
        shutil.copytree(one_thread.storage, storage)
        records = one_thread.before["outputs"]
        (storage / records["pool5.codes"]["path"]).unlink()
        self.touch(storage / records["embeddings"]["path"])
        self.touch(sorted((storage / records["features"]["path"]).glob("*.npy"))[0])
        self.touch(storage / sorted(records["artist_embeddings"]["files"])[0])
        done = self.verify(demo_run, storage)
        assert done.returncode == 1
        found = self.found(done)
        assert found["missing"] == {"pool5.codes"}
        assert found["changed"] == {"embeddings", "features", "artist_embeddings"}

    def touch(self, path):
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)

    def test_a_run_that_never_was(self, demo_run, one_thread):
        done = self.verify(demo_run, one_thread.storage, "yesterday")
        assert done.returncode
        assert "no manifest of the run yesterday" in done.stderr


class TestRerun:
    def test_it_says_of_every_result_that_it_is_identical(self, one_thread):
        lines = one_thread.said.splitlines()
        identical = {line.split()[1] for line in lines if line.startswith("identical ")}
        assert identical == set(one_thread.before["outputs"])
        assert f"{len(identical)} identical" in lines

    def test_a_part_that_reads_what_is_stored(self, demo_run, one_thread, tmp_path):
        settings = f"{demo_run.parameters[1]},{QUICK},storage={one_thread.storage}"
        demo_run.again("--pipeline", "discovery", "--params", settings)
        run = one_thread.before["run"]
        done = demo_run.grisaille(
            "rerun", run, "--storage", str(one_thread.storage), "--into", str(tmp_path / "again"), check=False
        )
        assert done.returncode == 0
        assert "identical          embedding_neighbours" in done.stdout

    def test_other_inputs_and_other_results_are_named(self, demo_run, one_thread, tmp_path):
        storage = tmp_path / "storage"
        shutil.copytree(one_thread.storage, storage)
        settings = f"{demo_run.parameters[1]},{QUICK},storage={storage}"
        demo_run.again("--pipeline", "discovery", "--params", settings)
        manifest = newest_manifest(storage)
        path = storage / manifest["inputs"]["embeddings"]["path"]
        content = bytearray(path.read_bytes())
        content[-400:] = content[-800:-400]
        path.write_bytes(content)
        done = demo_run.grisaille(
            "rerun", "newest", "--storage", str(storage), "--into", str(tmp_path / "again"), check=False
        )
        assert done.returncode == 1
        assert "the input embeddings is changed" in done.stdout
        assert "differs            embedding_neighbours" in done.stdout

    def test_nothing_is_overwritten(self, demo_run, one_thread):
        done = demo_run.grisaille(
            "rerun", "newest", "--storage", str(one_thread.storage), "--into", str(one_thread.storage), check=False
        )
        assert done.returncode
        assert "is not empty" in done.stderr
