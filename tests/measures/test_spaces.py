import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from grisaille.measures import spaces
from grisaille.measures.spaces import Space, rows_at_a_time


@pytest.fixture(autouse=True)
def blocks_that_a_few_points_fill(monkeypatch):
    monkeypatch.setattr(spaces, "_BLOCK", 4)


@pytest.fixture(scope="module")
def points():
    return np.random.default_rng(0).standard_normal((23, 10))


class TestDistances:
    @pytest.mark.parametrize(
        "rows",
        [np.arange(23), np.arange(5, 17), np.arange(4, 12), np.array([3, 9, 1]), np.array([7]), np.arange(0)],
        ids=["all", "a range", "a range of whole blocks", "some", "one", "none"],
    )
    def test_are_those_of_scipy(self, points, rows):
        space = Space([points[:, :3], points[:, 3:]])
        np.testing.assert_allclose(space.distances(rows), cdist(points, points)[rows], atol=1e-12)

    @given(st.integers(0, 22), st.integers(1, 23))
    def test_any_range(self, start, length):
        points = np.random.default_rng(1).standard_normal((23, 3))
        rows = np.arange(start, min(start + length, 23))
        np.testing.assert_allclose(Space([points]).distances(rows), cdist(points, points)[rows], atol=1e-12)

    def test_pieces_of_different_points_are_refused(self, points):
        with pytest.raises(ValueError, match="same points"):
            Space([points, points[:-1]])


class TestWalk:
    @pytest.mark.parametrize("size", [1, 2, 5, 50])
    @pytest.mark.parametrize("ahead", [0, 23 * 9, 10**6])
    def test_gives_the_same_distances_whatever_the_size_of_its_steps(self, points, size, ahead):
        steps = list(Space([points], ahead).walk(np.arange(2, 22), size))
        assert {len(step) for step in steps[:-1]} <= {size}
        np.testing.assert_allclose(np.concatenate(steps), cdist(points, points)[2:22], atol=1e-12)

    def test_reads_its_pieces_once_where_there_is_room(self, points):
        class Counted:
            shape, dtype, read = points.shape, points.dtype, 0

            def __getitem__(self, rows):
                found = points[rows]
                Counted.read += len(found)
                return found

        list(Space([Counted()], ahead=23 * 24).walk(np.arange(23), 2))
        assert Counted.read == 23


class TestRowsAtATime:
    def test_fewer_of_more_points(self):
        assert rows_at_a_time(10) == 4
        assert rows_at_a_time(10**7) == 1
