import pytest

from grisaille.plots.contact_sheet import Tile, contact_sheet, strip


def chain(count):
    return strip([Tile(None, f"Painting {number}", note="distance 1.0") for number in range(count)], "By style")


def captions(figure):
    said = " ".join(text.get_text() for text in figure.axes[0].texts[1:])
    return [" ".join(caption.split()) for caption in said.split("\N{RIGHTWARDS ARROW}")]


def tiles(count, word="Painting"):
    return [Tile(None, f"{word} {number}") for number in range(count)]


class TestSheet:
    def test_one_band_has_rows_of_five_and_no_heading(self):
        figure = contact_sheet(Tile(None, "query"), {"By style": tiles(10)}, "Footnote")
        placed = {text.get_text(): text.get_position() for text in figure.axes[0].texts}
        assert list(placed) == ["query", *(f"Painting {number}" for number in range(10)), "Footnote"]
        assert len({placed[f"Painting {number}"][1] for number in range(10)}) == 2

    def test_several_bands_have_headings_and_a_row_each(self):
        bands = {"By style": tiles(10, "Style"), "By colour": tiles(10, "Colour")}
        figure = contact_sheet(Tile(None, "query"), bands)
        placed = {text.get_text(): text.get_position() for text in figure.axes[0].texts}
        order = ["By style", "Style 0", "By colour", "Colour 9"]
        heights = [placed[text][1] for text in order]
        assert heights == sorted(heights)
        assert placed["Style 0"][1] == placed["Style 9"][1] < figure.get_figheight()

    def test_bands_may_be_empty(self):
        figure = contact_sheet(Tile(None, "query"), {"By style": [], "By colour": []})
        assert {"By style", "By colour"} <= {text.get_text() for text in figure.axes[0].texts}


class TestChain:
    def test_one_of_sixty_is_shown_whole(self):
        assert captions(chain(60)) == [f"Painting {number} distance 1.0" for number in range(60)]

    @pytest.mark.parametrize("count", [61, 300, 1000])
    def test_a_longer_one_takes_no_more_room(self, count):
        figure, sixty = chain(count), chain(60)
        width, height = figure.get_size_inches() * figure.dpi
        assert (width, height) == tuple(sixty.get_size_inches() * sixty.dpi)
        assert width < 2000
        assert height < 3000
        assert len(captions(figure)) == 60

    def test_of_a_longer_one_the_middle_is_left_out_and_counted(self):
        said = captions(chain(1300))
        assert said[:30] == [f"Painting {number} distance 1.0" for number in range(30)]
        assert said[30] == "1,241 more paintings see chain.csv for all"
        assert said[31:] == [f"Painting {number} distance 1.0" for number in range(1271, 1300)]
