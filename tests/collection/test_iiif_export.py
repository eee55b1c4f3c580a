"""What other programs are given: read back as they would read it."""

import io

import pandas as pd
import pytest

from grisaille.collection.iiif_export import annotation_pages, omeka, tropy


@pytest.fixture
def paintings():
    return pd.DataFrame(
        {
            "painting_id": ["a", "b", "c"],
            "path": ["a.jpg", "x/b.jpg", "c.jpg"],
            "artist": ["Ada & Co", "Bo", "Bo"],
            "title": ["Mist", "", "<script>"],
            "date": ["1888", "", None],
            "tags": ["sea; fog", "", ""],
            "link": ["https://museum/a", "", "javascript:alert(1)"],
            "manifest": ["https://museum/a/manifest", "", "https://museum/c/manifest"],
            "canvas": ["https://museum/a/canvas", "", ""],
        }
    )


@pytest.fixture
def neighbours():
    pairs = [("a", 2, "b"), ("a", 1, "c"), ("b", 1, "a"), ("c", 1, "a"), ("c", 2, "b")]
    return pd.DataFrame(pairs, columns=["painting_id", "rank", "neighbour_id"])


def test_tropy_finds_properties_and_then_the_picture(paintings):
    table = pd.read_csv(io.StringIO(tropy(paintings, "/pictures").to_csv(index=False)), keep_default_na=False)
    assert all(column.startswith(("http://purl.org/dc/elements/1.1/", "https://tropy.org/v1/")) for column in table)
    assert table.columns[-1] == "https://tropy.org/v1/tropy#path"
    assert table.iloc[:, -1].tolist() == ["/pictures/a.jpg", "/pictures/x/b.jpg", "/pictures/c.jpg"]
    assert table["http://purl.org/dc/elements/1.1/title"].tolist() == ["Mist", "b", "<script>"]
    assert table["https://tropy.org/v1/tropy#tag"][0] == "sea, fog"


def test_omeka_finds_terms_and_neighbours_nearest_first(paintings, neighbours):
    table = omeka(paintings, neighbours)
    assert table["dcterms:relation"].tolist() == ["c;b", "a", "a;b"]
    assert table["dcterms:date"].tolist() == ["1888", "", ""]
    assert table["dcterms:subject"][0] == "sea;fog"


def test_a_table_without_titles(neighbours):
    bare = pd.DataFrame({"painting_id": ["a", "b", "c"], "path": ["a", "b", "c"], "artist": "unknown"})
    assert omeka(bare, neighbours)["dcterms:title"].tolist() == ["a", "b", "c"]
    assert list(annotation_pages(bare, neighbours, "https://me")) == []


class TestAnnotationPages:
    def test_lead_from_a_canvas_to_the_manifests_of_its_neighbours(self, paintings, neighbours):
        pages = dict(annotation_pages(paintings, neighbours, "https://me/annotations/"))
        assert len(pages) == 2  # b has no manifest
        [(name, page)] = [(name, page) for name, page in pages.items() if name.startswith("a-")]
        assert (page["id"], page["type"]) == (f"https://me/annotations/{name}", "AnnotationPage")
        [annotation] = page["items"]
        assert annotation["target"]["id"] == "https://museum/a/canvas"
        assert annotation["target"]["partOf"] == [{"id": "https://museum/a/manifest", "type": "Manifest"}]
        assert [body["id"] for body in annotation["body"][1:]] == ["https://museum/c/manifest"]

    def test_say_what_viewers_show_as_harmless_html(self, paintings, neighbours):
        pages = dict(annotation_pages(paintings, neighbours, "https://me"))
        said = "".join(page["items"][0]["body"][0]["value"] for page in pages.values())
        assert '<a href="https://museum/a">Ada &amp; Co, Mist, 1888</a>' in said
        assert "<script>" not in said
        assert "javascript:" not in said
        assert {page["items"][0]["motivation"][0] for page in pages.values()} == {"commenting"}
