"""What pipelines that answer a question about a picture share: the collection, and the models that embedded it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from grisaille.arrays import FloatArray
from grisaille.collection.split import fitted_on
from grisaille.framework import config
from grisaille.likenesses.components import mix, shares
from grisaille.lookalikes.queries import Query
from grisaille.parameters import Autoencoder, Backbone, Chunk, Colour, Mixture, named
from grisaille.points import Points

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
    "composition_codes": "composition_codes",
    **{name: f"params:{name}" for name in ("backbone", "chunks", "autoencoder", "style", "colour", "mixture")},
}


def embedded() -> list[str]:
    """The likenesses that there are embeddings of."""
    made = config.shaping("likenesses")
    return [*made, *(["mixture"] if len(made) > 1 else [])]


def question() -> dict[str, str]:
    """Argument of a node that answers -> dataset; those of embeddings and encoders have a dot in their names."""
    made, chunks = config.shaping("likenesses"), config.chunks()
    encoders = [f"{chunk}.{likeness}" for likeness in made if likeness != "colour" for chunk in chunks]
    encoders += [f"{PALETTE}.colour"] if "colour" in made else []
    return {
        **_ARGUMENTS,
        **{f"{likeness}.embeddings": f"{likeness}_embeddings" for likeness in embedded()},
        **{f"{encoder}_encoder": f"{encoder}_encoder" for encoder in encoders},
    }


def codes_of() -> dict[str, str]:
    """Argument of a node that answers by few bytes -> dataset."""
    made = [likeness for likeness in config.shaping("likenesses") if likeness in CODED]
    return {"features": "stored_features", **{f"{likeness}_codes": f"{likeness}_codes" for likeness in made}}


def chosen(likeness: str | None, known: Collection[str]) -> str:
    """The likeness that is meant.

    Args:
        likeness: Its name; None and `all` take the mixture, or composition where nothing else is made.
        known: Those that are made.

    Raises:
        ValueError: If that was not made.
    """
    leading = "mixture" if "mixture" in known else "composition"
    meant = leading if likeness is None or likeness == "all" else likeness
    if meant not in known:
        raise ValueError(f"likeness={meant} was not made; there are {', '.join(known)}")
    return meant


def embeddings(likeness: str | None, models: dict[str, Any]) -> dict[str, FloatArray]:
    """The likenesses that are meant, and the collection's embeddings by each, float32, shape (n, d).

    Args:
        likeness: As `chosen` takes it, but `all` takes every one.
        models: The arguments of `question`.

    Raises:
        ValueError: If that was not made.
    """
    known = {name.removesuffix(_OF): values for name, values in models.items() if name.endswith(_OF)}
    if likeness == "all":
        return known
    meant = chosen(likeness, known)
    return {meant: known[meant]}


def embed(
    queries: list[Query], likenesses: Collection[str], paintings: Any, max_megapixels: float, models: dict[str, Any]
) -> dict[str, FloatArray]:
    """Pictures among the embeddings of a collection: likeness -> float32, shape (q, d).

    Args:
        queries: The pictures.
        likenesses: Whose embeddings.
        paintings: Of the collection.
        max_megapixels: As in ingestion.
        models: The arguments of `question`.
    """
    factors = _factors(paintings, models) if "mixture" in likenesses else {}
    wanted = [name for name in dict.fromkeys([*likenesses, *factors]) if name != "mixture"]
    readers = [lambda query=query: query.data for query in queries]
    found = embedder(models)(readers, wanted, max_megapixels)
    return found | ({"mixture": mix(_coordinates(found), factors)} if factors else {})


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
        code=LinearCode.of(models["composition_codes"]),
    )


def _factors(paintings: Any, models: dict[str, Any]) -> dict[str, float]:
    """What the embeddings of each likeness are multiplied by in the mixture."""
    known = embeddings("all", models)
    parts = _coordinates({name: values for name, values in known.items() if name != "mixture"})
    weights = Mixture.model_validate(models["mixture"]).model_dump()
    return shares(parts, weights, fitted_on(paintings["split"].to_numpy()))


def _coordinates(embeddings: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """Without lengths, as a mixture takes them."""
    return {name: Points.of(name, values).coordinates for name, values in embeddings.items()}
