"""What results were made of: a small pipeline of two chunks, run with the project's catalog and hook."""

import json
import logging

import kedro.framework.project
import pytest
from kedro.framework.hooks.manager import _create_hook_manager, _register_hooks
from kedro.io.core import DatasetError
from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner
from pydantic import TypeAdapter, create_model

from grisaille.errors import GrisailleError
from grisaille.framework import hooks
from grisaille.framework.catalog import AtomicCatalog
from grisaille.framework.hooks import RecipeHook
from grisaille.parameters import Parameters
from grisaille.provenance import recipes

FIRST, SECOND, THIRD, FUTURE = (f"202{year}-01-01T00.00.00.000Z" for year in (1, 2, 3, 9))
CHUNKS = ("pool4", "pool5")


class Collection:
    """A storage, the calls of nodes, and runs of parts of the pipeline with some settings."""

    def __init__(self, folder):
        self.folder, self.calls, self.told = folder, [], []
        self.write("files", ["a"])

    def write(self, name, content):
        (self.folder / f"{name}.json").write_text(json.dumps(content))

    def _log(self, name, result):
        def node(*arguments, **named):
            self.calls.append((name, arguments, named))
            return [result, *arguments, *named.values()]

        return node

    @property
    def pipeline(self):
        encode = [
            Node(
                self._log("encode", chunk),
                ["features", "params:autoencoder"],
                f"{chunk}.codes",
                name=f"{chunk}.encode",
                namespace=chunk,
            )
            for chunk in CHUNKS
        ]
        return Pipeline(
            [
                Node(self._log("extract", "f"), ["files", "params:backbone"], "features", name="extract"),
                *encode,
                Node(
                    self._log("join", "e"),
                    {"settings": "params:autoencoder", **{chunk: f"{chunk}.codes" for chunk in CHUNKS}},
                    "embeddings",
                    name="join_codes",
                ),
                Node(
                    self._log("measure", "m"),
                    ["embeddings", "features", "params:evaluation"],
                    "table",
                    name="measure",
                ),
            ]
        )

    def catalog(self, version, settings, given=(), load_versions=None):
        names = ["features", *(f"{chunk}.codes" for chunk in CHUNKS), "embeddings", "table", "table2"]
        entries = {
            name: {"type": "json.JSONDataset", "filepath": f"{self.folder}/{name}.json", "versioned": name != "files"}
            for name in ["files", *names]
        }
        catalog = AtomicCatalog.from_config(entries, save_version=version, load_versions=load_versions)
        groups = {group: settings.get(group, {}) for group in ("backbone", "autoencoder", "evaluation")}
        catalog.settings, catalog.given = recipes.complete(groups), frozenset(given)
        for group, value in groups.items():
            catalog[f"params:{group}"] = value
        return catalog

    def run(self, version, pipeline=None, *, given=(), only_missing_outputs=False, load_versions=None, **settings):
        """The names of the nodes that ran."""
        self.calls.clear()
        pipeline = pipeline or self.pipeline
        # A pattern of the project's catalog matches misspelt names, too.
        known = {name: named for name, named in (load_versions or {}).items() if name in pipeline.datasets()}
        catalog = self.catalog(version, settings, given, known)
        manager = _create_hook_manager()
        _register_hooks(manager, [RecipeHook()])
        manager.hook.before_pipeline_run(
            run_params={"load_versions": load_versions}, pipeline=pipeline, catalog=catalog
        )
        SequentialRunner().run(pipeline, catalog, manager, only_missing_outputs=only_missing_outputs)
        manager.hook.after_pipeline_run(run_params={}, run_result={}, pipeline=pipeline, catalog=catalog)
        return [name for name, _, _ in self.calls]


@pytest.fixture
def collection(tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.WARNING)
    found = Collection(tmp_path)
    monkeypatch.setattr(kedro.framework.project, "pipelines", {"__default__": found.pipeline})
    found.run(FIRST)
    caplog.clear()
    return found


def from_join(collection):
    return collection.pipeline.from_nodes("join_codes")


class TestStamp:
    def test_it_holds_the_parameters_of_all_that_a_result_was_made_from(self, collection):
        recipe = collection.catalog(SECOND, {}).stamp("embeddings")["recipe"]
        assert recipe["embeddings"]["parameters"]["autoencoder"]["likeness"]
        assert recipe["features"]["parameters"]["backbone"]["preprocessing"] == "caffe"
        assert set(recipe) == {"files", "features", "pool4.codes", "pool5.codes", "embeddings"}

    def test_a_result_without_one_is_read_with_a_warning(self, collection, caplog):
        for stamp in collection.folder.rglob("embeddings.json.stamp.json"):
            stamp.unlink()
        assert collection.run(SECOND, collection.pipeline.filter(node_names=["measure"])) == ["measure"]
        assert "embeddings has no stamp" in caplog.text


class TestOtherSettings:
    def test_a_run_from_the_middle_goes_on_with_those_of_what_it_reads(self, collection, caplog):
        collection.run(SECOND, from_join(collection), autoencoder={"likeness": "euclidean"})
        assert "continues with the settings of its inputs: autoencoder.likeness=" in caplog.text
        ((_, _, join), *_) = collection.calls
        assert join["settings"]["likeness"] != "euclidean"
        recipe = collection.catalog(THIRD, {}).stamp("embeddings")["recipe"]
        assert recipe["embeddings"]["parameters"]["autoencoder"]["likeness"] != "euclidean"

    @pytest.mark.parametrize(
        ("group", "name", "value"),
        [
            ("autoencoder", "likeness", "euclidean"),
            ("autoencoder", "epochs", 3),
            ("autoencoder", "code_size", 16),
            ("backbone", "preprocessing", "none"),
        ],
    )
    def test_what_a_command_gives_is_refused_in_one_sentence(self, collection, group, name, value):
        with pytest.raises(GrisailleError, match=rf"was made with {group}\.{name}=\w+, not {value}") as told:
            collection.run(SECOND, from_join(collection), given=[f"{group}.{name}"], **{group: {name: value}})
        assert "\n" not in str(told.value)
        assert collection.calls == []

    def test_settings_that_nothing_was_made_with_are_free(self, collection):
        part = collection.pipeline.filter(node_names=["measure"])
        assert collection.run(SECOND, part, given=["evaluation.seed"], evaluation={"seed": 7}) == ["measure"]

    @pytest.mark.parametrize("group", ["backbone", "autoencoder", "evaluation"])
    def test_a_setting_that_is_added_is_protected(self, collection, group, monkeypatch):
        model = Parameters.model_fields[group].annotation
        added = create_model("Added", __base__=model, added=(int, 0))
        original = recipes._adapter
        monkeypatch.setattr(recipes, "_adapter", lambda name: TypeAdapter(added) if name == group else original(name))
        monkeypatch.setattr(recipes, "_settings", recipes._settings.__wrapped__)
        catalog = collection.catalog(SECOND, {group: {"added": 0}})
        assert catalog.outdated("table") is None
        catalog = collection.catalog(SECOND, {group: {"added": 1}})
        assert f"{group}.added=0, not 1" in catalog.outdated("table")

    def test_harmless_settings_do_not_matter(self, collection):
        assert collection.catalog(SECOND, {"backbone": {"batch_size": 2}}).outdated("table") is None


def test_a_source_that_is_read_no_more(collection):
    fewer = Pipeline([*collection.pipeline.nodes[:-1], Node(list, "embeddings", "table", name="measure")])
    assert collection.run(SECOND, fewer, only_missing_outputs=True) == []
    assert len(list(collection.folder.glob("table.json/*/table.json"))) == 2


class TestOneChunkAlone:
    @pytest.fixture
    def retrained(self, collection):
        part = collection.pipeline.filter(node_namespaces=["pool5"])
        collection.run(SECOND, part, given=["autoencoder.seed"], autoencoder={"seed": 5})
        return collection

    def test_the_embeddings_are_older_now_and_the_command_is_named(self, retrained, caplog):
        (told,) = [record.getMessage() for record in caplog.get_records("setup") if "now older" in record.getMessage()]
        assert told == "embeddings: now older than pool5.codes; `kedro run --from-nodes join_codes` makes it again"

    def test_of_many_results_one_is_named_and_the_pipelines_that_make_them(self, collection, monkeypatch, caplog):
        measures = Pipeline([Node(len, "pool5.codes", "table2", name="count")])
        pipelines = {"__default__": collection.pipeline, "autoencoding": collection.pipeline, "evaluation": measures}
        monkeypatch.setattr(kedro.framework.project, "pipelines", pipelines)
        monkeypatch.setattr(hooks, "_FEW", 1)
        collection.run(SECOND, measures)
        part = collection.pipeline.filter(node_namespaces=["pool5"])
        collection.run(THIRD, part, given=["autoencoder.seed"], autoencoder={"seed": 5})
        (told,) = [message for message in caplog.messages if "now older" in message]
        assert told == (
            "embeddings and 1 more: now older than pool5.codes; `kedro run --pipelines autoencoding,evaluation` "
            "makes it again"
        )

    def test_the_command_mends_it_and_the_stamp_tells_of_the_mixture(self, retrained, caplog):
        retrained.run(THIRD, from_join(retrained))
        catalog = retrained.catalog(FUTURE, {})
        assert catalog.older("embeddings") is None
        seeds = recipes.settings_of(catalog.stamp("embeddings")["recipe"])["autoencoder.seed"]
        assert seeds["5"] == ["pool5.codes"]

    def test_until_then_what_reads_the_embeddings_says_so(self, retrained, caplog):
        caplog.clear()
        retrained.run(THIRD, retrained.pipeline.filter(node_names=["measure"]))
        assert "embeddings: embeddings is older than pool5.codes" in caplog.text


class TestWhatDoesNotFitTogether:
    def test_results_of_different_features(self, collection):
        collection.write("files", ["a", "b"])
        collection.run(SECOND, collection.pipeline.filter(node_names=["extract"]))
        with pytest.raises(GrisailleError, match=r"embeddings and features do not fit together.*of features"):
            collection.run(THIRD, collection.pipeline.filter(node_names=["measure"]))

    def test_unless_versions_are_named_that_do(self, collection):
        collection.write("files", ["a", "b"])
        collection.run(SECOND, collection.pipeline.filter(node_names=["extract"]))
        part = collection.pipeline.filter(node_names=["measure"])
        assert collection.run(THIRD, part, load_versions={"features": FIRST}) == ["measure"]

    def test_a_version_of_what_nothing_reads(self, collection):
        with pytest.raises(DatasetError, match=r"this run reads no embedings; did you mean embeddings\?"):
            collection.run(SECOND, load_versions={"embedings": FIRST})

    def test_what_is_read_beside_a_named_version_follows_it(self, collection, caplog):
        collection.write("files", ["a", "b"])
        collection.run(SECOND)
        part = collection.pipeline.filter(node_names=["measure"])
        caplog.set_level("INFO", "grisaille")
        assert collection.run(THIRD, part, load_versions={"embeddings": FIRST}) == ["measure"]
        assert f"features: version {FIRST}, which fits" in caplog.text

    def test_what_is_not_there(self, collection):
        with pytest.raises(DatasetError, match=r"table2: missing, but needed"):
            collection.run(SECOND, Pipeline([Node(len, "table2", "n", name="count")]))


class TestOnlyMissingOutputs:
    def test_nothing_is_made_again(self, collection):
        assert collection.run(SECOND, only_missing_outputs=True) == []

    def test_what_other_settings_would_make_is(self, collection):
        made = collection.run(SECOND, only_missing_outputs=True, autoencoder={"epochs": 3})
        assert made == ["encode", "encode", "join", "measure"]

    def test_what_is_older_than_its_source_is(self, collection):
        collection.write("files", ["a", "b"])
        made = collection.run(SECOND, only_missing_outputs=True)
        assert made == ["extract", "encode", "encode", "join", "measure"]
        assert collection.run(THIRD, only_missing_outputs=True) == []

    def test_what_is_damaged_is_and_nothing_else(self, collection):
        path = next(collection.folder.glob("embeddings.json/*/embeddings.json"))
        path.write_text("[]")
        # What is made of it is as it was.
        assert collection.run(SECOND, only_missing_outputs=True) == ["join"]


class TestNames:
    """What names paintings is set in a group that makes them, too."""

    NOW = recipes.complete({"ingestion": {"aliases": {"C. Monet": "Claude Monet"}, "columns": {"file": "Datei"}}})

    def recipe(self, *datasets):
        step = {"parameters": {"ingestion": recipes.complete({"ingestion": {}})["ingestion"]}, "checksum": "0"}
        return dict.fromkeys(datasets, step)

    def test_other_names_are_other_paintings(self):
        found = recipes.differences(self.recipe("picture_files", "features", "paintings"), self.NOW)
        assert {difference.name for difference in found} == {"ingestion.aliases", "ingestion.columns.file"}
        assert {difference.datasets for difference in found} == {("paintings",)}

    def test_and_the_same_files_and_features(self):
        assert recipes.differences(self.recipe("picture_files", "features"), self.NOW) == []


class TestVersions:
    def test_a_run_reads_its_own_whatever_is_newer(self, collection, caplog):
        future = collection.folder / "features.json" / FUTURE
        future.mkdir()
        (future / "features.json").write_text('["from the future"]')
        collection.run(SECOND)
        assert "features has a version from the future" in caplog.text
        assert all("from the future" not in str(call) for call in collection.calls)
