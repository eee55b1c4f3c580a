"""The hook and the records, on a pipeline of two nodes; whole runs are in `test_reproducibility.py`."""

import json
from pathlib import Path
from types import SimpleNamespace

import click
import numpy as np
import pytest
from kedro.framework.hooks.manager import _create_hook_manager, _register_hooks
from kedro.io import Version
from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner
from kedro_datasets.json import JSONDataset
from kedro_datasets.text import TextDataset

from grisaille.datasets import FeatureStoreDataset, NumPyDataset
from grisaille.features.backbone import BackboneError
from grisaille.framework.catalog import AtomicCatalog
from grisaille.framework.hooks import RecipeHook, RunManifestHook
from grisaille.framework.stages import StageHook
from grisaille.provenance import manifest as run_manifest
from grisaille.provenance import stamps
from grisaille.storage import as_path
from helpers import flip

OLD, RUN = "2021-01-01T00.00.00.000Z", "2022-01-01T00.00.00.000Z"


def double(array):
    return array * 2


def tell(array):
    if array[0] < 0:
        raise ValueError("a painting owes nothing")
    return f"{array[0]:g}"


PIPELINE = Pipeline(
    [Node(double, "loaned", "doubled", name="double"), Node(tell, "doubled", "label", name="tell")],
)


@pytest.fixture
def run(tmp_path):
    """A function that runs the pipeline on a number, as a session would, and returns the manifest."""

    def array(name, version):
        return NumPyDataset(filepath=str(tmp_path / f"{name}.npy"), version=version)

    def start(value, name=RUN, **options):
        if not (tmp_path / "loaned.npy").exists():
            array("loaned", Version(None, OLD)).save(np.array([value]))
        manifest = JSONDataset(filepath=str(tmp_path / run_manifest.FOLDER), version=Version(None, name))
        catalog = AtomicCatalog(
            {
                "loaned": array("loaned", Version(None, None)),
                "doubled": array("doubled", Version(None, name)),
                "label": TextDataset(filepath=str(tmp_path / "label.txt")),
                "run_manifest": manifest,
            }
        )
        catalog.settings = {"seed": 3, "study": {"seed": 4, "queries": 5}}
        hook, hooks = RunManifestHook(StageHook()), _create_hook_manager()
        _register_hooks(hooks, [RecipeHook()])
        loader = SimpleNamespace(conf_source=str(tmp_path / "conf"), storage=Path)
        hook.after_context_created(SimpleNamespace(config_loader=loader, project_path=tmp_path))
        runner = SequentialRunner()
        run_params = {"run_id": name, "runner": str(runner), "env": "demo"} | options
        hook.before_pipeline_run(PIPELINE, catalog)
        try:
            missing = options.get("only_missing_outputs", False)
            runner.run(PIPELINE, catalog, hooks, name, only_missing_outputs=missing)
        except ValueError as error:
            hook.on_pipeline_error(error, run_params, PIPELINE, catalog)
        else:
            hook.after_pipeline_run(run_params, PIPELINE, catalog)
        return run_manifest.read(tmp_path, name)

    return start


class TestManifest:
    def test_what_was_read_and_written_with_hashes(self, run, tmp_path):
        manifest = run(1.0)
        assert (manifest["status"], manifest["error"]) == ("finished", None)
        assert {name: record["version"] for name, record in manifest["inputs"].items()} == {"loaned": OLD}
        assert {name: record["version"] for name, record in manifest["outputs"].items()} == {
            "doubled": RUN,
            "label": None,
        }
        for record in (*manifest["inputs"].values(), *manifest["outputs"].values()):
            assert stamps.checksum(tmp_path / record["path"]) == record["sha256"]

    def test_what_was_asked_for(self, run):
        manifest = run(1.0, tags=("a", "b"), load_versions={"loaned": OLD}, runtime_params={"seed": 3})
        asked = {"env": "demo", "tags": "a,b", "load_versions": {"loaned": OLD}, "params": {"seed": 3}}
        assert manifest["command"] == asked | {"folder": str(Path.cwd())}
        assert manifest["parameters"]["study"] == {"seed": 4, "queries": 5}

    def test_a_run_that_fails_leaves_one_that_says_so(self, run):
        manifest = run(-1.0)
        assert manifest["status"] == "failed"
        assert manifest["error"] == "ValueError: a painting owes nothing"
        assert set(manifest["outputs"]) == {"doubled"}

    def test_what_was_kept_counts_as_read(self, run):
        run(1.0, name=OLD)
        manifest = run(1.0, only_missing_outputs=True)
        assert set(manifest["inputs"]) == {"loaned", "doubled"}
        assert manifest["inputs"]["doubled"]["version"] == OLD

    def test_another_runner_than_the_usual_is_named(self, run):
        command = click.Context(click.Command("run"))
        command.params = {"runner": "ParallelRunner", "runner_params": {"max_workers": 2}}
        with command:
            asked = run(1.0)["command"]
        assert (asked["runner"], asked["runner_params"]) == ("ParallelRunner", {"max_workers": 2})
        assert "runner" not in run(1.0, name="2023-01-01T00.00.00.000Z")["command"]


class TestReading:
    def test_the_newest(self, run, tmp_path):
        run(1.0, name=OLD)
        run(1.0)
        assert run_manifest.names(tmp_path) == [OLD, RUN]
        assert run_manifest.read(tmp_path, "newest")["run"] == RUN

    def test_the_newest_has_finished(self, run, tmp_path):
        run(1.0, name=OLD)
        NumPyDataset(filepath=str(tmp_path / "loaned.npy"), version=Version(None, OLD + "1")).save(np.array([-1.0]))
        assert run(1.0)["status"] == "failed"
        assert run_manifest.read(tmp_path, "newest")["run"] == OLD

    def test_the_newest_holds_what_is_asked_for(self, run, tmp_path):
        run(1.0, name=OLD)
        manifest = run(1.0)
        manifest["outputs"].pop("label")
        manifest["inputs"] |= {"another": {}}
        path = self.file(tmp_path)
        path.with_name("run_manifest.json.stamp.json").unlink()
        path.write_text(json.dumps(manifest))
        assert run_manifest.read(tmp_path, "newest", ["label"])["run"] == OLD
        assert run_manifest.read(tmp_path, "newest", ["another", "unheard of"])["run"] == RUN
        assert run_manifest.read(tmp_path, RUN, ["label"])["run"] == RUN
        with pytest.raises(run_manifest.ManifestError, match="no manifest of the run newest that holds vectors in"):
            run_manifest.read(tmp_path, "newest", ["vectors"])

    def test_a_beginning_that_no_other_name_has(self, run, tmp_path):
        run(1.0, name=OLD)
        run(1.0)
        assert run_manifest.read(tmp_path, OLD[:-3])["run"] == OLD
        run(1.0, name=f"{OLD}.1")
        assert run_manifest.read(tmp_path, OLD)["run"] == OLD
        with pytest.raises(run_manifest.ManifestError, match=f"2 runs begin with {OLD[:-3]}: {OLD}, {OLD}.1. Name one"):
            run_manifest.read(tmp_path, OLD[:-3])

    def test_none_yet(self, tmp_path):
        with pytest.raises(run_manifest.ManifestError, match="there is none yet"):
            run_manifest.read(tmp_path, "newest")

    def test_no_such_run(self, run, tmp_path):
        run(1.0)
        with pytest.raises(run_manifest.ManifestError, match=f"no manifest of the run yesterday .* are {RUN}"):
            run_manifest.read(tmp_path, "yesterday")

    def file(self, tmp_path, name=RUN):
        return tmp_path / run_manifest.FOLDER / name / "run_manifest.json"

    def test_a_flipped_byte_is_named_before_anything_is_believed(self, run, tmp_path):
        run(1.0)
        flip(self.file(tmp_path))
        with pytest.raises(run_manifest.ManifestError, match=f"{RUN}/run_manifest.json is damaged"):
            run_manifest.read(tmp_path, RUN)

    def test_half_of_one(self, run, tmp_path):
        """As an earlier release may have left it, which neither renamed nor stamped its manifests."""
        run(1.0)
        whole = self.file(tmp_path).read_bytes()
        self.file(tmp_path).write_bytes(whole[: len(whole) // 2])
        self.file(tmp_path).with_name("run_manifest.json.stamp.json").unlink()
        with pytest.raises(run_manifest.ManifestError, match=f"{RUN}/run_manifest.json is not a manifest"):
            run_manifest.read(tmp_path, "newest")


class TestRecords:
    def test_of_features_that_nobody_can_name_there_is_none(self, tmp_path):
        """A run whose CNN is not there has said so, and is to leave a manifest all the same."""

        def identity():
            raise BackboneError("there is no model or weights file none.keras")

        features = FeatureStoreDataset(path=str(tmp_path / "features"))
        features.expect(identity)
        catalog = AtomicCatalog({"features": features})
        assert run_manifest.records(["features"], catalog, tmp_path) == {}


class TestPlaces:
    def test_pictures_on_a_disk_and_results_in_a_bucket(self, tmp_path):
        bucket = as_path("memory://bucket/data")
        assert run_manifest.relative(tmp_path, bucket) == str(tmp_path)
        assert run_manifest.relative(bucket / "a" / "b.csv", bucket) == "a/b.csv"


class TestChecking:
    def test_ok_changed_missing(self, run, tmp_path):
        record = run(1.0)["outputs"]["doubled"]
        path = tmp_path / record["path"]
        assert run_manifest.check(record, tmp_path) == "ok"
        np.save(path, np.array([9.0]))
        assert run_manifest.check(record, tmp_path) == "changed"
        path.unlink()
        assert run_manifest.check(record, tmp_path) == "missing"

    def test_what_a_later_run_wrote_anew(self, run, tmp_path):
        record = run(1.0, name=OLD)["outputs"]["label"]
        NumPyDataset(filepath=str(tmp_path / "loaned.npy"), version=Version(None, OLD + "1")).save(np.array([5.0]))
        run(1.0)
        assert run_manifest.check(record, tmp_path) == "written anew"
        (tmp_path / "label.txt").write_text("touched")
        assert run_manifest.check(record, tmp_path) == "changed"

    def test_a_storage_that_was_moved(self, run, tmp_path):
        record = run(1.0)["outputs"]["doubled"]
        moved = tmp_path / "elsewhere"
        (moved / record["path"]).parent.mkdir(parents=True)
        (tmp_path / record["path"]).rename(moved / record["path"])
        assert run_manifest.check(record, moved) == "ok"


class TestStores:
    """Features and points of the study, which are recorded by the file that lists what is in them."""

    @pytest.mark.parametrize("name", ["manifest.json", "index.json"])
    def test_one_whose_list_is_another_has_changed(self, name, tmp_path):
        (tmp_path / name).write_text("[]")
        record = {"kind": "store", "path": ".", "sha256": "0" * 64}
        assert run_manifest.check(record, tmp_path) == "changed"

    def test_one_without_its_list_has_changed(self, tmp_path):
        assert run_manifest.check({"kind": "store", "path": ".", "sha256": "0" * 64}, tmp_path) == "changed"

    def test_points_whose_list_is_the_same(self, tmp_path):
        (tmp_path / "index.json").write_text("[]")
        record = {"kind": "store", "path": ".", "sha256": stamps.checksum(tmp_path / "index.json")}
        assert run_manifest.check(record, tmp_path) == "ok"
