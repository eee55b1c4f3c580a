"""A painting's code is its own: it depends neither on who else is in the batch nor on the processor's instructions."""

import os
import subprocess
import sys
from functools import cache

import keras
import numpy as np
import pytest
from numpy._core._multiarray_umath import __cpu_dispatch__ as dispatched

from grisaille.autoencoders import similarity, training
from grisaille.autoencoders.compression import Projection, compress_chunk
from grisaille.initializers import Initializers
from grisaille.likenesses.metrics import MetricRows, layer_norms
from grisaille.parameters import Similarity

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
    np.save(path.with_suffix(".codes.npy"), encode(encoder, np.load(path.with_suffix(".npy")))[0])
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
def models(kind: str, likeness: str) -> tuple[np.ndarray, keras.Model]:
    """Features, and an encoder that looks at all that it is shown: training would end with other weights."""
    rows = features(kind)
    metric_rows = MetricRows(rows, likeness, layer_norms(rows, likeness))
    basis, compressed = compress_chunk(metric_rows, np.arange(COUNT), 144, 0, CHANNELS)
    geometry, draw = similarity.Geometry(compressed, 16, likeness, 0.5), Initializers(0)
    encoder = similarity.compressed_encoder(geometry, Similarity(hidden=32), draw)
    bend = encoder.get_layer("bend")
    bend.set_weights([np.random.default_rng(1).normal(0, 0.3, weights.shape) for weights in bend.get_weights()])
    decoder = similarity.compressed_decoder(geometry, Similarity(hidden=32), draw)
    return rows, similarity.assemble(Projection(basis), encoder, decoder, likeness)[1]


def assert_same(found, expected):
    assert np.isfinite(expected).all()
    assert np.linalg.norm(found - expected, axis=1).max() <= NEAR * np.linalg.norm(expected, axis=1).max()


@pytest.mark.parametrize("likeness", LIKENESSES)
@pytest.mark.parametrize("kind", KINDS)
class TestCompanyInTheBatch:
    @pytest.mark.parametrize("size", [1, 7])
    def test_a_code_is_that_of_a_large_batch(self, kind, likeness, size):
        rows, encoder = models(kind, likeness)
        for one, other in zip(*(training.encode(encoder, rows, each) for each in (size, 256)), strict=True):
            assert_same(one, other)

    def test_codes_of_compressed_rows_are_those_of_rows(self, kind, likeness):
        """Training sees the former, who asks for look-alikes the latter."""
        rows, encoder = models(kind, likeness)
        metric_rows = MetricRows(rows, likeness, np.ones(COUNT, np.float32))
        basis, _ = compress_chunk(
            MetricRows(rows, likeness, layer_norms(rows, likeness)), np.arange(COUNT), 144, 0, CHANNELS
        )
        compressed = Projection(basis).compress(metric_rows)
        assert_same(encoder.get_layer("compressed_encoder")(compressed).numpy(), training.encode(encoder, rows)[0])


@pytest.mark.parametrize("processor", PROCESSORS)
def test_other_instructions(processor, tmp_path):
    cases = {f"{kind}_{likeness}": models(kind, likeness) for kind in KINDS for likeness in LIKENESSES}
    for name, (rows, encoder) in cases.items():
        keras.saving.save_model(encoder, tmp_path / f"{name}.keras")
        np.save(tmp_path / f"{name}.npy", rows)
    subprocess.run([sys.executable, "-c", ENCODE, tmp_path], env=os.environ | PROCESSORS[processor], check=True)
    for name, (rows, encoder) in cases.items():
        assert_same(np.load(tmp_path / f"{name}.codes.npy"), training.encode(encoder, rows)[0])
