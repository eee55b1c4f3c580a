"""What happens around a run: nobody else writes, its settings name the features, its manifest and report are told."""

import logging
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.framework.hooks import hook_impl
from kedro.io import AbstractVersionedDataset, DataCatalog
from kedro.io.core import DatasetError

from grisaille.catalog import FullError, damaged_file, refuse_damaged
from grisaille.terminal import print_any_letter

if TYPE_CHECKING:
    from grisaille.storage.run_lock import RunLock

logger = logging.getLogger(__name__)

_SHOWN = 5


class FeatureIdentityHook:
    """Tells the feature store which features the run's parameters and paintings ask for."""

    @hook_impl
    def after_catalog_created(self, catalog: DataCatalog) -> None:
        """Hand the identity to `features`, computed when it is asked for: the paintings may not be known before."""
        from grisaille.datasets import FeatureStoreDataset

        for name, study in {"features": None, "study_features": "params:study"}.items():
            features = catalog.get(name) if name in catalog else None
            if isinstance(features, FeatureStoreDataset):
                features.expect(
                    _Identity(catalog.get("paintings"), catalog.get("params:backbone"), study and catalog.get(study))
                )


@dataclass(frozen=True)
class _Identity:
    """Which features are meant (no closure, which could not travel to other processes).

    Attributes:
        paintings: The dataset of the table.
        backbone: That of the parameter group.
        study: That of the study's, whose layers are meant; or None.
    """

    paintings: Any
    backbone: Any
    study: Any

    def __call__(self) -> Mapping[str, Any] | None:
        from grisaille import backbone
        from grisaille.parameters import Backbone, Study, plain

        if damaged_file(self.paintings) or not self.paintings.exists():
            return None
        settings = Backbone.model_validate(plain(self.backbone.load()))
        if self.study is not None:
            settings = Study.model_validate(plain(self.study.load())).seen_by(settings)
        return backbone.store_identity(self.paintings.load()["sha256"].tolist(), settings)


class MissingInputsHook:
    """Says what a part of the run lacks, before anything is computed; Kedro would tell of versions and file paths."""

    @hook_impl
    def before_pipeline_run(self, pipeline: Any, catalog: DataCatalog) -> None:
        """Look for everything versioned that the run reads, and for the CNN's file.

        Raises:
            DatasetError: If something was never made, is damaged, or has no such version.
            BackboneError: If there is no such file.
        """
        if "params:backbone" in pipeline.inputs():
            from grisaille import backbone
            from grisaille.parameters import Backbone, plain

            # Not by the catalog, which tells of all that it loads.
            settings: Any = catalog.get("params:backbone")
            backbone.identity(Backbone.model_validate(plain(settings.load())))
        versioned = [
            name for name in sorted(pipeline.inputs()) if isinstance(catalog.get(name), AbstractVersionedDataset)
        ]
        for name in versioned:
            refuse_damaged(catalog.get(name), name)
        missing = [name for name in versioned if not catalog.exists(name)]
        for name in missing:
            self._refuse_unknown_version(name, catalog.get(name))
        if missing:
            raise DatasetError(
                f"{', '.join(missing)}: not there yet, and this part of the run reads it; "
                "run `kedro run` with the same --params first, which makes everything in order"
            )

    @staticmethod
    def _refuse_unknown_version(name: str, dataset: Any) -> None:
        asked = dataset._version.load if dataset._version else None
        if asked is None:
            return
        folder = Path(str(dataset._filepath))
        known = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
        some = f"the newest are {', '.join(known[-_SHOWN:])}" if known else "there is none"
        raise DatasetError(f"{name} has no version {asked}; {some}")


# What a person opens after a run, in the words for it.
_OPENED = {
    "report": "The whole report",
    "explorer": "A map to walk in",
    "contact_sheets": "Look-alikes",
    "look_alikes": "The same as a table",
    "chain_figure": "The chain",
}


class ReportHook:
    """Ends a run by saying where to look: the report's five main lines, its pages and pictures, the files left out."""

    @hook_impl
    def after_context_created(self) -> None:
        """Make sure that it can be said, whatever the terminal."""
        print_any_letter()

    @hook_impl
    def after_pipeline_run(self, run_params: Mapping[str, Any], pipeline: Any, catalog: DataCatalog) -> None:
        """Print the summary."""
        made = pipeline.all_outputs()
        # A question that was asked alone is answered by who asked it.
        if not made & {"report", "explorer", "rejected_paintings"}:
            return
        lines = list(catalog.load("report_summary")) if "report_summary" in made else []
        lines += [""] if lines else []
        lines += [
            f"{words}: {place}" for name, words in _OPENED.items() if name in made for place in _places(catalog, name)
        ]
        left_out = len(catalog.load("rejected_paintings")) if "rejected_paintings" in made else 0
        if left_out:
            files = "1 file" if left_out == 1 else f"{left_out:,} files"
            lines.append(f"{files} left out, with reasons: {_places(catalog, 'rejected_paintings')[0]}")
        if lines:
            print("\n" + "\n".join(f"  {line}".rstrip() for line in lines) + "\n", flush=True)


def _places(catalog: DataCatalog, name: str) -> list[str]:
    """The files of the newest version, or the catalog's name of what lies nowhere."""
    dataset: Any = catalog.get(name)
    if hasattr(dataset, "files"):
        return list(dataset.files(dataset.resolve_load_version()))[:_SHOWN]
    if isinstance(dataset, AbstractVersionedDataset):
        return [str(dataset._get_load_path())]
    return [f"the catalog entry {name}"]


class RunLockHook:
    """Lets one run at a time write to a storage, and clears away what killed runs left half written there."""

    def __init__(self) -> None:
        """Nothing is locked before a run begins."""
        self._root: Path | None = None
        self._lock: RunLock | None = None

    @hook_impl
    def after_context_created(self, context: Any) -> None:
        """Learn where everything is stored."""
        loader = context.config_loader
        storage = loader.storage(Path(context.project_path)) if hasattr(loader, "storage") else None
        self._root = storage if isinstance(storage, Path) else None

    @hook_impl(trylast=True)
    def before_pipeline_run(self) -> None:
        """Take the lock, after all that may still refuse the run.

        Raises:
            AnotherRunError: If another run holds it.
        """
        from grisaille.storage import sweep
        from grisaille.storage.run_lock import RunLock

        # An interrupted run of this very process, in a notebook, never said that it was over.
        self._release()
        if self._root is None:
            logger.warning("nothing keeps two runs apart where files are not local: start one at a time")
            return
        self._lock = RunLock(self._root)
        self._lock.acquire()
        for path in sweep(self._root):
            logger.info("removed what a killed run had half written: %s", path)

    @hook_impl(trylast=True)
    def after_pipeline_run(self) -> None:
        """Let others write."""
        self._release()

    @hook_impl(trylast=True)
    def on_pipeline_error(self) -> None:
        """Let others write."""
        self._release()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
        self._lock = None


class RunManifestHook:
    """Writes down what a run was asked for, what it read and what it wrote, whether or not it came to an end."""

    @hook_impl
    def after_context_created(self, context: Any) -> None:
        """Learn where everything is stored."""
        loader = context.config_loader
        self._project = Path(context.project_path)
        self._storage: Any = loader.storage(self._project) if hasattr(loader, "storage") else None
        source = Path(loader.conf_source)
        self._sources = {} if source == self._project / "conf" else {"conf_source": str(source)}

    @hook_impl(trylast=True)
    def before_pipeline_run(self, pipeline: Any, catalog: Any) -> None:
        """Hash what is read, when nobody else can change it any more."""
        if not self._wanted(catalog):
            return
        from grisaille import run_manifest

        self._started, self._clock = run_manifest.now(), time.perf_counter()
        self._inputs = run_manifest.inputs(pipeline, catalog, self._storage)

    @hook_impl
    def after_pipeline_run(self, run_params: Mapping[str, Any], pipeline: Any, catalog: Any) -> None:
        """Hash what was written."""
        if self._wanted(catalog):
            self._write(run_params, pipeline, catalog, None)

    @hook_impl
    def on_pipeline_error(self, error: Exception, run_params: Mapping[str, Any], pipeline: Any, catalog: Any) -> None:
        """Hash what was written until then."""
        if not self._wanted(catalog):
            return
        try:
            self._write(run_params, pipeline, catalog, error)
        except Exception as another:
            # What ended the run, such as a full disk, may end this, too, and is what has to be told, once.
            reason = "there is no room for it" if isinstance(another, FullError) else another
            logger.warning("the failed run leaves no manifest: %s", reason)

    def _wanted(self, catalog: Any) -> bool:
        return getattr(self, "_storage", None) is not None and "run_manifest" in catalog

    def _write(self, run_params: Mapping[str, Any], pipeline: Any, catalog: Any, error: Exception | None) -> None:
        from grisaille import provenance, run_manifest

        finished = error is None
        outputs = run_manifest.outputs(pipeline, catalog, self._storage, finished)
        inputs = self._inputs
        if finished and run_params.get("only_missing_outputs"):
            inputs = inputs | run_manifest.kept(pipeline, catalog, self._storage, outputs)
        parameters = run_manifest.parameters(catalog)
        manifest = {
            "run": run_params["run_id"],
            "status": "finished" if finished else "failed",
            "error": None if error is None else f"{type(error).__name__}: {error}",
            "started": self._started,
            "ended": run_manifest.now(),
            "seconds": round(time.perf_counter() - self._clock, 3),
            "command": _command(run_params) | self._sources | {"folder": str(Path.cwd())},
            **provenance.describe(self._project),
            "parameters": parameters,
            "seeds": run_manifest.seeds(parameters),
            "weights": run_manifest.weights(pipeline, catalog),
            "paintings": run_manifest.paintings(pipeline, catalog),
            "inputs": inputs,
            "outputs": outputs,
        }
        catalog.save(run_manifest.NAME, manifest)
        told = "this run is called %(run)s: `grisaille verify %(run)s` checks it, `grisaille rerun %(run)s` repeats it"
        logger.info(told, {"run": manifest["run"]})


def _command(run_params: Mapping[str, Any]) -> dict[str, Any]:
    """The options of `kedro run` that were given, by the names that its `--config` file knows."""
    runner, options = _runner(run_params)
    given = {
        "env": run_params.get("env"),
        "pipelines": _listed(run_params.get("pipeline_names")),
        "tags": _listed(run_params.get("tags")),
        "node_names": _listed(run_params.get("node_names")),
        "from_nodes": _listed(run_params.get("from_nodes")),
        "to_nodes": _listed(run_params.get("to_nodes")),
        "from_inputs": _listed(run_params.get("from_inputs")),
        "to_outputs": _listed(run_params.get("to_outputs")),
        "namespaces": _listed(run_params.get("namespaces")),
        "load_versions": _listed(f"{name}:{of}" for name, of in (run_params.get("load_versions") or {}).items()),
        "only_missing_outputs": run_params.get("only_missing_outputs"),
        "runner": runner,
        "runner_params": options,
        "params": dict(run_params.get("runtime_params") or {}),
    }
    return {name: value for name, value in given.items() if value}


def _listed(names: Iterable[str] | None) -> str:
    return ",".join(names or ())


def _runner(run_params: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Its class, and its options where a command gave them: Kedro hands hooks the runner's `repr` alone."""
    import click

    command = click.get_current_context(silent=True)
    options = command.params.get("runner_params") if command is not None else None
    named = re.match(r"<([\w.]+) object", str(run_params.get("runner")))
    name = named[1] if named else ""
    return ("" if name.endswith(".SequentialRunner") else name), dict(options or {})
