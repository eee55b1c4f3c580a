import numpy as np
import pytest
from PIL import Image

from grisaille.plots.why import Half, Pair, density, half_level, veiled, why_sheet

CORNER = np.array([[1.0, 0.0], [0.0, 0.0]])


def half(maps, size=(40, 20)):
    return Half(Image.new("RGB", size, "red"), maps)


class TestDensity:
    def test_maps_of_different_sizes_count_by_their_sums(self):
        fine = density({"a": np.full((2, 2), 0.1), "b": np.full((4, 4), 0.05)}, (8, 6))
        assert fine.shape == (6, 8)
        np.testing.assert_allclose(fine, 0.4 + 0.8, rtol=1e-6)


class TestHalfLevel:
    def test_the_largest_make_half_of_what_is_positive(self):
        values = np.array([[4.0, 1, 1, 1], [1, -7, -7, 0]])
        assert half_level(values) == 4
        assert half_level(np.array([[3.0, 3, 1, 1]])) == 3

    def test_where_nothing_is_positive(self):
        assert half_level(np.array([[-1.0, 0]])) == np.inf


class TestVeil:
    def test_colours_stay_where_it_matters_and_nowhere_else(self):
        image = Image.new("RGB", (3, 1), "red")
        shown = np.asarray(veiled(image, np.array([[2.0, 0.5, -3]]), 1.0))[0].astype(int)
        assert shown[0].tolist() == [255, 0, 0]
        red = shown[:, 0] - shown[:, 2]
        assert red[0] > red[1] > 20
        assert abs(red[2]) < 20

    def test_where_nothing_matters_all_is_veiled(self):
        image = Image.new("RGB", (2, 1), "red")
        shown = np.asarray(veiled(image, np.array([[-1.0, 0]]), np.inf))[0].astype(int)
        assert np.ptp(shown, axis=1).max() < 20


class TestSheet:
    def test_half_of_the_likeness_lies_inside_the_lines(self):
        figure = why_sheet([Pair((half({"a": CORNER}), half({"a": CORNER})), "$Ada$", "alike")], "Footnote")
        axes = figure.axes[0]
        assert [text.get_text() for text in axes.texts] == ["$Ada$", "alike", "Footnote"]
        assert len(axes.images) == len(axes.collections) == 2

    @pytest.mark.parametrize("maps", [{"a": -CORNER}, {"colour": np.ones((80, 120))}])
    def test_no_lines_where_there_is_nothing_or_too_much_to_enclose(self, maps):
        figure = why_sheet([Pair((half(maps), half(maps)), "Ada")])
        assert not figure.axes[0].collections
        figure.canvas.draw()

    def test_a_strip_is_as_long_as_the_likeness(self):
        colours, shares = np.array([[0.0, 0, 0], [255, 0, 0], [9, 9, 9]]), np.array([0.2, 0.5, 0])
        figure = why_sheet([Pair((half({"a": CORNER}), half({"a": CORNER})), "Ada", strip=(colours, shares))])
        *bars, frame = figure.axes[0].patches
        assert [bar.get_facecolor()[:3] for bar in bars] == [(1, 0, 0), (0, 0, 0)]
        assert sum(bar.get_width() for bar in bars) == pytest.approx(0.7 * frame.get_width())

    def test_rows_of_pairs(self):
        pair = Pair((half({"a": CORNER}), half({"a": CORNER})), "Ada")
        one, four = why_sheet([pair]), why_sheet([pair] * 4)
        assert four.get_figwidth() > 2 * one.get_figwidth()
        assert four.get_figheight() > one.get_figheight()
        assert four.get_figwidth() == why_sheet([pair] * 9).get_figwidth()
