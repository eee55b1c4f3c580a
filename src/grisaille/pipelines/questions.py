"""What pipelines that answer a question about a picture share: the collection, and the models that embedded it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np

from grisaille.arrays import FloatArray
from grisaille.collection.split import fitted_on
from grisaille.framework import config
from grisaille.likenesses.components import mix, shares
from grisaille.lookalikes.queries import Query
from grisaille.parameters import Autoencoder, Backbone, Chunk, Colour, Mixture, mixed, named
from grisaille.points import Points

if TYPE_CHECKING:
    from grisaille.lookalikes.embedding import Embedder

PALETTE = "palette"
# The likeness of vectors that were given.
VECTORS = "vectors"
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
    return [*made, *(["mixture"] if len(mixed(made)) > 1 else [])]


def leading(likenesses: Collection[str]) -> str:
    """The likeness that artists are compared by: composition, or else the vectors that were given."""
    return "composition" if "composition" in likenesses else VECTORS


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


def chosen(likeness: str | None, known: Collection[str]) -> str:
    """The likeness that is meant.

    Args:
        likeness: Its name; None and `all` take the mixture, or where there is none `leading`.
        known: Those that are made.

    Raises:
        ValueError: If that was not made.
    """
    first = "mixture" if "mixture" in known else leading(known)
    meant = first if likeness is None or likeness == "all" else likeness
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
    given = {VECTORS: _vectors_of(queries, paintings, models)} if VECTORS in likenesses else {}
    factors = _factors(paintings, models) if "mixture" in likenesses else {}
    wanted = [name for name in dict.fromkeys([*likenesses, *factors]) if name not in {"mixture", VECTORS}]
    readers = [lambda query=query: query.data for query in queries]
    found = given | (embedder(models)(readers, wanted, max_megapixels) if wanted else {})
    return found | ({"mixture": mix(_coordinates({name: found[name] for name in factors}), factors)} if factors else {})


def _vectors_of(queries: list[Query], paintings: Any, models: dict[str, Any]) -> FloatArray:
    """The given vectors of pictures, which nobody can compute here: those of the collection have some.

    Raises:
        ValueError: If a picture is not in the collection.
    """
    rows = {digest: row for row, digest in enumerate(paintings["sha256"])}
    strangers = [query.name for query in queries if query.sha256 not in rows]
    if strangers:
        raise ValueError(
            f"{strangers[0]} is not in the collection, so that there is no vector of it: ask by another likeness"
        )
    vectors: FloatArray = models[f"{VECTORS}{_OF}"]
    return np.asarray(vectors[[rows[query.sha256] for query in queries]])


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


def _factors(paintings: Any, models: dict[str, Any]) -> dict[str, float]:
    """What the embeddings of each likeness are multiplied by in the mixture."""
    known = embeddings("all", models)
    parts = _coordinates({name: known[name] for name in mixed(known)})
    weights = Mixture.model_validate(models["mixture"]).model_dump()
    return shares(parts, weights, fitted_on(paintings["split"].to_numpy()))


def _coordinates(embeddings: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """Without lengths, as a mixture takes them."""
    return {name: Points.of(name, values).coordinates for name, values in embeddings.items()}
