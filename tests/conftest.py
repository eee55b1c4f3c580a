"""What several rooms of tests need: a small backbone, one run of the whole project, the development paintings."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import hypothesis
import numpy as np
import pandas as pd
import pytest
import yaml

from helpers import PROJECT, SHARED, command, kedro

# How fast a machine is proves nothing.
hypothesis.settings.register_profile("grisaille", deadline=None)
hypothesis.settings.load_profile("grisaille")


@pytest.fixture(scope="session")
def shared() -> Path:
    if not (SHARED / "data" / "paintings").is_dir():
        pytest.skip("the development paintings are not beside this checkout")
    return SHARED


# Of a module: its event loop must not run under tests that have one of their own.
@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def small_cnn(tmp_path_factory) -> Path:
    """A saved CNN with two named layers whose chunks are of one length, like VGG16's but 1,000 times cheaper."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    inputs = x = layers.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D(2, name="block4_pool")(x)  # 8 x 8 x 8 = 512
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D(2, name="block5_pool")(x)  # 4 x 4 x 8 = 128
    path = tmp_path_factory.mktemp("cnn") / "small.keras"
    keras.Model(inputs, x).save(path)
    return path


@dataclass(frozen=True)
class Run:
    """A copy of the project that was run once."""

    project: Path
    output: str
    parameters: tuple[str, ...]

    @property
    def data(self) -> Path:
        return self.project / "data" / "demo"

    def again(self, *arguments: str, **options) -> CompletedProcess[str]:
        """Run again with the same parameters, unless others are given."""
        given = () if "--params" in arguments else self.parameters
        return kedro("run", "--env", "demo", *arguments, *given, cwd=self.project, **options)

    def grisaille(self, *arguments: str, **options) -> CompletedProcess[str]:
        """One of the project's own commands."""
        return command("grisaille", *arguments, "--env", "demo", cwd=self.project, **options)

    def first(self, path: str) -> Path:
        """What the run itself left, whatever tests have run since."""
        return min((self.data / path).iterdir()) / Path(path).name

    def newest(self, path: str) -> Path:
        return sorted((self.data / path).iterdir())[-1] / Path(path).name

    def table(self, name: str) -> pd.DataFrame:
        path = self.newest(f"08_reporting/{name}")
        return pd.read_csv(path) if name.endswith(".csv") else pd.read_parquet(path)

    def embeddings(self) -> np.ndarray:
        return np.load(self.newest("07_model_output/embeddings.npy"))

    def shard_times(self) -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in self.data.glob("04_feature/features/*/*.npy")}


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory, small_cnn) -> Run:
    project = tmp_path_factory.mktemp("run") / "project"
    project.mkdir()
    for name in ("conf", "src", "pyproject.toml", ".telemetry"):
        source = PROJECT / name
        shutil.copytree(source, project / name) if source.is_dir() else shutil.copy(source, project / name)
    local = project / "conf" / "demo" / "parameters_small.yml"
    half = {"layer": "block4_pool", "start": 0, "stop": 256}, {"layer": "block4_pool", "start": 256, "stop": 512}
    small = {
        "chunks": dict.fromkeys(("pool4_1", "pool4_2", "pool4_3", "pool4_4"))
        | {"top": half[0], "bottom": half[1], "pool5": {"layer": "block5_pool", "start": 0, "stop": 128}},
        "study": {
            "layer_sets": {"block3": None, "blocks_3_4_5": None},
            "code_sizes": [2, 8],
            "embedding_size": 12,
            "chunk_values": 256,
            "queries": 60,
        },
    }
    # UMAP compiles itself first, which takes longer than all else here.
    small["discovery"] = {"umap": False}
    local.write_text(yaml.safe_dump(small, sort_keys=False))
    parameters = (
        "--params",
        f"backbone.model_file={small_cnn},backbone.shard_rows=64,autoencoder.channels=8,autoencoder.code_size=8,"
        "evaluation.pca_code_size=8",
    )
    done = kedro("run", "--env", "demo", *parameters, cwd=project)
    return Run(project, done.stdout + done.stderr, parameters)
