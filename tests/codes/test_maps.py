import numpy as np
import pytest

from grisaille.codes.maps import CodedRoots, Components, MapCodeError, encode, fit

# Maps of 9 positions and 8 channels, and of 4 and 8.
LAYERS = {"early": 72, "late": 32}
ALL = np.arange(200)


@pytest.fixture(scope="module")
def features():
    """A few directions that paintings share, and noise; two thirds are 0, as after a ReLU."""
    random = np.random.default_rng(0)
    shared = random.standard_normal((300, 12)) / 2
    return {
        layer: np.maximum(
            shared @ random.standard_normal((12, width)) + random.standard_normal((300, width)) / 2 - 0.7, 0
        ).astype(np.float16)
        for layer, width in LAYERS.items()
    }


def decoded(features, size):
    codes = fit(features, ALL, 8, size)
    return CodedRoots(encode(codes, features), list(features))


def hellinger(rows):
    roots = np.sqrt(rows.astype(np.float64))
    return roots / np.maximum(np.linalg.norm(roots, axis=1, keepdims=True), 1e-9)


class TestComponents:
    def test_turning_back_undoes_turning_and_keeps_distances(self, features):
        found = Components.fit(features["early"], ALL, 8)
        rows = np.random.default_rng(1).standard_normal((5, 72)).astype(np.float32)
        turned = found.turn(rows)
        np.testing.assert_allclose(found.turn_back(turned), rows, atol=1e-5)
        np.testing.assert_allclose(turned @ turned.T, rows @ rows.T, atol=1e-4)

    def test_variances_are_those_of_the_paintings(self, features):
        found = Components.fit(features["late"], ALL, 8)
        rows = hellinger(features["late"][:200])
        assert found.variances.sum() == pytest.approx(rows.var(axis=0).sum(), rel=1e-4)

    def test_what_cannot_be_encoded_is_refused(self, features):
        with pytest.raises(MapCodeError, match="whole positions of 7 channels"):
            Components.fit(features["early"], ALL, 7)
        with pytest.raises(MapCodeError, match="negative"):
            Components.fit(-features["early"], ALL, 8)


class TestCodedRoots:
    def test_with_many_bits_roots_come_back(self, features):
        # A byte a value at most, and a float32 a layer; coordinates hardly exceed the outermost level.
        found = decoded(features, 72 + 32 + 2 * 5)
        for layer, rows in features.items():
            assert np.median(np.linalg.norm(found[layer][:] - hellinger(rows), axis=1)) < 0.03

    def test_a_painting_takes_no_more_bytes_than_were_asked_for(self, features):
        for size in (11, 30, 61):
            assert size - 2 <= decoded(features, size).size <= size
        with pytest.raises(MapCodeError, match="more bytes"):
            decoded(features, 10)

    def test_unseen_paintings_are_found_by_a_bit_a_value_and_less_by_fewer(self, features):
        def recall(size):
            found = decoded(features, size)
            hits = 0.0
            true = sum(hellinger(rows[200:]) @ hellinger(rows).T for rows in features.values())
            told = sum(hellinger(rows[200:]) @ found[layer][:].T for layer, rows in features.items())
            for row in range(100):
                nearest = [np.argsort(-np.delete(products[row], 200 + row))[:10] for products in (true, told)]
                hits += len(np.intersect1d(*nearest)) / 1000
            return hits

        assert recall(10 + 104 // 8) > 0.7
        assert recall(10 + 3) < 0.6

    def test_rows_and_columns_are_those_of_the_whole(self, features):
        layer = decoded(features, 50)["early"]
        whole = layer[:]
        assert (layer.shape, layer.dtype, whole.dtype) == ((300, 72), np.float32, np.float32)
        np.testing.assert_array_equal(layer[np.array([250, 3])], whole[[250, 3]])
        np.testing.assert_array_equal(layer[70:140, 8:24], whole[70:140, 8:24])
        np.testing.assert_allclose(np.linalg.norm(whole, axis=1), 1, rtol=1e-5)

    def test_paintings_that_are_all_the_same_come_back(self, features):
        same = {layer: np.repeat(rows[:1], 300, axis=0) for layer, rows in features.items()}
        with np.errstate(all="raise"):
            found = decoded(same, 60)
        for layer, rows in same.items():
            np.testing.assert_allclose(found[layer][:], hellinger(rows), atol=1e-6)

    def test_a_layer_of_zeros_is_a_painting_like_any_other(self, features):
        blank = {layer: np.concatenate([np.zeros_like(rows[:1]), rows[1:]]) for layer, rows in features.items()}
        found = decoded(blank, 60)
        assert all(np.isfinite(found[layer][:]).all() for layer in blank)
