"""A part of a picture, and where other pictures show the same: known scores, and motifs that were planted."""

import numpy as np
import pytest
from benchmarks import parts as planted
from PIL import Image

from grisaille.demo import painter
from grisaille.likenesses.metrics import NegativeFeatureError
from grisaille.lookalikes.parts import PartSearch, View, alone, best_windows, sizes
from grisaille.parameters import Backbone

SHAPE = (6, 8, 5)


def maps(seed, n=7):
    """Features after a ReLU."""
    values = np.maximum(np.random.default_rng(seed).normal(size=(n, *SHAPE)), 0)
    return values.reshape(n, -1).astype(np.float16)


def naive(correlations, high, wide):
    """Every window, cell and position in turn; a cell takes of each position the share that it covers."""
    n, height, width, down, across = correlations.shape

    def covered(start, stop, position):
        return max(0.0, min(stop, position + 1) - max(start, position))

    scores = np.zeros((n, height - high + 1, width - wide + 1))
    for top, left in np.ndindex(*scores.shape[1:]):
        for i, j in np.ndindex(down, across):
            y, x = top + i * high / down, left + j * wide / across
            for row, column in np.ndindex(height, width):
                area = covered(y, y + high / down, row) * covered(x, x + wide / across, column)
                scores[:, top, left] += area * correlations[:, row, column, i, j]
    return scores * down * across / (high * wide)


class TestWindows:
    @pytest.mark.parametrize("size", [(3, 3), (2, 5), (1, 1), (6, 8)])
    def test_scores_are_those_of_a_loop(self, size):
        correlations = np.random.default_rng(1).normal(size=(3, 6, 8, 3, 3))
        expected = naive(correlations, *size)
        scores, boxes = best_windows(correlations, [size])
        np.testing.assert_allclose(scores, expected.max(axis=(1, 2)), atol=1e-5)
        for box, scored in zip(boxes, expected, strict=True):
            top, left = np.unravel_index(scored.argmax(), scored.shape)
            np.testing.assert_allclose(box * (8, 6, 8, 6), (left, top, left + size[1], top + size[0]), atol=1e-9)

    def test_the_best_of_several_sizes(self):
        correlations = np.random.default_rng(2).normal(size=(3, 6, 8, 3, 3))
        each = [naive(correlations, *size).max(axis=(1, 2)) for size in ((2, 2), (3, 4))]
        np.testing.assert_allclose(best_windows(correlations, [(2, 2), (3, 4)])[0], np.maximum(*each), atol=1e-5)

    def test_sizes_keep_the_aspect_and_stay_inside(self):
        found = sizes((14, 14), (0, 0, 2 / 7, 1 / 7))
        assert found[0] == (1, 2)
        assert found[-1] == (4, 8)
        assert sizes((14, 14), (0, 0, 1, 1))[-1] == (14, 14)


class TestSearch:
    def test_the_picture_itself_has_the_part_where_it_is(self):
        features, box = maps(3, 40), (0.25, 0.0, 0.625, 0.5)
        search = PartSearch.fit(features, SHAPE)
        found = search.nearest([View(features[5].reshape(SHAPE), box)], np.arange(40), 3)
        assert found.rows[0] == 5
        assert found.similarities[0] == pytest.approx(1, abs=1e-3)
        np.testing.assert_allclose(found.boxes[0], box)

    def test_only_candidates_are_found(self):
        features = maps(3, 40)
        view = View(features[5].reshape(SHAPE), (0, 0, 0.5, 0.5))
        found = PartSearch.fit(features, SHAPE).nearest([view], np.array([9, 2, 30]), 10)
        assert sorted(found.rows) == [2, 9, 30]
        assert (np.diff(found.similarities) <= 0).all()

    def test_a_shortlist_is_of_those_that_have_most_of_the_part(self):
        features = maps(3, 40)
        search = PartSearch.fit(features, SHAPE)
        views = [View(features[5].reshape(SHAPE), (0, 0, 1, 1))]
        roots = np.sqrt(features.astype(np.float32)).reshape(40, -1, 5).mean(axis=1)
        np.testing.assert_allclose(search.means(), roots, rtol=1e-5)
        listed = search.shortlist(views, search.means(), np.arange(40), 8)
        assert len(listed) == 8
        assert 5 in listed
        assert search.shortlist(views, search.means(), np.array([7, 3]), 8).tolist() == [3, 7]

    def test_blank_pictures_are_no_error(self):
        blank = np.zeros((4, 240), np.float16)
        found = PartSearch.fit(blank, SHAPE).nearest([View(blank[0].reshape(SHAPE), (0, 0, 1, 1))], np.arange(4), 2)
        assert found.similarities.tolist() == [0, 0]


class TestAlone:
    def test_the_part_lies_in_the_middle_at_its_own_scale(self):
        image = Image.new("RGB", (20, 10), "red")
        image.paste("blue", (0, 0, 4, 2))
        ground, box = alone(image, (0, 0, 0.2, 0.2))
        assert box == (0.4, 0.4, 0.6, 0.6)
        blue = (np.asarray(ground) == (0, 0, 255)).all(axis=2)
        assert blue[4:6, 8:12].all()
        assert blue.sum() == 8

    def test_less_than_a_pixel(self):
        _, box = alone(Image.new("RGB", (20, 10)), (0.999, 0.999, 1, 1))
        assert box[2] - box[0] == pytest.approx(1 / 20)


class TestHostile:
    @pytest.mark.parametrize(
        "box", [(0, 0, 0, 1), (0.5, 0, 0.2, 1), (-0.1, 0, 1, 1), (0, 0, 1, 1.1), (0, 0, np.nan, 1)]
    )
    def test_no_part(self, box):
        with pytest.raises(ValueError, match="a part must satisfy"):
            alone(Image.new("RGB", (20, 10)), box)

    def test_other_shapes(self):
        search = PartSearch.fit(maps(1), SHAPE)
        with pytest.raises(ValueError, match="at least one view"):
            search.nearest([], np.arange(3), 2)
        with pytest.raises(ValueError, match="the collection's shape"):
            search.nearest([View(np.zeros((2, 2, 5)), (0, 0, 1, 1))], np.arange(3), 2)
        with pytest.raises(ValueError, match="need n x 245 features"):
            PartSearch.fit(maps(1), (7, 7, 5))

    def test_negative_features(self):
        with pytest.raises(NegativeFeatureError):
            PartSearch.fit(-maps(1), SHAPE)


class TestPlanted:
    def test_a_part_finds_what_the_whole_picture_does_not(self):
        """In the mists of the gallery; among dots, checks and rings the demo's random CNN loses such small figures."""
        pictures = [painter.work(artist, number, 0) for artist in painter.ARTISTS[:2] for number in range(10)]
        figures = [planted.FIGURES[name] for name in ("boat", "wheel")]
        motifs = [lambda picture, figure=figure: planted.draw(figure, picture, False) for figure in figures]
        # Batches are filled up, which few pictures need not wait for.
        cnn = Backbone(weights="random", batch_size=1)
        found = planted.measure(planted.plant(pictures, motifs, [0.26] * 2, carriers=4, seed=5), cnn, each=1, first=5)
        assert found["part"] >= 0.9
        assert found["whole"] < found["part"]
