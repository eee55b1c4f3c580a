"""What is told of embeddings that are not the ones that are meant, or not of today."""

import logging

import numpy as np
import pandas as pd
import pytest

from grisaille import backbone
from grisaille.autoencoders.joining import digest
from grisaille.collection import split
from grisaille.parameters import Autoencoder, Backbone, Ingestion
from grisaille.pipelines.autoencoding.nodes import concatenate_codes
from grisaille.pipelines.checks import check_embeddings
from grisaille.storage.feature_store import fingerprint

NETWORK, SETTINGS = Backbone(weights="random"), Autoencoder()
INGESTION = Ingestion(validation=0.0, held_out=0.4)
PAINTINGS = pd.DataFrame(
    {"painting_id": ["A", "B", "C"], "sha256": ["a", "b", "c"], "duplicate_of": [None, None, "B"]}
).assign(split=split.assign(["a", "b", "c"], np.array([0, 1, 1]), 0.0, 0.4, 0))
SPLIT = split.fingerprint(PAINTINGS["sha256"], PAINTINGS["split"])
FEATURES = fingerprint(backbone.store_identity(["a", "b", "c"], NETWORK))
CHUNKS = {
    "left": {"layer": "block5_pool", "start": 0, "stop": 2},
    "right": {"layer": "block5_pool", "start": 2, "stop": 4},
    "taken_away": None,
}
CODES = [np.full((3, 3), value, dtype=np.float32) for value in (1, 2)]
ENCODERS = [{"encoder": "e", "split": SPLIT}, {"encoder": "f", "split": SPLIT}]
OF_TODAY = [{"features": FEATURES, **encoder} for encoder in ENCODERS]
OF_OTHERS = [OF_TODAY[0] | {"features": "others"}, OF_TODAY[1]]
EMBEDDINGS = np.concatenate(CODES, axis=1)
ORIGIN = {
    "features": FEATURES,
    "architecture": "similarity",
    "likeness": "cosine",
    "seed": 0,
    "embeddings": digest(EMBEDDINGS),
    "codes": {"left": digest(CODES[0]), "right": digest(CODES[1])},
    "encoders": {"left": "e", "right": "f"},
    "splits": {"left": SPLIT, "right": SPLIT},
}


class TestCheck:
    @pytest.fixture
    def told(self, caplog):
        """A function that checks embeddings and returns what was warned of."""
        caplog.set_level(logging.WARNING)

        def check(
            origin=ORIGIN,
            codes=CODES,
            origins=OF_TODAY,
            encoders=ENCODERS,
            paintings=PAINTINGS,
            embeddings=EMBEDDINGS,
            seed=0,
        ):
            made_of = (*codes, *origins, *encoders)
            groups = {"backbone": NETWORK, "autoencoder": SETTINGS, "ingestion": INGESTION}
            parameters = {name: group.model_dump() for name, group in groups.items()}
            parameters |= {"chunks": CHUNKS, "seed": seed}
            check_embeddings(embeddings, origin, paintings, parameters, *made_of)
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

    def test_codes_older_than_an_encoder(self, told):
        (words,) = told(encoders=[ENCODERS[0], ENCODERS[1] | {"encoder": "trained since"}])
        assert words.startswith(
            "`right.codes` is older than `right.encoder`: made by another; run `kedro run --pipeline"
        )

    def test_the_origin_of_other_embeddings(self, told):
        with pytest.raises(ValueError, match="embeddings and embeddings_origin are of different runs: name both"):
            told(embeddings=EMBEDDINGS + 1)

    def test_paintings_that_were_trained_on_and_are_held_out_now(self, told):
        others = {"left": "others", "right": "others"}
        with pytest.raises(ValueError, match=r"trained on another split.*--load-versions paintings:TIME"):
            told(origin=ORIGIN | {"splits": others})

    def test_paintings_that_this_run_would_split_otherwise(self, told):
        """The report states the seed and the shares of its run."""
        with pytest.raises(
            ValueError, match=r"split by another seed .* \(seed=4, ingestion.validation=0, .*held_out=0.4"
        ):
            told(seed=4)

    def test_another_seed_of_the_training(self, told):
        with pytest.raises(ValueError, match="made with seed 3, not 0"):
            told(origin=ORIGIN | {"seed": 3})

    def test_one_chunk_trained_on_another_split(self, told):
        with pytest.raises(ValueError, match="trained on another split"):
            told(origin=ORIGIN | {"splits": {"left": SPLIT, "right": "others"}})

    def test_other_paintings(self, told):
        with pytest.raises(ValueError, match="3 embeddings of 1 paintings: another run came between"):
            told(paintings=PAINTINGS[:1])


class TestJoining:
    def join(self, origins):
        store = type("Store", (dict,), {"fingerprint": FEATURES})(block5_pool=None)
        return concatenate_codes(store, np.ones((3, 1), np.float32), CHUNKS, SETTINGS, *CODES, *origins)

    def test_the_origin_names_what_was_joined(self):
        embeddings, origin = self.join(OF_TODAY)
        assert np.array_equal(embeddings, np.concatenate(CODES, axis=1))
        assert origin == ORIGIN

    def test_codes_of_other_features_are_not_joined(self):
        with pytest.raises(ValueError, match=r"`left.codes` is older than the features.*--pipeline autoencoding"):
            self.join(OF_OTHERS)
