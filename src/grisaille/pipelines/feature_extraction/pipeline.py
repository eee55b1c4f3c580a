"""Extract features with the CNN, count colours, and join given vectors."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from grisaille.framework import config
from grisaille.pipelines.feature_extraction import nodes


def create_pipeline(**kwargs: Any) -> Pipeline:
    """From paintings to the feature store; without the CNN if no likeness needs it."""
    made, extract = config.likenesses(), []
    if "composition" in made:
        extract.append(
            Node(
                nodes.extract_features,
                ["picture_files", "raw_paintings", "params:backbone", "params:ingestion", "params:chunks"],
                "features",
                name="extract_features",
            )
        )
    if "vectors" in made:
        extract.append(
            Node(
                nodes.join_vectors,
                ["raw_vectors", "picture_files", "raw_works", "params:ingestion"],
                "vectors_embeddings",
                name="join_vectors",
            )
        )
    if "colour" in made:
        extract.append(
            Node(
                nodes.extract_palettes,
                ["picture_files", "raw_paintings", "params:colour", "params:ingestion"],
                "palettes",
                name="extract_palettes",
            )
        )
    return Pipeline(
        extract,
        tags="feature_extraction",
        namespace="feature_extraction",
        prefix_datasets_with_namespace=False,
    )
