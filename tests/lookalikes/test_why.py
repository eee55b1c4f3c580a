"""A likeness on the places of two pictures: the maps add up to what the likeness is by another route."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from grisaille.likenesses.colour import palette
from grisaille.likenesses.metrics import NegativeFeatureError, layer_norms
from grisaille.likenesses.style import describe
from grisaille.lookalikes.why import ByColour, ByComposition, ByStyle, Evidence, average, beyond_average, why
from grisaille.measures.spaces import feature_space
from grisaille.parameters import Chunk
from helpers import picture

SHAPES = {"early": (4, 6, 8), "late": (2, 3, 8)}
CHUNKS = (
    Chunk(layer="early", start=0, stop=96),
    Chunk(layer="early", start=96, stop=192),
    Chunk(layer="late", start=0, stop=48),
)


def evidence(seed, shapes=SHAPES, zero=()):
    """Features after a ReLU: half of them are zero."""
    random = np.random.default_rng(seed)
    features = {
        layer: np.maximum(random.normal(size=shape), 0).astype(np.float16) * (layer not in zero)
        for layer, shape in shapes.items()
    }
    return Evidence(features, picture(seed, (40, 30)))


def sums(reasons):
    return [sum(values.sum() for values in maps.values()) for maps in (reasons.a, reasons.b)]


def stacked(a, b, layer):
    return np.stack([one.features[layer].ravel() for one in (a, b)])


def cosine(a, b):
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def raw_style(a, b, chunks, channels=8):
    """The rows of the raw style space, as evaluation makes them."""
    parts = []
    for chunk in chunks:
        layer = stacked(a, b, chunk.layer)
        parts.append(describe(layer[:, chunk.start : chunk.stop], layer_norms(layer, "hellinger"), channels)[0])
    return np.concatenate(parts, axis=1).astype(np.float64)


class TestComposition:
    @given(st.integers(0, 1000))
    def test_maps_add_up_to_what_the_hellinger_distance_says(self, seed):
        a, b = evidence(seed), evidence(seed + 1)
        reasons = why(a, b, ByComposition())
        distance = feature_space({layer: stacked(a, b, layer) for layer in SHAPES}, "hellinger").distances(
            np.arange(2)
        )[0, 1]
        assert reasons.likeness == pytest.approx(1 - distance**2 / (2 * len(SHAPES)), abs=1e-5)
        assert sums(reasons) == pytest.approx([reasons.likeness] * 2, abs=1e-9)
        assert {layer: values.shape for layer, values in reasons.a.items()} == {"early": (4, 6), "late": (2, 3)}

    def test_places_that_both_leave_empty_say_nothing(self):
        a, b = evidence(1), evidence(2)
        for one in (a, b):
            one.features["early"][2:] = 0
        reasons = why(a, b, ByComposition())
        assert not reasons.a["early"][2:].any()
        assert reasons.a["early"][:2].sum() + reasons.a["late"].sum() == pytest.approx(reasons.likeness, abs=1e-9)

    def test_a_layer_of_zeros_is_like_nothing(self):
        reasons = why(evidence(1, zero=["late"]), evidence(2), ByComposition())
        assert not reasons.a["late"].any()
        assert sums(reasons) == pytest.approx([reasons.likeness] * 2, abs=1e-9)
        assert why(evidence(1, zero=SHAPES), evidence(2), ByComposition()).likeness == 0


class TestStyle:
    @pytest.mark.parametrize(
        "chunks",
        [
            CHUNKS,
            CHUNKS[2:],
            # One position; positions that are counted twice; two halves of positions.
            (Chunk(layer="early", start=8, stop=16), CHUNKS[0]),
            (CHUNKS[0], Chunk(layer="early", start=48, stop=144)),
            (Chunk(layer="early", start=4, stop=20),),
        ],
    )
    @given(seed=st.integers(0, 1000))
    def test_maps_of_both_add_up_to_the_inner_product_of_raw_styles(self, chunks, seed):
        a, b = evidence(seed), evidence(seed + 1)
        reasons = why(a, b, ByStyle(chunks, 8))
        rows = raw_style(a, b, chunks)
        expected = cosine(*rows) if np.linalg.norm(rows, axis=1).all() else 0
        assert reasons.likeness == pytest.approx(expected, abs=1e-5)
        assert sums(reasons) == pytest.approx([reasons.likeness] * 2, abs=1e-9)

    def test_a_map_follows_its_own_picture(self):
        """Turned upside down chunk by chunk, a picture keeps its style, and the map turns with it."""
        a, b = evidence(1), evidence(2)
        turned = Evidence({"early": b.features["early"].copy(), "late": b.features["late"][::-1, ::-1]}, b.image)
        one, other = why(a, b, ByStyle(CHUNKS, 8)), why(a, turned, ByStyle(CHUNKS, 8))
        np.testing.assert_allclose(other.b["late"], one.b["late"][::-1, ::-1], atol=1e-9)
        np.testing.assert_allclose(other.a["late"], one.a["late"], atol=1e-9)

    def test_zeros_are_like_nothing(self):
        reasons = why(evidence(1, zero=SHAPES), evidence(2), ByStyle(CHUNKS, 8))
        assert reasons.likeness == 0
        assert sums(reasons) == [0, 0]

    def test_no_whole_positions(self):
        with pytest.raises(ValueError, match=r"whole positions of 7 channels .* Received: 0 to 96"):
            why(evidence(1), evidence(2), ByStyle(CHUNKS, 7))
        with pytest.raises(ValueError, match=r"of the 48 values of late. Received: 0 to 56"):
            why(evidence(1), evidence(2), ByStyle((Chunk(layer="late", start=0, stop=56),), 8))

    def test_a_layer_that_is_not_there(self):
        with pytest.raises(ValueError, match=r"the layer top\. Received: early, late"):
            why(evidence(1), evidence(2), ByStyle((Chunk(layer="top", start=0, stop=8),), 8))


class TestColour:
    @given(st.integers(0, 1000))
    def test_bins_and_pixels_add_up_to_the_overlap_of_palettes(self, seed):
        a, b = evidence(seed), evidence(seed + 1)
        reasons = why(a, b, ByColour(4, 64))
        shares = [palette(one.image, 4, 64).astype(np.float64) for one in (a, b)]
        squared = ((np.sqrt(shares[0]) - np.sqrt(shares[1])) ** 2).sum()
        assert reasons.likeness == pytest.approx(1 - squared / 2, abs=1e-5)
        assert reasons.values.sum() == pytest.approx(reasons.likeness, abs=1e-9)
        assert sums(reasons) == pytest.approx([reasons.likeness] * 2, abs=1e-9)
        assert reasons.a["colour"].shape == (30, 40)

    def test_a_colour_of_one_alone_says_nothing(self):
        both, one = Image.new("RGB", (4, 2), "red"), Image.new("RGB", (4, 2), "red")
        both.paste("blue", (2, 0, 4, 2))
        reasons = why(Evidence({}, both), Evidence({}, one), ByColour(8, 64))
        np.testing.assert_allclose(reasons.a["colour"], [[np.sqrt(0.5) / 4] * 2 + [0] * 2] * 2)
        np.testing.assert_allclose(reasons.b["colour"], np.sqrt(0.5) / 8)

    def test_bins_have_the_colour_of_their_pixels(self):
        image = Image.new("RGB", (4, 2), "red")
        image.paste("blue", (2, 0, 4, 2))
        colours = ByColour(8, 64).colours(Evidence({}, image))
        assert {tuple(row) for row in colours[colours.any(axis=1)]} == {(255, 0, 0), (0, 0, 255)}


class TestBeyondAverage:
    @pytest.mark.parametrize("likeness", [ByComposition(), ByStyle(CHUNKS, 8), ByColour(4, 64)])
    def test_maps_add_up_to_the_likeness_less_the_mean_likeness_to_others(self, likeness):
        a, b, others = evidence(1), evidence(2), [evidence(seed) for seed in range(3, 8)]
        maps = beyond_average(a, b, likeness, average(others, likeness))
        pair = why(a, b, likeness).likeness
        for one, found in zip((a, b), maps, strict=True):
            usual = np.mean([why(one, other, likeness).likeness for other in others])
            assert sum(values.sum() for values in found.values()) == pytest.approx(pair - usual, abs=1e-9)


class TestHostile:
    def test_other_layers(self):
        other = evidence(2, SHAPES | {"late": (3, 2, 8)})
        with pytest.raises(ValueError, match=r"the same layers. Received: .*\(2, 3, 8\).* and .*\(3, 2, 8\)"):
            why(evidence(1), other, ByComposition())

    def test_no_layers(self):
        nothing = Evidence({}, picture())
        with pytest.raises(ValueError, match=r"at least one layer\. Received: none"):
            why(nothing, nothing, ByComposition())

    def test_flat_features(self):
        flat = Evidence({"early": np.ones(8, np.float16)}, picture())
        with pytest.raises(ValueError, match=r"early must have the shape .* Received: \(8,\)"):
            why(flat, flat, ByComposition())

    @pytest.mark.parametrize("likeness", [ByComposition(), ByStyle(CHUNKS, 8)])
    def test_negative_features(self, likeness):
        a = evidence(1)
        a.features["late"][0, 0, 0] = -1
        with pytest.raises(NegativeFeatureError, match="late has negative features"):
            why(a, evidence(2), likeness)
