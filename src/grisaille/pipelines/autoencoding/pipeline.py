"""Shrink the features, chunk by chunk."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from grisaille.framework import config
from grisaille.pipelines.autoencoding import nodes


def create_pipeline(**kwargs: Any) -> Pipeline:
    """Train and encode every chunk in a namespace of its own, then join the codes.

    The chunks are those of the parameter group `chunks`; no namespace waits for another.
    """
    chunks = config.chunks()
    norms = Node(
        nodes.measure_layers,
        ["features", "params:autoencoder.architecture", "params:autoencoder.likeness"],
        "layer_norms",
        name="measure_layers",
        # One box in Kedro-Viz with what the layers are made by.
        namespace="feature_extraction",
    )
    return Pipeline([norms, *(_chunk(name) for name in chunks), _join(chunks)], tags="autoencoding")


def _chunk(name: str) -> Pipeline:
    template = Pipeline(
        [
            Node(
                nodes.train_autoencoder,
                ["features", "layer_norms", "picture_files", "params:chunk", "params:autoencoder"],
                ["composition_autoencoder", "composition_history"],
                name="train_autoencoder",
            ),
            Node(
                nodes.take_encoder,
                ["composition_autoencoder", "composition_history"],
                "composition_encoder",
                name="take_encoder",
            ),
            Node(
                nodes.encode_chunk,
                ["features", "composition_encoder", "params:chunk"],
                "composition_codes",
                name="encode_chunk",
            ),
        ]
    )
    return Pipeline(
        template,
        namespace=name,
        inputs={"features", "layer_norms", "picture_files"},
        parameters={"params:chunk": f"params:chunks.{name}", "params:autoencoder": "params:autoencoder"},
        prefix_datasets_with_namespace=True,
    )


def _join(chunks: list[str]) -> Pipeline:
    return Pipeline(
        [
            Node(
                nodes.join_codes,
                {
                    "layer_norms": "layer_norms",
                    "picture_files": "picture_files",
                    "backbone": "params:backbone",
                    "chunks": "params:chunks",
                    "settings": "params:autoencoder",
                    **{name: f"{name}.composition_codes" for name in chunks},
                },
                ["composition_embeddings", "composition_joiner", "composition_history"],
                name="join_codes",
            ),
            Node(
                nodes.group_by_artist,
                ["composition_embeddings", "paintings"],
                "artist_embeddings",
                name="group_by_artist",
            ),
        ]
    )
