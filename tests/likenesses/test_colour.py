import numpy as np
import pytest
from PIL import Image

from grisaille.likenesses.colour import bins, lab, palette


class TestLab:
    # By the formulas of CIE 15:2004 with the white point D50, which the profiles have.
    @pytest.mark.parametrize(
        ("colour", "expected"),
        [
            ((0, 0, 0), (0, 0, 0)),
            ((255, 255, 255), (255, 0, 0)),
            ((255, 0, 0), (138, 81, 70)),
            ((0, 0, 255), (75, 68, -112)),
        ],
    )
    def test_known_colours(self, colour, expected):
        np.testing.assert_allclose(lab(Image.new("RGB", (2, 2), colour))[0, 0], expected, atol=2)


class TestPalette:
    def test_shares(self):
        image = Image.new("RGB", (4, 4), "black")
        image.paste("white", (0, 0, 1, 4))
        shares = palette(image, 8, 64)
        assert shares.shape == (512,)
        np.testing.assert_allclose(sorted(shares[shares > 0]), [0.25, 0.75])

    def test_where_a_colour_is_does_not_matter(self):
        values = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
        image = Image.fromarray(values)
        np.testing.assert_array_equal(
            palette(image, 8, 64), palette(image.transpose(Image.Transpose.ROTATE_180), 8, 64)
        )

    def test_every_bin_is_in_range(self):
        corners = np.array([[0, -128, -128], [255, 127, 127], [255, 0, 0]], dtype=np.int16)
        assert bins(corners, 8, 64).tolist() == [0, 511, 7 * 64 + 4 * 8 + 4]
