from xml.etree import ElementTree

import pandas as pd
import pytest

from grisaille.report.gexf import gexf

NAMESPACE = {"": "http://gexf.net/1.3"}
ARTISTS = pd.DataFrame(
    {
        "artist": ["Ada & <Bo>", "Cy", "Dürer"],
        "years": ["1834 - 1917", "", "1471 - 1528"],
        "nationality": ["French", "", "German"],
        "movements": ["Realism, Impressionism", "", "Northern Renaissance"],
        "paintings": [5, 6, 7],
    }
)
EDGES = pd.DataFrame(
    [
        ("style", "Ada & <Bo>", "Dürer", 3.25, 0.9, "Dürer"),
        ("style", "Cy", "Dürer", 2.0, 0.5, ""),
        ("colour", "Cy", "Dürer", 1.5, 0.45, ""),
    ],
    columns=["likeness", "artist", "neighbour", "nearness", "support", "earlier"],
)


def values(element):
    return {value.get("for"): value.get("value") for value in element.findall("attvalues/attvalue", NAMESPACE)}


class TestGexf:
    @pytest.fixture(scope="class")
    def graph(self):
        root = ElementTree.fromstring(gexf(EDGES, ARTISTS).encode())
        assert root.get("version") == "1.3"
        return root.find("graph", NAMESPACE)

    def test_artists_are_nodes_with_what_is_known_of_them(self, graph):
        nodes = {node.get("label"): values(node) for node in graph.findall("nodes/node", NAMESPACE)}
        assert list(nodes) == ARTISTS["artist"].tolist()
        assert nodes["Ada & <Bo>"] == {
            "years": "1834 - 1917", "nationality": "French", "movements": "Realism, Impressionism", "paintings": "5",
        }  # fmt: skip

    def test_edges_are_directed_where_the_dates_allow(self, graph):
        edges = graph.findall("edges/edge", NAMESPACE)
        assert [(edge.get("source"), edge.get("target"), edge.get("type")) for edge in edges] == [
            ("Dürer", "Ada & <Bo>", "directed"),
            ("Cy", "Dürer", "undirected"),
            ("Cy", "Dürer", "undirected"),
        ]
        assert [edge.get("kind") for edge in edges] == ["style", "style", "colour"]
        assert values(edges[0]) == {"likeness": "style", "nearness": "3.25", "support": "0.9"}

    def test_every_value_is_declared(self, graph):
        for kind, path in {"node": "nodes/node", "edge": "edges/edge"}.items():
            declared = graph.findall(f"attributes[@class='{kind}']/attribute", NAMESPACE)
            assert set(values(graph.find(path, NAMESPACE))) == {attribute.get("id") for attribute in declared}

    def test_without_edges(self):
        root = ElementTree.fromstring(gexf(EDGES[:0], ARTISTS).encode())
        assert len(root.findall("graph/nodes/node", NAMESPACE)) == 3
        assert root.findall("graph/edges/edge", NAMESPACE) == []

    def test_another_program_reads_it(self, tmp_path):
        networkx = pytest.importorskip("networkx")
        (tmp_path / "graph.gexf").write_text(gexf(EDGES[1:], ARTISTS), "utf-8")
        graph = networkx.read_gexf(tmp_path / "graph.gexf", version="1.3")
        assert set(graph) == set(ARTISTS["artist"])
        assert sorted(weight for _, _, weight in graph.edges(data="weight")) == [1.5, 2.0]
