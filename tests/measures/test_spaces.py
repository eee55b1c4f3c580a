import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist, pdist

from grisaille.measures import spaces
from grisaille.measures.spaces import Space, blocks, embedding_space, feature_space, rows_at_a_time

SIZES, SEEDS = st.integers(1, 23), st.integers(0, 99)


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

    @pytest.mark.parametrize("rows", [[2, 3, 4, 9, 20], [5], []])
    def test_among_some_are_those_of_the_pairs(self, points, rows):
        space, chosen = Space([points[:, :3], points[:, 3:]]), np.array(rows, dtype=int)
        np.testing.assert_allclose(space.among(chosen), pdist(points[chosen]))

    def test_pieces_of_different_points_are_refused(self, points):
        with pytest.raises(ValueError, match=r"same points. Received: \[\(23, 10\), \(22, 10\)\]"):
            Space([points, points[:-1]])

    def test_no_piece_is_refused(self):
        with pytest.raises(ValueError, match=r"same points. Received: \[\]"):
            Space([])

    def test_products_are_summed_in_the_finest_type(self, points):
        fine = Space([points[:, :3].astype(np.float32), points[:, 3:]])
        coarse = points.copy()
        coarse[:, :3] = coarse[:, :3].astype(np.float32)
        np.testing.assert_allclose(fine.distances(np.arange(23)), cdist(coarse, coarse), atol=1e-6)

    def test_a_point_is_nowhere_else_though_rounding_says_so(self):
        points = np.full((3, 7), 1e3 / 3, dtype=np.float32)
        found = Space([points]).distances(np.arange(3))
        assert np.isfinite(found).all()
        assert not found.diagonal().any()


class TestProperties:
    @given(n=SIZES, seed=SEEDS)
    def test_permuting_paintings_permutes_distances(self, n, seed):
        random = np.random.default_rng(seed)
        points, order = random.standard_normal((n, 5)), random.permutation(n)
        found = embedding_space(points[order]).distances(np.arange(n))
        np.testing.assert_allclose(
            found, embedding_space(points).distances(np.arange(n))[np.ix_(order, order)], atol=1e-9
        )

    @given(n=SIZES, seed=SEEDS, scale=st.floats(1e-3, 1e3), shift=st.floats(-1e3, 1e3))
    def test_rotating_moving_and_scaling_the_space_scales_distances(self, n, seed, scale, shift):
        random = np.random.default_rng(seed)
        points, rotation = random.standard_normal((n, 5)), np.linalg.qr(random.standard_normal((5, 5)))[0]
        found = embedding_space(scale * (points @ rotation + shift)).distances(np.arange(n))
        np.testing.assert_allclose(found / scale, cdist(points, points), atol=1e-6)

    @given(n=SIZES, copies=st.integers(1, 4), seed=SEEDS)
    def test_copies_lie_together(self, n, copies, seed):
        points = np.random.default_rng(seed).standard_normal((n, 5))
        found = embedding_space(np.tile(points, (copies, 1))).distances(np.arange(n * copies))
        np.testing.assert_allclose(found, np.tile(cdist(points, points), (copies, copies)), atol=1e-6)

    @given(SEEDS)
    def test_two_paintings(self, seed):
        points = np.random.default_rng(seed).standard_normal((2, 5))
        apart = np.linalg.norm(points[0] - points[1])
        np.testing.assert_allclose(embedding_space(points).distances(np.arange(2)), [[0, apart], [apart, 0]])


class TestKinds:
    def test_embeddings_far_from_the_origin_lose_nothing(self, points):
        near = (points + 1e4).astype(np.float32)
        found = embedding_space(near).distances(np.arange(23))
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, cdist(near, near), atol=1e-9)

    @pytest.mark.parametrize("width", [3, 64])
    def test_features_are_cut_into_pieces_of_all_layers(self, points, monkeypatch, width):
        monkeypatch.setattr(spaces, "_NARROWEST", width)
        monkeypatch.setattr(spaces, "_READ", 0)
        layers = {"a": np.abs(points[:, :7]).astype(np.float32), "b": np.abs(points[:, 7:]).astype(np.float32)}
        whole = np.concatenate(list(layers.values()), axis=1)
        found = feature_space(layers, "euclidean")
        assert found.n == 23
        np.testing.assert_allclose(found.distances(np.arange(23)), cdist(whole, whole), atol=2e-3)
        roots = [np.sqrt(layer / layer.sum(axis=1, keepdims=True)) for layer in layers.values()]
        expected = np.sqrt(sum(cdist(root, root) ** 2 for root in roots))
        np.testing.assert_allclose(feature_space(layers, "hellinger").distances(np.arange(23)), expected, atol=2e-3)

    @pytest.mark.parametrize(("values", "pieces"), [(23 * 5, [5, 5]), (23 * 4, [4, 4, 2]), (10**6, [10])])
    def test_pieces_are_as_wide_as_there_is_room_for(self, points, monkeypatch, values, pieces):
        monkeypatch.setattr(spaces, "_NARROWEST", 1)
        monkeypatch.setattr(spaces, "_READ", values)
        found = feature_space({"a": np.abs(points)}, "euclidean")
        assert [piece.shape[1] for piece in found._pieces] == pieces

    def test_features_are_read_once_for_many_blocks(self, points):
        class Counted:
            shape, dtype, read = (23, 10), np.dtype(np.float32), 0

            def __getitem__(self, key):
                found = points[key].astype(np.float32)
                Counted.read += len(found)
                return found

        steps = list(feature_space({"a": Counted()}, "euclidean").walk(np.arange(23), 2))
        assert len(steps) == 12
        assert Counted.read == 23


class TestNearDuplicates:
    """Float32 has no digits left for them: |x|^2 + |y|^2 - 2 x.y is rounding."""

    @pytest.fixture(scope="class")
    def rows(self):
        random = np.random.default_rng(0)
        rows = np.abs(random.standard_normal((23, 4000))).astype(np.float32)
        rows[[5, 19]] = rows[2]
        rows[7] = rows[3] * (1 + 1e-4 * random.standard_normal(4000))
        rows[20] = rows[11] * (1 + 1e-2 * random.standard_normal(4000))
        return rows

    @pytest.mark.parametrize("likeness", ["euclidean", "hellinger"])
    @pytest.mark.parametrize("asked", [np.arange(23), np.array([19, 3, 11])], ids=["all", "some"])
    def test_distances_are_exact(self, rows, likeness, asked):
        whole = rows.astype(float)
        if likeness == "hellinger":
            whole = np.sqrt(whole / whole.sum(axis=1, keepdims=True))
        expected = cdist(whole, whole)[asked]
        found = np.concatenate(list(feature_space({"a": rows}, likeness).walk(asked, 2)))
        # What float32 features themselves cannot say is left to chance; copies are at no distance.
        np.testing.assert_allclose(found, expected, rtol=2e-3 if likeness == "hellinger" else 1e-5)

    def test_a_collection_of_copies_has_no_distances(self):
        rows = np.tile(np.abs(np.random.default_rng(0).standard_normal(4000)).astype(np.float32), (23, 1))
        assert not feature_space({"a": rows}, "euclidean").distances(np.arange(23)).any()


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


class TestSquare:
    @pytest.mark.parametrize("n", [0, 1, 2, 3, 8, 9])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_every_range_of_rows_is_that_of_the_whole(self, points, n, dtype):
        own = points[:n].astype(dtype)
        square = spaces._Square(n, np.dtype(dtype))
        for piece in (own[:, :4], own[:, 4:]) if n else ():
            square.add(np.ascontiguousarray(piece))
        for start in range(n):
            for stop in range(start, n + 1):
                found = square.rows(start, stop)
                assert found.dtype == dtype
                np.testing.assert_allclose(found, (own @ own.T)[start:stop], atol=1e-5)

    def test_half_of_it_is_kept(self):
        assert spaces._Square(100, np.dtype(np.float32))._packed.nbytes == 4 * 100 * 101 // 2


class TestRowsAtATime:
    def test_fewer_of_more_points(self):
        assert rows_at_a_time(10) == 4
        assert rows_at_a_time(10**7) == 1
        assert rows_at_a_time(0) == 4

    def test_together_they_have_a_million_distances(self, monkeypatch):
        monkeypatch.setattr(spaces, "_BLOCK", 512)
        assert rows_at_a_time(2000) == 512
        assert rows_at_a_time(4000) == 262
        assert rows_at_a_time(2**19) == 2
        assert rows_at_a_time(2**20) == 1
        assert rows_at_a_time(20 * 2**20) == 1


class TestBlocks:
    @given(n=st.integers(0, 30), size=st.integers(1, 40))
    def test_they_are_as_large_as_allowed_and_make_up_the_whole(self, n, size):
        found = list(blocks(np.arange(n), size))
        assert [len(block) for block in found[:-1]] == [size] * (len(found) - 1)
        assert all(1 <= len(block) <= size for block in found)
        assert np.concatenate([np.arange(0), *found]).tolist() == list(range(n))
