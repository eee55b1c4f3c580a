"""The look_alikes pipeline."""

from grisaille.pipelines.look_alikes.pipeline import create_pipeline

__all__ = ["create_pipeline"]
