"""Find neighbours of paintings and artists, and draw the map."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from grisaille.framework import config
from grisaille.pipelines.discovery import nodes


def create_pipeline(**kwargs: Any) -> Pipeline:
    """The nearest of every painting and of every artist by every likeness, and the explorer."""
    embeddings = {likeness: f"{likeness}_embeddings" for likeness in config.embedded()}
    collection = {"paintings": "paintings", "settings": "params:discovery"}
    read = ("raw_paintings", "neighbours", "embedding_neighbours", "artist_distances")
    return Pipeline(
        [
            Node(
                nodes.find_neighbours,
                collection | embeddings,
                "embedding_neighbours",
                name="find_neighbours",
            ),
            Node(
                nodes.graph_artists,
                collection | {"raw_artists": "raw_artists"} | embeddings,
                ["artist_graph", "artist_graph_figure", "artist_graph_gexf"],
                name="graph_artists",
            ),
            Node(
                nodes.map_paintings,
                {
                    **collection,
                    **{name: name for name in read},
                    **{group: f"params:{group}" for group in ("autoencoder", "evaluation")},
                    **embeddings,
                },
                "map_of_paintings",
                name="map_paintings",
            ),
            Node(
                nodes.write_explorer,
                [
                    "map_of_paintings",
                    "raw_artists",
                    "params:autoencoder",
                    "params:chunks",
                    "params:discovery",
                    "params:report",
                ],
                "explorer",
                name="write_explorer",
            ),
        ],
        tags="discovery",
    )
