"""What pipelines that answer a question about a picture share: the collection, and the models that embedded it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grisaille.framework import config
from grisaille.lookalikes.embedded import MIXTURE, Embedded
from grisaille.parameters import Autoencoder, Backbone, Chunk, Colour, Mixture, mixed, named

if TYPE_CHECKING:
    from grisaille.lookalikes.embedding import Embedder

PALETTE = "palette"
# Likenesses that there are codes of few bytes of.
CODED = ("composition", "style")
_OF = ".embeddings"
_ARGUMENTS = {
    "likeness": "params:likeness",
    "paintings": "paintings",
    "raw_paintings": "raw_paintings",
    "ingestion": "params:ingestion",
    "settings": "params:discovery",
    **{name: f"params:{name}" for name in ("backbone", "chunks", "autoencoder", "style", "colour", "mixture")},
}


def embedded() -> list[str]:
    """The likenesses that there are embeddings of."""
    made = config.likenesses()
    return [*made, *([MIXTURE] if len(mixed(made)) > 1 else [])]


def question() -> dict[str, str]:
    """Argument of a node that answers -> dataset; those of embeddings and encoders have a dot in their names."""
    made, chunks = config.likenesses(), config.chunks()
    encoders = [f"{chunk}.{likeness}" for likeness in made if likeness in CODED for chunk in chunks]
    encoders += [f"{PALETTE}.colour"] if "colour" in made else []
    return {
        **_ARGUMENTS,
        **({"composition_codes": "composition_codes"} if chunks else {}),
        **{f"{likeness}.embeddings": f"{likeness}_embeddings" for likeness in embedded()},
        **{f"{encoder}_encoder": f"{encoder}_encoder" for encoder in encoders},
    }


def codes_of() -> dict[str, str]:
    """Argument of a node that answers by few bytes -> dataset."""
    made = [likeness for likeness in config.likenesses() if likeness in CODED]
    features = {"features": "stored_features"} if made else {}
    return {**features, **{f"{likeness}_codes": f"{likeness}_codes" for likeness in made}}


def collection(paintings: Any, models: dict[str, Any]) -> Embedded:
    """The collection that is asked.

    Args:
        paintings: Its table.
        models: The arguments of `question`.
    """
    known = {name.removesuffix(_OF): values for name, values in models.items() if name.endswith(_OF)}
    return Embedded(paintings, known, Mixture.model_validate(models.get("mixture", {})), lambda: embedder(models))


def embedder(models: dict[str, Any]) -> Embedder:
    """What embeds further pictures.

    Args:
        models: The arguments of `question`.
    """
    from grisaille.codes.linear import LinearCode
    from grisaille.lookalikes import embedding

    # Kedro validates parameters of named arguments only.
    return embedding.Embedder(
        backbone=Backbone.model_validate(models["backbone"]),
        chunks=named(models["chunks"], Chunk),
        autoencoder=Autoencoder.model_validate(models["autoencoder"]),
        colour=Colour.model_validate(models["colour"]),
        encoders={name.removesuffix("_encoder"): model for name, model in models.items() if name.endswith("_encoder")},
        code=LinearCode.of(models["composition_codes"]) if "composition_codes" in models else None,
    )
