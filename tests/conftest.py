"""What several rooms of tests need: pictures as bytes, small backbones, the development paintings."""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

PROJECT = Path(__file__).resolve().parents[1]
SHARED = PROJECT.parent / "shared"


def encode(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def picture(seed: int = 0, size: tuple[int, int] = (48, 40)) -> Image.Image:
    """A picture with large shapes, so that perceptual hashes of two of them differ."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


@pytest.fixture(scope="session")
def shared() -> Path:
    if not (SHARED / "data" / "paintings").is_dir():
        pytest.skip("the development paintings are not beside this checkout")
    return SHARED


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


def kedro(*arguments: str, cwd: Path = PROJECT, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run kedro as a user would."""
    done = subprocess.run(
        [sys.executable, "-m", "kedro", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"COLUMNS": "200"},
    )
    if check and done.returncode:
        raise AssertionError(f"kedro {' '.join(arguments)} failed:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return done
