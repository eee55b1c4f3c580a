import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.stats import spearmanr
from sklearn.decomposition import PCA

from grisaille.codes.linear import MOST_BITS, LinearCode, Rotation, gaussian_levels, lost, spend
from grisaille.points import Points

SIZES = (12, 24, 40)


@pytest.fixture(scope="module")
def rows():
    """Paintings of 40 values that matter less and less."""
    random = np.random.default_rng(0)
    return (random.standard_normal((300, 40)) / np.arange(1, 41) + 3).astype(np.float32)


@pytest.fixture(scope="module")
def rests(rows):
    return np.random.default_rng(1).uniform(0.1, 0.2, len(rows)).astype(np.float32)


@pytest.fixture(scope="module")
def rotation(rows):
    return Rotation.fit(rows[:250])


class TestRotation:
    def test_its_components_are_those_of_scikit_learn(self, rows, rotation):
        known = PCA(40, svd_solver="full").fit(rows[:250])
        np.testing.assert_allclose(np.abs(known.components_ @ rotation.directions), np.eye(40), atol=1e-3)
        np.testing.assert_allclose(rotation.variances, known.explained_variance_ * 249 / 250, rtol=1e-4)

    def test_fewer_paintings_than_values(self, rows):
        rotation = Rotation.fit(rows[:9])
        assert rotation.directions.shape == (40, 8)
        np.testing.assert_allclose(rotation.directions.T @ rotation.directions, np.eye(8), atol=1e-4)

    @pytest.mark.parametrize("training", [np.arange(250), np.arange(9)])
    def test_no_length_is_lost(self, rows, rests, training):
        rotation = Rotation.fit(rows[training])
        points = rotation.project(rows, rests)
        whole = np.square(rows - rotation.mean).sum(axis=1) + rests
        np.testing.assert_allclose(np.square(points.coordinates).sum(axis=1) + points.rests, whole, rtol=1e-4)

    def test_equal_paintings(self):
        rotation = Rotation.fit(np.ones((5, 3), np.float32))
        assert rotation.directions.shape == (3, 0)
        code = LinearCode.fit(rotation, points := rotation.project(np.ones((5, 3), np.float32), np.zeros(5)), 4)
        assert code.decode(code.encode(points)).squares_to(points).max() == 0

    def test_by_way_of_pieces_it_finds_the_same(self, rows):
        whole, pieces = Rotation.fit(rows), Rotation.fit_pieces([rows[:, :15], rows[:, 15:]])
        np.testing.assert_allclose(pieces.variances, whole.variances, rtol=1e-4)
        np.testing.assert_allclose(np.abs((whole.directions * pieces.directions).sum(axis=0)), 1, atol=1e-3)

    def test_one_painting_has_no_components(self, rows):
        with pytest.raises(ValueError, match=r"at least two paintings to be fitted on\. Received: 1"):
            Rotation.fit(rows[:1])


class TestLevels:
    # Max 1960, "Quantizing for minimum distortion", table I.
    @pytest.mark.parametrize(
        ("bits", "error", "largest"),
        [(1, 0.3634, 0.7980), (2, 0.1175, 1.510), (3, 0.03454, 2.152), (4, 0.009497, 2.733)],
    )
    def test_are_those_that_max_tabulated(self, bits, error, largest):
        assert lost(bits) == pytest.approx(error, rel=1e-3)
        assert gaussian_levels(bits)[-1] == pytest.approx(largest, rel=1e-3)

    def test_what_is_lost_is_what_a_sample_loses(self):
        sample = np.random.default_rng(0).standard_normal(200_000)
        for bits in range(MOST_BITS + 1):
            levels = gaussian_levels(bits)
            nearest = levels[np.abs(sample[:2000, None] - levels).argmin(axis=1)]
            assert np.square(sample[:2000] - nearest).mean() == pytest.approx(lost(bits), rel=0.2)


class TestSpending:
    @given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=4), st.integers(0, 10))
    def test_no_single_bit_would_do_more_elsewhere(self, variances, bits):
        variances = np.array(variances)
        found = spend(variances, bits).astype(int)
        assert found.sum() == min(bits, MOST_BITS * len(variances))
        gain = [[v**2 * (lost(b) - lost(b + 1)) for b in range(MOST_BITS)] for v in variances]
        for taken in np.flatnonzero(found):
            for given_to in np.flatnonzero(found < MOST_BITS):
                assert (
                    gain[taken][found[taken] - 1] >= gain[given_to][found[given_to]] * (1 - 1e-9) or taken == given_to
                )

    def test_more_variance_never_gets_fewer_bits(self, rotation):
        bits = spend(rotation.variances, 100).astype(int)
        assert (np.diff(bits) <= 0).all()


class TestCode:
    @pytest.mark.parametrize("size", SIZES)
    def test_has_the_size_that_was_asked_for(self, rows, rests, rotation, size):
        points = rotation.project(rows, rests)
        code = LinearCode.fit(rotation, points, size)
        assert code.size == size
        assert code.encode(points).shape == (len(rows), size)

    def test_bytes_are_laid_out_as_the_docs_say(self, rows, rests, rotation):
        points = rotation.project(rows, rests)
        code = LinearCode.fit(rotation, points, 24)
        bits = "".join(f"{byte:08b}" for byte in code.encode(points)[7])
        expected, place = np.zeros(40), 0
        for column, wide in enumerate(code.bits):
            if wide:
                level = gaussian_levels(int(wide))[int(bits[place : place + wide], 2)]
                expected[column] = level * np.sqrt(rotation.variances[column])
                place += wide
        decoded = code.decode(code.encode(points))
        np.testing.assert_allclose(decoded.coordinates[7], expected, rtol=1e-5)
        part = int(bits[place : place + 16], 2) / 65535
        assert decoded.rests[7] == pytest.approx((part * code.longest) ** 2, rel=1e-4)

    def test_the_rest_is_what_is_left_of_the_painting(self, rows, rests, rotation):
        points = rotation.project(rows, rests)
        code = LinearCode.fit(rotation, points, 24)
        decoded = code.decode(code.encode(points))
        left = np.square(points.coordinates - decoded.coordinates).sum(axis=1) + points.rests
        np.testing.assert_allclose(np.sqrt(decoded.rests), np.sqrt(left), atol=code.longest / 65535)

    def test_more_bytes_tell_distances_better(self, rows, rotation):
        points = rotation.project(rows, np.zeros(len(rows), np.float32))
        exact = cdist(rows[250:], rows[:250])
        found = []
        for size in SIZES:
            code = LinearCode.fit(rotation, points, size)
            decoded = code.decode(code.encode(points))
            asked = Points(points.coordinates[250:], points.rests[250:])
            found.append(spearmanr(asked.squares_to(decoded)[:, :250].ravel(), exact.ravel())[0])
        assert found == sorted(found)
        assert found[-1] > 0.999

    def test_a_query_in_full_ranks_as_an_index_of_one_more_coordinate_does(self, rows, rests, rotation):
        points = rotation.project(rows, rests)
        code = LinearCode.fit(rotation, points, 24)
        decoded = code.decode(code.encode(points))
        stored = np.concatenate([decoded.coordinates, np.sqrt(decoded.rests)[:, None]], axis=1)
        asked = np.concatenate([points.coordinates[:5], np.zeros((5, 1), np.float32)], axis=1)
        found = Points(points.coordinates[:5], points.rests[:5]).squares_to(decoded)
        np.testing.assert_allclose(found, cdist(asked, stored) ** 2 + points.rests[:5, None], rtol=1e-3)

    def test_components_of_few_paintings_do_not_cut_off_what_they_leave_of_others(self, rows):
        """Of the paintings that they were fitted on they leave nothing."""
        few = Points.plain(rows[:20])
        rotation = Rotation.fit(few.coordinates)
        code = LinearCode.fit(rotation, rotation.project(few.coordinates), 40)
        others = rotation.project(rows[250:])
        left = others.rests + np.square(others.coordinates - code.decode(code.encode(others)).coordinates).sum(axis=1)
        np.testing.assert_allclose(code.decode(code.encode(others)).rests, left, rtol=1e-2)
