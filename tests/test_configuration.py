"""Tests of the configuration itself: every environment's catalog and parameters resolve and say what they should."""

import json
import subprocess
import sys
from pathlib import Path
from typing import get_type_hints

import pytest
import yaml
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.io import MemoryDataset
from kedro.validation.exceptions import ParameterValidationError

from grisaille.datasets import GalleryDataset, PaintingsDataset
from grisaille.parameters import Autoencoder, Backbone
from helpers import PROJECT

ENVIRONMENTS = sorted(
    folder.name for folder in (PROJECT / "conf").iterdir() if folder.is_dir() and folder.name not in {"base", "local"}
)
CHUNKS = ["pool4_1", "pool4_2", "pool4_3", "pool4_4", "pool5"]


@pytest.fixture
def context():
    """A function that opens the project's context as a run would."""
    bootstrap_project(PROJECT)

    def open_context(env=None, **runtime):
        pipelines.set_requested(None)
        # Pipelines are built from the parameters of the run, once a process; a test has several runs.
        pipelines._is_data_loaded = False
        return KedroSession.create(PROJECT, env=env, runtime_params=runtime).load_context()

    yield open_context
    open_context()


class TestCatalog:
    @pytest.mark.parametrize("env", ["base", *ENVIRONMENTS])
    def test_every_dataset_resolves_and_none_is_kept_in_memory_alone(self, context, env):
        opened = context(None if env == "base" else env)
        catalog = opened.catalog
        for name in pipelines["__default__"].datasets():
            dataset = catalog.get(name)
            assert dataset is not None, name
            if not name.startswith("param"):
                assert not isinstance(dataset, MemoryDataset), name

    @pytest.mark.parametrize("env", ["base", *ENVIRONMENTS])
    def test_every_dataset_has_a_layer(self, context, env):
        catalog = context(None if env == "base" else env).catalog
        for name in pipelines["__default__"].datasets():
            if not name.startswith("param"):
                assert catalog.get(name).metadata["kedro-viz"]["layer"], name

    def test_all_data_follow_one_line(self):
        catalog = yaml.safe_load((PROJECT / "conf/base/catalog.yml").read_text())
        for name, entry in catalog.items():
            path = entry.get("filepath") or entry.get("path")
            if not name.startswith("_") and name != "raw_artists":
                assert "${globals:storage}/" in path, name

    def test_the_demo_swaps_the_folder_for_the_painter(self, context):
        assert isinstance(context().catalog.get("raw_paintings"), PaintingsDataset)
        assert isinstance(context("demo").catalog.get("raw_paintings"), GalleryDataset)

    def test_a_folder_of_ones_own(self, context, tmp_path):
        catalog = context(paintings_folder=str(tmp_path)).catalog
        assert catalog.get("raw_paintings")._path == str(tmp_path)


class TestParameters:
    @pytest.mark.parametrize("env", ["base", *ENVIRONMENTS])
    def test_they_are_valid(self, context, env):
        params = context(None if env == "base" else env).params
        assert isinstance(params["backbone"], Backbone)
        assert isinstance(params["autoencoder"], Autoencoder)

    def test_an_environment_keeps_what_it_does_not_name(self, context):
        assert context("demo").params["backbone"].layers == ("block4_pool", "block5_pool")

    def test_one_seed_governs_all(self, context):
        params = context(seed=7).params
        assert {params["seed"], params["backbone"].seed, params["autoencoder"].seed, params["evaluation"].seed} == {7}

    @pytest.mark.parametrize(
        ("wrong", "told"),
        [
            ({"backbone": {"dtype": "int8"}}, "dtype"),
            ({"autoencoder": {"epochs": 0}}, "epochs"),
            ({"autoencoder": {"epoch": 3}}, "epoch"),
            ({"ingestion": {"held_out": 0.9}}, "held_out"),
        ],
    )
    def test_what_is_wrong_is_named_before_anything_runs(self, context, wrong, told):
        with pytest.raises(ParameterValidationError, match=told):
            _ = context(**wrong).params

    def test_a_misspelt_name_is_not_ignored(self, context):
        with pytest.raises(
            ValueError, match="painting_folder: there is no such parameter; did you mean paintings_folder"
        ):
            context(painting_folder="elsewhere")

    def test_the_paper_is_reproduced_exactly(self, context):
        params = context("paper").params
        trained = params["autoencoder"]
        assert trained.model_dump(exclude={"seed", "channels", "likeness", "similarity"}) == {
            "architecture": "paper",
            "code_size": 64,
            "epochs": 200,
            "patience": 20,
            "monitor": "loss",
            "batch_size": 32,
            "learning_rate": 0.001,
        }
        assert (params["backbone"].name, params["backbone"].weights) == ("VGG16", "imagenet")


class TestPipelines:
    def test_the_chunks_of_the_parameters_become_namespaces(self, context):
        _ = context().params
        assert [node.namespace for node in pipelines["autoencoding"].nodes if "encode" in node.name] == CHUNKS

    def test_chunks_are_trained_together_unless_told_otherwise(self, context):
        def trained(**settings):
            _ = context(autoencoder=settings).params
            return {node.name: node.namespace for node in pipelines["autoencoding"].nodes if "train" in node.name}

        assert trained() == {"train_together": None}
        alone = trained(similarity={"together": False})
        assert alone == {f"{chunk}.train_alone": chunk for chunk in CHUNKS}
        others = trained(architecture="positional")
        assert others == {f"{chunk}.train_autoencoder": chunk for chunk in CHUNKS}

    def test_other_chunks_are_other_namespaces(self, context):
        chunk = {"layer": "block5_pool", "start": 0, "stop": 512}
        none = dict.fromkeys(CHUNKS)
        _ = context(chunks=none | {"corner": chunk}).params
        assert {node.namespace for node in pipelines["autoencoding"].nodes} == {"corner", None}

    def test_the_default_goes_from_ingestion_to_evaluation(self, context):
        _ = context().params
        assert pipelines["__default__"].inputs() >= {"raw_paintings", "raw_artists"}
        assert {"report", "embeddings", "features", "paintings"} <= pipelines["__default__"].all_outputs()

    def test_every_folder_is_a_pipeline(self, context):
        _ = context().params
        folders = {path.parent.name for path in Path(PROJECT, "src/grisaille/pipelines").glob("*/pipeline.py")}
        assert folders == set(pipelines) - {"__default__"}

    def test_what_nodes_ask_for_can_be_read_and_so_be_checked(self, context):
        _ = context().params
        for pipeline in pipelines.values():
            for node in pipeline.nodes:
                assert "return" in get_type_hints(node.func), node.name


class TestStart:
    """What `kedro registry list` and `grisaille --help` wait for; how long is measured in benchmarks/."""

    REGISTRY = (
        "from pathlib import Path; from kedro.framework.startup import bootstrap_project; "
        "bootstrap_project(Path.cwd()); from kedro.framework.project import pipelines; assert len(pipelines) > 4"
    )
    COMMAND = "from grisaille.__main__ import main; main('{}--help'.split(), standalone_mode=False)"

    @pytest.mark.parametrize(
        "program",
        [REGISTRY, COMMAND.format(""), COMMAND.format("verify "), COMMAND.format("rerun ")],
        ids=["registry", "help", "verify", "rerun"],
    )
    def test_nothing_heavy_is_imported(self, program):
        report = "; import json, sys; print(json.dumps(sorted(sys.modules)))"
        done = subprocess.run(
            [sys.executable, "-c", program + report], cwd=PROJECT, capture_output=True, text=True, check=True
        )
        # pandas itself stands there as a promise.
        heavy = {"tensorflow", "keras", "pandas.core", "matplotlib", "scipy", "sklearn", "pyarrow", "distributed"}
        assert not heavy & set(json.loads(done.stdout.splitlines()[-1]))
