"""Find what is like a painting."""

from pathlib import Path
from typing import Any

from kedro.pipeline import Node, Pipeline

from grisaille import run_parameters
from grisaille.pipelines.checks import check
from grisaille.pipelines.discovery import nodes


def create_pipeline(**kwargs: Any) -> Pipeline:
    """The nearest paintings of every painting, a page on which to walk among them, and what else was asked.

    What the parameters `query` and `chain` do not ask for has no node.
    """
    query, chain = run_parameters.value("query"), run_parameters.value("chain")
    return Pipeline(
        [
            check(),
            Node(
                nodes.find_neighbours,
                ["embeddings", "paintings", "params:discovery"],
                "embedding_neighbours",
                name="find_neighbours",
            ),
            Node(
                nodes.map_paintings,
                [
                    "embeddings",
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
                ["map_of_paintings", "raw_artists", "parameters"],
                "explorer",
                name="write_explorer",
            ),
            *([_look_alikes()] if query else []),
            *([_chain(_names_a_file(chain))] if chain else []),
        ],
        tags="discovery",
    )


_COLLECTION = ["embeddings", "paintings", "raw_paintings", "params:ingestion", "params:discovery"]


def _models() -> list[str]:
    encoders = [f"{chunk}.encoder" for chunk in run_parameters.names("chunks")]
    return ["params:backbone", "params:chunks", "params:autoencoder", "embeddings_origin", *encoders]


def _look_alikes() -> Node:
    return Node(
        nodes.find_look_alikes,
        ["params:query", *_COLLECTION, *_models()],
        ["look_alikes", "contact_sheets"],
        name="find_look_alikes",
        tags="look_alikes",
    )


def _chain(with_models: bool) -> Node:
    """Models take seconds to load, and paintings of the collection need none."""
    return Node(
        nodes.find_chain,
        ["params:chain", *_COLLECTION, *(_models() if with_models else [])],
        ["chain_paintings", "chain_figure"],
        name="find_chain",
        tags="chain",
    )


def _names_a_file(chain: str) -> bool:
    return any(Path(end).expanduser().is_file() for end in nodes.ends(chain))
