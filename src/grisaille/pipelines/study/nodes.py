"""Nodes of the study pipeline."""

from __future__ import annotations

import hashlib
from typing import Any

from grisaille.collection import Files
from grisaille.features.backbone import Extraction
from grisaille.features.store import FeatureStore
from grisaille.lazy import pd
from grisaille.measures.comparison import Collection
from grisaille.parameters import Autoencoder, Backbone, Ingestion, Study, Style
from grisaille.pipelines.feature_extraction.nodes import extract_features
from grisaille.study import StudyRunner, Work


def extract_study_features(
    picture_files: pd.DataFrame, raw_paintings: Files, backbone: Backbone, ingestion: Ingestion, settings: Study
) -> Extraction:
    """Describe the extraction of every layer of the study."""
    return extract_features(picture_files, raw_paintings, settings.seen_by(backbone), ingestion, {})


def plan_study(
    features: FeatureStore, paintings: pd.DataFrame, settings: Study, autoencoder: Autoencoder, style: Style
) -> list[Work]:
    """List every point of the study; the dataset computes missing ones."""
    known = paintings[["painting_id", "artist", "duplicate_of", "split"]].to_csv(index=False)
    source = f"{features.fingerprint} {hashlib.sha256(known.encode()).hexdigest()[:16]}"
    study = StudyRunner(features, Collection.of(paintings), settings, autoencoder)
    return [*study.codes(source, style), *study.work(source)]


def tabulate_study(points: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The points of both questions, over code sizes and over layers, and the rows of all codes."""
    codes = points[points["question"] == "codes"]
    tables = [pd.DataFrame(part["rows"]).assign(likeness=part["likeness"]) for part in codes.to_dict("records")]
    other = points.drop(columns="rows")
    return (
        *(
            other[other["question"] == question].drop(columns="question").reset_index(drop=True)
            for question in ("code_size", "layers")
        ),
        pd.concat(tables, ignore_index=True),
    )  # type: ignore[return-value]


def draw_code_sizes(study_code_sizes: pd.DataFrame) -> Any:
    """Draw preservation over code sizes."""
    from grisaille.plots import curves

    return curves.code_size_curves(study_code_sizes)


def draw_codes(study_codes: pd.DataFrame) -> Any:
    """Draw recall of codes over bytes and over values."""
    from grisaille.plots.codes import code_curves

    return code_curves(study_codes)


def draw_layers(study_layers: pd.DataFrame) -> Any:
    """Draw preservation and usefulness of every set of layers."""
    from grisaille.plots import curves

    return curves.layer_bars(study_layers)
