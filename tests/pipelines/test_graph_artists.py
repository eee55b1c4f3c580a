import numpy as np
import pandas as pd
import pytest

from grisaille.measures.lookup import MULTIPLIED
from grisaille.parameters import Discovery
from grisaille.pipelines.discovery.nodes import graph_artists

# Each the centre of their paintings; Ada and Bo share a manner, and so do Cy and Dee.
CENTRES = {"Ada": 0, "Bo": 0, "Cy": 9, "Dee": 9, "Eve": 20, "unknown": 0, "Once": 0}
YEARS = {"Ada": "1441 - 1512", "Bo": "1571 \N{EN DASH} 1610", "Cy": "1839 - 1899", "Dee": "c. 1881-", "Eve": "1900"}


def collection(sizes, seed=0):
    """The table of paintings, and their embeddings."""
    names = np.repeat(list(sizes), list(sizes.values()))
    random = np.random.default_rng(seed)
    embeddings = np.array([CENTRES[name] for name in names])[:, None] + random.normal(size=(len(names), 3))
    paintings = pd.DataFrame(
        {"painting_id": [f"{row}" for row in range(len(names))], "artist": names, "movements": "", "duplicate_of": None}
    )
    return paintings, embeddings.astype("f4")


def graph(paintings, embeddings, **settings):
    artists = pd.DataFrame({"name": list(YEARS), "years": list(YEARS.values()), "nationality": "French"})
    return graph_artists(paintings, artists, Discovery(**settings), style=embeddings)


KNOWN = {"Ada": 20, "Bo": 15, "Cy": 30, "Dee": 10, "Eve": 20}


class TestArtistsOfAManner:
    @pytest.fixture(scope="class")
    def edges(self):
        return graph(*collection(KNOWN))[0]

    def test_they_are_each_others_nearest(self, edges):
        first = edges[edges["rank"] == 1].set_index("artist")["neighbour"].to_dict()
        assert [first[name] for name in ("Ada", "Bo", "Cy", "Dee")] == ["Bo", "Ada", "Dee", "Cy"]

    def test_who_had_died_is_the_earlier(self, edges):
        earlier = edges.set_index(["artist", "neighbour"])["earlier"]
        assert earlier["Ada", "Bo"] == earlier["Bo", "Ada"] == "Ada"

    def test_lives_that_overlap_have_no_order(self, edges):
        earlier = edges.set_index(["artist", "neighbour"])["earlier"]
        assert earlier["Cy", "Dee"] == earlier["Dee", "Cy"] == ""

    def test_columns(self, edges):
        assert edges.columns.tolist() == ["likeness", "artist", "neighbour", "rank", "nearness", "support", "earlier"]
        assert set(edges["likeness"]) == {"style"}


class TestWhatDoesNotCount:
    def test_unknown_artists_and_those_of_a_single_painting(self):
        paintings, embeddings = collection(KNOWN | {"unknown": 40, "Once": 1})
        known = paintings["artist"].isin(KNOWN).to_numpy()
        edges, _, xml = graph(paintings, embeddings)
        alone, _, same = graph(paintings[known].reset_index(drop=True), embeddings[known])
        pd.testing.assert_frame_equal(edges, alone)
        assert xml == same

    def test_duplicates(self):
        paintings, embeddings = collection(KNOWN)
        # Copies of one painting by Eve, in the midst of Ada's.
        embeddings[-10:] = 0
        paintings.loc[paintings.index[-9:], "duplicate_of"] = paintings["painting_id"].iloc[-10]
        original = paintings["duplicate_of"].isna().to_numpy()
        edges = graph(paintings, embeddings)[0]
        alone = graph(paintings[original].reset_index(drop=True), embeddings[original])[0]
        pd.testing.assert_frame_equal(edges, alone)

    def test_how_many_paintings_are_enough_is_a_parameter(self):
        paintings, embeddings = collection(KNOWN)
        edges = graph(paintings, embeddings, artist_paintings=16)[0]
        assert set(edges["artist"]) <= {"Ada", "Cy", "Eve"}

    def test_of_very_many_paintings_a_sample_counts(self):
        xml = graph(*collection(KNOWN), exact_seconds=60**2 * 3 / MULTIPLIED)[2]
        assert '"paintings" value="30"' not in xml


class TestTooFewArtists:
    def test_it_is_said_and_there_are_no_edges(self, caplog):
        caplog.set_level("INFO")
        edges, figure, xml = graph(*collection({"Ada": 20, "Bo": 20, "Cy": 4, "unknown": 20}))
        assert "no graph of artists: fewer than 3 known artists have 5 paintings" in caplog.text
        assert edges.empty
        assert edges.columns.tolist()[0] == "likeness"
        assert figure.texts
        assert 'label="Ada"' in xml
        assert "<edge " not in xml

    def test_nobody_at_all(self):
        edges, _, xml = graph(*collection({"unknown": 5}))
        assert edges.empty
        assert "<node " not in xml
