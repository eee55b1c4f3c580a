import numpy as np
import pandas as pd
import pytest

from grisaille.parameters import Discovery
from grisaille.pipelines.discovery.nodes import find_neighbours

N = 2000


def found(**settings):
    paintings = pd.DataFrame({"painting_id": [f"{row}" for row in range(N)]})
    values = np.random.default_rng(0).standard_normal((N, 12)).astype(np.float32)
    return find_neighbours(paintings, Discovery(neighbours=10, **settings), style=values)


class TestWhereExactSearchIsTooExpensive:
    @pytest.fixture(scope="class")
    def exact(self):
        return found()

    def test_recall_stands_in_the_table_and_in_the_log(self, exact, caplog):
        through_index = found(exact_seconds=0)
        pairs = [set(zip(table["painting_id"], table["neighbour_id"], strict=True)) for table in (exact, through_index)]
        (recall,) = through_index["recall"].unique()
        assert recall == pytest.approx(len(pairs[0] & pairs[1]) / len(pairs[0]), abs=0.05)
        assert f"Recall is {recall:.3f}" in caplog.text

    def test_elsewhere_it_is_1_and_nothing_is_said(self, exact, caplog):
        assert (exact["recall"] == 1).all()
        assert not caplog.records

    def test_two_runs_find_the_same(self):
        pd.testing.assert_frame_equal(found(exact_seconds=0), found(exact_seconds=0), check_exact=True)
