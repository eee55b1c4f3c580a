"""The explorer in a real browser: it opens from the file system, and does what its buttons say."""

import io
import itertools
import math
import re
import zlib
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from grisaille.explorer.page import About, render
from helpers import explorer_map

pytestmark = pytest.mark.browser

EVIL = ["</script><script>window.caught=1</script>", "<img src=x onerror=window.caught=1>", "<!--<script>"]
ABOUT = About(likeness="composition", metric="hellinger", raw_values=600, reduced_values=6, note="<b>A note</b>")


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("explorer") / "explorer.html"
    artists = pd.DataFrame({"name": ["Ada"], "years": ["<i>1840"]})
    path.write_text(render(explorer_map(names=EVIL, compared=7), artists, ABOUT), "utf-8")
    return path


@pytest.fixture
def open_page(browser, file):
    """A function that opens the page and waits for its pictures; what goes wrong there fails the test."""
    contexts, wrong = [], []

    def opened(address="", **options):
        contexts.append(browser.new_context(**{"viewport": {"width": 1200, "height": 800}} | options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: wrong.append(request.url) if request.url.startswith("http") else None)
        page.goto(file.as_uri() + address)
        page.wait_for_selector("html[data-ready]")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


def near(page, space):
    return [
        (int(button.get_attribute("data-row")), "both" in button.inner_text())
        for button in page.locator(f"[data-space={space}] .near").all()
    ]


def bearing(page):
    """The direction from one painting to another, which no camera changes."""
    (x, y), (u, v) = page.evaluate("[explorer.where(1), explorer.where(2)]")
    return math.atan2(v - y, u - x)


def labelled_works(page):
    """By years on the axis: from the left, where the label stands and the work of that year, once the map is drawn."""
    page.evaluate("new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)))")
    labels = [label for label in page.locator("#axis span").all() if label.is_visible()]
    boxes = {label.inner_text(): label.bounding_box() for label in labels}
    rows = {str(1850 + 10 * row): row for row in range(8) if row != 1}
    return {
        year: (boxes[year]["x"] + boxes[year]["width"] / 2, page.evaluate(f"explorer.where({row})[0]"))
        for year, row in rows.items()
        if year in boxes
    }


class TestChoosing:
    def test_a_click_shows_the_painting_and_both_lists(self, open_page):
        page = open_page()
        assert page.locator("#panel").is_hidden()
        page.mouse.click(*page.evaluate("explorer.where(3)"))
        assert page.locator("#panel h2").inner_text() == "Painting 3"
        # On the circle three follow in the raw space, and three after the first of them in the embedding.
        assert near(page, "raw") == [(4, False), (5, True), (6, True)]
        assert near(page, "composition") == [(5, True), (6, True), (7, False)]
        assert page.locator(".verdict").inner_text() == "2 of its 3 nearest are kept."

    def test_a_neighbour_can_be_walked_to(self, open_page):
        page = open_page("#painting=Painting_3")
        page.locator("[data-space=raw] .near").first.click()
        assert page.locator("#panel h2").inner_text() == "Painting 4"

    def test_beside_all_paintings_nothing_is_chosen(self, open_page):
        page = open_page("#painting=Painting_3")
        box = page.locator("#map").bounding_box()
        page.mouse.click(box["x"] + 3, box["y"] + 3)
        assert page.locator("#panel").is_hidden()

    def test_what_was_not_compared_is_said(self, open_page):
        page = open_page("#painting=Painting_7")
        assert "not known" in page.locator(".verdict").inner_text()


class TestLikenesses:
    def test_another_likeness_has_other_neighbours_and_another_map(self, open_page):
        page = open_page("#painting=Painting_3", reduced_motion="reduce")
        before = bearing(page)
        page.get_by_role("radio", name="style").check()
        # Every likeness begins one further on the circle.
        assert near(page, "style") == [(6, False), (7, False), (0, False)]
        assert page.locator(".verdict").inner_text() == "Most alike in style"
        assert page.locator("[data-space=raw]").count() == 0
        # Its circle is turned by one radian.
        assert math.cos(bearing(page) - before) == pytest.approx(math.cos(1), abs=0.01)
        page.get_by_role("radio", name="composition").check()
        assert near(page, "composition") == [(5, True), (6, True), (7, False)]
        assert math.cos(bearing(page) - before) == pytest.approx(1, abs=0.001)

    def test_arrow_keys_go_from_one_to_the_next_and_the_focus_stays(self, open_page):
        page = open_page("#painting=Painting_3")
        page.get_by_role("radio", name="composition").focus()
        chosen = []
        for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
            page.keyboard.press(key)
            assert page.evaluate("document.activeElement.value") == page.evaluate("explorer.state.likeness")
            chosen.append(page.evaluate("explorer.state.likeness"))
        assert chosen == ["mixture", "style", "mixture"]
        assert page.locator("#likeness").input_value() == "mixture"

    def test_without_a_painting_the_map_has_a_choice_of_its_own(self, open_page):
        page = open_page()
        page.select_option("#likeness", label="everything")
        page.evaluate("explorer.select(3)")
        assert [row for row, _ in near(page, "mixture")] == [7, 0, 1]
        assert page.get_by_role("radio", name="everything").is_checked()

    def test_a_link_keeps_it(self, open_page):
        page = open_page("#painting=Painting_3")
        page.get_by_role("radio", name="everything").check()
        again = open_page(page.evaluate("location.hash"))
        assert [row for row, _ in near(again, "mixture")] == [7, 0, 1]
        again.click("#reset")
        assert again.evaluate("explorer.state.likeness") == "composition"

    def test_a_likeness_that_nobody_made_is_passed_over(self, open_page):
        page = open_page("#painting=Painting_3&likeness=fame")
        assert page.evaluate("explorer.state.likeness") == "composition"


class TestFinding:
    def test_all_its_nearest_can_be_seen_with_a_painting_that_was_found(self, open_page):
        page = open_page()
        page.fill("#query", "Painting 3")
        page.keyboard.press("Enter")
        for row in (3, 5, 6, 7):
            page.wait_for_function(
                "row => { const [x, y] = explorer.where(row);"
                " const box = document.querySelector('#map').getBoundingClientRect();"
                " return x > box.left && x < box.right && y > box.top && y < box.bottom; }",
                arg=row,
            )

    def test_a_panel_that_opens_is_as_one_that_was_open(self, open_page):
        page = open_page("#painting=Painting_3", viewport={"width": 900, "height": 1600}, reduced_motion="reduce")
        opening = page.evaluate("({ ...explorer.camera })")
        page.evaluate("explorer.select(0)")
        page.fill("#query", "Painting 3")
        page.keyboard.press("Enter")
        assert page.evaluate("({ ...explorer.camera })") == pytest.approx(opening)


class TestKeys:
    def test_arrows_go_to_the_next_painting_that_way(self, open_page):
        # On the circle the first lies at the right, the fifth at the left, the seventh at the bottom.
        page = open_page("#painting=Painting_4")
        chosen = []
        for key in ("ArrowRight", "ArrowLeft", "ArrowDown"):
            page.keyboard.press(key)
            chosen.append(page.evaluate("explorer.state.selected"))
        assert chosen[:2] == [0, 4]
        assert chosen[2] in (5, 6)

    def test_escape_lets_go_and_slash_finds(self, open_page):
        page = open_page("#painting=Painting_3")
        page.focus("#map")
        page.keyboard.press("Escape")
        assert page.locator("#panel").is_hidden()
        page.keyboard.press("/")
        page.keyboard.type("painting 5")
        page.keyboard.press("Enter")
        assert page.locator("#panel h2").inner_text() == "Painting 5"

    def test_plus_zooms_in_and_zero_shows_the_whole(self, open_page):
        page = open_page()
        page.focus("#map")
        whole = page.evaluate("explorer.camera.zoom")
        page.keyboard.press("+")
        assert page.evaluate("explorer.camera.zoom") > whole
        page.keyboard.press("0")
        page.wait_for_function(f"Math.abs(explorer.camera.zoom - {whole}) < 0.01")


class TestFiltering:
    def test_by_artist_and_movement(self, open_page):
        page = open_page()
        page.select_option("#artist", label="Ada (4)")
        assert page.evaluate("[...explorer.shown]") == [1, 1, 1, 1, 0, 0, 0, 0]
        assert page.locator("#count").inner_text() == "4 of 8 paintings"
        # The second of Ada's is of two movements, the third of none.
        page.select_option("#movement", label="Dottism (4)")
        assert page.evaluate("[...explorer.shown]") == [0, 1, 0, 1, 0, 0, 0, 0]

    def test_what_is_filtered_out_cannot_be_clicked(self, open_page):
        page = open_page("#artist=Ada")
        page.mouse.click(*page.evaluate("explorer.where(6)"))
        assert page.locator("#panel").is_hidden()

    def test_asking_for_a_painting_shows_it_whatever_the_filter(self, open_page):
        page = open_page("#artist=Ada")
        page.fill("#query", "painting 6")
        page.locator("#suggestions [role=option]").first.click()
        assert page.evaluate("explorer.state.artist") == []
        assert page.locator("#panel h2").inner_text() == "Painting 6"

    def test_the_address_brings_it_back(self, open_page):
        page = open_page()
        page.select_option("#artist", label="Bo (4)")
        page.select_option("#colour", "silhouette")
        again = open_page(page.evaluate("location.hash"))
        assert again.evaluate("[...explorer.shown]") == [0, 0, 0, 0, 1, 1, 1, 1]
        assert again.locator("#legend").is_visible()


@pytest.fixture(scope="module")
def dated(tmp_path_factory):
    """The page of eight paintings of 1850, 1860, ... 1920; the second has no year, and its link is no page."""
    years = pd.array([1850, None, 1870, 1880, 1890, 1900, 1910, 1920], "Int64")
    table = explorer_map().assign(
        title=["Café in Évry", "A secret", *(f"Dots {row}" for row in range(2, 8))],
        date=["c. 1850", *[""] * 7],
        year_from=years,
        year_to=years,
        museum="Tate",
        link=["https://www.example.org/1", "javascript:alert(1)", *[""] * 6],
    )
    path = tmp_path_factory.mktemp("dated") / "explorer.html"
    path.write_text(render(table, pd.DataFrame({"name": []}), ABOUT), "utf-8")
    return path


class TestWhatIsKnown:
    @pytest.fixture
    def file(self, dated):
        return dated

    def test_the_panel_tells_it(self, open_page):
        page = open_page("#painting=Painting_0")
        assert page.locator("#panel h2").inner_text() == "Café in Évry"
        assert page.locator("#panel .file").inner_text() == "0.png"
        assert "c. 1850, Tate" in page.locator("#panel .known").inner_text()
        link = page.get_by_role("link", name="example.org")
        assert link.get_attribute("href") == "https://www.example.org/1"
        assert link.get_attribute("rel") == "noopener"
        page.evaluate("explorer.select(1)")
        assert page.locator("#panel a").count() == 0

    def test_titles_are_found_without_their_accents(self, open_page):
        page = open_page()
        page.fill("#query", "cafe evry")
        assert page.locator("#suggestions [role=option]").all_inner_texts() == ["Café in Évry\nAda, c. 1850"]


class TestYears:
    @pytest.fixture
    def file(self, dated):
        return dated

    def test_handles_move_by_keys_and_do_not_pass_each_other(self, open_page):
        page = open_page()
        page.locator("#from").focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function("explorer.shown[0] === 0")
        assert page.evaluate("[...explorer.shown]") == [0, 1, 1, 1, 1, 1, 1, 1]
        assert page.locator("#span").inner_text() == "1851\N{EN DASH}1920"
        page.locator("#to").focus()
        page.keyboard.press("Home")
        page.wait_for_function("explorer.shown[7] === 0")
        assert page.evaluate("[explorer.state.from, explorer.state.to]") == [1851, 1851]
        assert page.locator("#said").inner_text() == "1 of 8 paintings, 1851"

    def test_they_combine_with_artists_and_with_what_is_undated(self, open_page):
        page = open_page("#from=1870&to=1890&artist=Ada")
        assert page.evaluate("[...explorer.shown]") == [0, 1, 1, 1, 0, 0, 0, 0]
        page.uncheck("#undated")
        assert page.evaluate("[...explorer.shown]") == [0, 0, 1, 1, 0, 0, 0, 0]
        again = open_page(page.evaluate("location.hash"))
        assert again.evaluate("[...explorer.shown]") == [0, 0, 1, 1, 0, 0, 0, 0]
        again.click("#reset")
        assert again.evaluate("[...explorer.shown]") == [1] * 8

    def test_a_finger_moves_a_handle(self, open_page):
        page = open_page(has_touch=True, viewport={"width": 390, "height": 780})
        page.click("#more")
        box = page.locator("#from").bounding_box()
        y = box["y"] + box["height"] / 2
        # Chromium never answers for a touch that nothing takes.
        assert page.evaluate(f"document.elementFromPoint({box['x'] + 12}, {y}).id") == "from"
        touch = page.context.new_cdp_session(page)
        for kind, x in (("Start", 12), ("Move", box["width"] / 4), ("Move", box["width"] / 2), ("End", None)):
            points = [] if x is None else [{"x": box["x"] + x, "y": y}]
            touch.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
        page.wait_for_function("explorer.shown[2] === 0")
        assert 1875 < page.evaluate("explorer.state.from") < 1895

    @pytest.mark.parametrize("spread", ["0", "1"])
    def test_by_date_they_stand_from_left_to_right_above_their_years(self, open_page, spread):
        page = open_page(f"#spread={spread}", reduced_motion="reduce")
        page.select_option("#place", "date")
        xs = [page.evaluate(f"explorer.where({row})[0]") for row in (1, 0, 2, 3, 4, 5, 6, 7)]
        assert xs == sorted(xs)
        assert page.locator("#axis span").filter(has_text="undated").is_visible()

    def test_on_a_phone_the_word_undated_is_whole(self, open_page):
        page = open_page("#place=date", viewport={"width": 390, "height": 844}, reduced_motion="reduce")
        box = page.locator("#axis span").filter(has_text="undated").bounding_box()
        assert box["x"] >= 0
        page.mouse.move(300, 400)
        page.mouse.wheel(0, -2000)
        page.wait_for_function("document.querySelector('#axis span').textContent !== 'undated' || "
                               "document.querySelector('#axis span').getBoundingClientRect().right < 0")  # fmt: skip

    @pytest.mark.parametrize("spread", ["0", "1"])
    def test_the_axis_follows_the_map(self, open_page, spread):
        page = open_page(f"#place=date&spread={spread}", reduced_motion="reduce")
        page.mouse.move(600, 400)
        whole = labelled_works(page)
        page.mouse.wheel(0, -400)
        zoomed = labelled_works(page)
        page.mouse.down()
        page.mouse.move(680, 400, steps=3)
        page.mouse.up()
        panned = labelled_works(page)
        assert len({round(works["1900"][1]) for works in (whole, zoomed, panned)}) == 3
        for works in (whole, zoomed, panned):
            assert len(works) > 2
            a_year = (works["1900"][1] - works["1880"][1]) / 20
            # A work stands within its year.
            assert max(abs(label - x) for label, x in works.values()) < a_year

    def test_colours_tell_periods(self, open_page):
        page = open_page("#colour=period")
        assert page.locator("#legend .ends span").all_inner_texts() == ["1850", "1885", "1920"]

    @pytest.mark.parametrize("width", [1920, 1440, 1100, 390, 320])
    def test_nothing_sticks_out_or_overlaps(self, open_page, width):
        page = open_page("#place=date", viewport={"width": width, "height": 780})
        if page.locator("#more").is_visible():
            page.click("#more")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        slider, tick, spread = (page.locator(name).bounding_box() for name in (".slider", "#undated", "#spread"))
        assert slider["width"] > 90
        assert slider["x"] + slider["width"] <= tick["x"]
        assert tick["x"] + tick["width"] <= width
        assert spread["y"] + spread["height"] <= slider["y"] or slider["y"] + slider["height"] <= spread["y"]


class TestWithoutYears:
    def test_nothing_asks_for_them(self, open_page):
        page = open_page("#place=date&colour=period&from=1900")
        assert page.locator("#years, [value=date], [value=period]").count() == 0
        assert page.evaluate("[explorer.state.place, explorer.state.colour]") == ["pca", ""]
        assert page.evaluate("[...explorer.shown]") == [1] * 8


class TestNames:
    def test_a_folder_is_no_part_of_a_title(self, browser, tmp_path):
        table = explorer_map()
        table.loc[1, ["painting_id", "path"]] = ["Ada_Lo/a_work_of_hers", "Ada_Lo/a_work_of_hers.png"]
        (tmp_path / "page.html").write_text(render(table, pd.DataFrame({"name": []}), ABOUT), "utf-8")
        page = browser.new_page()
        page.goto((tmp_path / "page.html").as_uri())
        page.wait_for_selector("html[data-ready]")
        page.evaluate("explorer.select(1)")
        assert page.locator("#panel h2").inner_text() == "a work of hers"
        assert page.locator("#panel dd").filter(has_text="Ada_Lo/a_work_of_hers.png").count() == 1
        page.close()

    def test_they_are_never_markup(self, open_page):
        page = open_page()
        for row, name in enumerate(EVIL):
            page.evaluate(f"explorer.select({row})")
            assert page.locator("#panel h2").inner_text() == name.replace("_", " ")
        page.fill("#query", "<")
        assert page.locator("#suggestions [role=option]").count() == len(EVIL)
        page.mouse.move(*page.evaluate("explorer.where(5)"))
        assert page.evaluate("window.caught") is None
        assert page.locator("img[src=x]").count() == 0


@pytest.fixture(scope="module")
def gallery(tmp_path_factory):
    """The page of 160 paintings by eight artists, 20 each, side by side on a circle and on a grid of 16 x 10."""
    table = explorer_map(count=160)
    table["artist"] = [f"{'ABCDEFGH'[row // 20]} Painter" for row in range(160)]
    table["link"] = ["https://www.example.org/1", *[""] * 159]
    for likeness in ("mixture", "style", "composition"):
        table[f"{likeness}_grid_x"], table[f"{likeness}_grid_y"] = np.arange(160) % 16, np.arange(160) // 16
    path = tmp_path_factory.mktemp("gallery") / "explorer.html"
    path.write_text(render(table, pd.DataFrame({"name": []}), ABOUT), "utf-8")
    return path


# Boxes of elements that are to be seen: left, top, right, bottom.
_BOXES = """(selector) => [...document.querySelectorAll(selector)].filter((element) => element.checkVisibility())
  .map((element) => element.getBoundingClientRect())
  .map(({ left, top, right, bottom }) => [left, top, right, bottom])"""
_INSIDE = """(rows) => {
  const box = document.querySelector("#map").getBoundingClientRect();
  return rows.every((row) => {
    const [x, y] = explorer.where(row);
    return x > box.left + 24 && x < box.right - 24 && y > box.top + 24 && y < box.bottom - 24;
  });
}"""


def overlapping(boxes):
    return [
        (one, other)
        for one, other in itertools.combinations(boxes, 2)
        if one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
    ]


def inked(page, row, reach):
    """How many pixels of the ink of frames are on a line through a painting's middle."""
    x, y = page.evaluate(f"explorer.where({row})")
    line = page.screenshot(clip={"x": x - reach, "y": y, "width": 2 * reach, "height": 1})
    return Image.open(io.BytesIO(line)).convert("RGB").tobytes().count(bytes((0x1D, 0x1D, 0x1F)))


class TestCloseUp:
    @pytest.mark.parametrize("gesture", ["hover", "click"])
    def test_no_smaller_copy_is_drawn_inside_a_picture(self, open_page, gesture):
        # A picture is 230 pixels wide there.
        page = open_page("#view=1,0,9", reduced_motion="reduce")
        x, y = page.evaluate("explorer.where(0)")
        top = page.locator("#map").bounding_box()["y"]
        assert page.evaluate("([x, y]) => explorer.at(x + 110, y)", [x, y - top]) == 0
        page.mouse.move(x, y)
        if gesture == "click":
            page.mouse.click(x, y)
            page.evaluate("Object.assign(explorer.camera, { x: 1, y: 0, zoom: 9 })")
            page.keyboard.press("+")
        page.keyboard.press("+")
        page.wait_for_function("explorer.atRest()")
        assert inked(page, 0, 170) > 0
        assert inked(page, 0, 105) == 0


class TestFitting:
    def test_a_painting_and_its_nearest_fill_the_view(self, open_page):
        page = open_page("#view=0,0,20")
        before = page.evaluate("explorer.select(3), explorer.camera.zoom")
        page.wait_for_function(_INSIDE, arg=[3, 4, 5, 6, 7])
        # The camera glides, so that at first nothing had moved.
        assert before == 20
        assert not page.evaluate(_INSIDE, [0, 1, 2, 3, 4])

    def test_without_motion_it_is_there_at_once(self, open_page):
        page = open_page("#view=0,0,20", reduced_motion="reduce")
        assert page.evaluate(f"explorer.select(3), ({_INSIDE})([3, 4, 5, 6, 7])")

    def test_in_a_new_place_it_still_fits(self, open_page):
        page = open_page("#painting=Painting_3", viewport={"width": 390, "height": 844}, reduced_motion="reduce")
        assert page.evaluate(_INSIDE, [3, 4, 5, 6, 7])
        page.evaluate("document.querySelector('#spread').click()")
        assert page.evaluate(_INSIDE, [3, 4, 5, 6, 7])


class TestHistory:
    def test_back_and_forward_go_through_paintings(self, open_page):
        page = open_page("#artist=Ada", reduced_motion="reduce")
        for row in (3, 5):
            page.evaluate(f"explorer.select({row})")
        page.keyboard.press("-")
        page.select_option("#colour", "artist")
        seen = []
        for step in ("back", "back", "forward"):
            page.evaluate(f"history.{step}()")
            page.wait_for_function(f"explorer.state.selected !== {seen[-1] if seen else 5}")
            seen.append(page.evaluate("explorer.state.selected"))
        assert seen == [3, -1, 3]
        assert page.evaluate(_INSIDE, [3, 4, 5, 6, 7])
        # What else is chosen is no step, and belongs to the painting at which it was.
        assert page.evaluate("[explorer.state.colour, explorer.state.artist]") == ["", [0]]


class TestHighlighting:
    @pytest.fixture
    def file(self, gallery):
        return gallery

    def highlighted(self, page):
        rows = page.evaluate("[...explorer.shown.keys()].filter((row) => explorer.shown[row])")
        assert len(rows) % 20 == 0
        return "".join(dict.fromkeys("ABCDEFGH"[row // 20] for row in rows))

    def test_several_by_the_legend_the_search_and_the_list(self, open_page):
        page = open_page("#colour=artist")
        page.get_by_role("button", name="C Painter 20").click()
        page.fill("#query", "e painter")
        page.keyboard.press("Enter")
        page.select_option("#artist", label="G Painter (20)")
        assert self.highlighted(page) == "CEG"
        assert page.locator("#artist option:checked").inner_text() == "3 artists"
        again = open_page(page.evaluate("location.hash"))
        assert self.highlighted(again) == "CEG"
        again.get_by_role("button", name="E Painter 20").click()
        again.get_by_role("button", name="No longer highlight C Painter").click()
        assert self.highlighted(again) == "G"

    def test_the_legend_names_what_is_on_the_map_and_keeps_the_focus(self, open_page):
        page = open_page("#colour=artist", reduced_motion="reduce")
        names = page.locator("#key > button")
        assert names.count() == 8
        page.get_by_role("button", name="C Painter 20").focus()
        page.keyboard.press("Enter")
        assert names.all_inner_texts() == ["C Painter\n20"]
        assert page.evaluate("document.activeElement.innerText") == "C Painter\n20"
        # Others can still be added.
        page.get_by_text("7 not in view").click()
        page.get_by_role("button", name="D Painter").click()
        assert self.highlighted(page) == "CD"
        # Near to a painting of hers, and far from those of the other.
        page.evaluate("explorer.select(50)")
        page.keyboard.press("Escape")
        for _ in range(6):
            page.mouse.move(*page.evaluate("explorer.where(50)"))
            page.mouse.wheel(0, -300)
        page.wait_for_function("document.querySelectorAll('#key > button').length === 1")

    def test_the_legend_folds(self, open_page):
        page = open_page("#colour=artist")
        page.locator("#key-title").click()
        assert page.locator("#key").is_hidden()
        assert page.locator("#legend").bounding_box()["height"] < 50
        page.keyboard.press("Enter")
        assert page.locator("#key").is_visible()

    def test_on_a_phone_it_is_folded(self, open_page):
        page = open_page("#colour=artist", viewport={"width": 390, "height": 844})
        assert page.locator("#key-title").is_visible()
        assert page.locator("#key").is_hidden()


class TestGrid:
    @pytest.fixture
    def file(self, gallery):
        return gallery

    @pytest.mark.parametrize("zoom", [0, 8])
    def test_none_overlap(self, open_page, zoom):
        page = open_page("#colour=artist", reduced_motion="reduce")
        page.select_option("#place", "grid")
        for _ in range(zoom):
            page.keyboard.press("+")
        found = page.evaluate("""[70, 71, 86].map((row) => {
            const box = document.querySelector("#map").getBoundingClientRect();
            const at = (x, y) => explorer.at(x - box.left, y - box.top);
            const [[x, y], [u, v]] = [explorer.where(70), explorer.where(row)];
            return [at(u, v), row === 70 ? -1 : at((x + u) / 2, (y + v) / 2)];
        })""")
        # Each is where it is, and between two there is a gap.
        assert found == [[70, -1], [71, -1], [86, -1]]

    def test_spreading_out_is_not_offered(self, open_page):
        page = open_page("#place=grid")
        assert page.locator("#spread").is_disabled()


class TestRegions:
    @pytest.fixture
    def file(self, gallery):
        return gallery

    @pytest.mark.parametrize("width", [1200, 390])
    def test_names_stand_where_their_paintings_are_and_do_not_overlap(self, open_page, width):
        page = open_page("#colour=artist", viewport={"width": width, "height": 800}, reduced_motion="reduce")
        labels = [label for label in page.locator("#regions span").all() if label.is_visible()]
        assert len(labels) > 3
        for label in labels:
            box = label.bounding_box()
            x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
            places = page.evaluate("[...explorer.shown.keys()].map(explorer.where)")
            nearest = min(range(160), key=lambda row: math.dist(places[row], (x, y)))
            assert label.inner_text() == f"{'ABCDEFGH'[nearest // 20]} Painter"
        assert not overlapping(page.evaluate(_BOXES, "#regions span, #legend, .zoom"))

    def test_they_are_for_the_distance(self, open_page):
        page = open_page("#colour=artist", reduced_motion="reduce")
        assert page.locator("#regions").is_visible()
        for _ in range(4):
            page.keyboard.press("+")
        page.wait_for_function("document.querySelector('#regions').hidden")
        page.keyboard.press("0")
        page.wait_for_function("!document.querySelector('#regions').hidden")
        page.evaluate("explorer.select(3)")
        page.wait_for_function("document.querySelector('#regions').hidden")


class TestComparing:
    @pytest.fixture
    def file(self, gallery):
        return gallery

    def test_two_side_by_side(self, open_page):
        page = open_page("#painting=Painting_3", reduced_motion="reduce")
        small = page.locator(".portrait").bounding_box()["width"]
        page.get_by_role("button", name="Pin to compare").focus()
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.ariaPressed") == "true"
        page.locator("[data-space=composition] .near").nth(1).click()
        page = open_page(page.evaluate("location.hash"))
        page.get_by_role("button", name="Compare with Painting 3").click()
        pictures = page.get_by_role("dialog").get_by_role("img")
        assert [picture.get_attribute("alt") for picture in pictures.all()] == [
            "Painting 3, by A Painter", "Painting 6, by A Painter",
        ]  # fmt: skip
        assert min(picture.bounding_box()["width"] for picture in pictures.all()) > 2 * small
        # By composition the three after the second next are near, by the mixture those after the fourth.
        assert page.locator("#ranks tr").all_inner_texts()[:2] == [
            "composition\tnumber 2\tnot among 3", "everything\tnot among 3\tnot among 3",
        ]  # fmt: skip
        page.keyboard.press("Escape")
        assert page.evaluate("explorer.state.selected") == 6
        page.get_by_role("button", name="Unpin Painting 3").click()
        assert page.get_by_role("button", name="Compare with").count() == 0

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_everything_has_a_name_and_contrast(self, open_page, scheme):
        page = open_page("#painting=Painting_0&pinned=Painting_3&colour=artist&artist=A+Painter", color_scheme=scheme)
        found = [Axe().run(page)]
        page.get_by_role("button", name="Compare with").click()
        found.append(Axe().run(page))
        assert [one["id"] for result in found for one in result.response["violations"]] == []


class TestInTheStudio:
    def test_large_pictures_and_a_history_of_its_own(self, browser, file):
        page = browser.new_page(viewport={"width": 1200, "height": 800})
        frame = '<iframe src="map#painting=Painting_3" data-pictures="thumbnails/{}?side=2048" width=1100 height=700>'
        bodies = {"/": frame, "/map": file.read_text("utf-8")}
        page.route("**/*", lambda route: route.fulfill(
            body=bodies.get(urlsplit(route.request.url).path, ""), content_type="text/html"
        ))  # fmt: skip
        page.goto("http://studio.test/")
        inner = page.frame_locator("iframe")
        link = inner.get_by_role("link", name="Open the picture, large")
        assert link.evaluate("(link) => link.href") == "http://studio.test/thumbnails/Painting_3?side=2048"
        steps = page.evaluate("history.length")
        page.frames[1].evaluate("explorer.select(5)")
        assert inner.locator("#panel h2").inner_text() == "Painting 5"
        assert page.evaluate("history.length") == steps
        page.close()


# The map is told that its frames come so many milliseconds after one another.
_PACE = """(late) => {
  const asked = (window.asked = requestAnimationFrame);
  let now = 0;
  window.requestAnimationFrame = (call) => asked((time) => call(call.name === "draw" ? (now += late) : time));
}"""
_WIDTH = "document.querySelector('#map').width"


class TestPace:
    @pytest.mark.parametrize(("late", "drawn"), [(60, 0.5), (16, 1.0)])
    def test_what_moves_slowly_is_drawn_coarsely_and_finely_again_at_rest(self, open_page, late, drawn):
        page = open_page()
        page.evaluate(_PACE, late)
        box = page.locator("#map").bounding_box()
        whole = box["width"] * page.evaluate("devicePixelRatio")
        page.wait_for_function(f"{_WIDTH} == {whole}")  # a busy machine opened it coarsely
        page.mouse.move(box["x"] + 5, box["y"] + 5)
        page.mouse.down()
        widths = set()
        for step in range(6):
            page.mouse.move(box["x"] + 10 + 9 * step, box["y"] + 10)
            widths.add(page.evaluate(f"new Promise((next) => asked(next)).then(() => {_WIDTH})"))
        assert min(widths) == drawn * whole
        page.mouse.up()
        page.wait_for_function(f"{_WIDTH} == {whole}")
        assert page.locator("#map").bounding_box() == box


class TestPaper:
    def test_the_map_is_printed(self, open_page):
        page = open_page("#painting=Painting_3", reduced_motion="reduce")
        width = page.evaluate("document.querySelector('#map').width")
        image = rb"/Width %d\n(?:(?!stream).)*/FlateDecode.*?stream\r?\n(.*?)endstream" % width
        printed = [zlib.decompress(data) for data in re.findall(image, page.pdf(), re.S)]
        # What WebGL has forgotten is of one colour.
        assert max(len(set(values)) for values in printed) > 9


class TestLooks:
    @pytest.mark.parametrize("width", [1440, 1100, 390, 320])
    def test_nothing_sticks_out(self, open_page, width):
        page = open_page("#painting=Painting_3&colour=artist", viewport={"width": width, "height": 780})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.querySelector('#panel').scrollWidth") <= width
        box = page.locator("#map").bounding_box()
        assert min(box["width"], box["height"]) > 200

    @pytest.mark.parametrize("width", [390, 320])
    def test_on_a_phone_the_filters_fold_out(self, open_page, width):
        page = open_page(viewport={"width": width, "height": 780})
        assert page.locator("#artist").is_hidden()
        page.click("#more")
        for name in ("#artist", "#movement", "#colour", "#spread", "#reset"):
            box = page.locator(name).bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width

    def test_it_is_dark_where_the_system_is(self, open_page):
        page = open_page(color_scheme="dark")
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        page.click("#theme")
        assert page.evaluate("document.documentElement.dataset.theme") == "light"

    def test_the_map_is_drawn(self, open_page):
        page = open_page()
        box = page.locator("#map").bounding_box()
        x, y = page.evaluate("explorer.where(0)")
        around = {"x": x - 4, "y": y - 4, "width": 8, "height": 8}
        assert page.screenshot(clip=around) != page.screenshot(clip=around | {"x": box["x"] + 2, "y": box["y"] + 2})

    def test_two_fingers_are_not_taken_by_the_browser(self, open_page):
        page = open_page(has_touch=True, viewport={"width": 390, "height": 780})
        assert page.evaluate("getComputedStyle(document.querySelector('#map')).touchAction") == "none"
        page.touchscreen.tap(*page.evaluate("explorer.where(3)"))
        assert page.locator("#panel h2").inner_text() == "Painting 3"
