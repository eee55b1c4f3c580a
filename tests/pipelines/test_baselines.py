import numpy as np
import pandas as pd

from grisaille.features.palettes import LAYER
from grisaille.parameters import Autoencoder, Evaluation
from grisaille.pipelines.evaluation.nodes import reduce_with_pca

RANDOM = np.random.default_rng(0)
CHUNKS = {"one": {"layer": "layer", "start": 0, "stop": 20}, "two": {"layer": "layer", "start": 20, "stop": 40}}


class TestPCA:
    """The settings may say one size, and the embeddings that are read have another."""

    def test_it_is_as_large_as_the_embedding_it_stands_beside(self):
        reduced = reduce_with_pca(
            pd.DataFrame({"split": ["train"] * 18 + ["held_out"] * 2}),
            CHUNKS,
            Autoencoder(code_size=8),
            Evaluation(),
            features={"layer": RANDOM.random((20, 40)).astype(np.float16)},
            palettes={LAYER: RANDOM.random((20, 30)).astype(np.float32)},
            **{"composition.embeddings": np.ones((20, 6)), "colour.embeddings": np.ones((20, 5))},
        )
        assert {name: values.shape for name, values in reduced.items()} == {
            "euclidean": (20, 6),
            "hellinger": (20, 6),
            "colour": (20, 5),
        }
