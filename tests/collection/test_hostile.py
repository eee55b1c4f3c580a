"""Bad input, file by file and all at once: accepted right or rejected with a reason, and nothing stops the run."""

import re

import numpy as np
import pytest

from grisaille.collection.images import UnusableImageError, decode, inspect, to_square
from hostile import Case, cases


def name(case: Case) -> str:
    return case.name.replace(" ", "-")


class TestEveryFile:
    @pytest.mark.parametrize("case", [case for case in cases() if case.accepted], ids=name)
    def test_a_picture_after_all(self, case):
        image, mode = decode(case.data)
        assert (*image.size, mode) == case.accepted
        assert image.mode == "RGB"
        for (x, y), colour in case.pixels.items():
            assert np.abs(np.subtract(image.getpixel((x, y)), colour)).max() <= case.near, image.getpixel((x, y))
        assert inspect(case.data).width == case.accepted[0]
        assert to_square(image, 32).shape == (32, 32, 3)

    @pytest.mark.parametrize("case", [case for case in cases() if case.reason], ids=name)
    def test_rejected_with_its_reason(self, case):
        with pytest.raises(UnusableImageError, match=case.reason) as told:
            inspect(case.data)
        assert "\n" not in str(told.value)

    @pytest.mark.parametrize("case", [case for case in cases() if case.whole], ids=name)
    def test_cut_short(self, case):
        """Half a painting is never taken for a whole one."""
        try:
            shown, _ = decode(case.data)
        except UnusableImageError as error:
            assert re.match("cannot be decoded: .|not an image", str(error))
        else:
            assert np.array_equal(shown, decode(case.whole)[0])
