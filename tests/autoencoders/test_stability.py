"""A painting's code is its own: it depends neither on who else is in the batch nor on the processor's instructions."""

import os
import subprocess
import sys
from functools import cache

import keras
import numpy as np
import pytest
from numpy._core._multiarray_umath import __cpu_dispatch__ as dispatched

from grisaille.autoencoders import training
from grisaille.autoencoders.compression import Projection, fit_projection
from grisaille.autoencoders.linear import linear
from grisaille.likenesses.metrics import MetricRows, layer_norms

VALUES, CHANNELS, COUNT = 128, 8, 256
# Of the code's length.
NEAR = 1e-5
# What libraries do on other processors. The second is older than any that has what the first asks for.
PROCESSORS = {
    "AVX2": {
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
        "NPY_DISABLE_CPU_FEATURES": " ".join(dispatched[1:]),
    },
    "SSE": {
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "OPENBLAS_CORETYPE": "Nehalem",
        "NPY_DISABLE_CPU_FEATURES": " ".join(dispatched),
    },
}
ENCODE = """
import sys
from pathlib import Path
import keras, numpy as np
from grisaille.autoencoders.training import encode
for path in Path(sys.argv[1]).glob("*.keras"):
    encoder = keras.saving.load_model(path, compile=False)
    np.save(path.with_suffix(".codes.npy"), encode(encoder, np.load(path.with_suffix(".npy"))))
"""
KINDS, LIKENESSES = ("entirely", "flat", "equal"), ("hellinger", "euclidean")


def features(kind: str) -> np.ndarray:
    """Chunks that components explain entirely, so that what they leave is rounding or nothing."""
    random = np.random.default_rng(0)
    rows = random.gamma(0.5, 1.0, (COUNT, VALUES))
    if kind == "flat":
        # Pictures of one colour: one direction, and next to nothing beside it.
        rows = random.uniform(0.5, 2, (COUNT, 1)) * rows[:1] * (1 + 1e-4 * random.standard_normal((COUNT, VALUES)))
    if kind == "equal":
        rows[:] = rows[0]
    return rows.astype(np.float16)


@cache
def models(kind: str, likeness: str) -> tuple[np.ndarray, Projection, keras.Model]:
    """Features, the components of them, and their encoder."""
    rows = features(kind)
    metric_rows = MetricRows(rows, likeness, layer_norms(rows, likeness))
    projection, _ = fit_projection(metric_rows, np.arange(COUNT), 144, 0, CHANNELS)
    return rows, projection, linear(projection, likeness)[1]


def assert_same(found, expected):
    assert np.isfinite(expected).all()
    assert np.linalg.norm(found - expected, axis=1).max() <= NEAR * np.linalg.norm(expected, axis=1).max()


@pytest.mark.parametrize("likeness", LIKENESSES)
@pytest.mark.parametrize("kind", KINDS)
class TestCompanyInTheBatch:
    @pytest.mark.parametrize("size", [1, 7])
    def test_a_code_is_that_of_a_large_batch(self, kind, likeness, size):
        rows, _, encoder = models(kind, likeness)
        assert_same(training.encode(encoder, rows, size), training.encode(encoder, rows, 256))

    def test_the_encoder_compresses_as_the_components_do(self, kind, likeness):
        """They are fitted on the latter's rows; who asks for look-alikes has the former."""
        rows, projection, encoder = models(kind, likeness)
        metric_rows = MetricRows(rows, likeness, np.ones(COUNT, np.float32))
        assert_same(projection.compress(metric_rows), training.encode(encoder, rows))


@pytest.mark.parametrize("processor", PROCESSORS)
def test_other_instructions(processor, tmp_path):
    cases = {f"{kind}_{likeness}": models(kind, likeness) for kind in KINDS for likeness in LIKENESSES}
    for name, (rows, _, encoder) in cases.items():
        keras.saving.save_model(encoder, tmp_path / f"{name}.keras")
        np.save(tmp_path / f"{name}.npy", rows)
    subprocess.run([sys.executable, "-c", ENCODE, tmp_path], env=os.environ | PROCESSORS[processor], check=True)
    for name, (rows, _, encoder) in cases.items():
        assert_same(np.load(tmp_path / f"{name}.codes.npy"), training.encode(encoder, rows))
