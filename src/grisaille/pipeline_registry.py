"""The project's pipelines, one a folder. `kedro run` runs ingestion to evaluation, then keeping.

A run that keeps earlier encoders runs `growth` instead of `evaluation`: only the new paintings are measured.
"""

from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline

from grisaille.framework import config

_MAKING = ("ingestion", "feature_extraction", "autoencoding")


def register_pipelines() -> dict[str, Pipeline]:
    """Name -> pipeline."""
    pipelines = find_pipelines(raise_errors=True)
    default = (*_MAKING, "evaluation" if config.refits() else "growth", "keeping")
    pipelines["__default__"] = sum((pipelines[name] for name in default if name in pipelines), Pipeline([]))
    return pipelines
