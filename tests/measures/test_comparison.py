import tracemalloc

import numpy as np

from grisaille import measures
from grisaille.measures import comparison
from grisaille.measures.comparison import Collection, compare


class TestMemory:
    def test_nothing_of_the_size_of_all_pairs_is_held(self, monkeypatch):
        n, size = 3000, 50
        monkeypatch.setattr(comparison, "rows_at_a_time", lambda _: size)
        random = np.random.default_rng(0)
        points = random.standard_normal((n, 4))
        spaces = {(name, "euclidean"): measures.embedding_space(points[:, :d]) for name, d in (("raw", 4), ("pca", 2))}
        collection = Collection(random.integers(0, 5, n), np.ones(n, dtype=bool), np.full(n, "train"))
        tracemalloc.start()
        compare(spaces, [tuple(spaces)], collection, np.arange(n), 10)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 8 * n * n
