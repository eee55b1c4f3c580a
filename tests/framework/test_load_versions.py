"""`--load-versions` of what is stored: every versioned entry of the catalog gives a past version when it is asked."""

from functools import partial

import keras
import numpy as np
import pandas as pd
import pytest
import yaml
from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner
from matplotlib.figure import Figure

from grisaille.framework import config
from grisaille.framework.catalog import AtomicCatalog
from helpers import PROJECT

OLD, NEW = "2021-01-01T00.00.00.000Z", "2022-01-01T00.00.00.000Z"
ENTRIES = {
    # A factory's name becomes that of one of its datasets.
    name.format(chunk="pool5", likeness="composition"): entry
    for name, entry in yaml.safe_load((PROJECT / "conf/base/catalog.yml").read_text()).items()
    # Those read what others save.
    if entry.get("versioned") and not name.startswith("known_")
}


def array(value):
    return np.full((2, 2), value, dtype=np.float32)


def table(value):
    return pd.DataFrame({"value": [value]})


def figure(value):
    """A page of one shade."""
    return Figure(figsize=(1, 1), facecolor=str(value / 10))


def model(value):
    inputs = keras.layers.Input((1,))
    outputs = keras.layers.Dense(1, kernel_initializer=keras.initializers.Constant(value))(inputs)
    return keras.Model(inputs, outputs)


# Class -> what is saved, made of a number, and how the number is read from what is loaded.
KINDS = {
    "NumPyDataset": (array, lambda loaded: loaded[0, 0]),
    "ParquetDataset": (table, lambda loaded: loaded["value"][0]),
    "SpreadsheetSafeCSVDataset": (table, lambda loaded: loaded["value"][0]),
    "CSVDataset": (table, lambda loaded: loaded["value"][0]),
    "TextDataset": (str, float),
    "JSONDataset": (lambda value: {"value": value}, lambda loaded: loaded["value"]),
    "FigureDataset": (figure, lambda loaded: loaded.getpixel((0, 0))[0] / 25.5),
    "KerasModelDataset": (model, lambda loaded: loaded.get_weights()[0][0, 0]),
}


def kind(name):
    """How a number is stored in an entry, and read from it; in a folder, in one of its files."""
    entry = ENTRIES[name]
    stored = entry.get("dataset", entry)
    make, read = KINDS[(stored if isinstance(stored, str) else stored["type"]).rpartition(".")[2]]
    if "dataset" in entry:
        return lambda value: {"Monet": make(value)}, lambda loaded: read(loaded["Monet"])
    return make, read


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    """A function that opens the project's catalog on an empty storage, as Kedro does for a run with these versions."""
    storage = {"storage": str(tmp_path_factory.mktemp("storage"))}
    with pytest.MonkeyPatch.context() as patch:
        # The loader is no session's.
        patch.setattr(config, "_newest", None)
        loader = config.RunConfigLoader(
            str(PROJECT / "conf"), runtime_params=storage, base_env="base", default_run_env="local"
        )
        # Any table will do here, whatever its schema.
        return partial(AtomicCatalog.from_config, loader["catalog"], validation_enabled=False)


@pytest.mark.parametrize("name", ENTRIES)
class TestLoadVersions:
    def loaded(self, name, catalog):
        node = Node(kind(name)[1], name, "value", name="read")
        return SequentialRunner().run(Pipeline([node]), catalog)["value"].load()

    def test_a_past_version_is_given_when_it_is_asked_for(self, name, catalog):
        make, _ = kind(name)
        for version, value in ((OLD, 3), (NEW, 7)):
            catalog(save_version=version).save(name, make(value))
        assert self.loaded(name, catalog()) == pytest.approx(7, abs=0.05)
        assert self.loaded(name, catalog(load_versions={name: OLD})) == pytest.approx(3, abs=0.05)
