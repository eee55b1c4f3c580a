import numpy as np
import pytest
from benchmarks import known_factors

from grisaille.demo import painter as gallery

# Which factor a likeness is about.
OWN = {"composition": "layout", "style": "manner", "colour": "palette"}


class TestKnownFactors:
    """Of the demo's CNN, shown fewer and smaller pictures than `python -m benchmarks.known_factors` shows it."""

    @pytest.fixture(scope="class")
    def found(self):
        return known_factors.measure(copies=2, side=160)

    def test_no_factor_tells_anything_of_another(self):
        design = known_factors.design(5)
        for one, other in ((0, 1), (0, 2), (1, 2)):
            together = np.zeros((10, 10), int)
            np.add.at(together, (design[:, one], design[:, other]), 1)
            assert (together == 5).all()

    @pytest.mark.parametrize(
        "space", ["composition: raw", "style: raw", "style: embedding", "colour: raw", "colour: embedding"]
    )
    def test_a_likeness_finds_its_own_factor_and_no_other(self, found, space):
        own = OWN[space.partition(":")[0]]
        for factor, precision in found[space].items():
            if factor == own:
                assert precision > 0.9
            else:
                assert precision < 0.35


class TestFactors:
    SIDE = (np.arange(240) + 0.5) / 240
    ROWS, COLUMNS = np.meshgrid(SIDE, SIDE, indexing="ij")

    @pytest.mark.parametrize("layout", gallery.LAYOUTS)
    def test_half_of_every_row_is_lit(self, layout):
        lit = gallery.LAYOUTS[layout](self.COLUMNS, self.ROWS)
        # But for the one place that lies on an edge.
        np.testing.assert_allclose(lit.mean(axis=1), 0.5, atol=1.01 / len(self.SIDE))

    def test_two_layouts_differ_at_half_of_all_places_or_everywhere(self):
        lit = np.stack([layout(self.COLUMNS, self.ROWS).ravel() for layout in gallery.LAYOUTS.values()])
        differing = (lit[:, None] != lit[None]).mean(axis=2)[np.triu_indices(len(lit), 1)]
        everywhere = differing == 1
        assert everywhere.sum() == 3
        np.testing.assert_allclose(differing[~everywhere], 0.5, atol=0.01)

    @pytest.mark.parametrize("palette", gallery.PALETTES)
    def test_a_palette_does_not_change_the_luma_and_is_neutral_on_average(self, palette):
        accents = np.arange(100) < 25
        colours = gallery.PALETTES[palette].rgb(np.full(100, 128.0), accents)
        np.testing.assert_allclose(colours @ [0.299, 0.587, 0.114], 128, atol=1)
        np.testing.assert_allclose(colours.mean(axis=0), 128, atol=1)


class TestPainting:
    PLAIN = ("mist", "dawn", "iris")

    def test_a_seed_repeats(self):
        assert gallery.paint(*self.PLAIN, seed=3) == gallery.paint(*self.PLAIN, seed=3)
        assert gallery.paint(*self.PLAIN, seed=3) != gallery.paint(*self.PLAIN, seed=4)

    @pytest.mark.parametrize("other", [("dots", "dawn", "iris"), ("mist", "dusk", "iris"), ("mist", "dawn", "rose")])
    def test_every_factor_shows(self, other):
        assert gallery.paint(*self.PLAIN, seed=3) != gallery.paint(*other, seed=3)

    @pytest.mark.parametrize("manner", gallery.MANNERS)
    def test_light_falls_where_the_layout_has_it(self, manner):
        grey = np.asarray(gallery.paint(manner, "dawn", "iris", seed=0).convert("L")).astype(float)
        left, right = np.split(grey[:, : grey.shape[1] // 2 * 2], 2, axis=1)
        assert left.mean() > right.mean() + 50

    def test_artists_have_a_manner_and_favourites(self):
        for artist in gallery.ARTISTS:
            assert artist.manner in gallery.MANNERS
            assert set(artist.layouts) < set(gallery.LAYOUTS)
            assert set(artist.palettes) < set(gallery.PALETTES)

    def test_those_who_are_alike_share_their_manner_alone(self):
        of = {artist.name: artist for artist in gallery.ARTISTS}
        for one, other in gallery.ALIKE:
            assert of[one].manner == of[other].manner
            assert of[one].layouts == of[other].layouts
            assert of[one].palettes == of[other].palettes
        assert len({artist.manner for artist in gallery.ARTISTS}) == len(gallery.ARTISTS) - len(gallery.ALIKE)
