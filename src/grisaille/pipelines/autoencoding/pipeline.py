"""Shrink the features, chunk by chunk."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from grisaille import run_parameters
from grisaille.pipelines.autoencoding import nodes


def create_pipeline(**kwargs: Any) -> Pipeline:
    """Train an autoencoder for every chunk, encode all paintings, then join the codes.

    The chunks are those of the parameter group `chunks`; each is a namespace of its own. The architecture `similarity`
    trains all of them together, before the namespaces, unless it is told not to.
    """
    chunks = run_parameters.names("chunks")
    if not _keeps_likeness():
        training = [_in_namespace(name, _train()) for name in chunks]
    elif _together():
        training = [Pipeline([*(_compress_before(name) for name in chunks), _train_together(chunks)])]
    else:
        training = [_in_namespace(name, [*_compress(), _train_alone()]) for name in chunks]
    encoding = [_in_namespace(name, _encode()) for name in chunks]
    return Pipeline([*training, *encoding, _join(chunks)], tags="autoencoding")


def _keeps_likeness() -> bool:
    # Read as they are: Kedro says what is wrong with parameters once there is a pipeline.
    return run_parameters.group("autoencoder").get("architecture") == "similarity"


def _together() -> bool:
    return bool((run_parameters.group("autoencoder").get("similarity") or {}).get("together", True))


def _train() -> list[Node]:
    return [
        Node(
            nodes.train_autoencoder,
            ["features", "paintings", "params:chunk", "params:autoencoder"],
            ["autoencoder", "encoder", "encoder_origin", "history"],
            name="train_autoencoder",
        )
    ]


def _compress() -> list[Node]:
    return [
        Node(
            nodes.compress_chunk,
            ["features", "lengths", "paintings", "params:chunk", "params:autoencoder"],
            ["basis", "compressed"],
            name="compress_chunk",
        )
    ]


def _compress_before(chunk: str) -> Node:
    """As `_compress`, of a chunk whose namespace begins after the training that all chunks share."""
    return Node(
        nodes.compress_chunk,
        ["features", "lengths", "paintings", f"params:chunks.{chunk}", "params:autoencoder"],
        [f"{chunk}.basis", f"{chunk}.compressed"],
        name=f"compress_{chunk}",
    )


def _train_alone() -> Node:
    return Node(
        nodes.train_similarity,
        ["paintings", "params:autoencoder", "basis", "compressed"],
        ["autoencoder", "encoder", "encoder_origin", "history"],
        name="train_alone",
    )


def _train_together(chunks: list[str]) -> Node:
    """One training, whose outputs belong to the namespaces of the chunks."""
    return Node(
        nodes.train_similarity,
        ["paintings", "params:autoencoder", *_each(chunks, "basis"), *_each(chunks, "compressed")],
        [*_each(chunks, "autoencoder"), *_each(chunks, "encoder"), *_each(chunks, "encoder_origin"), "history"],
        name="train_together",
    )


def _encode() -> list[Node]:
    return [
        Node(
            nodes.encode_paintings,
            ["features", "encoder", "encoder_origin", "params:chunk"],
            ["codes", "codes_origin"],
            name="encode_paintings",
        )
    ]


def _join(chunks: list[str]) -> Pipeline:
    return Pipeline(
        [
            Node(nodes.measure_lengths, ["features", "params:autoencoder"], "lengths", name="measure_lengths"),
            Node(
                nodes.concatenate_codes,
                [
                    "features",
                    "lengths",
                    "params:chunks",
                    "params:autoencoder",
                    *_each(chunks, "codes"),
                    *_each(chunks, "codes_origin"),
                ],
                ["embeddings", "embeddings_origin"],
                name="concatenate_codes",
            ),
            Node(nodes.group_by_artist, ["embeddings", "paintings"], "artist_embeddings", name="group_by_artist"),
        ]
    )


def _each(chunks: list[str], dataset: str) -> list[str]:
    return [f"{chunk}.{dataset}" for chunk in chunks]


def _in_namespace(name: str, given: list[Node]) -> Pipeline:
    """A chunk's nodes, with its parameters; what all chunks share keeps its name."""
    template = Pipeline(given)
    shared = {"features", "lengths", "paintings"} & template.inputs()
    parameters = {"params:chunk": f"params:chunks.{name}", "params:autoencoder": "params:autoencoder"}
    return Pipeline(
        template,
        namespace=name,
        inputs=shared,
        parameters={ours: theirs for ours, theirs in parameters.items() if ours in template.inputs()},
        prefix_datasets_with_namespace=True,
    )
