"""The feature_extraction pipeline."""

from grisaille.pipelines.feature_extraction.pipeline import create_pipeline

__all__ = ["create_pipeline"]
