"""Reduce the features, chunk by chunk."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from grisaille.framework import config
from grisaille.likenesses.names import leading
from grisaille.parameters import mixed
from grisaille.pipelines.autoencoding import nodes
from grisaille.provenance.recipes import KEEPS

_PALETTE = "palette"


def create_pipeline(**kwargs: Any) -> Pipeline:
    """Train and encode every chunk in a namespace of its own, then join the codes.

    The chunks are those of the parameter group `chunks`; their namespaces are independent. If `autoencoder.retrain`
    keeps the encoders of an earlier run, nothing is fitted and the encoders are inputs.
    """
    chunks = config.chunks()
    norms = Node(
        nodes.measure_layers,
        "features",
        "layer_norms",
        name="measure_layers",
        # In one box of Kedro-Viz with the nodes that make the layers.
        namespace="feature_extraction",
    )
    made, parts = config.likenesses(), list[Node | Pipeline]()
    if chunks:
        parts += [norms, *(_chunk(name, "style" in made) for name in chunks), _join(chunks, "style" in made)]
    if "colour" in made:
        parts.append(_palette())
    if len(mixed(made)) > 1:
        embeddings = {name: f"{name}_embeddings" for name in mixed(made)}
        inputs = {"picture_files": "picture_files", "settings": "params:mixture", **embeddings}
        parts.append(Node(nodes.mix_embeddings, inputs, "mixture_embeddings", name="mix_embeddings"))
    grouped = [f"{leading(made)}_embeddings", "paintings"]
    parts.append(Node(nodes.group_by_artist, grouped, "artist_embeddings", name="group_by_artist"))
    return Pipeline(parts, tags="autoencoding")


def _chunk(name: str, style: bool) -> Pipeline:
    of_style = Node(
        nodes.fit_style_encoder,
        ["features", "layer_norms", "picture_files", "params:chunk", "params:style"],
        "style_encoder",
        name="fit_style_encoder",
    )
    encode = Node(
        nodes.encode_chunk,
        ["features", "layer_norms", "params:chunk", "composition_encoder", *(["style_encoder"] * style)],
        "codes",
        name="encode_chunk",
        tags=[] if config.refits() else KEEPS,
    )
    template = Pipeline(
        [
            *([of_style] if style else ()),
            Node(
                nodes.train_autoencoder,
                ["features", "layer_norms", "picture_files", "params:chunk", "params:autoencoder"],
                ["composition_autoencoder", "composition_history"],
                name="train_autoencoder",
            ),
            # It reads both, so Kedro-Viz draws both inside the chunk's box.
            Node(
                nodes.take_encoder,
                ["composition_autoencoder", "composition_history"],
                "composition_encoder",
                name="take_encoder",
            ),
            encode,
        ]
    )
    if not config.refits():
        template = Pipeline([encode])
    shared = {"features", "layer_norms", "picture_files", "params:autoencoder", "params:style"} & template.inputs()
    return Pipeline(
        template,
        namespace=name,
        inputs={part for part in shared if not part.startswith("params:")},
        parameters={
            "params:chunk": f"params:chunks.{name}",
            **{part: part for part in shared if part.startswith("params:")},
        },
        prefix_datasets_with_namespace=True,
    )


def _palette() -> Pipeline:
    fit = Node(
        nodes.fit_colour_encoder,
        ["palettes", "picture_files", "params:colour"],
        "colour_encoder",
        name="fit_colour_encoder",
    )
    encode = Node(
        nodes.encode_palettes,
        ["palettes", "colour_encoder"],
        "colour_embeddings",
        name="encode_palettes",
        tags=[] if config.refits() else KEEPS,
    )
    if not config.refits():
        return Pipeline([encode], namespace=_PALETTE, inputs={"palettes"}, outputs={"colour_embeddings"})
    return Pipeline(
        [fit, encode],
        namespace=_PALETTE,
        inputs={"palettes", "picture_files"},
        outputs={"colour_embeddings"},
        parameters={"params:colour": "params:colour"},
        prefix_datasets_with_namespace=True,
    )


def _join(chunks: list[str], style: bool) -> Pipeline:
    coded = ("composition", *(["style"] * style))
    known = {} if config.refits() else {f"known_{likeness}_codes": f"known_{likeness}_codes" for likeness in coded}
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
                    "codes": "params:codes",
                    **known,
                    **{name: f"{name}.codes" for name in chunks},
                },
                {
                    part: dataset
                    for likeness in coded
                    for part, dataset in (
                        (likeness, f"{likeness}_embeddings"),
                        (f"{likeness}_codes", f"{likeness}_codes"),
                    )
                },
                name="join_codes",
            ),
        ]
    )
