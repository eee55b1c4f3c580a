"""What pipelines that answer a question about a picture share: the collection, and the models that embedded it."""

from __future__ import annotations

from typing import Any

from grisaille.arrays import FloatArray
from grisaille.framework import config
from grisaille.lookalikes.queries import Query
from grisaille.parameters import Autoencoder, Backbone, Chunk, named

COLLECTION = {
    "embeddings": "composition_embeddings",
    "paintings": "paintings",
    "raw_paintings": "raw_paintings",
    "ingestion": "params:ingestion",
    "settings": "params:discovery",
}
MODELS = {
    "backbone": "params:backbone",
    "chunks": "params:chunks",
    "autoencoder": "params:autoencoder",
    "joiner": "composition_joiner",
}


def question() -> dict[str, str]:
    """Argument -> dataset; those of encoders begin with the names of the chunks."""
    return {**COLLECTION, **MODELS, **{f"{chunk}.encoder": f"{chunk}.composition_encoder" for chunk in config.chunks()}}


def embed(queries: list[Query], max_megapixels: float, models: dict[str, Any]) -> FloatArray:
    """Pictures among the embeddings of a collection, float32, shape (q, 320).

    Args:
        queries: The pictures.
        max_megapixels: As in ingestion.
        models: The arguments of `MODELS`, and the encoders.
    """
    from grisaille.lookalikes import embedding

    chunks = named(models["chunks"], Chunk)
    return embedding.embed(
        [lambda query=query: query.data for query in queries],  # type: ignore[misc]
        # Kedro validates parameters of named arguments only.
        Backbone.model_validate(models["backbone"]),
        chunks,
        {name: models[f"{name}.encoder"] for name in chunks},
        models["joiner"],
        Autoencoder.model_validate(models["autoencoder"]).made_for,
        max_megapixels,
    )
