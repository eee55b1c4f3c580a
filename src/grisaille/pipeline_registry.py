"""The project's pipelines, one a folder; `kedro run` alone goes from ingestion to evaluation.

Where the encoders of an earlier run are kept, its evaluation stands, and only what has come since is measured.
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
