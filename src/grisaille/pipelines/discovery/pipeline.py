"""Find what is like a painting."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from grisaille.pipelines.discovery import nodes


def create_pipeline(**kwargs: Any) -> Pipeline:
    """The nearest paintings of every painting, and a page on which to walk among them."""
    return Pipeline(
        [
            Node(
                nodes.find_neighbours,
                ["composition_embeddings", "paintings", "params:discovery"],
                "embedding_neighbours",
                name="find_neighbours",
            ),
            Node(
                nodes.map_paintings,
                [
                    "composition_embeddings",
                    "paintings",
                    "raw_paintings",
                    "neighbours",
                    "embedding_neighbours",
                    "artist_distances",
                    "params:autoencoder",
                    "params:discovery",
                ],
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
