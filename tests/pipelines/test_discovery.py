"""What the map is made of must be of one run, and a chain of any length is drawn."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from grisaille.parameters import Discovery, Ingestion
from grisaille.pipelines.discovery import nodes
from grisaille.pipelines.discovery.nodes import are_of_others
from helpers import encode, picture

NOW = pd.DataFrame({"painting_id": ["a", "a", "b"], "neighbour_id": ["b", "c", "a"], "distance": [0.5, 0.6, 0.5]})
MEASURED = pd.concat([NOW.assign(space="embedding"), NOW.assign(space="raw", distance=9.0)])


class TestAreOfOthers:
    @pytest.mark.parametrize(
        ("measured", "others"),
        [
            (MEASURED, False),
            (MEASURED.assign(distance=MEASURED["distance"] * (1 + 1e-6)), False),
            (MEASURED[MEASURED["space"] == "raw"], False),
            (MEASURED.assign(distance=MEASURED["distance"] * 1.1), True),
            (MEASURED.assign(distance=[0.5, 0.7, 0.5, 9.0, 9.0, 9.0]), True),
        ],
        ids=["the same", "rounded", "none to compare", "all", "one"],
    )
    def test_by_the_distances_of_the_same_pairs(self, measured, others):
        assert are_of_others(measured, NOW) is others


class TestLongChain:
    def test_photographs_are_held_as_small_as_they_are_drawn(self, monkeypatch):
        """Three hundred photographs of ten megapixels would take nine gigabytes."""
        held = []
        monkeypatch.setattr(nodes.plots, "strip", held.extend)
        names = [f"p{number}" for number in range(300)]
        paintings = pd.DataFrame(
            {"painting_id": names, "artist": "Ada", "path": [f"{name}.png" for name in names], "duplicate_of": None}
        )
        photograph = encode(picture(size=(800, 400)))
        paintings["sha256"] = hashlib.sha256(photograph).hexdigest()
        files = dict.fromkeys(paintings["path"], lambda: photograph)
        line = np.arange(300, dtype=np.float32)[:, None]
        table, _ = nodes.find_chain("p0;p299", line, paintings, files, Ingestion(), Discovery())
        assert len(table) == len(held) == 300
        assert {shown.image.size for shown in held} == {(320, 160)}
