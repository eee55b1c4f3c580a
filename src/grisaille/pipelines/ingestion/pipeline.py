"""Read every file once."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from grisaille.framework import config
from grisaille.pipelines.ingestion import nodes


def create_pipeline(**kwargs: Any) -> Pipeline:
    """From a folder of images to the table of paintings and the table of rejected files.

    Only the second node reads the tables of artists and paintings, so training and encoding do not depend on them.
    """
    return Pipeline(
        [
            Node(
                nodes.inspect_files,
                ["raw_paintings", "params:ingestion", "params:seed", *([] if config.refits() else ["known_files"])],
                ["picture_files", "rejected_paintings"],
                name="inspect_files",
            ),
            Node(
                nodes.name_artists,
                ["picture_files", "raw_artists", "raw_works", "params:ingestion"],
                ["paintings", "unmatched_works"],
                name="name_artists",
            ),
        ],
        tags="ingestion",
        namespace="ingestion",
        prefix_datasets_with_namespace=False,
    )
