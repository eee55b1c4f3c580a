import numpy as np
import pytest

from grisaille.likenesses.components import fit_components, join, mix, shares


def distances(points):
    return np.linalg.norm(points[:, None] - points[None], axis=-1)


class TestComponents:
    def test_without_halves_and_whitening_they_are_principal_components(self):
        values = np.random.default_rng(0).normal(size=(30, 4))
        mean, directions = fit_components(values, values[None][:0], 4)
        np.testing.assert_allclose(distances((values - mean) @ directions), distances(values), atol=1e-5)

    def test_whitened_they_deviate_alike(self):
        values = np.random.default_rng(0).normal(size=(200, 3)) * [10, 1, 0.1]
        mean, directions = fit_components(values, values[None][:0], 3, 1.0, 1.0)
        np.testing.assert_allclose(((values - mean) @ directions).std(axis=0), 1, rtol=1e-4)

    def test_what_differs_within_paintings_counts_less(self):
        random = np.random.default_rng(0)
        painter = random.normal(size=(300, 1))
        layout = random.normal(size=(2, 300, 1)) * 5
        halves = np.concatenate([np.broadcast_to(painter, (2, 300, 1)), layout], axis=2)
        mean, directions = fit_components(halves.mean(axis=0), halves, 1, 0.01, 0.0)
        code = (halves.mean(axis=0) - mean) @ directions
        assert abs(np.corrcoef(code[:, 0], painter[:, 0])[0, 1]) > 0.99

    def test_fewer_components_than_asked_for_are_filled_with_zeros(self):
        values = np.zeros((3, 5))
        values[0, 0] = 1
        _, directions = fit_components(values, values[None][:0], 4, 1.0, 0.5)
        assert directions.shape == (5, 4)
        assert np.isfinite(directions).all()
        assert not directions[:, 1:].any()

    def test_equal_paintings_have_a_code(self):
        values = np.ones((3, 5))
        mean, directions = fit_components(values, np.stack([values, values]), 2, 0.1, 0.5)
        assert not ((values - mean) @ directions).any()

    def test_none_to_learn_from(self):
        with pytest.raises(ValueError, match="at least one painting"):
            fit_components(np.ones((0, 3)), np.ones((0, 0, 3)), 2, 0.1, 0.5)


class TestJoin:
    def test_paintings_have_length_1_and_nothing_stays_nothing(self):
        joined = join([np.array([[3.0], [0.0]]), np.array([[4.0], [0.0]])])
        np.testing.assert_allclose(joined, [[0.6, 0.8], [0, 0]])


class TestMix:
    def test_shares_add_up_in_squared_distances(self):
        random = np.random.default_rng(0)
        one, other = random.normal(size=(50, 2)) * 7, random.normal(size=(50, 3))
        embeddings = {"style": one, "colour": other}
        mixed = mix(embeddings, shares(embeddings, {"style": 3.0, "colour": 1.0, "composition": 5.0}, np.arange(50)))
        spreads = [mixed[:, columns].var(axis=0).sum() for columns in (slice(2), slice(2, 5))]
        np.testing.assert_allclose(spreads, [0.75, 0.25], rtol=1e-5)

    def test_what_has_no_share_is_left_out(self):
        embeddings = {"style": np.ones((3, 2)), "colour": np.ones((3, 4))}
        assert mix(embeddings, shares(embeddings, {"style": 1.0, "colour": 0.0}, np.arange(3))).shape == (3, 2)
