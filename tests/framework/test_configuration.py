"""Tests of the configuration itself: every environment's catalog and parameters resolve and say what they should."""

import json
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import ClassVar, get_args, get_type_hints

import pytest
import yaml
from kedro.framework.project import pipelines, settings
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.io import AbstractVersionedDataset, MemoryDataset
from kedro.pipeline import Node, Pipeline
from pydantic import BaseModel

from grisaille.datasets import (
    ArtistsDataset,
    FeatureStoreDataset,
    PaintingsDataset,
    PointsDataset,
)
from grisaille.demo.datasets import GalleryDataset
from grisaille.framework import config, hooks
from grisaille.framework.catalog import AtomicCatalog
from grisaille.framework.config import RunConfigLoader, WrongParameterError
from grisaille.parameters import Autoencoder, Backbone, Chunk, Comparison, Features, Parameters
from grisaille.parameters.messages import ParameterError, check
from helpers import PROJECT, kedro

ENVIRONMENTS = sorted(
    folder.name for folder in (PROJECT / "conf").iterdir() if folder.is_dir() and folder.name not in {"base", "local"}
)
BASE = RunConfigLoader(str(PROJECT / "conf"), base_env="base", default_run_env="base").groups
CHUNKS = ["pool4_1", "pool4_2", "pool4_3", "pool4_4", "pool5"]


@pytest.fixture
def context():
    """A function that opens the project's context as a run would."""
    bootstrap_project(PROJECT)

    def open_context(env=None, **runtime):
        pipelines.set_requested(None)
        return KedroSession.create(PROJECT, env=env, runtime_params=runtime).load_context()

    yield open_context
    open_context()


class TestKeeping:
    @pytest.mark.parametrize(
        ("pictures", "given", "nodes"),
        [
            (2, {}, set()),
            (3, {}, {"encode_features", "measure_feature_codes", "let_go"}),
            (3, {"autoencoder": {"likeness": "euclidean"}}, set()),
            (3, {"features": {"keep": "everything"}}, set()),
            (2, {"features": {"keep": "embeddings"}}, {"let_go"}),
        ],
    )
    def test_features_of_a_large_collection_become_codes(self, context, monkeypatch, tmp_path, pictures, given, nodes):
        monkeypatch.setattr(hooks, "LARGE", 3)
        for number in range(pictures):
            tmp_path.joinpath(f"{number}.jpg").touch()
        opened = context(paintings_folder=str(tmp_path), **given)
        assert {node.name for node in pipelines["keeping"].nodes} == nodes
        # Kedro makes models of the groups that nodes ask for, and checks them by the nodes that it knows.
        assert isinstance(opened.params["features"], Features) == bool(nodes)


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

    @pytest.mark.parametrize("env", ["base", *ENVIRONMENTS])
    def test_everything_lies_where_the_environment_says(self, context, env):
        told = yaml.safe_load((PROJECT / "conf" / env / "globals.yml").read_text())["storage"]
        catalog = context(None if env == "base" else env).catalog
        assert str(catalog.get("report")._filepath) == str(PROJECT / told / "08_reporting" / "report.html")

    @pytest.mark.parametrize("env", ["base", *ENVIRONMENTS])
    def test_whatever_is_stored_is_stored_whole(self, context, env):
        """The catalog does so for every dataset of Kedro's; ours that write piece by piece do it themselves."""
        opened = context(None if env == "base" else env)
        catalog = opened.catalog
        assert isinstance(catalog, AtomicCatalog)
        for name in set().union(*(pipeline.all_outputs() for pipeline in pipelines.values())):
            dataset = catalog.get(name)
            if isinstance(dataset, FeatureStoreDataset | PointsDataset):
                continue
            assert isinstance(dataset, AbstractVersionedDataset), name
            assert hasattr(dataset, "_fs"), name

    def test_all_data_follow_one_line(self):
        catalog = yaml.safe_load((PROJECT / "conf/base/catalog.yml").read_text())
        for name, entry in catalog.items():
            known = entry | (entry["dataset"] if isinstance(entry.get("dataset"), dict) else {})
            path = known.get("filepath") or known.get("path")
            if not name.startswith("_") and name not in {"raw_artists", "raw_works", "raw_vectors"}:
                assert "${globals:storage}/" in path, name

    def test_colab_stores_everything_on_the_drive(self, context):
        drive = yaml.safe_load((PROJECT / "conf/colab/globals.yml").read_text())["storage"]
        assert drive.startswith("/content/drive/MyDrive/")
        catalog = context("colab").catalog
        names = {
            name for pipeline in pipelines.values() for name in pipeline.datasets() if not name.startswith("param")
        }
        assert len(names) > 50
        for name in names:
            dataset = catalog.get(name)
            dataset = getattr(dataset, "_dataset", dataset)
            path = next(
                str(getattr(dataset, kind)) for kind in ("_filepath", "_path", "root") if hasattr(dataset, kind)
            )
            assert path.startswith(f"{drive}/"), name

    def test_colab_computes_in_half_precision(self, context):
        assert context("colab").params["backbone"].precision == "mixed_float16"

    def test_the_demo_swaps_the_folder_for_the_painter(self, context):
        assert isinstance(context().catalog.get("raw_paintings"), PaintingsDataset)
        assert isinstance(context("demo").catalog.get("raw_paintings"), GalleryDataset)

    def test_a_folder_of_ones_own(self, context, tmp_path):
        catalog = context(paintings_folder=str(tmp_path)).catalog
        assert catalog.get("raw_paintings")._path == str(tmp_path)

    def test_a_folder_that_a_file_names(self, tmp_path, monkeypatch):
        monkeypatch.setenv("HOME", "/home/ada")
        shutil.copytree(PROJECT / "conf" / "base", tmp_path / "base")
        (tmp_path / "local").mkdir()
        (tmp_path / "local" / "parameters.yml").write_text(
            "paintings_folder: ~/paintings\nartists_file: /a.csv\npaintings_file: /p.xlsx\n"
        )
        loader = partial(RunConfigLoader, str(tmp_path), **settings.CONFIG_LOADER_ARGS)
        catalog = loader()["catalog"]
        assert (catalog["raw_paintings"]["path"], catalog["raw_artists"]["filepath"]) == (
            "/home/ada/paintings",
            "/a.csv",
        )
        assert catalog["raw_works"]["filepath"] == "/p.xlsx"
        catalog = loader(runtime_params={"paintings_folder": "/others"})["catalog"]
        assert (catalog["raw_paintings"]["path"], catalog["raw_artists"]["filepath"]) == ("/others", "/a.csv")

    @pytest.mark.parametrize("name", ["paintings_folder", "artists_file", "paintings_file"])
    def test_a_folder_that_the_environment_would_pass_over(self, context, name):
        with pytest.raises(
            WrongParameterError, match=f"{name}=/mine would be ignored: .* a grisaille.demo.datasets.Gallery"
        ):
            _ = context("demo", **{name: "/mine"}).catalog


class TestParameters:
    @pytest.mark.parametrize("env", ["base", *ENVIRONMENTS])
    def test_they_are_valid(self, context, env):
        params = context(None if env == "base" else env).params
        assert isinstance(params["backbone"], Backbone)
        assert isinstance(params["autoencoder"], Autoencoder)

    def test_an_environment_keeps_what_it_does_not_name(self, context):
        assert context("demo").params["backbone"].layers == ("block4_pool", "block5_pool")

    def test_a_file_that_has_changed_is_read_again(self, tmp_path, monkeypatch):
        shutil.copytree(PROJECT / "conf", tmp_path / "conf")
        monkeypatch.setattr(config, "_newest", None)
        for seed in (5, 77):
            (tmp_path / "conf" / "base" / "globals.yml").write_text(f"storage: data\nseed: {seed}\n")
            (tmp_path / "conf" / "base" / "parameters.yml").write_text(f"seed: {seed}\n")
            loader = RunConfigLoader(str(tmp_path / "conf"), base_env="base", default_run_env="local")
            assert loader["parameters"]["seed"] == seed

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
        with pytest.raises(WrongParameterError, match=told):
            _ = context(**wrong).params

    @pytest.mark.parametrize("pipeline", [[], ["--pipeline", "ingestion"]])
    def test_a_run_ends_in_one_line_before_anything_is_done(self, pipeline):
        """Also where a part is run that does not ask for the parameter."""
        done = kedro("run", "--env", "demo", *pipeline, "--params", "autoencoder.code_size=0", check=False)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1] == (
            "Error: autoencoder.code_size=0: Input should be greater than or equal to 1"
        )
        assert "Traceback" not in done.stdout + done.stderr
        assert done.stdout == ""

    def test_a_misspelt_name_is_not_ignored(self, context):
        with pytest.raises(
            WrongParameterError,
            match='painting_folder="elsewhere": there is no such parameter; did you mean paintings_folder',
        ):
            _ = context(painting_folder="elsewhere").params

    def test_a_misspelt_group_in_a_file_is_not_ignored(self, context, tmp_path, monkeypatch):
        shutil.copytree(PROJECT / "conf" / "base", tmp_path / "base")
        (tmp_path / "local").mkdir()
        mine = tmp_path / "local" / "parameters.yml"
        loader = partial(RunConfigLoader, str(tmp_path), **settings.CONFIG_LOADER_ARGS)
        mine.write_text("autoencodr: {epochs: 3}\n")
        with pytest.raises(WrongParameterError, match=r"autoencodr=.* did you mean autoencoder"):
            _ = loader().groups
        mine.write_text("storage: /elsewhere\n")
        with pytest.raises(
            WrongParameterError, match=r"storage=/elsewhere is not a parameter: write it to globals\.yml"
        ):
            _ = loader().groups
        mine.write_text("my_own: {size: 3}\nautoencoder: {epochs: 3}\n")
        assert loader().groups["autoencoder"]["epochs"] == 3
        assert loader(runtime_params={"my_own": {"size": 4}}).groups["my_own"] == {"size": 4}
        with pytest.raises(WrongParameterError, match=r"my_won=.*: there is no such parameter"):
            _ = loader(runtime_params={"my_won": {"size": 4}}).groups

    @pytest.mark.parametrize(
        ("written", "told"),
        [
            ("storge: /elsewhere", 'storge="/elsewhere": there is no such parameter; did you mean storage'),
            ("storage: 5", "storage=5 is not allowed; it must be a path"),
            ("storage: ~/mine", "storage=~/mine is not allowed; it must be a path, without ~"),
            ("storage:", "storage=None is not allowed; it must be a path"),
        ],
    )
    def test_a_storage_that_cannot_be_meant(self, tmp_path, written, told):
        shutil.copytree(PROJECT / "conf" / "base", tmp_path / "base")
        (tmp_path / "local").mkdir()
        (tmp_path / "local" / "globals.yml").write_text(f"{written}\nmy_own: 3\n")
        with pytest.raises(WrongParameterError, match=re.escape(told)):
            _ = RunConfigLoader(str(tmp_path), **settings.CONFIG_LOADER_ARGS).groups

    def test_a_home_folder_is_found(self, tmp_path, monkeypatch):
        monkeypatch.setenv("HOME", str(tmp_path))
        (tmp_path / "paintings").mkdir()
        (tmp_path / "artists.csv").write_text("name\nClaude Monet\n")
        (tmp_path / "model.keras").write_bytes(b"")
        assert PaintingsDataset(path="~/paintings").exists()
        assert ArtistsDataset(filepath="~/artists.csv", fallback="none").load()["name"].tolist() == ["Claude Monet"]
        assert Backbone(model_file="~/model.keras").weights_file == tmp_path / "model.keras"

    def test_the_paper_is_reproduced_exactly(self, context):
        params = context("paper").params
        trained = params["autoencoder"]
        assert trained.model_dump(exclude={"seed", "channels", "likeness", "components", "retrain"}) == {
            "architecture": "paper",
            "code_size": 64,
            "epochs": 200,
            "patience": 20,
            "monitor": "loss",
            "batch_size": 32,
            "learning_rate": 0.001,
        }
        assert (params["backbone"].name, params["backbone"].weights) == ("VGG16", "imagenet")


def _embeddings(names):
    return {name for name in names if name.endswith("_embeddings") and name != "artist_embeddings"}


def fields(model=Parameters, place=()):
    """Every parameter: its place, such as ("chunks", "pool5", "start"), and its field."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        yield (*place, name), field
        inner = [part for part in (kind, *get_args(kind)) if isinstance(part, type) and issubclass(part, BaseModel)]
        if inner:
            yield from fields(inner[0], (*place, name))
    for name, member in {"chunks": "pool5", "comparisons": "monet_manet"}.items():
        if model is Parameters:
            group = {"chunks": Chunk, "comparisons": Comparison}[name]
            yield from fields(group, (name, member))


def wrong_types(field):
    """JSON values of every type but those that the field may have."""
    written = str(field.annotation)
    values = {"text": "nonsense", "number": 1.5, "flag": True, "list": [[]], "group": {"nonsense": 1}}
    if "Literal" in written:
        return values
    for kind, name in {"float": "number", "bool": "flag", "str": "text", "Path": "text", "tuple": "list"}.items():
        if kind in written.replace("dict[str", ""):
            values.pop(name, None)
    return values if field.annotation is not Parameters else {}


def out_of_bounds(field):
    for bound in field.metadata:
        for name, beyond in {"ge": -1, "gt": 0, "le": 1, "lt": 0}.items():
            if getattr(bound, name, None) is not None:
                yield getattr(bound, name) + beyond


def changed(place, value):
    """The base environment's parameters with one changed."""
    parameters = json.loads(json.dumps(BASE))
    group = parameters
    for name in place[:-1]:
        group = group[name]
    group[place[-1]] = value
    return parameters


def told(parameters):
    with pytest.raises(ParameterError) as error:
        check(parameters)
    assert "\n" not in str(error.value)
    return str(error.value)


class TestEveryParameter:
    FIELDS: ClassVar = [pytest.param(*each, id=".".join(each[0])) for each in fields()]

    def test_what_the_project_comes_with_is_allowed(self):
        check(BASE)

    def test_every_parameter_of_the_base_environment_has_a_model(self):
        assert set(BASE) == set(Parameters.model_fields)

    @pytest.mark.parametrize(("place", "field"), FIELDS)
    def test_a_wrong_type(self, place, field):
        name = re.escape(".".join(place))
        values = wrong_types(field)
        assert len(values) >= 3
        for value in values.values():
            said = told(changed(place, value))
            # A group in place of a name: what is in it may be what is wrong.
            named = rf"{name}(\.\w+)*"
            assert re.match(
                rf"{named}=.+: \w+ (should be|should have|is not) |{named}=1: there is no|{named}: Field", said
            )

    @pytest.mark.parametrize(("place", "field"), [each for each in FIELDS if list(out_of_bounds(each.values[1]))])
    def test_out_of_bounds(self, place, field):
        for value in out_of_bounds(field):
            said = told(changed(place, value))
            assert said.startswith(f"{'.'.join(place)}={json.dumps(value)}: Input should be ")
            assert re.search("(greater|less) than", said)

    @pytest.mark.parametrize(("place", "field"), [each for each in FIELDS if len(each.values[0]) > 1])
    def test_a_misspelt_name(self, place, field):
        misspelt = f"{place[-1]}x"
        said = told(changed((*place[:-1], misspelt), "a value"))
        given, meant = ".".join([*place[:-1], misspelt]), ".".join(place)
        assert said == f'{given}="a value": there is no such parameter; did you mean {meant}?'

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
    def test_no_number_at_all(self, value):
        assert "learning_rate" in told(changed(("autoencoder", "learning_rate"), value))

    @pytest.mark.parametrize(
        ("place", "value", "words"),
        [
            (("chunks", "pool5"), {"layer": "x", "start": 5, "stop": 5}, "chunks.pool5: stop must be larger"),
            (("chunks", "pool5", "layer"), "pool", "chunks.pool5.layer=pool is not allowed; it must be one of"),
            (("backbone", "layers"), ["block5_pool"], "chunks.pool4_1.layer=block4_pool is not allowed"),
            (("chunks", "pool5"), {"layer": "x", "start": 5}, "chunks.pool5.stop: Field required"),
            (("backbone", "layers"), ["a", "a"], "layers must name at least one layer, each once"),
            (("backbone", "layers"), ["a", " "], "backbone.layers.1="),
            (("backbone", "model_file"), "model.h5", "model_file must be a .keras file. Received: model.h5"),
            (
                ("backbone",),
                {"model_file": "model.keras", "weights": "rnadom"},
                "backbone: weights are not read where there is a model_file. Received: weights=rnadom",
            ),
            (("backbone", "weights_sha256"), "0" * 64, "weights_sha256 is for files"),
            (("backbone", "weights_sha256"), "0", "weights_sha256=\"0\": String should match pattern"),
            (("study", "code_sizes"), [8, 0], "study.code_sizes.1=0: Input should be greater"),
            (("study", "code_size_layers"), "none", "code_size_layers must be one of block3"),
            (("comparisons", "monet_manet", "left"), [], "left=[]: Tuple should have at least 1 item"),
            (("ingestion", "aliases", "Monet"), 5, "ingestion.aliases.Monet=5: Input should be a valid string"),
            (("backbone",), None, "backbone=null: Input should be an object"),
            (("report", "note"), ["long"] * 99, '...'),
        ],
    )  # fmt: skip
    def test_in_words(self, place, value, words):
        assert words in told(changed(place, value))

    def test_several_are_counted(self):
        parameters = changed(("autoencoder", "epochs"), 0) | {"seed": -1}
        assert told(parameters).startswith("seed=-1: Input should be greater than or equal to 0")
        assert told(parameters).endswith("(the first of 2 such)")


class TestPipelines:
    def test_the_chunks_of_the_parameters_become_namespaces(self, context):
        _ = context().params
        assert [node.namespace for node in pipelines["autoencoding"].nodes if "encode_chunk" in node.name] == CHUNKS

    def test_nothing_of_a_chunk_happens_outside_and_no_namespace_waits_for_another(self, context):
        _ = context().params
        for chunk in CHUNKS:
            alone = pipelines["autoencoding"].only_nodes_with_namespaces([chunk])
            steps = {"train_autoencoder", "take_encoder", "encode_chunk", "fit_style_encoder"}
            assert {node.name for node in alone.nodes} == {f"{chunk}.{step}" for step in steps}
            assert not [name for name in alone.inputs() if "." in name and not name.startswith("params:")]

    def test_few_datasets_are_seen_when_namespaces_are_collapsed(self, context):
        _ = context().params
        pipeline = pipelines["__default__"]
        users = {name: set() for name in pipeline.datasets() if not name.startswith("param")}
        for node in pipeline.nodes:
            for name in {*node.inputs, *node.outputs} & set(users):
                users[name].add(node.namespace)
        # What one namespace alone reads and writes is not seen.
        seen = [name for name, namespaces in users.items() if len(namespaces) > 1 or None in namespaces]
        assert len(seen) <= 25
        assert not [name for name in users if "origin" in name]

    def test_other_chunks_are_other_namespaces(self, context):
        chunk = {"layer": "block5_pool", "start": 0, "stop": 512}
        none = dict.fromkeys(CHUNKS)
        _ = context(chunks=none | {"corner": chunk}).params
        found = {node.namespace for node in pipelines["autoencoding"].nodes}
        assert found == {"corner", "palette", "feature_extraction", None}

    def test_likenesses_can_be_left_out(self, context):
        _ = context(likenesses=["composition"]).params
        assert not {"palettes", "style_embeddings", "mixture_embeddings"} & pipelines["__default__"].datasets()
        assert _embeddings(pipelines["discovery"].inputs()) == {"composition_embeddings"}

    @pytest.mark.parametrize("likenesses", [["composition", "style", "colour"], ["vectors"], ["vectors", "colour"]])
    def test_vectors_are_a_likeness_beside_others_or_alone(self, context, likenesses):
        _ = context(features_file="v.npy", likenesses=likenesses).params
        default = pipelines["__default__"]
        assert {"vectors_embeddings", "report"} <= default.all_outputs()
        assert ("features" in default.datasets()) == ("composition" in likenesses)
        embedded = _embeddings(pipelines["discovery"].inputs())
        mixture = {"mixture_embeddings"} if "composition" in likenesses else set()
        assert embedded == {f"{name}_embeddings" for name in likenesses} | mixture | {"vectors_embeddings"}

    @pytest.mark.parametrize("likenesses", [["colour"], ["style", "vectors"], [], ["composition", "composition"]])
    def test_some_likeness_must_be_there(self, context, likenesses):
        with pytest.raises(WrongParameterError, match="likenesses must name"):
            _ = context(likenesses=likenesses).params

    def test_a_second_session_of_a_process_has_its_own(self, context, monkeypatch):
        def shaped(**_):
            return {"made": Pipeline([Node(len, "a", f"by_{config.shaping('evaluation')['neighbours']}", name="make")])}

        with monkeypatch.context() as patch:
            patch.setattr("grisaille.pipeline_registry.find_pipelines", shaped)
            pipelines.configure("grisaille.pipeline_registry")
            for k in (5, 7):
                _ = context(evaluation={"neighbours": k}).params
                assert pipelines["made"].all_outputs() == {f"by_{k}"}
        pipelines.configure("grisaille.pipeline_registry")

    def test_the_default_goes_from_ingestion_to_evaluation(self, context):
        _ = context().params
        assert pipelines["__default__"].inputs() >= {"raw_paintings", "raw_artists", "raw_works"}
        assert {"report", "composition_embeddings", "features", "paintings"} <= pipelines["__default__"].all_outputs()

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


class TestNamesOfUsers:
    """They become names of nodes and of files."""

    @pytest.mark.parametrize("name", ["Monet vs. Manet", "a/b", "a.b", "", "@x"])
    def test_which_names_can_be_used_is_said(self, name):
        comparison = {"left": ["Monet"], "right": ["Manet"], "title": "Monet vs. Manet"}
        with pytest.raises(ParameterError, match=r"must be of letters, digits, _ and - alone; other words .* title"):
            check({"comparisons": {name: comparison}})
        with pytest.raises(ParameterError, match=r"chunks\..* is not allowed; the name must be of letters"):
            check({"chunks": {name: {"layer": "block4_pool", "start": 0, "stop": 8}}})

    def test_letters_of_any_script_can(self):
        comparison = {"left": ["Monet"], "right": ["Manet"], "title": "Monet vs. Manet"}
        check({"comparisons": {"D\u00fcrer_2": comparison, "\u845b-\u98fe": None}})
