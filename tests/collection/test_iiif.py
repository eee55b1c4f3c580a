"""IIIF in, from a server of our own: manifests as institutions write them, and answers as networks give them."""

import gzip
import itertools
import json
import threading
from email.utils import formatdate

import pandas as pd
import pytest
from kedro.io import DatasetError
from PIL import Image

from grisaille import settings
from grisaille.collection import iiif, iiif_client, iiif_copy
from grisaille.collection.artists import UNKNOWN, ArtistIndex
from grisaille.collection.catalogue import inspect_files
from grisaille.collection.iiif_client import Client, FetchError, HostError
from grisaille.collection.iiif_copy import copy_collection
from grisaille.datasets import PaintingsDataset
from grisaille.datasets import paintings as paintings_dataset
from grisaille.framework import config
from grisaille.parameters import Ingestion
from helpers import PROJECT, encode, picture
from iiif_server import (
    JPEG,
    Answer,
    Institution,
    canvas_2,
    canvas_3,
    collection,
    image_2,
    manifest_2,
    manifest_3,
    serve,
)

FULL = "/full/!512,512/0/default.jpg"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def institution():
    with serve(Institution()) as serving:
        yield serving


class Clock:
    """Time that passes only where somebody waits."""

    def __init__(self):
        self.now, self.pauses = 1_700_000_000.0, []

    def sleep(self, seconds):
        self.pauses.append(round(seconds, 3))
        self.now += seconds

    def client(self, **options):
        return Client(clock=lambda: self.now, sleep=self.sleep, **options)


@pytest.fixture
def clock():
    return Clock()


def en(text):
    return {"en": [text]}


# Institution -> its manifest, what the table is to say, and what is asked for. Written after the published structure.
SHAPES = {
    "Harvard Art Museums": (
        manifest_2(
            "m",
            [canvas_2("1", image_2("1"))],
            [
                ("Date", "1888"),
                ("Classification", "Paintings"),
                ("People", ["Artist: Vincent van Gogh, Dutch, Zundert, Netherlands 1853 - 1890 Auvers, France"]),
                ("Medium", "Oil on canvas"),
            ],
            label="Self-Portrait Dedicated to Paul Gauguin",
            attribution="Harvard Art Museums",
            rendering={"@id": "https://museum/object/1", "format": "text/html", "label": "Full record view"},
        ),
        {
            "title": "Self-Portrait Dedicated to Paul Gauguin",
            "artist": "Vincent van Gogh",
            "date": "1888",
            "medium": "Oil on canvas",
            "rights": "Harvard Art Museums",
            "link": "https://museum/object/1",
            "tags": "Paintings",
        },
        f"/image/1{FULL}",
    ),
    "Getty": (
        manifest_2(
            "m",
            [canvas_2("1", image_2("1", ["http://iiif.io/api/image/2/level2.json", {"maxWidth": 2000}]))],
            [
                ("Artist/Maker", ["Vincent van Gogh (Dutch, 1853 - 1890)"]),
                ("Date", ["1889"]),
                ("Repository", "J. Paul Getty Museum"),
            ],
            label="Irises",
            license="https://rightsstatements.org/vocab/NoC-US/1.0/",
            related=[{"@id": "https://museum/irises", "format": "text/html"}, {"@id": "https://museum/irises.json"}],
        ),
        {
            "artist": "Vincent van Gogh",
            "museum": "J. Paul Getty Museum",
            "rights": "https://rightsstatements.org/vocab/NoC-US/1.0/",
            "link": "https://museum/irises",
        },
        f"/image/1{FULL}",
    ),
    "Art Institute of Chicago": (
        manifest_2(
            "m",
            [canvas_2("1", image_2("1"), (843, 1024))],
            [
                ("Artist / Maker", "Georges Seurat\nFrench, 1859-1891"),
                ("Collection", "Painting and Sculpture of Europe"),
            ],
            label="A Sunday on La Grande Jatte - 1884",
            description=[{"value": "In his best-known painting", "language": "en"}],
        ),
        {"artist": "Georges Seurat", "text": "In his best-known painting"},
        f"/image/1{FULL}",
    ),
    "National Gallery of Art: a list of works": (
        manifest_2(
            "m",
            [
                canvas_2(
                    str(number),
                    image_2(str(number)),
                    label=title,
                    metadata=[{"label": "Artist", "value": artist}, {"label": "Creation Date", "value": "1870"}],
                )
                for number, (artist, title) in enumerate([("Edouard Manet", "The Railway"), ("Monet", "Poppies")])
            ],
            label="Highlights",
            attribution="Provided by the gallery",
        ),
        {"title": "The Railway", "artist": "Edouard Manet", "date": "1870", "rights": "Provided by the gallery"},
        f"/image/0{FULL}",
    ),
    "Bodleian: a book": (
        manifest_2(
            "m",
            [canvas_2(str(number), [image_2(str(number))], label=f"fol. {number}r") for number in (1, 2, 3)],
            [
                ("Title", [{"@value": "Romance of Alexander"}]),
                ("Holding Institution", "<a href='https://bodley'>Bodleian Libraries</a>, University of Oxford"),
                ("Homepage", '<span><a href="https://bodley/object/1">View</a></span>'),
                ("Date Statement", "1338 &ndash; 1344"),
            ],
        ),
        {
            "title": "Romance of Alexander",
            "museum": "Bodleian Libraries , University of Oxford",
            "link": "https://bodley/object/1",
            "date": "1338 \u2013 1344",
        },
        f"/image/1{FULL}",
    ),
    "Gallica: Image API 1": (
        manifest_2(
            "m",
            [
                canvas_2(
                    "1",
                    {
                        "@id": "ROOT/image/1",
                        "@context": "http://iiif.io/api/image/1/context.json",
                        "profile": "http://library.stanford.edu/iiif/image-api/1.1/compliance.html#level2",
                    },
                )
            ],
            [
                ("Repository", "Biblioth\u00e8que nationale de France"),
                ("Title", "Paysage"),
                ("Creator", "Corot, Camille (1796-1875). Peintre"),
                ("Type", [{"@value": "image fixe", "@language": "fre"}, {"@value": "still image", "@language": "eng"}]),
            ],
            license="https://gallica/terms",
            seeAlso=["http://oai/record"],
        ),
        {
            "museum": "Biblioth\u00e8que nationale de France",
            "artist": "Corot, Camille",
            "link": "http://oai/record",
            "rights": "https://gallica/terms",
        },
        "/image/1/full/!512,512/0/native.jpg",
    ),
    "Bavarian State Library: labels in two languages": (
        manifest_2(
            "m",
            [canvas_2("1", image_2("1"))],
            [
                (
                    [{"@value": "Autor", "@language": "de"}, {"@value": "Author", "@language": "en"}],
                    "Albrecht D\u00fcrer",
                ),
                ([{"@value": "Datum", "@language": "de"}], [{"@value": "um 1500", "@language": "de"}]),
                ([{"@value": "Standort", "@language": "de"}], "M\u00fcnchen"),
            ],
            label=[{"@value": "Apokalypse", "@language": "de"}, {"@value": "Apocalypse", "@language": "en"}],
        ),
        {"title": "Apocalypse", "artist": "Albrecht D\u00fcrer", "date": "um 1500", "museum": "M\u00fcnchen"},
        f"/image/1{FULL}",
    ),
    "e-codices: no type of service": (
        manifest_2(
            "m",
            [canvas_2("1", {"@id": "ROOT/image/1", "profile": "http://iiif.io/api/image/2/level2.json"})],
            [("Location", "St. Gallen"), ("Collection Name", "Stiftsbibliothek"), ("Text Language", "Latin")],
            label="Cod. Sang. 23",
            related="http://e-codices/en/list/one/csg/0023",
        ),
        {"title": "Cod. Sang. 23", "museum": "St. Gallen", "link": "http://e-codices/en/list/one/csg/0023"},
        f"/image/1{FULL}",
    ),
    "Princeton: labels are lists": (
        manifest_2(
            "m",
            [canvas_2("1", image_2("1", "http://iiif.io/api/image/2/level2.json"))],
            [("Creator", ["Homer, Winslow, 1836-1910"]), ("Subject", ["Fishing", "Boats"]), ("Date", ["1887"])],
            label=["Eastern Point Light"],
            license="http://rightsstatements.org/vocab/NKC/1.0/",
        ),
        {"title": "Eastern Point Light", "artist": "Homer, Winslow", "tags": "Fishing; Boats"},
        f"/image/1{FULL}",
    ),
    "Victoria and Albert: level 1 in 2": (
        manifest_2(
            "m",
            [canvas_2("1", image_2("1", ["http://iiif.io/api/image/2/level1.json"]), (2500, 1800))],
            [("Title", "Salisbury Cathedral"), ("Maker", "John Constable"), ("Materials and Techniques", "oil paint")],
        ),
        {"title": "Salisbury Cathedral", "artist": "John Constable", "medium": "oil paint"},
        "/image/1/full/512,/0/default.jpg",
    ),
    "Wellcome: Presentation 3, services of Image API 2": (
        manifest_3(
            "m",
            [
                canvas_3(
                    "1",
                    [
                        {
                            "@id": "ROOT/auth",
                            "@type": "AuthCookieService1",
                            "profile": "http://iiif.io/api/auth/1/login",
                        },
                        {
                            "@id": "ROOT/image/1",
                            "@type": "ImageService2",
                            "profile": "http://iiif.io/api/image/2/level1.json",
                            "width": 3000,
                            "height": 4000,
                        },
                    ],
                    (3000, 4000),
                )
            ],
            [(en("Contributors"), {"none": ["Goya, Francisco, 1746-1828"]}), (en("Publication/creation"), en("1799"))],
            label={"en": ["The sleep of reason"], "es": ["El sue\u00f1o"]},
            summary=en("<p>An etching &amp; aquatint</p>"),
            rights="http://creativecommons.org/publicdomain/mark/1.0/",
            requiredStatement={"label": en("Attribution"), "value": en("Wellcome Collection")},
            provider=[{"id": "https://w", "type": "Agent", "label": en("Wellcome Collection"), "homepage": []}],
            homepage=[{"id": "https://w/works/1", "type": "Text", "format": "text/html"}],
        ),
        {
            "title": "The sleep of reason",
            "artist": "Goya, Francisco",
            "text": "An etching & aquatint",
            "museum": "Wellcome Collection",
            "rights": "http://creativecommons.org/publicdomain/mark/1.0/; Wellcome Collection",
            "link": "https://w/works/1",
        },
        "/image/1/full/,512/0/default.jpg",
    ),
    "Yale Center for British Art: linked values": (
        manifest_3(
            "m",
            [canvas_3("1", [{"id": "ROOT/image/1", "type": "ImageService3", "profile": "level2"}])],
            [
                (en("Creator(s)"), en("<a href='https://y/1'>George Stubbs, 1724\u20131806</a>")),
                (en("Title(s)"), en("Zebra")),
                (en("Medium:"), {"en": ["Oil on canvas"]}),
            ],
        ),
        {"title": "Zebra", "artist": "George Stubbs", "medium": "Oil on canvas"},
        f"/image/1{FULL}",
    ),
    "Rijksmuseum by Micrio: Dutch": (
        manifest_3(
            "m",
            [canvas_3("1", {"id": "ROOT/image/1", "type": "ImageService3", "profile": "level1"})],
            [({"nl": ["Vervaardiger"]}, {"nl": ["Johannes Vermeer"]}), ({"nl": ["Datering"]}, {"nl": ["ca. 1660"]})],
            label={"nl": ["Het melkmeisje"]},
        ),
        {"title": "Het melkmeisje", "artist": "Johannes Vermeer", "date": "ca. 1660"},
        "/image/1/full/512,/0/default.jpg",
    ),
    "a static site: level 0 with sizes": (
        manifest_3(
            "m",
            [
                canvas_3(
                    "1",
                    {
                        "id": "ROOT/image/1",
                        "type": "ImageService3",
                        "profile": "level0",
                        "sizes": [{"width": w, "height": w * 3 // 4} for w in (250, 1000, 600)],
                    },
                )
            ],
        ),
        {"title": "m"},
        "/image/1/full/600,450/0/default.jpg",
    ),
    "a choice of images, the first of a spectrum": (
        manifest_3(
            "m",
            [
                {
                    "type": "Canvas",
                    "items": [
                        {
                            "items": [
                                {
                                    "body": {
                                        "type": "Choice",
                                        "items": [{"id": "ROOT/image/7/full/max/0/default.jpg", "type": "Image"}],
                                    }
                                }
                            ]
                        }
                    ],
                }
            ],
        ),
        {"title": "m"},
        "/image/7/full/max/0/default.jpg",
    ),
}


class TestShapes:
    @pytest.mark.parametrize("name", SHAPES)
    def test_of_an_institution(self, name, institution, clock, tmp_path):
        manifest, said, asked = SHAPES[name]
        institution.answers |= {"/top": collection("top", "m"), "/m": manifest}
        copy_collection([f"{institution.root}/top"], tmp_path, clock.client())
        rows = iiif_copy.works(tmp_path)
        assert {column: rows[0][column] for column in said} == said
        assert list(rows[0]) == list(iiif.COLUMNS)
        assert rows[0]["manifest"] == f"{institution.root}/m"
        assert asked in institution.asked
        assert len(rows) == (2 if "list of works" in name else 1)
        assert (tmp_path / rows[0]["file"]).read_bytes().startswith(b"\xff\xd8")
        assert iiif_copy.rejected(tmp_path) == []

    def test_files_are_named_after_artist_and_title(self, institution, tmp_path):
        institution.answers["/m"] = SHAPES["Bavarian State Library: labels in two languages"][0]
        copy_collection([f"{institution.root}/m"], tmp_path)
        [path] = tmp_path.glob("*.jpg")
        assert path.name.startswith("albrecht-durer_apocalypse_")
        assert ArtistIndex().match(path.name) == (UNKNOWN, False)
        assert ArtistIndex.build(pd.DataFrame({"name": ["Albrecht D\u00fcrer"]}), {}).match(path.name)[1]

    def test_a_picture_without_a_service_is_made_small(self, institution, tmp_path):
        institution.answers |= {
            "/m": manifest_3("m", [canvas_3("1", None)]),
            "/given/1.jpg": encode(picture(size=(2000, 1000))),
        }
        copy_collection([f"{institution.root}/m"], tmp_path)
        with Image.open(next(tmp_path.glob("*.jpg"))) as copied:
            assert (copied.size, copied.format) == ((512, 256), "JPEG")

    def test_level_0_asks_the_service_for_its_sizes(self, institution, tmp_path):
        level = "http://iiif.io/api/image/2/level0.json"
        institution.answers |= {
            "/m": manifest_2("m", [canvas_2("1", image_2("1", level))]),
            "/image/1/info.json": image_2(
                "1", level, sizes=[{"width": 300, "height": 400}, {"width": 150, "height": 200}]
            ),
        }
        copy_collection([f"{institution.root}/m"], tmp_path)
        assert institution.asked[-1] == "/image/1/full/300,/0/default.jpg"

    def test_the_address_in_the_manifest_where_the_service_has_nothing(self, institution, tmp_path):
        level = "http://iiif.io/api/image/2/level0.json"
        institution.answers |= {
            "/m": manifest_2("m", [canvas_2("1", image_2("1", level))]),
            "/given/1.jpg": JPEG,
        }
        copy_collection([f"{institution.root}/m"], tmp_path)
        assert institution.asked == ["/m", "/image/1/info.json", "/given/1.jpg"]

    def test_nothing_is_enlarged(self, institution, tmp_path):
        service = {"id": "ROOT/image/1", "type": "ImageService3", "profile": "level2"}
        institution.answers["/m"] = manifest_3("m", [canvas_3("1", service, (400, 300))])
        copy_collection([f"{institution.root}/m"], tmp_path)
        assert institution.asked[-1] == "/image/1/full/max/0/default.jpg"


class TestASingleManifest:
    def test_gives_a_picture_for_each_canvas(self, institution, tmp_path):
        institution.answers["/m"] = SHAPES["Bodleian: a book"][0]
        copy_collection([f"{institution.root}/m"], tmp_path)
        rows = iiif_copy.works(tmp_path)
        assert {row["title"] for row in rows} == {f"Romance of Alexander, fol. {number}r" for number in (1, 2, 3)}
        assert {row["canvas"] for row in rows} == {f"{institution.root}/canvas/{number}" for number in (1, 2, 3)}
        assert {row["date"] for row in rows} == {"1338 \u2013 1344"}
        assert len(list(tmp_path.glob("*.jpg"))) == 3

    def test_goes_on_with_the_canvases_that_are_missing(self, institution, clock, tmp_path):
        institution.answers |= {"/m": SHAPES["Bodleian: a book"][0], f"/image/2{FULL}": b"broken"}
        copy_collection([f"{institution.root}/m"], tmp_path, clock.client())
        assert len(iiif_copy.works(tmp_path)) == 2
        del institution.answers[f"/image/2{FULL}"]
        institution.asked.clear()
        copy_collection([f"{institution.root}/m"], tmp_path)
        assert institution.asked == ["/m", f"/image/2{FULL}"]
        assert len(iiif_copy.works(tmp_path)) == 3
        assert iiif_copy.rejected(tmp_path) == []

    def test_a_picture_on_two_canvases_is_one(self, institution, tmp_path):
        institution.answers["/m"] = manifest_2("m", [canvas_2(name, image_2("1"), label=name) for name in "ab"])
        copy_collection([f"{institution.root}/m"], tmp_path)
        assert [row["title"] for row in iiif_copy.works(tmp_path)] == ["m, a"]


def one(number):
    return manifest_3(f"m{number}", [canvas_3(str(number), {"id": f"ROOT/image/{number}", "type": "ImageService3"})])


def shelf(institution, *numbers, **more):
    """A collection of manifests with a picture each."""
    names = [f"m{number}" for number in numbers]
    institution.answers |= {f"/m{number}": one(number) for number in numbers}
    institution.answers["/top"] = collection("top", *names, **more)
    return [f"{institution.root}/top"]


class TestCollections:
    def test_nested_paged_and_in_a_circle(self, institution, tmp_path):
        institution.answers |= {f"/m{number}": one(number) for number in range(4)}
        institution.answers |= {
            "/top": {
                "@type": "sc:Collection",
                "collections": [{"@id": "ROOT/inner"}, "ROOT/paged"],
                "manifests": ["ROOT/m0"],
            },
            "/inner": {
                "@type": "sc:Collection",
                "members": [{"@id": "ROOT/m1", "@type": "sc:Manifest"}, {"@id": "ROOT/top", "@type": "sc:Collection"}],
            },
            "/paged": {"@type": "sc:Collection", "first": "ROOT/page1", "total": 2},
            "/page1": {"@type": "sc:Collection", "manifests": [{"@id": "ROOT/m2"}], "next": "ROOT/page2"},
            "/page2": {"@type": "sc:Collection", "manifests": [{"@id": "ROOT/m3"}], "next": {"@id": "ROOT/page1"}},
        }
        copy_collection([f"{institution.root}/top"], tmp_path)
        assert {row["title"] for row in iiif_copy.works(tmp_path)} == {"m0", "m1", "m2", "m3"}
        assert max(institution.counts().values()) == 1

    def test_too_deep_is_rejected(self, institution, tmp_path):
        sources = shelf(institution, 1)
        for depth in range(iiif_copy.DEEPEST + 2):
            institution.answers[f"/c{depth}"] = {
                "type": "Collection",
                "items": [{"id": f"ROOT/c{depth + 1}", "type": "Collection"}],
            }
        copy_collection([*sources, f"{institution.root}/c0"], tmp_path)
        [(address, reason)] = iiif_copy.rejected(tmp_path)
        assert address.endswith(f"/c{iiif_copy.DEEPEST + 1}")
        assert "deep" in reason

    def test_too_many(self, institution, tmp_path, monkeypatch):
        monkeypatch.setattr(iiif_copy, "MOST_DOCUMENTS", 3)
        with pytest.raises(iiif.ManifestError, match="more than 3 manifests and collections"):
            copy_collection(shelf(institution, 1, 2, 3), tmp_path)
        assert not (tmp_path / iiif.WORKS).exists()


class TestBrokenDocuments:
    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            (b"<!doctype html><title>Sign in</title>", "a web page"),
            (b'{"type": "Manifest", "label": ', "not JSON"),
            (b"[" * 100_000, "not JSON"),
            (b"[1]", "not an object"),
            ('{"label": "Dürer"}'.encode("latin-1"), "not UTF-8"),
            (b'{"hello": "world"}', "neither a manifest nor a collection"),
            (b'{"type": "Manifest", "items": []}', "without a picture"),
            (Answer(status=404), "404 Not Found"),
            (Answer(status=403), "403 Forbidden"),
        ],
        ids=["html", "cut", "deep", "list", "latin-1", "other", "empty", "404", "403"],
    )
    def test_is_rejected_with_its_reason(self, answer, reason, institution, clock, tmp_path):
        sources = shelf(institution, 1, 2, 3)
        institution.answers["/m2"] = answer
        copy_collection(sources, tmp_path, clock.client())
        assert [row["title"] for row in iiif_copy.works(tmp_path)] == ["m1", "m3"]
        [(address, told)] = iiif_copy.rejected(tmp_path)
        assert address == f"{institution.root}/m2"
        assert reason in told
        assert clock.pauses == []

    def test_reaches_the_table_of_rejected_files(self, institution, tmp_path):
        sources = shelf(institution, 1, 2, 3, 4)
        institution.answers["/m2"] = b"<html>"
        files = PaintingsDataset(path=sources[0], copies=str(tmp_path)).load()
        table, rejected = inspect_files(files, Ingestion(), 0)
        assert len(table) == 3
        assert rejected.to_numpy().tolist() == [[f"{institution.root}/m2", "no manifest: a web page"]]

    @pytest.mark.parametrize("data", [JPEG[: len(JPEG) // 2], b"", b"<html>no</html>"], ids=["cut", "empty", "html"])
    def test_a_picture_that_is_none(self, data, institution, clock, tmp_path):
        sources = shelf(institution, 1, 2)
        institution.answers |= {f"/image/2{FULL}": data}
        copy_collection(sources, tmp_path, clock.client())
        [(address, reason)] = iiif_copy.rejected(tmp_path)
        assert address == f"{institution.root}/image/2"
        assert f"(of {institution.root}/m2)" in reason
        assert len(list(tmp_path.glob("*.jpg"))) == 1


class TestNetwork:
    def test_says_who_it_is_and_asks_for_two_at_a_time(self, institution, tmp_path):
        copy_collection(shelf(institution, *range(8)), tmp_path)
        assert institution.agents == {iiif_client.AGENT}
        assert institution.most_at_once <= 2

    def test_500_then_200(self, institution, clock):
        institution.answers["/a"] = [Answer(status=500), Answer(status=503), b"good"]
        assert clock.client().get(f"{institution.root}/a") == b"good"
        assert clock.pauses == [1, 2]

    @pytest.mark.parametrize(
        ("said", "pause"),
        [
            *(("7", 7), (formatdate(1_700_000_011, usegmt=True), 11), ("99999", 300), ("soon", 1), ("-5", 1)),
            *(("0", 1), (formatdate(1_600_000_000, usegmt=True), 1)),
        ],
        ids=["seconds", "a date", "too long", "nonsense", "negative", "at once", "past"],
    )
    def test_retry_after(self, said, pause, institution, clock):
        institution.answers["/a"] = [Answer(status=429, headers={"Retry-After": said}), b"good"]
        assert clock.client().get(f"{institution.root}/a") == b"good"
        assert clock.pauses == [pause]

    def test_gives_up_after_some_tries(self, institution, clock):
        institution.answers["/a"] = Answer(status=500)
        with pytest.raises(FetchError, match="500 Internal Server Error, 5 times"):
            clock.client().get(f"{institution.root}/a")
        assert clock.pauses == [1, 2, 4, 8]

    def test_slow(self, institution, clock):
        never = threading.Event()
        institution.answers["/a"] = Answer(b"late", slow=never)
        with pytest.raises(FetchError, match="no answer in time, 2 times"):
            clock.client(timeout=0.1, tries=2).get(f"{institution.root}/a")
        never.set()

    def test_dripping(self, institution):
        """Each byte comes in time, and all of them would take a day."""
        tick, ticks = threading.Event(), itertools.count(0, 100)

        def clock():
            tick.set()
            return next(ticks)

        institution.answers["/a"] = Answer(b"drip", drip=tick)
        with pytest.raises(FetchError, match="no complete answer in time"):
            Client(timeout=5, tries=1, clock=clock).get(f"{institution.root}/a")

    def test_compressed(self, institution, clock):
        packed = gzip.compress(b"x" * 100_000)
        institution.answers["/a"] = Answer(packed, headers={"Content-Encoding": "gzip"})
        assert len(clock.client().get(f"{institution.root}/a")) == 100_000
        with pytest.raises(FetchError, match="longer than 50,000 bytes"):
            clock.client(most_bytes=50_000).get(f"{institution.root}/a")

    def test_breaks_off(self, institution, clock):
        institution.answers["/a"] = Answer(b"half", headers={"Content-Length": "8", "Connection": "close"})
        with pytest.raises(FetchError, match="breaks off"):
            clock.client(tries=2).get(f"{institution.root}/a")

    def test_nobody_listens(self, institution, clock):
        with pytest.raises(FetchError, match="no connection"):
            clock.client(tries=2).get("http://127.0.0.1:9/a")

    def test_redirects(self, institution, clock):
        institution.answers |= {
            "/a": Answer(status=301, headers={"Location": "/b"}),
            "/b": Answer(status=303, headers={"Location": "ROOT/c"}),
            "/c": b"good",
        }
        assert clock.client().get(f"{institution.root}/a") == b"good"

    @pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/a", "data:text/plain,a"])
    def test_redirects_lead_to_http_only(self, target, institution, clock):
        institution.answers["/a"] = Answer(status=302, headers={"Location": target})
        with pytest.raises(FetchError, match="not an http URL"):
            clock.client().get(f"{institution.root}/a")

    def test_redirects_in_a_circle(self, institution, clock):
        institution.answers["/a"] = Answer(status=302, headers={"Location": "/a"})
        with pytest.raises(FetchError, match="more than 10 redirects"):
            clock.client().get(f"{institution.root}/a")
        assert len(institution.asked) == 11

    @pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://127.0.0.1/a", "gopher://a"])
    def test_other_schemes_are_never_asked(self, address, clock):
        with pytest.raises(FetchError, match="not an http URL"):
            clock.client().get(address)

    def test_gigantic(self, institution, clock):
        institution.answers["/a"] = b"x" * 300_000
        with pytest.raises(FetchError, match="longer than 200,000 bytes"):
            clock.client(most_bytes=200_000).get(f"{institution.root}/a")

    def test_a_host_that_is_gone_ends_the_copy_and_not_every_work(self, institution, clock, tmp_path):
        sources = shelf(institution, *range(50))
        for number in range(10, 50):
            institution.answers[f"/m{number}"] = Answer(status=503)
        with pytest.raises(HostError, match="no longer answers"):
            copy_collection(sources, tmp_path, clock.client(tries=2))
        assert len(institution.asked) < 50
        assert not (tmp_path / iiif.WORKS).exists()
        assert len(list(tmp_path.glob("*.jpg"))) == 10

    def test_a_host_that_is_gone_does_not_keep_others_from_being_copied(self, institution, clock, tmp_path):
        shelf(institution, *range(3))
        with serve(
            Institution(answers=dict.fromkeys([f"/{number}" for number in range(9)], Answer(status=503)))
        ) as gone:
            sources = [f"{gone.root}/{number}" for number in range(9)]
            sources += [f"{institution.root}/m{number}" for number in range(3)]
            with pytest.raises(HostError, match=gone.root.removeprefix("http://")):
                copy_collection(sources, tmp_path, clock.client(tries=2))
        assert len(list(tmp_path.glob("*.jpg"))) == 3
        assert not (tmp_path / iiif.WORKS).exists()


class TestResumes:
    def test_a_killed_copy_goes_on(self, institution, tmp_path):
        sources = shelf(institution, *range(6))

        def die(path):
            if path == f"/image/3{FULL}":
                raise KeyboardInterrupt

        client = Client()
        fetch = client.get
        client.get = lambda address: (die(address.removeprefix(institution.root)), fetch(address))[1]
        with pytest.raises(KeyboardInterrupt):
            copy_collection(sources, tmp_path, client, connections=1)
        assert not (tmp_path / iiif.WORKS).exists()
        # Killed while it wrote a line.
        with (tmp_path / iiif_copy.COPIED).open("a") as journal:
            journal.write('{"picture": "http')
        institution.asked.clear()
        copy_collection(sources, tmp_path)
        assert not {f"/image/{number}{FULL}" for number in range(3)} & set(institution.asked)
        assert not {"/m0", "/m1", "/m2"} & set(institution.asked)
        assert len(iiif_copy.works(tmp_path)) == 6

    def test_a_list_of_manifests_is_copied_as_it_is_read(self, institution, clock, tmp_path):
        shelf(institution, *range(8))
        sources = [f"{institution.root}/m{number}" for number in range(8)]
        for number in range(3, 8):
            institution.answers[f"/m{number}"] = Answer(status=503)
        with pytest.raises(HostError):
            copy_collection(sources, tmp_path, clock.client(tries=2), connections=1)
        shelf(institution, *range(8))
        institution.asked.clear()
        copy_collection(sources, tmp_path)
        assert institution.counts() == dict.fromkeys(
            [path for number in range(3, 8) for path in (f"/m{number}", f"/image/{number}{FULL}")], 1
        )
        assert len(iiif_copy.works(tmp_path)) == 8

    def test_what_was_damaged_or_removed_is_fetched_again(self, institution, tmp_path):
        sources = shelf(institution, 1, 2, 3)
        copy_collection(sources, tmp_path)
        first, second = sorted(tmp_path.glob("m[12]_*.jpg"))
        first.write_bytes(b"damaged")
        second.unlink()
        institution.asked.clear()
        copy_collection(sources, tmp_path)
        assert sorted(institution.asked) == sorted(["/top", "/m1", "/m2", f"/image/1{FULL}", f"/image/2{FULL}"])

    def test_follows_the_collection(self, institution, tmp_path):
        sources = shelf(institution, 1, 2)
        copy_collection(sources, tmp_path)
        shelf(institution, 2, 3)
        copy_collection(sources, tmp_path)
        assert {row["title"] for row in iiif_copy.works(tmp_path)} == {"m2", "m3"}
        assert len(list(tmp_path.glob("*.jpg"))) == 2

    def test_removes_nothing_where_a_part_cannot_be_read(self, institution, tmp_path):
        sources = [*shelf(institution, 1, 2), f"{institution.root}/m3"]
        institution.answers["/m3"] = one(3)
        copy_collection(sources, tmp_path)
        institution.answers["/top"] = Answer(status=404)
        copy_collection(sources, tmp_path)
        assert len(list(tmp_path.glob("*.jpg"))) == 3


class TestDataset:
    @pytest.mark.parametrize("address", ["https://a/m.json", "http://a:8/m?id=1&b=[2]#{c}~", "HTTPS://a/M"])
    def test_configuration_leaves_addresses_as_they_are(self, address, monkeypatch):
        monkeypatch.setattr(config, "_newest", config._newest)
        given = {"paintings_folder": address}
        loader = config.RunConfigLoader(str(PROJECT / "conf"), runtime_params=given, **settings.CONFIG_LOADER_ARGS)
        entry = loader["catalog"]["raw_paintings"]
        assert entry["path"] == address
        assert PaintingsDataset(path=entry["path"], copies="copies")._describe()["path"] == address

    def test_a_list_of_addresses(self, institution, tmp_path):
        shelf(institution, 1, 2, 3)
        listed = tmp_path / "list.txt"
        listed.write_text(f"# mine\n{institution.root}/m1\n\n{institution.root}/m3\n")
        files = PaintingsDataset(path=str(listed), copies=str(tmp_path / "iiif")).load()
        assert [name[:2] for name in files] == ["m1", "m3"]

    def test_a_list_that_is_none(self, tmp_path):
        (tmp_path / "list.txt").write_text("file:///etc/passwd\n")
        with pytest.raises(DatasetError, match=r"'file:///etc/passwd' is not an http URL"):
            PaintingsDataset(path=str(tmp_path / "list.txt"), copies=str(tmp_path)).load()

    def test_asks_once_a_session_and_not_at_all_where_a_copy_is_finished(self, institution, tmp_path):
        [source] = shelf(institution, 1, 2, 3)
        first = PaintingsDataset(path=source, copies=str(tmp_path))
        print_before = first.fingerprint()
        asked = len(institution.asked)
        assert first.load().fingerprint() == print_before
        assert PaintingsDataset(path=source, copies=str(tmp_path)).fingerprint() == print_before
        assert len(institution.asked) == asked

    def test_without_a_network_reads_the_copy_and_says_so(self, institution, tmp_path, monkeypatch, caplog):
        [source] = shelf(institution, 1, 2, 3)
        PaintingsDataset(path=source, copies=str(tmp_path)).load()
        monkeypatch.setattr(paintings_dataset, "RENEW_AFTER", -60)
        institution.answers["/top"] = Answer(status=404)
        assert len(PaintingsDataset(path=source, copies=str(tmp_path)).load()) == 3
        assert "could not be refreshed" in caplog.text

    def test_only_loading_renews(self, institution, tmp_path, monkeypatch):
        [source] = shelf(institution, 1, 2, 3)
        PaintingsDataset(path=source, copies=str(tmp_path)).load()
        monkeypatch.setattr(paintings_dataset, "RENEW_AFTER", -60)
        shelf(institution, 1, 2, 3, 4)
        dataset = PaintingsDataset(path=source, copies=str(tmp_path))
        institution.asked.clear()
        before = dataset.fingerprint()
        assert institution.asked == []
        assert len(dataset.load()) == 4
        assert dataset.fingerprint() != before
        assert sorted(institution.asked) == sorted(["/top", "/m4", f"/image/4{FULL}"])

    def test_without_a_network_and_a_copy(self, institution, tmp_path):
        with pytest.raises(DatasetError, match=r"404 Not Found.*the same command continues"):
            PaintingsDataset(path=f"{institution.root}/none", copies=str(tmp_path)).load()

    def test_storage_in_a_bucket(self, institution):
        with pytest.raises(DatasetError, match="--params storage="):
            PaintingsDataset(path=f"{institution.root}/top", copies="s3://bucket/iiif").load()


@pytest.mark.parametrize(
    ("told", "artist"),
    [
        ("Corot, Camille (1796-1875). Peintre", "Corot, Camille"),
        ("Homer, Winslow, 1836-1910, artist.", "Homer, Winslow"),
        ("Goya [painter]", "Goya"),
        ("Artist: Ada, 1800-1850", "Ada"),
        ("The Painter", "The Painter"),
        ("Master of 1518", "Master of 1518"),
    ],
)
def test_artists_without_roles_and_lives(told, artist):
    manifest = manifest_3("m", [canvas_3("1", {"id": "http://i/1", "type": "ImageService3"})], [("Creator", told)])
    assert iiif.read_manifest(manifest, "http://a/m").works[0].row["artist"] == artist


def test_only_images_that_are_painted_on_the_canvas():
    bodies = [{"id": "http://a/captions.vtt", "format": "text/vtt"}, {"id": "http://a/film.mp4", "type": "Video"}]
    film = {"items": [{"items": [{"motivation": "painting", "body": bodies}]}]}
    remark = {"motivation": "commenting", "body": {"id": "http://a/remark.jpg", "type": "Image"}}
    with pytest.raises(iiif.NoPictureError):
        iiif.read_manifest({"type": "Manifest", "items": [film, {"items": [{"items": [remark]}]}]}, "http://a/m")


def test_half_a_letter_is_in_no_address():
    canvas = canvas_3("1", None, id="http://a/\ud800")
    manifest = manifest_3("m", [canvas], homepage=[{"id": "http://a/\ud800"}], label="\ud800")
    row = iiif.read_manifest(json.loads(json.dumps(manifest).replace("ROOT", "http://a")), "http://a/m").works[0].row
    assert (row["link"], row["canvas"], row["title"]) == ("", "", "?")


def test_texts_of_every_kind():
    assert iiif.texts(["a", {"@value": "b"}, {"none": ["c", 4]}, None, True]) == ["a", "b", "c", "4"]
    assert iiif.texts({"de": ["Milch"], "en-GB": ["Milk"]}) == ["Milk"]
    assert iiif.texts(json.loads("[" * 50 + "]" * 50)) == []
