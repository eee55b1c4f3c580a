import numpy as np
import pytest

from grisaille.autoencoders.joining import (
    CompositionPoints,
    embed_composition,
    encode_points,
    fit_composition_code,
    fit_style_code,
)
from grisaille.codes.linear import LinearCode
from grisaille.measures.spaces import embedding_space
from grisaille.points import Points, SideBySide


@pytest.fixture(scope="module")
def codes():
    """Of two chunks: four coordinates and a length each."""
    random = np.random.default_rng(0)
    return [np.abs(random.standard_normal((80, 5))).astype(np.float32) for _ in range(2)]


NORMS = [np.full(80, 2.0, np.float32), np.ones(80, np.float32)]


def joined(codes, values):
    points = CompositionPoints(codes, NORMS, "linear")[:]
    code = fit_composition_code(points, np.arange(60), 8, values - 1, 0)
    return points, code, embed_composition(points, code, values, "linear")


class TestComposition:
    def test_squared_distances_of_chunks_add_up(self, codes):
        points = CompositionPoints(codes, NORMS, "linear")[:]
        one, other = codes[0] / 2, codes[1]
        lengths = np.square(one[:, -1]) + np.square(other[:, -1])
        apart = np.square(one[3, :-1] - one[7, :-1]).sum() + np.square(other[3, :-1] - other[7, :-1]).sum()
        assert points.squares_to(points)[3, 7] == pytest.approx(apart + lengths[3] + lengths[7], rel=1e-5)

    def test_an_embedding_of_all_directions_keeps_all_distances(self, codes):
        points, _, embeddings = joined(codes, 9)
        found = embedding_space(Points.of("composition", embeddings)).distances(np.arange(80))
        np.testing.assert_allclose(found, embedding_space(points).distances(np.arange(80)), rtol=1e-4)

    def test_values_that_nothing_varies_along_are_zero(self, codes):
        _, _, embeddings = joined(codes, 20)
        assert embeddings.shape == (80, 20)
        assert not embeddings[:, 8:-1].any()
        assert embeddings[:, -1].all()

    def test_trained_codes_stay_as_they_are(self, codes):
        points = CompositionPoints(codes, NORMS, "paper")
        code = fit_composition_code(points, np.arange(60), 8, 9, 0)
        embeddings = embed_composition(points, code, 10, "paper")
        assert np.array_equal(embeddings[:, :-1], np.concatenate([codes[0] / 2, codes[1]], axis=1))
        assert not embeddings[:, -1].any()

    def test_other_collections_are_refused(self, codes):
        with pytest.raises(ValueError, match=r"different collections \(\[79, 80\] paintings\)"):
            CompositionPoints([codes[0], codes[1][1:]], NORMS, "linear")


class TestBytes:
    def test_what_is_stored_decodes_what_was_encoded(self, codes):
        points, code, _ = joined(codes, 5)
        encoded = encode_points(code, points)
        assert encoded.shape == (80, 8)
        again = LinearCode.of(code.arrays())
        whole = code.rotation.project(points.coordinates, points.rests)
        decoded = again.decode(encoded)
        assert np.array_equal(decoded.coordinates, code.decode(encoded).coordinates)
        np.testing.assert_allclose(whole.squares_to(decoded), whole.squares_to(whole), rtol=0.2, atol=0.2)

    def test_style_has_no_length_but_what_its_components_leave(self, codes):
        code = fit_style_code(codes, np.arange(60), 8, 0)
        together = np.concatenate(codes, axis=1)
        decoded = code.decode(encode_points(code, SideBySide(codes)))
        lengths = np.square(decoded.coordinates).sum(axis=1) + decoded.rests
        assert lengths.mean() == pytest.approx(np.square(together - code.rotation.mean).sum(axis=1).mean(), rel=0.05)
