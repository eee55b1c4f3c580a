"""Codes side by side: what makes five chunks one embedding. What each was made of, and what has changed since."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from grisaille.arrays import FloatArray
from grisaille.parameters import Autoencoder


def join_codes(codes: Sequence[FloatArray], lengths: Sequence[FloatArray]) -> FloatArray:
    """Divide every chunk's codes by the length of the painting's whole layer, and put them side by side.

    For `euclidean` the lengths are 1. For `cosine` the encoders scale with their input, so dividing afterwards is the
    same as dividing the features; the squared distances of the chunks then add up to those of the whole.

    Args:
        codes: One array a chunk, shape (n, code_size).
        lengths: Of the layer that each chunk is a piece of (`likeness.lengths`), shape (n,).

    Returns:
        float32, shape (n, sum of code sizes).

    Raises:
        ValueError: If a chunk was encoded for another collection.
    """
    sizes = {len(code) for code in codes} | {len(length) for length in lengths}
    if len(sizes) != 1:
        raise ValueError(
            f"the chunks' codes and the features are of different collections ({sorted(sizes)} paintings): "
            "run `kedro run --pipeline autoencoding` for all chunks"
        )
    scaled = [code / length[:, None] for code, length in zip(codes, lengths, strict=True)]
    return np.concatenate(scaled, axis=1).astype(np.float32)


def origin_of(features: str, settings: Autoencoder) -> dict[str, Any]:
    """What makes embeddings those of one collection and likeness, and of no other.

    Args:
        features: The features' fingerprint.
        settings: Of the training.

    Returns:
        The fingerprint, the architecture, the likeness it keeps and the seed.
    """
    return {
        "features": features,
        "architecture": settings.architecture,
        "likeness": settings.made_for,
        "seed": settings.seed,
    }


def origin_of_encoder(encoder: Any, split: str) -> dict[str, str]:
    """What an encoder is and has seen: a hash of its weights, and the split that it was trained on (`fingerprint`)."""
    return {"encoder": digest(*encoder.get_weights()), "split": split}


def origin_of_codes(features: str, encoder: Any, trained: Mapping[str, str]) -> dict[str, str]:
    """What codes were made of: the features' fingerprint, and the encoder's own origin.

    Args:
        features: The fingerprint.
        encoder: A Keras model.
        trained: As `origin_of_encoder` gave it.

    Raises:
        ValueError: If that is the origin of another encoder.
    """
    if digest(*encoder.get_weights()) != trained["encoder"]:
        raise ValueError(
            "an encoder and its encoder_origin are of different runs: name both, of the same time, in --load-versions"
        )
    return {"features": features, **trained}


def check_embeddings_are_of(origin: Mapping[str, Any], embeddings: FloatArray) -> None:
    """Make sure that an origin is that of these embeddings.

    Raises:
        ValueError: If it is another's.
    """
    if origin.get("embeddings") != digest(embeddings):
        raise ValueError(
            "embeddings and embeddings_origin are of different runs: name both, of the same time, in --load-versions; "
            "without it, run `kedro run --pipeline autoencoding` with the same --params"
        )


def check_encoders_are_of(origin: Mapping[str, Any], encoders: Mapping[str, Any]) -> None:
    """Make sure that embeddings were made by these encoders, since only then can others be compared with them.

    Args:
        origin: Of the embeddings.
        encoders: Chunk -> Keras model.

    Raises:
        ValueError: If one of them made none of these embeddings.
    """
    known = origin.get("encoders", {})
    others = [name for name, model in encoders.items() if known.get(name) != digest(*model.get_weights())]
    if others:
        named = ", ".join(f"{name}.encoder" for name in others)
        raise ValueError(
            f"the embeddings were made with other encoders than {named}. Name all of one run: by --run NAME of "
            "`grisaille similar`, or embeddings, embeddings_origin and every chunk's encoder by --load-versions. Or "
            "run `kedro run --pipeline autoencoding` with the --params of the first run"
        )


def digest(*arrays: FloatArray) -> str:
    """16 hexadecimal digits that stand for the shapes, types and values of arrays."""
    hashed = hashlib.sha256()
    for array in arrays:
        hashed.update(f"{array.shape} {array.dtype.str} ".encode())
        hashed.update(np.ascontiguousarray(array).data)
    return hashed.hexdigest()[:16]


def older_than_features(origins: Mapping[str, Mapping[str, str]], features: str) -> str | None:
    """Say which codes were made of other features, and the command that mends it; None where there are none.

    Args:
        origins: Chunk -> what its codes were made of (see `origin_of_codes`).
        features: The fingerprint of the features that the run's parameters and paintings ask for.
    """
    older = [f"`{chunk}.codes`" for chunk, origin in origins.items() if origin["features"] != features]
    if not older:
        return None
    return (
        f"{', '.join(older)} {'are' if len(older) > 1 else 'is'} older than the features: made of others than the "
        f"parameters and paintings of this run ask for ({features}); run `kedro run --pipeline autoencoding` with the "
        "same --params"
    )


def older_than_encoders(
    origins: Mapping[str, Mapping[str, str]], encoders: Mapping[str, Mapping[str, str]]
) -> str | None:
    """Say which codes were made by other encoders than are stored, and the command that mends it; or None.

    Args:
        origins: Chunk -> what its codes were made of (see `origin_of_codes`).
        encoders: Chunk -> what its encoder is (see `origin_of_encoder`).
    """
    older = [name for name, origin in origins.items() if origin["encoder"] != encoders[name]["encoder"]]
    if not older:
        return None
    return (
        f"{', '.join(f'`{name}.codes`' for name in older)} {'are' if len(older) > 1 else 'is'} older than "
        f"{', '.join(f'`{name}.encoder`' for name in older)}: made by another; run `kedro run --pipeline autoencoding` "
        "with the same --params"
    )


def older_than_codes(origin: Mapping[str, Any], codes: Mapping[str, FloatArray]) -> str | None:
    """Say which codes have changed since the embeddings were joined, and the command that mends it; or None.

    Args:
        origin: Of the embeddings; `codes` has the digest of every chunk's.
        codes: Chunk -> codes, in the order in which they would be joined now.
    """
    joined = dict(origin.get("codes", {}))
    newer = [f"`{chunk}.codes`" for chunk, array in codes.items() if joined.get(chunk) != digest(array)]
    mended = "join it anew with `kedro run --from-nodes concatenate_codes` and the same --params"
    if newer:
        return f"`embeddings` is older than {', '.join(newer)}; {mended}"
    if list(joined) != list(codes):
        return f"`embeddings` was joined from {', '.join(joined)}, and the chunks are {', '.join(codes)} now; {mended}"
    return None
