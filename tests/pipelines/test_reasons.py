"""Sheets that explain are drawn of what can be read."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from grisaille.collection.originals import Originals
from grisaille.lookalikes.queries import Query
from grisaille.pipelines.look_alikes.reasons import Reasons
from grisaille.pipelines.questions import collection as asked_collection
from helpers import encode, picture

MODELS = {
    "backbone": {},
    "chunks": {},
    "autoencoder": {},
    "colour": {},
    "mixture": {"composition": 0, "style": 0, "colour": 1},
    "composition_codes": {
        "mean": np.zeros(2),
        "directions": np.eye(2),
        "variances": np.ones(2),
        "bits": np.zeros(2),
        "longest": np.array(1.0),
    },
    **{f"{name}.embeddings": np.zeros((4, 2)) for name in ("composition", "style", "colour", "mixture")},
}


@pytest.fixture
def collection():
    """Four pictures, of which the second has changed since ingestion."""
    data = {f"{number}.png": encode(picture(number)) for number in range(4)}
    table = pd.DataFrame({"path": list(data), "sha256": [hashlib.sha256(file).hexdigest() for file in data.values()]})
    table = table.assign(rank=range(1, 5), artist="Ada", title=table["path"])
    files = {path: lambda file=file: file for path, file in (data | {"1.png": encode(picture(9))}).items()}
    return table, Originals(table, files)


def sheets(collection, likeness, rows):
    table, originals = collection
    asked = Query("folder/asked.png", encode(picture(7)), picture(7))
    known = asked_collection(table, MODELS)
    return Reasons([likeness], known, originals, 150, 512).sheets(asked, {likeness: table.iloc[rows]}, 3)


def said(figure):
    return [text.get_text() for text in figure.axes[0].texts]


class TestSheets:
    @pytest.mark.parametrize("likeness", ["colour", "mixture"])
    def test_a_picture_that_cannot_be_read_is_left_out(self, collection, likeness):
        """Of a mixture that is colour alone, colour explains all."""
        found = sheets(collection, likeness, [0, 1, 2])
        assert list(found) == [f"003_asked_why_{likeness}"]
        captions = said(found[f"003_asked_why_{likeness}"])
        assert [text for text in captions if text.endswith(".png")] == ["1  Ada 0.png", "3  Ada 2.png"]
        assert sum("alike in colour: " in text for text in captions) == 2
        assert "3 paintings of the collection" in captions[-1]

    def test_where_none_can_be_read_there_is_no_sheet(self, collection):
        assert sheets(collection, "colour", [1]) == {}
