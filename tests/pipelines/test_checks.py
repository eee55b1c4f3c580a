"""What is told of embeddings that are not the ones that are meant, or not of today."""

import logging

import numpy as np
import pandas as pd
import pytest

from grisaille import backbone
from grisaille.autoencoders.joining import digest
from grisaille.parameters import Autoencoder, Backbone
from grisaille.pipelines.autoencoding.nodes import concatenate_codes
from grisaille.pipelines.checks import check_embeddings
from grisaille.storage.feature_store import fingerprint

NETWORK, SETTINGS = Backbone(weights="random"), Autoencoder()
PAINTINGS = pd.DataFrame({"sha256": ["a", "b"]})
FEATURES = fingerprint(backbone.store_identity(["a", "b"], NETWORK))
CHUNKS = {
    "left": {"layer": "block5_pool", "start": 0, "stop": 2},
    "right": {"layer": "block5_pool", "start": 2, "stop": 4},
    "taken_away": None,
}
CODES = [np.full((2, 3), value, dtype=np.float32) for value in (1, 2)]
OF_TODAY = [{"features": FEATURES, "encoder": "e"}] * 2
OF_OTHERS = [{"features": "others", "encoder": "e"}, OF_TODAY[1]]
ORIGIN = {
    "features": FEATURES,
    "architecture": "similarity",
    "likeness": "cosine",
    "codes": {"left": digest(CODES[0]), "right": digest(CODES[1])},
}


class TestCheck:
    @pytest.fixture
    def told(self, caplog):
        """A function that checks embeddings and returns what was warned of."""
        caplog.set_level(logging.WARNING)

        def check(origin=ORIGIN, codes=CODES, origins=OF_TODAY, paintings=PAINTINGS):
            embeddings = np.zeros((2, 6), dtype=np.float32)
            check_embeddings(embeddings, origin, paintings, CHUNKS, NETWORK, SETTINGS, *codes, *origins)
            return caplog.messages

        return check

    def test_nothing_is_wrong(self, told):
        assert told() == []

    def test_embeddings_older_than_the_codes_of_one_chunk(self, told):
        (words,) = told(codes=[CODES[0], CODES[1] + 1])
        assert words.startswith("`embeddings` is older than `right.codes`")

    def test_codes_older_than_the_features(self, told):
        (words,) = told(origins=OF_OTHERS)
        assert words.startswith("`left.codes` is older than the features")

    def test_all_of_it_older_than_the_features(self, told):
        with pytest.raises(ValueError, match=r"made with features others.*`left.codes` is older than the features"):
            told(origin=ORIGIN | {"features": "others"}, origins=OF_OTHERS)

    def test_another_likeness(self, told):
        with pytest.raises(ValueError, match="made with likeness euclidean, not cosine"):
            told(origin=ORIGIN | {"likeness": "euclidean"})

    def test_other_paintings(self, told):
        with pytest.raises(ValueError, match="2 embeddings of 1 paintings: another run came between"):
            told(paintings=PAINTINGS[:1])


class TestJoining:
    def join(self, origins):
        store = type("Store", (dict,), {"fingerprint": FEATURES})(block5_pool=None)
        return concatenate_codes(store, np.ones((2, 1), np.float32), CHUNKS, SETTINGS, *CODES, *origins)

    def test_the_origin_names_what_was_joined(self):
        embeddings, origin = self.join(OF_TODAY)
        assert np.array_equal(embeddings, np.concatenate(CODES, axis=1))
        assert origin == ORIGIN

    def test_codes_of_other_features_are_not_joined(self):
        with pytest.raises(ValueError, match=r"`left.codes` is older than the features.*--pipeline autoencoding"):
            self.join(OF_OTHERS)
