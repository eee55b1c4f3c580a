"""Find a way from one painting to another."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from grisaille.pipelines.chain import nodes
from grisaille.pipelines.questions import question


def create_pipeline(**kwargs: Any) -> Pipeline:
    """Answer the parameter `chain`, which is read when the node runs."""
    return Pipeline(
        [
            Node(
                nodes.find_chain,
                {"asked": "params:chain", **question()},
                ["chain_paintings", "chain_figure"],
                name="find_chain",
            )
        ],
        tags="chain",
    )
