"""Which paintings several runs have, and where their neighbours moved."""

import numpy as np
import pandas as pd

from grisaille.comparison.moves import moves, shared
from grisaille.points import Points


def paintings(**files):
    """Name -> content of the file, and after a colon what it is a duplicate of."""
    rows = [(name, *content.partition(":")[::2]) for name, content in files.items()]
    table = pd.DataFrame(rows, columns=["painting_id", "sha256", "duplicate_of"])
    return table.assign(duplicate_of=[name or None for name in table["duplicate_of"]])


class TestShared:
    def test_by_the_file_whatever_it_is_called_and_else_by_the_name(self):
        found = shared([paintings(a="1", b="2", c="3", gone="9"), paintings(c="4", new="8", renamed="1", b="2")])
        assert found.rows.tolist() == [[0, 1, 2], [2, 3, 0]]
        assert (found.together, found.renamed, found.replaced) == (3, 1, 1)

    def test_a_name_that_went_to_another_painting_of_the_first_run_matches_nothing(self):
        """b is the file of a now, so it is a; the painting that was b is gone."""
        found = shared([paintings(a="1", b="2"), paintings(b="1")])
        assert found.rows.tolist() == [[0], [0]]

    def test_a_duplicate_in_any_run_is_counted_and_not_compared(self):
        found = shared([paintings(a="1", b="2", c="3"), paintings(a="1", b="2:a", c="3")])
        assert found.rows.tolist() == [[0, 2], [0, 2]]
        assert found.together == 3

    def test_only_what_every_run_has(self):
        found = shared([paintings(a="1", b="2", c="3"), paintings(c="3", b="2"), paintings(b="2", a="1")])
        assert found.rows.tolist() == [[1], [1], [0]]


def line(*places):
    return Points.plain(np.array(places, dtype=np.float32)[:, None])


class TestMoves:
    def test_shares_and_ranks_worked_out_by_hand(self):
        """On a line 0 1 2 4 8, and again with the first sent beyond the last: k = 2."""
        found = moves([line(0, 1, 2, 4, 8), line(9, 1, 2, 4, 8)], shown=5, k=2)
        # Neighbours: {1,2} {0,2} {1,0} {2,1} {3,2}, and then {4,3} {2,3} {1,3} {2,1} {0,3}.
        assert found.kept.tolist() == [[0.0, 0.5, 0.5, 1.0, 0.5]]
        assert (found.asked, found.chance) == (5, 0.5)
        assert found.histogram(0) == [0.2, 0.6, 0.2]
        most = found.most[0]
        assert (most.painting, most.neighbours.tolist()) == (0, [[1, 2], [4, 3]])
        assert most.ranks.tolist() == [[[1, 2], [4, 3]], [[4, 3], [1, 2]]]

    def test_of_equal_shares_that_whose_neighbours_went_farthest_comes_first(self):
        found = moves([line(0, 1, 2, 4, 8), line(9, 1, 2, 4, 8)], shown=5, k=2)
        # One neighbour kept by each: of 1, the first is its last now; of 4, one is third; of 2, the first is its last.
        assert [moved.painting for moved in found.most] == [0, 1, 2, 4]

    def test_what_did_not_move_is_not_shown(self):
        found = moves([line(0, 1, 2, 4, 8), line(0, 10, 20, 40, 80)], shown=5, k=2)
        assert (found.kept.min(), found.most) == (1.0, [])

    def test_each_run_is_held_against_the_first(self):
        first, second = line(0, 1, 2, 4, 8), line(9, 1, 2, 4, 8)
        found = moves([first, second, first], shown=1, k=2)
        assert found.kept.mean(axis=1).tolist() == [0.5, 1.0]
        assert found.most[0].neighbours.tolist() == [[1, 2], [4, 3], [1, 2]]

    def test_too_few_to_have_other_neighbours(self):
        assert moves([line(0, 1, 2), line(0, 2, 1)], shown=1, k=2) is None
