"""The growth pipeline."""

from grisaille.pipelines.growth.pipeline import create_pipeline

__all__ = ["create_pipeline"]
