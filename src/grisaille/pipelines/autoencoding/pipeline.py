"""Shrink the features, chunk by chunk."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from grisaille import run_parameters
from grisaille.pipelines.autoencoding import nodes


def create_pipeline(**kwargs: Any) -> Pipeline:
    """Train one autoencoder per chunk, then join the codes.

    The chunks are those of the parameter group `chunks`; each is a namespace of its own.
    """
    chunks = run_parameters.names("chunks")
    join = Pipeline(
        [
            Node(
                nodes.concatenate_codes,
                ["features", "params:chunks", "params:autoencoder", *(f"{name}.codes" for name in chunks)],
                "embeddings",
                name="concatenate_codes",
            ),
            Node(nodes.group_by_artist, ["embeddings", "paintings"], "artist_embeddings", name="group_by_artist"),
        ]
    )
    return Pipeline([*(_of_chunk(name) for name in chunks), join], tags="autoencoding")


def _of_chunk(name: str) -> Pipeline:
    template = Pipeline(
        [
            Node(
                nodes.train_autoencoder,
                ["features", "paintings", "params:chunk", "params:autoencoder"],
                ["autoencoder", "encoder", "history"],
                name="train_autoencoder",
            ),
            Node(nodes.encode_paintings, ["features", "encoder", "params:chunk"], "codes", name="encode_paintings"),
        ]
    )
    return Pipeline(
        template,
        namespace=name,
        inputs={"features", "paintings"},
        parameters={"params:chunk": f"params:chunks.{name}", "params:autoencoder": "params:autoencoder"},
        prefix_datasets_with_namespace=True,
    )
