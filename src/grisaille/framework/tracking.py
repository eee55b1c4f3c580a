"""MLflow tracking, if the extra `mlflow` is installed: settings, headline figures, report and figures of every run.

kedro-mlflow opens and closes its runs, as configured by `mlflow.yml` in `conf/`. On its own it would do so in every
session, even without a run, write each parameter once a node, and end all runs of projects without an `mlflow.yml`. So
`settings.py` disables it, and the hook here calls it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl

# Parameters in a call to MLflow, and maximum characters of one.
_BATCH, _LONGEST = 100, 6000
# Characters that MLflow does not allow in names of parameters.
_FORBIDDEN = re.compile(r"[^\w.\- /]")


class TrackingHook:
    """Logs runs to MLflow; without the extra, or without an `mlflow.yml`, it does nothing."""

    _plugin: Any = None

    @hook_impl
    def after_context_created(self, context: Any) -> None:
        """Get the configuration."""
        self._context = context

    @hook_impl(trylast=True)
    def before_pipeline_run(self, run_params: Mapping[str, Any], pipeline: Any, catalog: Any) -> None:
        """Open an MLflow run, after all checks that may refuse the run, and log all settings."""
        from grisaille.provenance.recipes import leaves

        self._plugin = None
        if not self._is_asked_for():
            return
        import mlflow
        from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook

        plugin = MlflowHook()
        plugin.after_context_created(self._context)
        plugin.before_pipeline_run(run_params, pipeline, catalog)
        if plugin.run_id is None:  # mlflow.yml excludes this pipeline
            return
        self._plugin = plugin
        found = (leaf for group in catalog.settings.items() for leaf in leaves(*group))
        settings = iter({_FORBIDDEN.sub("_", name): str(value)[:_LONGEST] for name, value in found}.items())
        while batch := dict(islice(settings, _BATCH)):
            mlflow.log_params(batch)

    @hook_impl(trylast=True)
    def after_pipeline_run(self, run_params: Mapping[str, Any], pipeline: Any, catalog: Any) -> None:
        """Log the results of the manifest, and close the run."""
        if self._plugin is None:
            return
        import mlflow

        from grisaille.comparison.listing import headline
        from grisaille.provenance import manifest as manifests

        storage = self._context.config_loader.storage(Path(self._context.project_path))
        manifest = manifests.read(storage, run_params["run_id"])
        mlflow.set_tag("grisaille.run", manifest["run"])
        mlflow.log_metrics(headline(manifest, storage))
        for path in _pages_and_figures(manifest, storage):
            mlflow.log_artifacts(str(path), path.name) if path.is_dir() else mlflow.log_artifact(str(path))
        self._plugin.after_pipeline_run(run_params, pipeline, catalog)

    @hook_impl
    def on_pipeline_error(self, error: Exception, run_params: Mapping[str, Any], pipeline: Any, catalog: Any) -> None:
        """Close the run as failed."""
        if self._plugin is not None:
            self._plugin.on_pipeline_error(error, run_params, pipeline, catalog)

    def _is_asked_for(self) -> bool:
        """Whether the extra is installed and configured."""
        from kedro.config import MissingConfigException

        if find_spec("kedro_mlflow") is None:
            return False
        loader = self._context.config_loader
        loader.config_patterns.setdefault("mlflow", ["mlflow*"])
        try:
            return bool(loader["mlflow"])
        except MissingConfigException:
            return False


def _pages_and_figures(manifest: Mapping[str, Any], storage: Any) -> Iterator[Path]:
    """The report, all local figures of a run, and its manifest."""
    from grisaille.provenance import manifest as manifests

    own = storage / manifests.FOLDER / manifest["run"] / f"{manifests.NAME}.json"
    paths = [own, *(manifests.absolute(record["path"], storage) for record in manifest["outputs"].values())]
    for path in paths:
        if isinstance(path, Path) and path.exists():
            pictures = path.is_dir() and all(file.suffix == ".png" for file in path.iterdir() if file.is_file())
            if pictures or path == own or path.suffix == ".png" or path.name == "report.html":
                yield path
