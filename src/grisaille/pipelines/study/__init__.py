"""The study pipeline."""

from grisaille.pipelines.study.pipeline import create_pipeline

__all__ = ["create_pipeline"]
