"""Find what is like a painting."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from grisaille.pipelines.checks import check
from grisaille.pipelines.discovery import nodes


def create_pipeline(**kwargs: Any) -> Pipeline:
    """From embeddings to the nearest paintings of every painting."""
    return Pipeline(
        [
            check(),
            Node(
                nodes.find_neighbours,
                ["embeddings", "paintings", "params:discovery"],
                "embedding_neighbours",
                name="find_neighbours",
            ),
        ],
        tags="discovery",
    )
