"""The project's pipelines, one a folder; `kedro run` alone goes from ingestion to evaluation."""

from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline

DEFAULT = ("ingestion", "feature_extraction", "autoencoding", "evaluation")


def register_pipelines() -> dict[str, Pipeline]:
    """Name -> pipeline."""
    pipelines = find_pipelines(raise_errors=True)
    pipelines["__default__"] = sum((pipelines[name] for name in DEFAULT if name in pipelines), Pipeline([]))
    return pipelines
