"""Questions over HTTP: the answers are those of `grisaille.open`, and what cannot be answered is told in words."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pandas as pd
import pytest
import requests
from PIL import Image

import hostile
from grisaille.demo import painter as gallery
from grisaille.provenance import stamps
from grisaille.studio import questions
from helpers import PATIENCE, PROJECT
from studio_server import serving

LIKED, DISLIKED = ["Ilse_Nebel_1", "Rosa_Punkt_2"], ["Greta_Gitter_3"]


@pytest.fixture(scope="module")
def stranger():
    return gallery.png(gallery.work(gallery.ARTISTS[0], 3, seed=77))


def ids(answer):
    assert answer.status_code == 200, answer.text
    return [row["painting_id"] for row in answer.json()["paintings"]]


class TestAnswers:
    def test_similar(self, studio, collection):
        for likeness, asked in (("style", "style"), (None, None), ({"style": 1, "colour": 0.5}, "style:1,colour:0.5")):
            params = {"picture": "Ilse_Nebel_1", "n": 5} | ({"likeness": asked} if asked else {})
            answer = requests.get(f"{studio}/similar", params)
            expected = collection.similar("Ilse_Nebel_1", likeness, 5)
            assert ids(answer) == expected["painting_id"].tolist()
            assert answer.json()["run"] == answer.headers["X-Grisaille-Run"] == collection.run
            distances = [row["distance"] for row in answer.json()["paintings"]]
            assert distances == pytest.approx(expected["distance"].tolist(), rel=1e-5)

    def test_a_picture_that_is_sent(self, studio, collection, stranger):
        sent = requests.post(f"{studio}/similar", stranger, params={"likeness": "style", "n": 4})
        assert ids(sent) == collection.similar(stranger, "style", 4)["painting_id"].tolist()
        assert sent.json()["in_collection"] is None
        name = sent.json()["picture"]
        assert ids(requests.get(f"{studio}/similar", {"picture": name, "likeness": "colour", "n": 4})) == (
            collection.similar(stranger, "colour", 4)["painting_id"].tolist()
        )
        part = requests.post(f"{studio}/similar", stranger, params={"part": "0.1,0.2,0.6,0.7", "n": 4})
        placed = collection.embed(stranger, (0.1, 0.2, 0.6, 0.7))
        assert ids(part) == collection.similar(placed, n=4)["painting_id"].tolist()
        assert part.json()["picture"] != name
        liked = requests.post(f"{studio}/recommend", json={"liked": [name, "Ilse_Nebel_1"], "n": 6})
        assert ids(liked) == collection.recommend([stranger, "Ilse_Nebel_1"], n=6)["painting_id"].tolist()
        assert {row["because"] for row in liked.json()["paintings"]} <= {name, "Ilse_Nebel_1"}
        chain = requests.get(f"{studio}/chain", {"start": name, "stop": "Ilse_Nebel_1"})
        assert ids(chain) == collection.chain(stranger, "Ilse_Nebel_1")["painting_id"].tolist()

    def test_a_part(self, studio, collection, stranger):
        answer = requests.post(f"{studio}/parts", stranger, params={"part": "0.1,0.2,0.6,0.7", "n": 4})
        expected = collection.parts(stranger, (0.1, 0.2, 0.6, 0.7), 4)
        assert ids(answer) == expected["painting_id"].tolist()
        boxes = expected[["left", "top", "right", "bottom"]].round(4).to_numpy().tolist()
        assert [row["box"] for row in answer.json()["paintings"]] == boxes
        wrong = requests.post(f"{studio}/parts", stranger, params={"part": "0.1,0.2,0.1,0.7"})
        assert (wrong.status_code, wrong.json()["error"][:26]) == (422, "a part must satisfy 0 <= l")

    def test_a_file_of_the_collection_is_recognised(self, studio, data):
        file = (data / "01_raw" / "gallery" / "seed_0" / "Ilse_Nebel_1.png").read_bytes()
        answer = requests.post(f"{studio}/similar", file, params={"n": 3})
        assert answer.json()["in_collection"] == "Ilse_Nebel_1"
        assert "Ilse_Nebel_1" not in ids(answer)

    def test_recommend(self, studio, collection):
        asked = {"liked": LIKED, "disliked": DISLIKED, "likeness": "style", "n": 7, "diversity": 0.5}
        filters = {"new_artists": True, "without": ["Jonas Dunst"], "years": [1600, None]}
        answer = requests.post(f"{studio}/recommend", json=asked | filters)
        expected = collection.recommend(
            LIKED, DISLIKED, "style", 7, diversity=0.5, new_artists=True, without=["Jonas Dunst"], years=(1600, None)
        )
        assert ids(answer) == expected["painting_id"].tolist()
        assert [row["because"] for row in answer.json()["paintings"]] == expected["because"].tolist()

    def test_only_what_is_for_sale(self, studio, collection):
        sold = ["Ilse_Nebel_3", "Rosa_Punkt_4"]
        answer = requests.post(f"{studio}/recommend", json={"liked": LIKED, "among": sold})
        assert ids(answer) == collection.recommend(LIKED, among=sold)["painting_id"].tolist()
        assert set(ids(answer)) == set(sold)
        unknown = requests.post(f"{studio}/recommend", json={"liked": LIKED, "among": ["Nobody_1"]})
        assert (unknown.status_code, unknown.json()["error"]) == (422, "there is no painting 'Nobody_1'")

    def test_a_misspelt_field(self, studio):
        answer = requests.post(f"{studio}/recommend", json={"liked": LIKED, "dislikes": ["Ilse_Nebel_1"]})
        assert (answer.status_code, answer.json()["error"][:10]) == (422, "dislikes: ")

    def test_why(self, studio, collection, stranger):
        answer = requests.get(f"{studio}/why", {"a": "Ilse_Nebel_1", "b": "Ilse_Nebel_3", "likeness": "style"}).json()
        found = collection.why("Ilse_Nebel_1", "Ilse_Nebel_3", "style")
        assert answer["similarity"] == pytest.approx(found.similarity, abs=1e-4)
        assert all(picture.startswith("data:image/webp;base64,") for picture in answer["pictures"])
        sent = requests.post(f"{studio}/why", stranger, params={"b": "Ilse_Nebel_3", "likeness": "colour"}).json()
        assert sent["similarity"] == pytest.approx(
            collection.why(stranger, "Ilse_Nebel_3", "colour").similarity, abs=1e-4
        )

    def test_chain_and_artists(self, studio, collection):
        chain = requests.get(
            f"{studio}/chain", {"start": "Ilse_Nebel_1", "stop": "Greta_Gitter_2", "likeness": "style"}
        )
        expected = collection.chain("Ilse_Nebel_1", "Greta_Gitter_2", "style")
        assert ids(chain) == expected["painting_id"].tolist()
        artists = requests.get(f"{studio}/artists").json()["artists"]
        assert sum(artist["paintings"] for artist in artists) == len(collection.paintings)
        one = requests.get(f"{studio}/artists/Ilse%20Nebel").json()
        known = collection.paintings.set_index("painting_id")["year_from"]
        years = known[[row["painting_id"] for row in one["paintings"]]].dropna().tolist()
        assert years == sorted(years)
        assert one["nearest"][0]["artist"] == collection.nearest_artists("Ilse Nebel")["artist"][0]

    def test_paintings_are_found_by_their_words(self, studio, collection):
        found = requests.get(f"{studio}/paintings", {"q": "nebel 1", "limit": 3}).json()
        shown = collection.described()
        text = (shown["title"] + shown["artist"] + shown["painting_id"]).str.lower()
        assert found["total"] == (text.str.contains("nebel") & text.str.contains("1")).sum()
        assert len(found["paintings"]) == 3
        one = requests.get(f"{studio}/paintings/Ilse_Nebel_1").json()
        assert one["known"]["path"] == "Ilse_Nebel_1.png"

    def test_what_there_is(self, studio, collection):
        answer = requests.get(f"{studio}/collection").json()
        assert answer["paintings"] == len(collection.paintings)
        assert answer["likenesses"] == collection.likenesses
        assert answer["weights"].keys() == {"composition", "style", "colour"}
        assert answer["years"] == [collection.paintings["year_from"].min(), collection.paintings["year_to"].max()]

    def test_the_interface_is_documented(self, studio):
        paths = requests.get(f"{studio}/openapi.json").json()["paths"]
        assert {"/similar", "/recommend", "/why", "/chain", "/paintings", "/artists"} <= paths.keys()
        assert all(how.get("description") for path in paths.values() for how in path.values())


class TestPictures:
    def test_browsers_keep_them(self, studio):
        first = requests.get(f"{studio}/thumbnails/Ilse_Nebel_1?side=128")
        assert max(Image.open(io.BytesIO(first.content)).size) == 128
        again = requests.get(
            f"{studio}/thumbnails/Ilse_Nebel_1?side=128", headers={"If-None-Match": first.headers["ETag"]}
        )
        assert (again.status_code, again.content) == (304, b"")
        assert "immutable" in requests.get(f"{studio}/thumbnails/Ilse_Nebel_1?side=64&v=1").headers["Cache-Control"]
        assert requests.get(f"{studio}/thumbnails/Ilse_Nebel_1?side=9999").status_code == 422

    def test_a_file_that_is_gone(self, data, tmp_path):
        with serving(data, pictures=tmp_path) as (address, _):
            answer = requests.get(f"{address}/thumbnails/Ilse_Nebel_1")
            assert answer.status_code == 404
            assert "has moved or changed since the run" in answer.json()["error"]
            assert ids(requests.get(f"{address}/similar", {"picture": "Ilse_Nebel_1"}))


class TestExports:
    def test_table_sheet_and_iiif(self, studio, collection):
        names = collection.similar("Ilse_Nebel_1", n=7)["painting_id"].tolist()
        listed = {"paintings": names, "title": "Fog"}
        table = pd.read_csv(io.BytesIO(requests.post(f"{studio}/export/csv", json=listed).content))
        assert table["painting_id"].tolist() == names
        sheet = requests.post(f"{studio}/export/png", json=listed)
        assert Image.open(io.BytesIO(sheet.content)).width > 1000
        assert 'filename="paintings.png"' in sheet.headers["Content-Disposition"]
        assert requests.post(f"{studio}/export/pdf", json=listed).content[:5] == b"%PDF-"
        none = requests.post(f"{studio}/export/iiif", json=listed)
        assert (none.status_code, none.json()["error"]) == (422, "none of these paintings comes from a IIIF manifest")


class TestWhatCannotBeAnswered:
    @pytest.mark.parametrize(
        ("path", "status", "words"),
        [
            ("/similar?picture=Ilse_Nabel_1", 404, "there is no painting 'Ilse_Nabel_1'; there are"),
            ("/similar?picture=Ilse_Nebel_1&likeness=taste", 422, "likeness=taste is not available"),
            ("/similar?picture=Ilse_Nebel_1&likeness=style:much", 422, "a mixture must be likeness:share"),
            ("/similar?picture=Ilse_Nebel_1&likeness=style:0", 422, "weights must be at least 0"),
            ("/similar?picture=sent:0000", 410, "send it again"),
            ("/why?a=Ilse_Nebel_1&b=Ilse_Nebel_2&likeness=mixture", 422, "likeness must be one of composition"),
            ("/chain?start=Ilse_Nebel_1&stop=Ilse_Nebel_1", 422, "are one painting"),
            ("/artists/Nobody", 404, "there are no paintings by Nobody"),
            ("/static/passwd", 404, "there is no passwd"),
            ("/map", 422, "kedro run --pipelines discovery"),
        ],
    )
    def test_it_is_told_in_words(self, studio, path, status, words):
        answer = requests.get(studio + path)
        assert answer.status_code == status
        assert words in answer.json()["error"]

    def test_wrong_recommendations(self, studio):
        for asked, status in (
            ({"liked": []}, 422),
            ({"liked": ["none"]}, 404),
            ({"liked": LIKED, "artists": ["X"]}, 422),
        ):
            assert requests.post(f"{studio}/recommend", json=asked).status_code == status
        one = requests.post(f"{studio}/recommend", json={"liked": LIKED, "movements": ["Fogism"]})
        assert "there is no movement 'fogism'; there are" in one.json()["error"]

    def test_the_hostile_corpus(self, studio):
        """Every file is answered: it is a picture, or there is a reason."""
        for case in hostile.cases():
            answer = requests.post(
                f"{studio}/similar", case.data, params={"n": 1, "likeness": "colour"}, timeout=PATIENCE
            )
            assert answer.status_code in {200, 415}, case.name
            assert answer.status_code == 200 or answer.json()["error"]
        assert requests.get(f"{studio}/collection").status_code == 200

    def test_more_bytes_than_a_picture_may_have(self, studio, monkeypatch):
        monkeypatch.setattr(questions, "MOST_BYTES", 1 << 20)
        answer = requests.post(f"{studio}/similar", bytes((1 << 20) + 1))
        assert answer.status_code == 413
        assert "at most 1 MB" in answer.json()["error"]


class TestWhoMayAsk:
    def test_a_token(self, data):
        with serving(data, token="open sesame") as (address, _):
            assert requests.get(f"{address}/collection").status_code == 401
            assert requests.get(f"{address}/collection?token=wrong").status_code == 401
            browser = requests.Session()
            assert browser.get(f"{address}/?token=open%20sesame").status_code == 200
            assert browser.get(f"{address}/collection").status_code == 200
            bearer = {"Authorization": "Bearer open sesame"}
            assert requests.get(f"{address}/collection", headers=bearer).status_code == 200

    def test_another_name_of_this_machine(self, studio):
        """A page of the web may have its own name point here."""
        assert requests.get(f"{studio}/collection", headers={"Host": "evil.example"}).status_code == 400


class TestManyAtOnce:
    def test_all_are_answered_rightly(self, studio, collection, stranger):
        names = collection.paintings["painting_id"][:16].tolist()
        expected = {name: collection.similar(name, "style", 5)["painting_id"].tolist() for name in names}
        sent = collection.similar(stranger, "style", 5)["painting_id"].tolist()

        def ask(number):
            if number % 10 == 0:
                return ids(requests.post(f"{studio}/similar", stranger, params={"likeness": "style", "n": 5})) == sent
            name = names[number % len(names)]
            return (
                ids(requests.get(f"{studio}/similar", {"picture": name, "likeness": "style", "n": 5})) == expected[name]
            )

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(ask, range(120)))


def later_run(data, run):
    """A run that another one repeats: the same results under a later name."""
    (manifest,) = (data / "08_reporting" / "run_manifest.json").glob("*/run_manifest.json")
    later = manifest.parent.with_name(run) / manifest.name
    later.parent.mkdir()
    later.write_text(json.dumps(json.loads(manifest.read_text()) | {"run": run}))
    stamps.write(later, {**stamps.read(manifest), "checksum": stamps.checksum(later)})


class TestNewerRuns:
    def test_one_takes_over_when_it_is_ready(self, data, tmp_path):
        shutil.copytree(data, tmp_path / "data")
        with serving(tmp_path / "data") as (address, source):
            before = requests.get(f"{address}/collection").json()["run"]
            later_run(tmp_path / "data", "2999-01-01T00.00.00.000Z")
            seen = {before}
            deadline = time.monotonic() + PATIENCE
            while source.collection.run == before and time.monotonic() < deadline:
                answer = requests.get(f"{address}/similar", {"picture": "Ilse_Nebel_1", "n": 3})
                assert len(ids(answer)) == 3
                assert answer.json()["run"] == answer.headers["X-Grisaille-Run"]
                seen.add(answer.json()["run"])
            seen.add(requests.get(f"{address}/collection").json()["run"])
            assert seen == {before, "2999-01-01T00.00.00.000Z"}

    def test_one_that_cannot_be_read_changes_nothing(self, data, tmp_path):
        shutil.copytree(data, tmp_path / "data")
        with serving(tmp_path / "data") as (address, source):
            before = requests.get(f"{address}/collection").json()["run"]
            later_run(tmp_path / "data", "2999-01-01T00.00.00.000Z")
            (table,) = (tmp_path / "data").glob("03_primary/paintings.parquet/*/paintings.parquet")
            table.write_bytes(table.read_bytes()[:-10])
            source._renew()
            assert requests.get(f"{address}/collection").json()["run"] == before


class TestTheCommand:
    @staticmethod
    def start(data, *options):
        command = [sys.executable, "-m", "grisaille", "serve", "--storage", str(data), *options]
        environment = os.environ | {"PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, env=environment)
        line = process.stdout.readline()
        return process, line.split(" at ")[1].split()[0].rstrip("/"), line

    def test_killed_and_started_again(self, data, collection):
        """Answers are whole, or there is none; what is asked again is answered the same."""
        expected = collection.similar("Ilse_Nebel_1", "style", 3)["painting_id"].tolist()
        process, address, line = self.start(data, "--port", "0")
        assert f"{len(collection.paintings):,} paintings of the run {collection.run} at" in line
        port = address.rpartition(":")[2]
        question = {"picture": "Ilse_Nebel_1", "likeness": "style", "n": 3}
        stopped, whole = False, []

        def ask():
            while not stopped:
                with suppress(requests.ConnectionError):
                    whole.append(ids(requests.get(f"{address}/similar", question)) == expected)

        try:
            with ThreadPoolExecutor(4) as pool:
                asking = [pool.submit(ask) for _ in range(4)]
                for _ in range(2):
                    process.send_signal(signal.SIGKILL)
                    process.wait()
                    process.stdout.close()
                    process, _, _ = self.start(data, "--port", port)
                    assert ids(requests.get(f"{address}/similar", question)) == expected
                stopped = True
                for future in asking:
                    future.result()
            assert all(whole)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()

    def test_other_machines_need_a_token(self, data):
        process, address, _ = self.start(data, "--port", "0", "--host", "0.0.0.0")
        try:
            shown, token = address.split("/?token=")
            local = shown.replace("0.0.0.0", "127.0.0.1")
            assert len(token) > 20
            assert requests.get(f"{local}/collection").status_code == 401
            assert requests.get(f"{local}/collection", headers={"Authorization": f"Bearer {token}"}).status_code == 200
        finally:
            process.kill()
            process.wait()
            process.stdout.close()

    def test_a_port_that_is_taken(self, studio, data, demo_run):
        port = studio.rpartition(":")[2]
        done = subprocess.run(
            [sys.executable, "-m", "grisaille", "serve", "--storage", str(data), "--port", port],
            cwd=PROJECT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 1
        assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
