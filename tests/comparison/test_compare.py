"""`grisaille runs` and `grisaille compare` on two runs of the demo, and the page in a real browser."""

import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

import grisaille
from grisaille.comparison.listing import lines
from grisaille.provenance import manifest as manifests
from helpers import command, flip

CHANGED = "style.whitening=0,colour.bins=4,evaluation.sample=4000"


@pytest.fixture(scope="module")
def storage(demo_run, tmp_path_factory):
    """The demo's run, and another with other settings of style and colour."""
    folder = tmp_path_factory.mktemp("compared") / "data"
    shutil.copytree(demo_run.untouched / "data" / "demo", folder)
    demo_run.again("--params", f"{demo_run.parameters[1]},{CHANGED},storage={folder}")
    return folder


@pytest.fixture(scope="module")
def first(storage):
    return manifests.names(storage)[0]


def call(*arguments, check=True):
    return command("grisaille", *map(str, arguments), check=check)


class TestRuns:
    def test_a_line_a_run_newest_first(self, storage, first):
        done = call("runs", "--storage", storage).stdout
        rows = done.split("\n\n")[0].splitlines()[1:]
        assert [row.split()[0] for row in rows] == [manifests.names(storage)[1], first]
        assert all(row.endswith("finished") and " default " in row and " 181 " in row for row in rows)
        assert max(map(len, done.splitlines())) <= 100

    def test_figures_are_those_of_the_tables(self, storage, first):
        found = [json.loads(line) for line in call("runs", "--json", "--storage", storage).stdout.splitlines()]
        collection = grisaille.open(storage, run=first)
        useful, kept = collection.table("usefulness"), collection.table("preservation")
        useful = useful[(useful["space"] == "embedding") & (useful["paintings"] == "all")].set_index("likeness")
        kept = kept[(kept["space"] == "embedding") & (kept["paintings"] == "all")].set_index("likeness")
        figures = found[1]["figures"]
        assert figures["same_artist_style"] == useful.loc["style", "precision"]
        assert figures["same_artist_style_low"] == useful.loc["style", "precision_low"]
        assert figures["kept_composition"] == kept.loc["hellinger", "recall"]
        assert figures["same_artist_style"] != found[0]["figures"]["same_artist_style"]

    def test_only_what_is_known(self, storage, first, tmp_path):
        """A run that failed, one of which figures and paintings are gone, and one whose manifest is damaged."""
        shutil.copytree(storage / manifests.FOLDER, tmp_path / manifests.FOLDER)
        failed = tmp_path / manifests.FOLDER / "2020-01-01T00.00.00.000Z" / "run_manifest.json"
        failed.parent.mkdir()
        manifest = manifests.read(storage, first)
        told = {"run": failed.parent.name, "status": "failed", "error": "ValueError: no", "outputs": {}, "inputs": {}}
        failed.write_text(json.dumps(manifest | told | {"command": {"pipelines": "evaluation", "tags": "a"}}))
        flip(tmp_path / manifests.FOLDER / manifests.names(storage)[1] / "run_manifest.json")
        found = list(lines(tmp_path))
        assert [line.state for line in found] == ["damaged", "finished", "failed"]
        assert [line.figures for line in found] == [{}, {}, {}]
        assert [line.paintings for line in found] == [None, None, None]
        assert (found[2].ran, found[2].error) == ("evaluation (part)", "ValueError: no")
        assert call("runs", "--storage", tmp_path).stdout.splitlines()[1].split() == [
            manifests.names(storage)[1],
            "damaged",
        ]

    def test_neither_kedro_nor_tensorflow_is_loaded_to_answer(self, storage):
        code = (
            "import sys; from grisaille.cli.runs import runs; runs(['--storage', sys.argv[1]], standalone_mode=False); "
            "print({'kedro', 'tensorflow', 'keras'} & set(sys.modules))"
        )
        done = subprocess.run([sys.executable, "-c", code, storage], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == "set()"


@pytest.fixture(scope="module")
def compared(storage, first):
    """What the command says, and the page that it writes."""
    page = storage.parent / "pages" / "page.html"
    done = call("compare", first[:-2], "newest", "--storage", storage, "-o", page)
    return done.stdout, page


class TestCompare:
    def test_settings_that_differ_and_no_others(self, compared):
        page = compared[1].read_text("utf-8")
        table = page[page.index("Settings that differ</h2>") : page.index("<h2>Measures")].partition("<details>")[0]
        rows = [re.findall(r"<(?:code|td)>([^<]*)<", row) for row in table.split("<tr>")[2:]]
        assert rows == [
            ["colour.bins", "8", "4"],
            ["evaluation.sample", "1000", "4000"],
            ["style.whitening", "0.5", "0.0"],
        ]
        assert "3 settings differ." in compared[0]

    def test_shares_of_neighbours_are_those_that_the_collections_answer_with(self, compared, storage, first):
        one, other = (grisaille.open(storage, run=run) for run in (first, "newest"))
        names = one.paintings["painting_id"][one.paintings["duplicate_of"].isna()]
        near = [
            [set(collection.similar(name, "style")["painting_id"]) for name in names] for collection in (one, other)
        ]
        share = np.mean([len(a & b) / 10 for a, b in zip(*near, strict=True)])
        assert 0 < share < 1
        assert f"B keeps 100% by composition, {share:.0%} by style, " in compared[0]

    def test_what_cannot_be_compared_is_said_in_a_line(self, storage, first):
        for runs, words in {
            (first,): "name 2 to 8 runs. Received: 1",
            (first, first[:-1]): f"name different runs. Received: {first}, {first}",
            (first, "20"): "2 runs begin with 20",
            (first, "1999"): "no manifest of the run 1999",
        }.items():
            done = call("compare", *runs, "--storage", storage, check=False)
            assert done.returncode
            assert words in done.stderr
            assert "Traceback" not in done.stderr


@pytest.mark.browser
class TestPage:
    @pytest.fixture
    def open_page(self, browser, compared):
        contexts, wrong = [], []

        def opened(**options):
            contexts.append(browser.new_context(**options))
            page = contexts[-1].new_page()
            page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on("request", lambda request: wrong.append(request.url) if request.url.startswith("http") else None)
            page.goto(compared[1].as_uri())
            return page

        yield opened
        for context in contexts:
            context.close()
        assert wrong == []

    def test_neighbours_of_each_run_side_by_side_in_pictures(self, open_page):
        page = open_page(viewport={"width": 1200, "height": 800})
        section = page.locator(".moved").first
        walls = section.locator(".wall").all()
        assert [wall.locator("figure").count() for wall in walls] == [10, 10]
        kept = [[figure.inner_text() for figure in wall.locator("figure.kept figcaption").all()] for wall in walls]
        assert sorted(kept[0]) == sorted(kept[1])
        assert len(kept[0]) < 10
        ranks = [text.partition("B: ")[2] for text in walls[0].locator("figure:not(.kept) small").all_inner_texts()]
        assert len(ranks) == 10 - len(kept[0])
        assert all(int(rank) > 10 for rank in ranks)
        assert page.evaluate("[...document.images].every((image) => image.naturalWidth > 0)")
        # Composition did not change, so that nothing of it is shown.
        assert page.locator("h3", has_text="By composition").count() == 0
        assert page.locator("h3", has_text="By style").count() == 1

    def test_a_phone_in_the_dark(self, open_page):
        page = open_page(viewport={"width": 390, "height": 800}, color_scheme="dark")
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(25, 25, 24)"
        page.get_by_role("button", name="Light or dark").click()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(251, 250, 247)"
