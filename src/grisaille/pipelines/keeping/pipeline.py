"""Decide what stays of the features, once everything is made of them."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from grisaille.codes import CODED
from grisaille.framework import config
from grisaille.pipelines.keeping import nodes


def create_pipeline(**kwargs: Any) -> Pipeline:
    """Encode the features, measure what that loses, and let them go; nothing where everything is kept."""
    chunks, keep = config.chunks(), config.keeps()
    if not chunks or keep == "everything":
        return Pipeline([])
    coded = [likeness for likeness in config.likenesses() if likeness in CODED]
    # All that reads features has to have run.
    first = [f"{likeness}_embeddings" for likeness in coded]
    first += ["preservation", "kept_by_codes"] if config.refits() else ["growth"]
    parts = []
    if keep == "codes":
        first += ["feature_codes", "kept_by_feature_codes"]
        parts = [
            Node(
                nodes.encode_features,
                {
                    **{name: name for name in ("features", "picture_files")},
                    "settings": "params:features",
                    "autoencoder": "params:autoencoder",
                    "channels": "params:style.channels",
                    **{f"{name}.codes": f"{name}.codes" for name in chunks},
                },
                "feature_codes",
                name="encode_features",
            ),
            Node(
                nodes.measure_feature_codes,
                {
                    **{name: name for name in ("features", "layer_norms", "picture_files", "feature_codes")},
                    **{group: f"params:{group}" for group in ("chunks", "autoencoder", "evaluation")},
                    "channels": "params:style.channels",
                    **{f"{name}.codes": f"{name}.codes" for name in chunks},
                    **{f"{likeness}.few": f"{likeness}_codes" for likeness in coded},
                },
                "kept_by_feature_codes",
                name="measure_feature_codes",
            ),
        ]
    let_go = Node(
        nodes.let_go,
        {
            "features": "features",
            "picture_files": "picture_files",
            "settings": "params:features",
            **{name: name for name in first},
        },
        "kept_features",
        name="let_go",
    )
    return Pipeline([*parts, let_go], tags="keeping")
