import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import spearmanr

from grisaille.measures.codes import Reference
from grisaille.measures.spaces import embedding_space

QUERIES, K = np.array([3, 8, 40]), 5


@pytest.fixture(scope="module")
def points():
    return np.random.default_rng(0).standard_normal((50, 6))


@pytest.fixture(scope="module")
def reference(points):
    return Reference.measure(embedding_space(points), QUERIES, K)


class TestKept:
    def test_everything_is_kept_by_the_features_themselves(self, points, reference):
        kept = reference.kept(cdist(points[QUERIES], points) ** 2, 10)
        assert kept == {"recall": 1, "reranked": 1, "spearman": pytest.approx(1)}

    def test_shares_and_order_are_those_of_another_route(self, points, reference):
        squares = cdist(points[QUERIES, :3], points[:, :3]) ** 2
        kept = reference.kept(squares, 10)
        true, found = cdist(points, points), cdist(points[:, :3], points[:, :3])

        def first(distances, query, many):
            return set([row for row in np.argsort(distances[query], kind="stable") if row != query][:many])

        for name, many in (("recall", K), ("reranked", 10)):
            shares = [len(first(true, query, K) & first(found, query, many)) / K for query in QUERIES]
            assert kept[name] == pytest.approx(np.mean(shares))
        others = [(query, row) for query in QUERIES for row in range(50) if row != query]
        pairs = tuple(np.array(others).T)
        assert kept["spearman"] == pytest.approx(spearmanr(true[pairs], found[pairs])[0])
