"""What pipelines that read embeddings look at first: whether these are the ones that are meant, and of today."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from kedro.pipeline import Node

from grisaille import backbone, run_parameters
from grisaille.arrays import FloatArray, StringArray
from grisaille.autoencoders.joining import (
    check_embeddings_are_of,
    older_than_codes,
    older_than_encoders,
    older_than_features,
    origin_of,
)
from grisaille.collection import split
from grisaille.lazy import pd
from grisaille.parameters import Autoencoder, Backbone, Chunk, Ingestion, named
from grisaille.storage.feature_store import fingerprint

logger = logging.getLogger(__name__)


def check() -> Node:
    """The node `check_embeddings`, which reads no features, so that they may be gone."""
    chunks = run_parameters.names("chunks")
    return Node(
        check_embeddings,
        [
            "embeddings",
            "embeddings_origin",
            "paintings",
            "parameters",
            *(f"{name}.codes" for name in chunks),
            *(f"{name}.codes_origin" for name in chunks),
            *(f"{name}.encoder_origin" for name in chunks),
        ],
        None,
        name="check_embeddings",
    )


def check_embeddings(
    embeddings: FloatArray,
    origin: dict[str, Any],
    paintings: pd.DataFrame,
    parameters: dict[str, Any],
    *codes: Any,
) -> None:
    """Refuse embeddings of another collection, split, features or likeness; warn of those older than what made them.

    Args:
        embeddings: Float32, shape (n, 320).
        origin: What they were made of.
        paintings: The table of paintings, n rows.
        parameters: All of the run.
        *codes: The codes of every chunk, what the codes of every chunk were made of, and what every encoder is.

    Raises:
        ValueError: If the embeddings are not those that the run's parameters ask for.
    """
    network = Backbone.model_validate(parameters["backbone"])
    autoencoder = Autoencoder.model_validate(parameters["autoencoder"])
    ingestion, seed = Ingestion.model_validate(parameters["ingestion"]), int(parameters["seed"])
    if len(embeddings) != len(paintings):
        raise ValueError(
            f"{len(embeddings)} embeddings of {len(paintings)} paintings: another run came between; "
            "`kedro run` with the same --params makes both"
        )
    check_embeddings_are_of(origin, embeddings)
    features = fingerprint(backbone.store_identity(paintings["sha256"].tolist(), network))
    names = list(named(parameters["chunks"], Chunk))
    arrays = dict(zip(names, codes[: len(names)], strict=True))
    origins = dict(zip(names, codes[len(names) : -len(names)], strict=True))
    encoders = dict(zip(names, codes[-len(names) :], strict=True))
    known = older_than_features(origins, features), older_than_encoders(origins, encoders)
    stale = [words for words in (*known, older_than_codes(origin, arrays)) if words]
    differing = [
        f"{name} {origin.get(name)}, not {value}"
        for name, value in origin_of(features, autoencoder).items()
        if origin.get(name) != value
    ]
    if differing:
        raise ValueError(
            f"the embeddings were made with {'; '.join(differing)}: give the --params that they were made with, or run "
            f"`kedro run --pipeline autoencoding` with these{''.join('. Besides, ' + words for words in stale)}"
        )
    if not np.array_equal(_split_asked_for(paintings, ingestion, seed), paintings["split"]):
        raise ValueError(
            f"the paintings were split by another seed or other shares than this run asks for (seed={seed}, ingestion."
            f"validation={ingestion.validation:g}, ingestion.held_out={ingestion.held_out:g}), which the report would "
            "state: give the --params of the run that made them, or run `kedro run` with these"
        )
    if set(origin["splits"].values()) != {split.fingerprint(paintings["sha256"], paintings["split"])}:
        raise ValueError(
            "the embeddings were trained on another split than the table of paintings tells of, so that nobody could "
            "say which were never seen: ingestion has run with another seed or other shares since. Name the table of "
            "then, `--load-versions paintings:TIME`, or run `kedro run --pipeline autoencoding` with the same --params"
        )
    for words in stale:
        logger.warning(words)


def _split_asked_for(paintings: pd.DataFrame, ingestion: Ingestion, seed: int) -> StringArray:
    rows = {name: row for row, name in enumerate(paintings["painting_id"])}
    originals = [rows[name] for name in paintings["duplicate_of"].fillna(paintings["painting_id"])]
    digests = paintings["sha256"].tolist()
    return split.assign(digests, np.array(originals), ingestion.validation, ingestion.held_out, seed)
