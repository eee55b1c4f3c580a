"""What this project relies on in Kedro that Kedro does not promise: each of these fails when a release changes it."""

from pathlib import PurePosixPath

import pytest
from fsspec.implementations.local import LocalFileSystem
from kedro.config import OmegaConfigLoader
from kedro.framework.cli.utils import _split_params
from kedro.framework.hooks.manager import _create_hook_manager, _register_hooks
from kedro.io import DataCatalog
from kedro.io.core import Version
from kedro.pipeline import Node, Pipeline
from kedro.runner import ThreadRunner

from framework.test_catalog import KINDS

VERSION = "2021-01-01T00.00.00.000Z"


@pytest.fixture(params=KINDS)
def dataset(request, tmp_path):
    """A versioned dataset of each kind, and what it saves."""
    entry = KINDS[request.param][0] | {"filepath": f"{tmp_path}/thing", "versioned": True}
    catalog = DataCatalog.from_config({"thing": entry}, save_version=VERSION)
    return catalog.get("thing"), KINDS[request.param][1](0)


class TestDatasets:
    """`AtomicCatalog` saves a copy of a dataset at a temporary path, and finds versions without patterns."""

    def test_a_copy_with_another_path_and_no_version_saves_there(self, dataset, tmp_path):
        original, data = dataset
        # Some write only what has the name of their kind.
        other = PurePosixPath(tmp_path, "elsewhere.keras")
        original._copy(_filepath=other, _version=None).save(data)
        assert [path.name for path in tmp_path.iterdir()] == ["elsewhere.keras"]
        assert (original._filepath, original._version) == (PurePosixPath(tmp_path, "thing"), Version(None, VERSION))

    def test_a_version_is_a_folder(self, dataset, tmp_path):
        expected = PurePosixPath(tmp_path, "thing", VERSION, "thing")
        assert dataset[0]._get_save_path() == dataset[0]._get_versioned_path(VERSION) == expected

    def test_versions_are_looked_up_by_its_own_function(self, dataset, tmp_path):
        (tmp_path / "thing" / VERSION).mkdir(parents=True)
        (tmp_path / "thing" / VERSION / "thing").touch()
        asked = []
        dataset[0]._glob_function = lambda pattern: asked.append(pattern) or [f"{tmp_path}/thing/{VERSION}/thing"]
        assert dataset[0].resolve_load_version() == VERSION
        assert asked == [f"{tmp_path}/thing/*/thing"]

    def test_it_knows_its_filesystem(self, dataset):
        assert (dataset[0]._protocol, dataset[0]._fs.protocol) == ("file", ("file", "local"))

    def test_how_it_opens_text_can_be_set(self, tmp_path):
        saved = DataCatalog.from_config({"a": {"type": "json.JSONDataset", "filepath": f"{tmp_path}/a"}}).get("a")
        saved._fs_open_args_save["encoding"] = "utf-16"
        saved.save(1)
        assert (tmp_path / "a").read_text("utf-16") == "1"


class TestConfiguration:
    def test_files_are_found_by_its_filesystem(self, tmp_path):
        asked = []

        class Watched(LocalFileSystem):
            def glob(self, pattern):
                asked.append(pattern)
                return []

        class Loader(OmegaConfigLoader):
            @staticmethod
            def _initialise_filesystem_and_protocol(conf_source):
                return Watched(skip_instance_cache=True), "file"

        _ = Loader(str(tmp_path), base_env=".", default_run_env=".")["parameters"]
        assert asked
        assert all(pattern.startswith(str(tmp_path)) for pattern in asked)

    def test_the_folder_of_an_environment(self, tmp_path):
        loader = OmegaConfigLoader(str(tmp_path), base_env=".", default_run_env=".")
        assert loader._get_conf_env_path("local") == str(tmp_path / "local")


class TestRunning:
    def test_hooks_can_be_registered_on_a_worker(self):
        manager = _create_hook_manager()
        _register_hooks(manager, ())
        assert not manager.get_plugins()

    def test_a_runner_asks_for_its_executor(self):
        asked = []

        class Runner(ThreadRunner):
            def _get_executor(self, max_workers):
                asked.append(max_workers)
                return super()._get_executor(max_workers)

        Runner().run(Pipeline([Node(lambda: 1, None, "a", name="a")]), DataCatalog())
        assert asked

    def test_parameters_are_split_as_for_kedro_run(self):
        assert _split_params(None, None, "a.b=1,c=x y") == {"a": {"b": 1}, "c": "x y"}
