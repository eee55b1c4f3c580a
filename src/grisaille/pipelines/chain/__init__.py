"""The chain pipeline."""

from grisaille.pipelines.chain.pipeline import create_pipeline

__all__ = ["create_pipeline"]
