"""Look at every file once."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from grisaille.pipelines.ingestion import nodes


def create_pipeline(**kwargs: Any) -> Pipeline:
    """From a folder of images to the table of paintings and the table of what cannot be used."""
    return Pipeline(
        [
            Node(
                nodes.catalogue_paintings,
                ["raw_paintings", "raw_artists", "params:ingestion", "params:seed"],
                ["paintings", "rejected_paintings"],
                name="catalogue_paintings",
            )
        ],
        tags="ingestion",
    )
