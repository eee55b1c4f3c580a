"""What is found out before the hours of an extraction begin."""

from functools import partial

import pandas as pd
import pytest

from grisaille.parameters import Backbone, Ingestion
from grisaille.pipelines.feature_extraction.nodes import extract_features
from helpers import encode, picture

PAINTINGS = pd.DataFrame({"path": ["a.png", "b.png"], "sha256": ["0" * 64, "1" * 64]})
RAW = {path: partial(encode, picture()) for path in PAINTINGS["path"]}


class TestExtractFeatures:
    @pytest.fixture
    def extract(self, small_cnn):
        """A function that describes the extraction for these chunks, of layers with 512 and 128 values."""
        return partial(extract_features, PAINTINGS, settings=Backbone(model_file=small_cnn), ingestion=Ingestion())

    def test_it_is_described_and_nothing_is_computed(self, extract):
        chunks = {"top": {"layer": "block4_pool", "start": 0, "stop": 512}, "taken_away": None}
        work = extract(dict.fromkeys(RAW), chunks=chunks)
        assert (work.contents.paintings, work.columns) == (
            tuple(PAINTINGS["sha256"]),
            {"block4_pool": 512, "block5_pool": 128},
        )

    def test_a_chunk_that_ends_beyond_its_layer_is_named(self, extract):
        chunks = {"low": {"layer": "block5_pool", "start": 0, "stop": 129}}
        told = r"chunks\.low\.stop=129 is not allowed; the layer block5_pool has 128 values a painting"
        with pytest.raises(ValueError, match=told):
            extract(RAW, chunks=chunks)

    def test_a_painting_that_has_gone_is_named(self, extract):
        with pytest.raises(ValueError, match=r"1 painting missing since ingestion, such as b\.png"):
            extract({"a.png": RAW["a.png"]}, chunks={})
