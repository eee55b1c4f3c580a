"""Nodes of the feature extraction pipeline."""

from __future__ import annotations

from typing import Any

from grisaille.arrays import FloatArray
from grisaille.collection import Files, Reader, vectors
from grisaille.collection.originals import Originals
from grisaille.errors import counted
from grisaille.features.backbone import Extraction
from grisaille.features.palettes import Palettes
from grisaille.lazy import pd
from grisaille.parameters import Backbone, Chunk, Colour, Ingestion, named


def extract_features(
    picture_files: pd.DataFrame, raw_paintings: Files, settings: Backbone, ingestion: Ingestion, chunks: dict[str, Any]
) -> Extraction:
    """Describe the extraction; the feature store computes what it lacks, shard by shard.

    Args:
        picture_files: One row a painting.
        raw_paintings: The images.
        settings: Settings of the CNN.
        ingestion: Limits of images.
        chunks: The parameter group, for validation only.

    Raises:
        ValueError: If a painting is missing in the folder, or a chunk ends beyond its layer, which would otherwise fail
            hours later.
    """
    readers = _readers(picture_files, raw_paintings)
    extraction = Extraction(readers, picture_files["sha256"].tolist(), settings, ingestion.max_megapixels)
    for name, chunk in named(chunks, Chunk).items():
        values = extraction.columns[chunk.layer]
        if chunk.stop > values:
            raise ValueError(
                f"chunks.{name}.stop={chunk.stop} is not allowed; "
                f"the layer {chunk.layer} has {values:,} values a painting"
            )
    return extraction


def extract_palettes(
    picture_files: pd.DataFrame, raw_paintings: Files, settings: Colour, ingestion: Ingestion
) -> Palettes:
    """Describe the extraction of palettes; the feature store computes missing ones. Arguments as in `extract_features`.

    Raises:
        ValueError: If a painting is missing in the folder.
    """
    readers = _readers(picture_files, raw_paintings)
    return Palettes(readers, picture_files["sha256"].tolist(), settings, ingestion.max_megapixels)


def join_vectors(
    raw_vectors: vectors.Vectors, picture_files: pd.DataFrame, raw_works: pd.DataFrame, ingestion: Ingestion
) -> FloatArray:
    """The given vector of every picture, scaled to length 1: float32, shape (n, d) (see `collection.vectors`)."""
    return vectors.join_vectors(picture_files["path"].tolist(), raw_vectors, raw_works, ingestion.columns.named)


def _readers(picture_files: pd.DataFrame, raw_paintings: Files) -> list[Reader]:
    originals = Originals(picture_files, raw_paintings)
    gone = [path for path in picture_files["path"] if path not in raw_paintings]
    if gone:
        raise ValueError(
            f"{counted(len(gone), 'painting')} missing since ingestion, such as {gone[0]}: "
            "run `kedro run --pipelines ingestion` again"
        )
    return [originals[path] for path in picture_files["path"]]
