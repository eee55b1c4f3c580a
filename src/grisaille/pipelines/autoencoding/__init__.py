"""The autoencoding pipeline."""

from grisaille.pipelines.autoencoding.pipeline import create_pipeline

__all__ = ["create_pipeline"]
