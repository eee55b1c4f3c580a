"""The evaluation pipeline."""

from grisaille.pipelines.evaluation.pipeline import create_pipeline

__all__ = ["create_pipeline"]
