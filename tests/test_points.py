import numpy as np
import pytest
from scipy.spatial.distance import cdist

from grisaille.measures.lookup import Lookup
from grisaille.measures.spaces import embedding_space
from grisaille.points import Points


@pytest.fixture(scope="module")
def points():
    random = np.random.default_rng(0)
    return Points(random.standard_normal((60, 5)).astype(np.float32), random.uniform(0.1, 2.0, 60).astype(np.float32))


@pytest.fixture(scope="module")
def expected(points):
    """Distances in which the rest of each painting is a coordinate of its own; to a painting itself, 0."""
    apart = np.concatenate([points.coordinates, np.diag(np.sqrt(points.rests))], axis=1)
    return cdist(apart, apart)


class TestDistances:
    def test_rests_count_as_if_they_were_orthogonal(self, points, expected):
        different = ~np.eye(60, dtype=bool)
        np.testing.assert_allclose(points.squares_to(points)[different], expected[different] ** 2, rtol=1e-3)

    def test_a_space_measures_the_same(self, points, expected):
        space = embedding_space(points)
        np.testing.assert_allclose(space.distances(np.arange(60)), expected, rtol=1e-5, atol=1e-6)
        rows = np.array([3, 9, 40])
        np.testing.assert_allclose(space.among(rows), expected[rows][:, rows][np.triu_indices(3, 1)], rtol=1e-5)
        assert space.values == 6

    def test_a_search_finds_the_same(self, points, expected):
        rows, distances = Lookup(points[:50]).nearest(points[50:], 4)
        order = np.argsort(expected[50:, :50], axis=1)[:, :4]
        assert np.array_equal(rows, order)
        np.testing.assert_allclose(distances, np.take_along_axis(expected[50:, :50], order, axis=1), rtol=1e-5)

    def test_an_index_of_rows_ranks_alike(self, points, expected):
        asked = points.as_rows()[50:]
        asked[:, -1] = 0
        assert np.array_equal(np.argsort(cdist(asked, points.as_rows()[:50])), np.argsort(expected[50:, :50], axis=1))

    def test_their_mean_square(self, points, expected):
        assert points.mean_square() == pytest.approx(np.square(expected).mean(), rel=1e-5)
        assert points[:1].mean_square() == 0


class TestEmbeddings:
    def test_composition_ends_in_a_length(self, points):
        again = Points.of("composition", points.as_rows())
        assert np.array_equal(again.coordinates, points.coordinates)
        np.testing.assert_allclose(again.rests, points.rests, rtol=1e-6)

    def test_style_does_not(self):
        values = np.ones((3, 4), np.float32)
        assert np.array_equal(Points.of("style", values).coordinates, values)
        assert not Points.of("style", values).rests.any()

    def test_fewer_values_leave_more_out(self, points):
        fewer = points.leading(2)
        whole = [np.square(p.coordinates).sum(axis=1) + p.rests for p in (points, fewer)]
        np.testing.assert_allclose(*whole, rtol=1e-5)
