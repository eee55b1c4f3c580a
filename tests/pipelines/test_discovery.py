"""What the map is made of must be of one run."""

import pandas as pd
import pytest

from grisaille.pipelines.discovery.nodes import are_of_others

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
