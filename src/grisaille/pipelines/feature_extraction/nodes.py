"""Nodes of the feature extraction pipeline."""

from __future__ import annotations

from grisaille.backbone import Extraction
from grisaille.collection import Files
from grisaille.lazy import pd
from grisaille.parameters import Backbone, Ingestion


def extract_features(
    paintings: pd.DataFrame, raw_paintings: Files, settings: Backbone, ingestion: Ingestion
) -> Extraction:
    """Describe the extraction; the feature store computes what it lacks, shard by shard.

    Raises:
        ValueError: If a painting is no longer in the folder.
    """
    gone = [path for path in paintings["path"] if path not in raw_paintings]
    if gone:
        raise ValueError(
            f"{len(gone)} paintings are no longer where ingestion found them, among them {gone[0]}: "
            "run `kedro run --pipeline ingestion` again"
        )
    readers = [raw_paintings[path] for path in paintings["path"]]
    return Extraction(readers, paintings["sha256"].tolist(), settings, ingestion.max_megapixels)
