"""The graph of artists in GEXF, for Gephi and other graph programs."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from grisaille.lazy import pd
from grisaille.measures.artist_graph import pairs

_OF_NODES = {"years": "string", "nationality": "string", "movements": "string", "paintings": "integer"}
_OF_EDGES = {"likeness": "string", "nearness": "double", "support": "double"}
_ABOUT = (
    "Artists whose paintings are among each other's nearest neighbours. A directed edge leads from an artist who had "
    "died to one who was not yet born; it does not show who knew whom."
)


def gexf(edges: pd.DataFrame, artists: pd.DataFrame) -> str:
    """Write the graph in GEXF 1.3.

    networkx also writes GEXF, but it stores the date in every file and does not mix directed and undirected edges.

    Args:
        edges: As `measures.artist_graph.pairs` takes them.
        artists: Columns artist, years, nationality, movements and paintings.

    XML. Edges of several likenesses between two artists have different kinds; their weight is the nearness.
        XML. Edges of several likenesses between two artists are of several kinds; their weight is the nearness.

    Source: GEXF 1.3, https://gexf.net/schema.html.
    """
    root = ElementTree.Element("gexf", {"xmlns": "http://gexf.net/1.3", "version": "1.3"})
    ElementTree.SubElement(ElementTree.SubElement(root, "meta"), "description").text = _ABOUT
    graph = ElementTree.SubElement(root, "graph", {"mode": "static", "defaultedgetype": "undirected"})
    for kind, types in {"node": _OF_NODES, "edge": _OF_EDGES}.items():
        declared = ElementTree.SubElement(graph, "attributes", {"class": kind})
        for name, of in types.items():
            ElementTree.SubElement(declared, "attribute", {"id": name, "title": name, "type": of})
    nodes, lines = (ElementTree.SubElement(graph, name) for name in ("nodes", "edges"))
    for row in artists.to_dict("records"):
        node = ElementTree.SubElement(nodes, "node", {"id": row["artist"], "label": row["artist"]})
        _describe(node, {name: row[name] for name in _OF_NODES})
    for number, row in enumerate(pairs(edges).to_dict("records")):
        ends = {"id": str(number), "source": row["source"], "target": row["target"]}
        form = {"type": "directed" if row["directed"] else "undirected", "kind": row["likeness"]}
        line = ElementTree.SubElement(lines, "edge", ends | form | {"weight": f"{row['nearness']:.4g}"})
        _describe(line, {name: row[name] for name in _OF_EDGES})
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True).decode() + "\n"


def _describe(element: ElementTree.Element, values: dict[str, Any]) -> None:
    container = ElementTree.SubElement(element, "attvalues")
    for name, value in values.items():
        text = f"{value:.4g}" if isinstance(value, float) else str(value)
        ElementTree.SubElement(container, "attvalue", {"for": name, "value": text})
