"""The studio in a real browser: each way through it, by pointer, by finger and by keys alone."""

import base64
import csv
import re
from urllib.parse import quote

import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from grisaille.api import Collection
from grisaille.demo import painter as gallery
from grisaille.explorer.page import About, render
from grisaille.studio import answers, questions
from helpers import PATIENCE, explorer_map

pytestmark = pytest.mark.browser

expect.set_options(timeout=1000 * PATIENCE)

QUERY, LIKED, DISLIKED = "Ilse_Nebel_1", "Rosa_Punkt_2", "Greta_Gitter_3"
# The demo's duplicate has no file of its own, and a browser logs what it cannot show.
WITHOUT_FILE = "Ilse_Nebel_19"
ABOUT = About(likeness="composition", metric="hellinger", raw_values=600, reduced_values=6)
# A file as a person drops, pastes or chooses it.
FILE = """([data, name]) => {
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
    const files = new DataTransfer();
    files.items.add(new File([bytes], name, { type: "image/png" }));
    return files;
}"""


@pytest.fixture(scope="module")
def own():
    """A picture that is not in the collection."""
    return base64.b64encode(gallery.png(gallery.work(gallery.ARTISTS[0], 3, seed=77))).decode()


@pytest.fixture
def open_page(browser, studio):
    """A function that opens the studio; what goes wrong there fails the test."""
    contexts, wrong = [], []

    def opened(address="", forgiven=(), **options):
        contexts.append(browser.new_context(**{"viewport": {"width": 1280, "height": 800}} | options))
        page = contexts[-1].new_page()

        def told(words):
            if not any(re.search(pattern, words) for pattern in (*forgiven, WITHOUT_FILE)):
                wrong.append(words)

        def logged(message):
            if message.type == "error":
                told(f"{message.text} {message.location.get('url')}")

        page.on("console", logged)
        page.on("pageerror", lambda error: told(str(error)))
        page.on(
            "request",
            lambda asked: None if asked.url.startswith((studio, "data:", "blob:")) else told(asked.url),
        )
        page.goto(f"{studio}/{address}")
        page.wait_for_selector("html[data-ready]")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


def link(**values):
    """An address; lists are given several times."""
    pairs = [(name, one) for name, given in values.items() for one in (given if isinstance(given, list) else [given])]
    return "#" + "&".join(f"{name}={quote(one, safe='')}" for name, one in pairs)


def upload(content, name="mine.png"):
    return [{"name": name, "mimeType": "image/png", "buffer": base64.b64decode(content)}]


def give(page, content, name="mine.png"):
    """Choose a file, as the dialog of the browser would."""
    page.locator("#file").set_input_files(upload(content, name))


def shown(page):
    """Names of the paintings in the list, once it has answered."""
    expect(page.locator("#results .card").first).to_be_visible()
    expect(page.locator("#results[aria-busy]")).to_have_count(0)
    return page.evaluate("() => [...document.querySelectorAll('#results .card')].map((card) => card.dataset.name)")


def heading(page, words):
    expect(page.locator("#list-title")).to_have_text(words)


def answered(page, act, path):
    """The address and the answer of what the page asks when something is done."""
    with page.expect_response(lambda response: path in response.url) as caught:
        act()
    return caught.value


def names(found):
    return found["painting_id"].tolist()


class TestOwnPicture:
    def test_it_is_dropped(self, open_page, own):
        page = open_page()
        expect(page.locator("#first h2")).to_have_text("Which paintings are like yours?")
        files = page.evaluate_handle(FILE, [own, "my_holiday.png"])
        page.dispatch_event("body", "dragover", {"dataTransfer": files})
        expect(page.locator("#drop")).to_be_visible()
        page.dispatch_event("body", "drop", {"dataTransfer": files})
        heading(page, "Most like your picture")
        assert len(shown(page)) == 24
        expect(page.locator("#picture h2")).to_have_text("my holiday")
        assert page.locator("#picture img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0

    def test_it_is_pasted_and_sent_again_where_it_was_forgotten(self, open_page, own):
        page = open_page(forgiven=["410"])
        page.evaluate(
            f"given => document.dispatchEvent(new ClipboardEvent('paste', {{clipboardData: ({FILE})(given)}}))",
            [own, "image.png"],
        )
        heading(page, "Most like your picture")
        first = shown(page)
        forgotten = {"status": 410, "json": {"error": "forgotten"}}
        page.route("**/similar?picture=*", lambda route: route.fulfill(**forgotten))
        slider = page.get_by_role("slider", name="colour")
        again = answered(page, lambda: slider.press("End"), "/similar?likeness=")
        assert again.request.method == "POST"
        assert again.status == 200
        assert len(shown(page)) == len(first)

    def test_it_is_chosen_or_photographed(self, open_page, own):
        page = open_page(has_touch=True)
        with page.expect_file_chooser() as chooser:
            page.locator("#first").get_by_role("button", name="Choose a picture").click()
        chooser.value.set_files(upload(own))
        heading(page, "Most like your picture")
        assert page.locator("#photo").get_attribute("capture") == "environment"

    def test_what_is_no_picture_is_told_in_words(self, open_page):
        page = open_page(forgiven=["415"])
        give(page, base64.b64encode(b"nothing").decode())
        expect(page.locator("#wrong")).to_be_visible()
        assert page.locator("#wrong").inner_text()

    def test_while_the_network_is_loading_it_can_be_stopped(self, open_page, own, studio):
        page = open_page()
        given = page.request.get(f"{studio}/collection").json()
        page.route("**/collection", lambda route: route.fulfill(json=given | {"models": "loading"}))
        give(page, own)
        expect(page.locator("#busy")).to_contain_text("The network is loading")
        page.locator("#busy").get_by_role("button", name="Stop").click()
        expect(page.locator("#wrong")).to_contain_text("Stopped.")
        page.unroute("**/collection")
        page.get_by_role("button", name="Go on").click()
        assert len(shown(page)) == 24

    def test_a_network_that_failed_says_why(self, open_page, own, studio):
        page = open_page()
        given = page.request.get(f"{studio}/collection").json()
        page.route(
            "**/collection", lambda route: route.fulfill(json=given | {"models": "failed", "reason": "no weights"})
        )
        give(page, own)
        expect(page.locator("#wrong")).to_have_text("The network could not be loaded: no weights")


class TestList:
    def test_it_is_that_of_the_collection(self, open_page, collection):
        page = open_page(link(picture=QUERY))
        assert shown(page) == names(collection.similar(QUERY, n=24))

    def test_a_painting_is_found_by_its_name(self, open_page):
        page = open_page()
        page.keyboard.press("/")
        # Enter may come before the answer: it means what was typed, not what was offered before.
        page.keyboard.type("ilse nebel 1")
        page.keyboard.press("Enter")
        expect(page.locator("#picture .by")).to_contain_text("Ilse Nebel")
        assert "picture=Ilse_Nebel_1" in page.url
        assert len(shown(page)) == 24

    def test_sliders_change_it_at_once_and_the_last_one_counts(self, open_page, collection):
        page = open_page(link(picture=QUERY))
        shown(page)
        for name, key in (("style", "Home"), ("composition", "Home"), ("colour", "End")):
            page.get_by_role("slider", name=name).press(key)
        expect(page.locator("#sliders output").nth(2)).to_have_text("100%")
        wanted = names(collection.similar(QUERY, {"colour": 1.0}, n=24))
        expect(page.locator("#results .card").first).to_have_attribute("data-name", wanted[0])
        assert shown(page) == wanted
        assert "likeness=composition%3A0%2Cstyle%3A0%2Ccolour%3A1" in page.url

    def test_a_part_is_drawn_moved_by_keys_and_taken_away(self, open_page):
        page = open_page(link(picture=QUERY))
        whole = shown(page)
        box = page.locator("#picture img").bounding_box()
        page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 0.1 * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.6 * box["height"], steps=3)
        sent = answered(page, page.mouse.up, "/similar?")
        assert sent.request.method == "POST"
        part = [float(at) for at in re.search(r"part=([\d.%C]+)", sent.url)[1].split("%2C")]
        assert part == pytest.approx([0.1, 0.1, 0.5, 0.6], abs=0.02)
        heading(page, re.compile("^Most like a part of "))
        assert QUERY not in shown(page)
        crop = page.get_by_role("application", name="Part:")
        expect(crop).to_be_focused()
        moved = answered(page, lambda: page.keyboard.press("Shift+ArrowRight"), "/similar?")
        assert float(re.search(r"part=[\d.]+%2C[\d.]+%2C([\d.]+)", moved.url)[1]) == pytest.approx(
            part[2] + 0.02, abs=0.002
        )
        page.keyboard.press("Delete")
        heading(page, re.compile("^Most like (?!a part)"))
        # The list follows its heading.
        expect(page.locator("#results .card").last).to_have_attribute("data-name", whole[-1])
        assert shown(page) == whole

    def test_a_part_is_found_inside_other_paintings(self, open_page):
        page = open_page(link(picture=QUERY, part="0.25,0.25,0.75,0.75"))
        shown(page)
        found = answered(page, lambda: page.get_by_role("radio", name="Showing it somewhere").check(), "/parts?")
        heading(page, re.compile("^Showing a part of "))
        wanted = [row["painting_id"] for row in found.json()["paintings"] if row["painting_id"] != QUERY]
        assert shown(page) == wanted
        expect(page.locator("#results .box")).to_have_count(len(wanted))
        assert "find=inside" in page.url

    def test_a_newer_run_is_told(self, open_page):
        page = open_page(link(picture=QUERY))
        shown(page)

        def newer(route):
            answer = route.fetch()
            route.fulfill(response=answer, headers=answer.headers | {"x-grisaille-run": "2999"})

        page.route("**/similar?*", newer)
        page.get_by_role("slider", name="colour").press("End")
        expect(page.locator("#notice")).to_contain_text("A newer run answers now")
        # Asked again, of the run that is known by now.
        page.unroute_all(behavior="wait")

    def test_a_row_says_where_its_likeness_is(self, open_page):
        page = open_page()

        def boxed(route):
            answer = route.fetch()
            found = answer.json()
            found["paintings"][0]["box"] = [0.25, 0.5, 0.75, 1]
            route.fulfill(response=answer, json=found)

        page.route("**/similar?*", boxed)
        page.goto(page.url + link(picture=QUERY))
        shown(page)
        expect(page.locator("#results .box")).to_have_count(1)
        box = page.locator("#results .box").bounding_box()
        whole = page.locator("#results .card").first.locator("img").bounding_box()
        assert box["width"] == pytest.approx(whole["width"] / 2, abs=2)
        assert box["y"] - whole["y"] == pytest.approx(whole["height"] / 2, abs=2)

    def test_it_is_saved_as_a_table(self, open_page):
        page = open_page(link(picture=QUERY))
        listed = shown(page)
        with page.expect_download() as download:
            page.get_by_role("button", name="table (CSV)").click()
        rows = list(csv.DictReader(download.value.path().read_text("utf-8-sig").splitlines()))
        assert [row["painting_id"] for row in rows] == listed
        assert download.value.suggested_filename == "paintings.csv"


class TestRecommendations:
    def test_likes_and_dislikes_make_the_list_and_can_be_taken_back(self, open_page, collection):
        page = open_page(link(picture=QUERY))
        first, second = shown(page)[:2]
        expect(page.locator("#choices")).to_be_hidden()
        page.locator(f"[data-name={first}] .sign.liked").click()
        heading(page, "Recommended for you")
        page.locator(f"#results [data-name={second}] .sign.disliked").click()
        expect(page.locator("#disliked li")).to_have_count(1)
        expect(page.locator("#results [data-name='" + second + "']")).to_have_count(0)
        assert shown(page) == names(collection.recommend([first], [second], n=24))
        expect(page.locator("#results .because").first).to_contain_text("because of")
        page.locator("#liked").get_by_role("button", name="Remove").click()
        expect(page.locator("#liked")).to_be_hidden()
        heading(page, re.compile("^Most like"))

    def test_filters(self, open_page, collection):
        page = open_page(link(liked=LIKED, disliked=DISLIKED))
        shown(page)
        page.get_by_label("Movement").select_option("Mistism")
        page.get_by_role("spinbutton", name="From").fill("1890")
        page.get_by_role("spinbutton", name="From").blur()
        page.get_by_label("Only artists not among my choices").check()
        wanted = collection.recommend(
            [LIKED], [DISLIKED], n=24, movements=["Mistism"], years=(1890, None), new_artists=True
        )
        expect(page.locator("#results .card")).to_have_count(len(wanted))
        assert shown(page) == names(wanted)
        assert "movement=Mistism" in page.url
        page.get_by_role("button", name="Clear filters").click()
        expect(page.locator("#results .card")).to_have_count(24)

    def test_ones_own_picture_can_be_liked(self, open_page, own):
        page = open_page()
        give(page, own)
        shown(page)
        page.locator("#like-query").click()
        heading(page, "Recommended for you")
        expect(page.locator("#results .because").first).to_have_text("because of mine")


class TestTwoWorks:
    def test_why(self, open_page, collection):
        page = open_page(link(picture=QUERY))
        other = shown(page)[0]
        page.locator(f"[data-name={other}]").get_by_role("button", name="Why").click()
        expect(page.locator("#why img[src^='data:image/webp']")).to_have_count(2)
        found = collection.why(QUERY, other, "style")
        expect(page.locator("#why .verdict")).to_contain_text(
            f"{found.similarity:.2f}, where {found.usual:.2f} is average"
        )
        page.locator("#why").get_by_role("radio", name="colour").check()
        expect(page.locator("#why .verdict")).to_contain_text("In colour")
        page.keyboard.press("Escape")
        expect(page.locator("#why")).to_be_hidden()
        assert "open=" not in page.url

    def test_why_of_ones_own_picture(self, open_page, own):
        page = open_page()
        give(page, own)
        shown(page)
        page.locator("#results .see").first.press("w")
        expect(page.locator("#why img[src^='data:image/webp']")).to_have_count(2)

    def test_compare_and_come_closer(self, open_page):
        page = open_page(link(picture=QUERY))
        shown(page)
        page.locator("#results .see").first.press("c")
        expect(page.locator("#compare .pane")).to_have_count(2)
        sides = [image.get_attribute("src") for image in page.locator("#compare img").all()]
        assert all("side=2048" in side for side in sides)
        pane = page.locator("#compare .pane").first
        pane.click()
        expect(pane.locator("img")).to_have_css("transform", re.compile(r"matrix\(2.5, 0, 0, 2.5"))
        pane.focus()
        page.keyboard.press("0")
        expect(pane.locator("img")).to_have_css("transform", re.compile(r"matrix\(1, 0, 0, 1"))

    def test_a_path(self, open_page, collection):
        page = open_page(link(picture=QUERY))
        shown(page)
        page.get_by_role("button", name="Path to …").click()
        expect(page.get_by_role("combobox", name="Find the painting it leads to")).to_be_focused()
        page.keyboard.type("rosa punkt 2")
        page.keyboard.press("Enter")
        expect(page.locator("#path .strip li").first).to_be_visible()
        target = re.search(r"of=([^&]+)", page.url)[1]
        assert page.locator("#path .strip li").count() == len(collection.chain(QUERY, target))


class TestArtist:
    def test_works_by_year_and_who_is_near(self, open_page, collection):
        page = open_page(link(picture=QUERY))
        shown(page)
        page.locator("#picture").get_by_role("button", name="Ilse Nebel").click()
        expect(page.locator("#artist-title")).to_have_text("Ilse Nebel")
        works = int((collection.paintings["artist"] == "Ilse Nebel").sum())
        expect(page.locator("#artist-page .work")).to_have_count(works)
        assert page.locator("#timeline svg text").count() > 1
        nearest = collection.nearest_artists("Ilse Nebel")["artist"][:8].tolist()
        assert page.locator("#artist-page .nearest button").all_inner_texts() == nearest
        page.locator("#artist-page .nearest button").first.click()
        expect(page.locator("#artist-title")).to_have_text(nearest[0])
        page.go_back()
        expect(page.locator("#artist-title")).to_have_text("Ilse Nebel")


class TestMap:
    def test_without_one_the_command_is_told(self, open_page):
        page = open_page()
        page.get_by_role("button", name="Map").click()
        expect(page.locator("#map-view")).to_contain_text("kedro run --pipelines discovery")

    def test_both_show_the_same(self, open_page, collection, monkeypatch):
        known = collection.paintings["painting_id"].tolist()[:8]
        drawn = render(explorer_map(names=known), pd.DataFrame({"name": ["Ada"]}), ABOUT)
        monkeypatch.setattr(Collection, "has_explorer", lambda _: True)
        monkeypatch.setattr(Collection, "explorer", lambda _: drawn)
        known_before = answers.described
        monkeypatch.setattr(questions, "described", lambda found: known_before(found) | {"map": True})
        page = open_page(link(picture=known[2], view="map"))
        frame = page.frame_locator("iframe")
        expect(frame.locator("html[data-ready]")).to_have_count(1)
        inner = page.frames[1]
        assert inner.evaluate("explorer.state.selected") == 2
        expect(frame.locator(".name h1")).to_be_hidden()
        large = frame.get_by_role("link", name="Open the picture, large")
        expect(large).to_have_attribute("href", f"thumbnails/{known[2]}?side=2048")
        inner.evaluate("explorer.select(5)")
        page.get_by_role("button", name="Paintings").click()
        assert f"picture={known[5]}" in page.url
        shown(page)
        other = next(name for name in shown(page) if name not in known)
        page.locator(f"#results [data-name={other}] .see").click()
        page.go_back()
        page.go_back()
        page.go_back()
        # Back at the first address.
        expect(page.locator("iframe")).to_be_visible()
        inner.wait_for_function("() => explorer.state.selected === 2")


class TestAddress:
    def test_every_state_is_a_link_and_back_works(self, open_page):
        page = open_page(link(picture=QUERY))
        first = shown(page)
        page.locator("#results .see").nth(1).click()
        expect(page.locator("#results .card").first).not_to_have_attribute("data-name", first[0])
        second = shown(page)
        page.locator("#results .sign.liked").first.click()
        heading(page, "Recommended for you")
        recommended, address = shown(page), page.url
        page.go_back()
        heading(page, re.compile("^Most like"))
        assert shown(page) == second
        page.go_back()
        expect(page.locator("#results .card").first).to_have_attribute("data-name", first[0])
        assert shown(page) == first
        page.goto("about:blank")
        page.goto(address)
        heading(page, "Recommended for you")
        assert shown(page) == recommended

    def test_a_link_to_somebodys_own_picture_says_so(self, open_page):
        page = open_page(link(picture="own-123", liked=["own-123", LIKED]))
        expect(page.locator("#notice")).to_contain_text("own picture")
        expect(page.locator("#liked li")).to_have_count(1)

    def test_a_painting_that_is_gone_is_told_and_can_be_taken_back(self, open_page):
        page = open_page(link(liked=["Nobody_9", LIKED]), forgiven=["404", "422"])
        expect(page.locator("#wrong")).to_contain_text("Nobody_9")
        page.locator("#liked").get_by_role("button", name="Remove: Nobody_9").click()
        assert len(shown(page)) == 24


class TestKeysAlone:
    def test_from_the_search_to_a_choice(self, open_page):
        page = open_page(link(picture=QUERY))
        listed = shown(page)
        page.locator("#results .see").first.focus()
        page.keyboard.press("ArrowRight")
        expect(page.locator(f"#results [data-name={listed[1]}] .see")).to_be_focused()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("d")
        expect(page.locator("#disliked li")).to_have_count(1)
        page.keyboard.press("l")
        heading(page, "Recommended for you")
        # The painting that took its place has the focus.
        expect(page.locator("#results .card").nth(1).locator(".see")).to_be_focused()
        assert "liked=" + listed[1] in page.url
        assert "disliked=" not in page.url
        page.keyboard.press("Enter")
        heading(page, re.compile("^Most like"))

    def test_tab_reaches_one_card_only(self, open_page):
        page = open_page(link(picture=QUERY))
        shown(page)
        reached = page.evaluate(
            "() => [...document.querySelectorAll('#results .see')].filter((s) => s.tabIndex === 0).length"
        )
        assert reached == 1

    def test_a_part_is_chosen(self, open_page):
        page = open_page(link(picture=QUERY))
        shown(page)
        page.locator("#choose-part").focus()
        sent = answered(page, lambda: page.keyboard.press("Enter"), "/similar?")
        assert "part=0.25%2C0.25%2C0.75%2C0.75" in sent.url
        expect(page.get_by_role("application", name="Part: from 25% to 75% across")).to_be_focused()


VIEWS = {
    "first": ("", "#some .card"),
    "list": (link(picture=QUERY, liked=[LIKED], disliked=[DISLIKED]), "#results .card"),
    "why": (link(picture=QUERY, open="why", pair=[QUERY, LIKED]), "#why img[src^=data]"),
    "compare": (link(picture=QUERY, open="compare", pair=[QUERY, LIKED]), "#compare .pane"),
    "path": (link(picture=QUERY, view="path", of=LIKED), "#path .strip li"),
    "artist": (link(picture=QUERY, view="artist", of="Ilse Nebel"), "#timeline .work"),
    "map": (link(view="map"), "#map-view h2"),
}


class TestEverybody:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("view", VIEWS)
    def test_axe_finds_nothing(self, open_page, view, scheme):
        address, there = VIEWS[view]
        # The checker is put into the page as a script.
        page = open_page(address, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True)
        expect(page.locator(there).first).to_be_visible()
        expect(page.locator("[aria-busy]")).to_have_count(0)
        expect(page.locator("html")).to_have_attribute("data-theme", scheme)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()

    @pytest.mark.parametrize("view", VIEWS)
    def test_nothing_sticks_out_of_a_phone(self, open_page, view):
        address, there = VIEWS[view]
        page = open_page(address, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
        expect(page.locator(there).first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        wide = "() => [...document.querySelectorAll('main')].every((main) => main.scrollWidth <= main.clientWidth)"
        assert page.evaluate(wide)

    def test_light_and_dark_are_the_readers_choice(self, open_page):
        page = open_page(color_scheme="light")
        page.get_by_role("button", name="Light or dark").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.reload()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        assert page.evaluate("localStorage.getItem('grisaille-theme')") == "dark"
