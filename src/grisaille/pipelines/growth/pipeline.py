"""Measure how well encoders serve paintings that were added after they were fitted."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from grisaille.framework import config
from grisaille.pipelines.growth import nodes


def create_pipeline(**kwargs: Any) -> Pipeline:
    """From the features and embeddings of a grown collection to one small table; given vectors have no encoders."""
    if "composition" not in config.likenesses():
        return Pipeline([])
    measure = Node(
        nodes.measure_growth,
        [
            *("features", "layer_norms", "composition_embeddings", "picture_files"),
            *("params:autoencoder", "params:evaluation"),
        ],
        "growth",
        name="measure_growth",
    )
    return Pipeline([measure], tags="growth")
