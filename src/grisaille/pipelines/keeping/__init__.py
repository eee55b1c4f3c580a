"""The keeping pipeline."""

from grisaille.pipelines.keeping.pipeline import create_pipeline

__all__ = ["create_pipeline"]
