import io
import warnings

import matplotlib as mpl
import pytest

from grisaille.plots import canvas
from grisaille.plots.canvas import new_figure


@pytest.fixture(autouse=True)
def settings_of_matplotlib():
    with mpl.rc_context():
        yield


class TestFonts:
    def test_those_that_are_installed_follow_the_users_own(self, monkeypatch):
        mpl.rcParams["font.family"] = ["serif"]
        monkeypatch.setattr(canvas.fontManager, "get_font_names", lambda: ["PingFang SC", "Comic Sans", "serif"])
        new_figure(1, 1)
        new_figure(1, 1)
        assert mpl.rcParams["font.family"] == ["serif", "PingFang SC"]

    def test_a_character_that_no_font_has_is_drawn_as_a_box_without_a_word(self, monkeypatch):
        monkeypatch.setattr(canvas.fontManager, "get_font_names", lambda: ["DejaVu Sans"])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            figure = new_figure(2, 3)
            figure.text(0, 0.5, "\N{CJK UNIFIED IDEOGRAPH-845B}")
            figure.savefig(io.BytesIO())
        assert figure.get_size_inches().tolist() == [2, 3]
