"""The discovery pipeline."""

from grisaille.pipelines.discovery.pipeline import create_pipeline

__all__ = ["create_pipeline"]
