"""Find the paintings that are most like some pictures."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from grisaille.pipelines.look_alikes import nodes
from grisaille.pipelines.questions import codes_of, question


def create_pipeline(**kwargs: Any) -> Pipeline:
    """Answer the parameter `query`, which is read when the node runs."""
    return Pipeline(
        [
            Node(
                nodes.find_look_alikes,
                {"query": "params:query", **question(), **codes_of()},
                ["look_alikes", "contact_sheets"],
                name="find_look_alikes",
            )
        ],
        tags="look_alikes",
    )
