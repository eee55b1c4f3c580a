"""MLflow, where the extra `mlflow` is installed: settings, headline figures, report and figures of every run.

kedro-mlflow opens and closes its runs, as `mlflow.yml` in `conf/` says. By itself it would do so in every session, also
in those that run nothing, would write each parameter once for every node, and would end all runs of a project without
an `mlflow.yml`; so `settings.py` turns it off, and the hook here calls it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl

# Of parameters that MLflow takes at a time, and characters of one.
_BATCH, _LONGEST = 100, 6000
# What the name of a parameter must not hold.
_FORBIDDEN = re.compile(r"[^\w.\- /]")


class TrackingHook:
    """Keeps MLflow informed; without the extra, or without an `mlflow.yml`, it does nothing."""

    _plugin: Any = None

    @hook_impl
    def after_context_created(self, context: Any) -> None:
        """Learn what the configuration is."""
        self._context = context

    @hook_impl(trylast=True)
    def before_pipeline_run(self, run_params: Mapping[str, Any], pipeline: Any, catalog: Any) -> None:
        """Open a run of MLflow, when nothing refuses the run any more, and write down all settings."""
        from grisaille.provenance.recipes import leaves

        self._plugin = None
        if not self._is_asked_for():
            return
        import mlflow
        from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook

        plugin = MlflowHook()
        plugin.after_context_created(self._context)
        plugin.before_pipeline_run(run_params, pipeline, catalog)
        if plugin.run_id is None:  # mlflow.yml names this pipeline among those that are not tracked
            return
        self._plugin = plugin
        found = (leaf for group in catalog.settings.items() for leaf in leaves(*group))
        settings = iter({_FORBIDDEN.sub("_", name): str(value)[:_LONGEST] for name, value in found}.items())
        while batch := dict(islice(settings, _BATCH)):
            mlflow.log_params(batch)

    @hook_impl(trylast=True)
    def after_pipeline_run(self, run_params: Mapping[str, Any], pipeline: Any, catalog: Any) -> None:
        """Write down what came out, when the manifest says what that is, and close the run."""
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
    """The report, and all figures that a run made, as far as they lie on a disk; and its manifest."""
    from grisaille.provenance import manifest as manifests

    own = storage / manifests.FOLDER / manifest["run"] / f"{manifests.NAME}.json"
    paths = [own, *(manifests.absolute(record["path"], storage) for record in manifest["outputs"].values())]
    for path in paths:
        if isinstance(path, Path) and path.exists():
            pictures = path.is_dir() and all(file.suffix == ".png" for file in path.iterdir() if file.is_file())
            if pictures or path == own or path.suffix == ".png" or path.name == "report.html":
                yield path
