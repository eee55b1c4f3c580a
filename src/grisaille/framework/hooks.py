"""Hooks around a run: a lock, a comparison of recipes before it, a manifest and a summary after it."""

import logging
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.framework.hooks import hook_impl
from kedro.io import AbstractVersionedDataset
from kedro.io.core import DatasetError, Version
from kedro.pipeline import Pipeline

from grisaille.errors import GrisailleError, suggestion
from grisaille.framework import config
from grisaille.framework.catalog import Ages, AtomicCatalog
from grisaille.framework.logs import run_logger
from grisaille.framework.stages import StageHook
from grisaille.parameters import LARGE
from grisaille.provenance import recipes
from grisaille.storage import DiskFullError, as_path
from grisaille.terminal import print_any_letter

if TYPE_CHECKING:
    from grisaille.storage.run_lock import RunLock

logger = logging.getLogger(__name__)

_SHOWN = 5
# Up to this many nodes are named in a command; for more, it names their pipelines.
_FEW = 2
# Parameter -> the catalog entry that it is the path of.
_READ_FROM = {parameter: source for source, parameter in config.SOURCES.items()}


class RecipeHook:
    """Compares the inputs of a run with its parameters before it starts, and announces nodes to the catalog."""

    @hook_impl
    def after_context_created(self, context: Any) -> None:
        """Rebuild the pipelines if this session has other chunks, since Kedro caches them by process."""
        # What follows opens the catalog, for which Kedro validates parameters by the nodes of the pipelines.
        config.rebuild_pipelines_of_another_shape()
        parameters = context.config_loader["parameters"]
        if parameters.get("autoencoder", {}).get("retrain") == "auto":
            _decide_whether_to_refit(context)
        if parameters.get("features", {}).get("keep") == "auto":
            _count_paintings(context)
        if config.rebuild_pipelines_of_another_shape():
            # They were turned into models as the nodes of the former pipelines asked for.
            context._validated_params_cache = None

    @hook_impl
    def before_pipeline_run(self, run_params: Mapping[str, Any], pipeline: Any, catalog: Any) -> None:
        """Refuse inputs that are missing, damaged, made with other parameters than those given, or inconsistent.

        A partial run continues with the settings of its inputs.

        Raises:
            DatasetError: If an input was never made, or lacks the requested version.
            GrisailleError: If an input is damaged, was made with other parameters or does not fit the others, or if the
                file of the CNN is missing.
        """
        if not isinstance(catalog, AtomicCatalog):
            return
        requested = set(run_params.get("load_versions") or {})
        for name in sorted(requested - pipeline.datasets()):
            # A pattern of the catalog may match a misspelt name.
            raise DatasetError(f"--load-versions: this run reads no {name}; {suggestion(name, pipeline.datasets())}")
        catalog.wiring = {
            output: frozenset(name for name in node.inputs if not recipes.is_parameter(name))
            for node in pipeline.nodes
            for output in node.outputs
            if not any(name.startswith(recipes.KNOWN) for name in node.inputs)
        }
        names = sorted(name for name in pipeline.inputs() if not recipes.is_parameter(name))
        stored = [name for name in names if isinstance(catalog.get(name), AbstractVersionedDataset)]
        for name in stored:
            catalog.refuse_damaged(name)
        missing = [name for name in stored if catalog.where(name) is None]
        for name in missing:
            _refuse_unknown_version(name, catalog.get(name))
            if name.startswith(recipes.KNOWN):
                raise DatasetError("there are no encoders to keep yet: remove autoencoder.retrain=never")
        if missing:
            raise DatasetError(
                f"{', '.join(missing)}: missing, but needed by this partial run; "
                "first run `kedro run` with the same --params, which makes everything in order"
            )
        inputs = {name: stamp["recipe"] for name in names if (stamp := catalog.stamp(name))}
        adopted = _kept(pipeline)
        _follow_named_versions(inputs, adopted, catalog)
        catalog.accept(adopted | requested)
        _continue_with_settings(inputs, pipeline, catalog)
        _refuse_conflict(inputs, catalog)
        ages = Ages()
        for name in names:
            catalog.warn(name, ages)
        if {"raw_works", "raw_paintings"} <= pipeline.inputs():
            _refuse_unfitting_table(catalog)
        if "params:backbone" in pipeline.inputs() and config.chunks():
            from grisaille.features import backbone
            from grisaille.parameters import Backbone

            backbone.identity(Backbone.model_validate(catalog.settings["backbone"]))

    @hook_impl
    def before_node_run(self, node: Any, catalog: Any) -> None:
        """Let the catalog stamp the outputs of the node."""
        if isinstance(catalog, AtomicCatalog):
            catalog.note(node)

    @hook_impl
    def after_pipeline_run(self, pipeline: Any, catalog: Any) -> None:
        """List the results that are now older than their sources, with the command that makes them again."""
        if not isinstance(catalog, AtomicCatalog):
            return
        made = pipeline.all_outputs()
        older: dict[str, tuple[list[str], list[str]]] = {}
        for node in _nodes().values():
            if read := sorted(made & set(node.inputs)):
                stored = {name: stamp for name in node.outputs if name not in made and (stamp := catalog.stamp(name))}
                recorded = [stamp["inputs"] for stamp in stored.values()]
                newer = [n for n in read if any(then.get(n) not in {None, catalog.checksum(n)} for then in recorded)]
                if newer:
                    older[node.name] = list(stored), newer
        if older:
            results, sources = (
                _some(dict.fromkeys(name for names in older.values() for name in names[part])) for part in (0, 1)
            )
            logger.warning("%s: now older than %s; %s makes it again", results, sources, _command_from(older))


def _some(names: Iterable[str]) -> str:
    """The first name, and the number of the others, which the command to repeat does not need."""
    first, *rest = names
    return f"{first} and {len(rest)} more" if rest else first


def _nodes() -> dict[str, Any]:
    """Name -> node, of all pipelines."""
    from kedro.framework.project import pipelines

    return {node.name: node for pipeline in pipelines.values() for node in pipeline.nodes}


def _command_from(nodes: Iterable[str]) -> str:
    """A command that runs some nodes and everything downstream; for many nodes, it names their pipelines."""
    from kedro.framework.project import pipelines

    whole, outdated = Pipeline(list(_nodes().values())), list(nodes)
    after = {node.name for start in outdated for node in whole.from_nodes(start).nodes if node.name != start}
    nodes = [name for name in outdated if name not in after]
    names = {name: {node.name for node in pipeline.nodes} for name, pipeline in pipelines.items()}
    default = names.pop("__default__", set())
    outside = set(nodes) - default
    needed = ["__default__"] * bool(set(nodes) & default) + [name for name in sorted(names) if names[name] & outside]
    if len(nodes) > _FEW:
        affected = {*outdated, *(after & default)}
        holding = [name for name in names if names[name] & affected]
        return config.command(f"kedro run --pipelines {','.join(holding)}")
    option = f"--pipelines {','.join(needed)} " if outside else ""
    return config.command(f"kedro run {option}--from-nodes {','.join(nodes)}")


def _refuse_unfitting_table(catalog: AtomicCatalog) -> None:
    """Refuse a table of paintings that fits no picture: its node comes after hours of extraction."""
    folder = str(catalog.settings.get("paintings_folder") or "")
    # Manifests bring a table of their own, and are asked for once.
    if "://" in folder or folder.lower().endswith(".txt"):
        return
    reading = logging.getLogger("grisaille.collection.tables")
    # The node that uses the table says how it was read.
    reading.disabled = True
    try:
        table = catalog.read("raw_works")
    finally:
        reading.disabled = False
    if len(table):
        from grisaille.collection.works import check
        from grisaille.parameters import Ingestion

        named = Ingestion.model_validate(catalog.settings["ingestion"]).columns.named
        check(sorted(catalog.read("raw_paintings")), table, named)


def _refuse_unknown_version(name: str, dataset: Any) -> None:
    requested = dataset._version.load if dataset._version else None
    if requested is None:
        return
    known = dataset.list_versions(full_path=False)[:_SHOWN]
    some = f"the newest are {', '.join(reversed(known))}" if known else "there is none"
    raise DatasetError(f"{name} has no version {requested}; {some}")


def _decide_whether_to_refit(context: Any) -> None:
    from grisaille.framework.retraining import reason_to_refit

    reason = reason_to_refit(context.catalog)
    context.config_loader.refits = reason is not None
    run_logger.info("retraining, because %s", reason) if reason else run_logger.info("keeping the earlier encoders")


def _count_paintings(context: Any) -> None:
    """Tell the configuration whether the collection is large; ingestion reports what is wrong with it."""
    with suppress(DatasetError, GrisailleError, OSError):
        context.config_loader.large = len(context.catalog.read("raw_paintings")) >= LARGE


def _kept(pipeline: Any) -> frozenset[str]:
    """The results that a run takes from an earlier one, although the collection has changed."""
    read = pipeline.inputs()
    encoders = {name for node in pipeline.nodes if recipes.KEEPS in node.tags for name in recipes.encoders(node)}
    return frozenset(read & encoders) | {name for name in read if name.startswith(recipes.KNOWN)}


def _follow_named_versions(inputs: dict[str, recipes.Recipe], kept: frozenset[str], catalog: AtomicCatalog) -> None:
    """Besides the versions of `--load-versions`, read the newest versions of other inputs that fit to them.

    The same applies to kept encoders, since the last run may have used another collection.
    """
    versions = {name: catalog.get(name)._version for name in inputs if hasattr(catalog.get(name), "list_versions")}
    named = {name: inputs[name] for name, version in versions.items() if version and version.load}
    named |= {name: recipe for name, recipe in inputs.items() if name in kept and not name.startswith(recipes.KNOWN)}
    # Repeat: embeddings follow an encoder, and the other encoders follow the embeddings.
    while named and (moved := _fitting(named, {name: inputs[name] for name in versions if name not in named}, catalog)):
        name, version, recipe = moved
        named[name] = inputs[name] = recipe
        catalog[name] = catalog.get(name, version=Version(version, None))
        logger.info("%s: version %s, which fits the requested versions", name, version)


def _fitting(
    named: dict[str, recipes.Recipe], others: dict[str, recipes.Recipe], catalog: AtomicCatalog
) -> tuple[str, str, recipes.Recipe] | None:
    """A result that does not fit the requested ones, its newest version that does, and the recipe of that version."""
    for name in sorted(others):
        if recipes.conflict(named | {name: others[name]}) is not None:
            for version in catalog.get(name).list_versions(full_path=False):
                stamp = catalog.stamp(name, version)
                if stamp and recipes.conflict(named | {name: stamp["recipe"]}) is None:
                    return name, version, stamp["recipe"]
    return None


def _continue_with_settings(inputs: Mapping[str, recipes.Recipe], pipeline: Any, catalog: AtomicCatalog) -> None:
    """Adopt the settings of consistent inputs; refuse parameters that contradict them."""
    made = {name: step for recipe in inputs.values() for name, step in recipe.items()}
    mixed = {name for name, values in recipes.settings_of(made).items() if len(values) > 1}
    adopted = []
    for difference in recipes.differences(made, catalog.settings, recipes.HARMLESS):
        if difference.name in catalog.given:
            if difference.name in recipes.LOCATIONS:
                continue
            reader = next(name for name, recipe in inputs.items() if set(difference.datasets) & set(recipe))
            raise GrisailleError(
                f"{reader} was made with {difference}: remove that from --params, or make it again with "
                "`kedro run --only-missing-outputs` and the same --params"
            )
        if difference.name not in mixed:
            recipes.replace(catalog.settings, difference.name, difference.then)
            adopted.append(difference)
            source = _READ_FROM.get(difference.name) if difference.then else None
            if source and hasattr(catalog.get(source), "at"):  # the demo's gallery has no path
                catalog[source] = catalog.get(source).at(difference.then)
    chunks = (
        [name for name, chunk in catalog.settings["chunks"].items() if chunk] if "chunks" in catalog.settings else []
    )
    if "params:chunks" in pipeline.inputs() and config.chunks() and chunks != config.chunks():
        raise GrisailleError(
            f"the inputs of this run were made of the chunks {', '.join(chunks)}, but the pipelines have "
            f"{', '.join(config.chunks())}: remove the surplus ones with --params chunks.NAME=null"
        )
    if adopted:
        logger.warning("this run continues with the settings of its inputs: %s", recipes.sentence(adopted))
        for name in filter(recipes.is_parameter, pipeline.inputs()):
            group = name.removeprefix("params:")
            value = catalog.settings if name == "parameters" else recipes.lookup(catalog.settings, group)
            given: Any = catalog.get(name)
            model = type(given.load())
            catalog[name] = model.model_validate(value) if hasattr(model, "model_validate") else value


def _refuse_conflict(inputs: Mapping[str, recipes.Recipe], catalog: AtomicCatalog) -> None:
    clash = recipes.conflict(inputs)
    if clash is not None:
        one, other, common = clash
        older = {stale[0] for name in (one, other) if (stale := catalog.older(name))}
        makers = [name for name, node in _nodes().items() if older & set(node.outputs)]
        command = _command_from(makers) if makers else "`kedro run --only-missing-outputs` with the same --params"
        raise GrisailleError(
            f"{one} and {other} do not fit together: they were made from different versions of {common}. {command} "
            "makes the outdated ones again; --load-versions selects versions that fit"
        )


# Results to open after a run -> how to call them.
_OPENED = {
    "report": "The whole report",
    "explorer": "An explorable map",
}


class ReportHook:
    """Ends a run with a summary: the report's five main lines, paths of pages and pictures, and the files left out."""

    @hook_impl
    def after_context_created(self) -> None:
        """Make sure that any terminal can print it."""
        print_any_letter()

    @hook_impl
    def after_pipeline_run(self, pipeline: Any, catalog: Any) -> None:
        """Print the summary."""
        made = pipeline.all_outputs()
        if not made & {"report", "explorer", "rejected_paintings", "growth"}:
            return
        lines = list(catalog.read("report_summary")) if "report_summary" in made else []
        draw = config.command("kedro run --pipelines discovery")
        on_a_map = "" if catalog.exists("explorer") else f" For a map of all paintings: {draw}."
        lines += [f"To search: {config.command('grisaille serve')}.{on_a_map}", ""] if lines else []
        lines += [
            f"{words}: {path}" for name, words in _OPENED.items() if name in made for path in _paths(catalog, name)
        ]
        left_out = len(catalog.read("rejected_paintings")) if "rejected_paintings" in made else 0
        if "growth" in made:
            from grisaille.report.summary_lines import growth_line

            lines += [growth_line(catalog.read("growth"))]
        if left_out:
            files = "1 file" if left_out == 1 else f"{left_out:,} files"
            lines.append(f"{files} left out, with reasons: {_paths(catalog, 'rejected_paintings')[0]}")
        if lines:
            print("\n" + "\n".join(f"  {line}".rstrip() for line in lines), flush=True)


def _paths(catalog: Any, name: str) -> list[str]:
    """The files of a result, or its catalog name if it has no file."""
    path = catalog.where(name)
    if path is None:
        return [f"the catalog entry {name}"]
    return [str(file) for file in sorted(path.iterdir())][:_SHOWN] if path.is_dir() else [str(path)]


class RunLockHook:
    """Allows one run at a time to write to a storage, and removes files that killed runs left half written.

    Runs in one process, which a server starts, wait for each other.
    """

    def __init__(self) -> None:
        """Start without a lock."""
        self._here = threading.RLock()
        self._lock: RunLock | None = None

    @hook_impl(trylast=True)
    def before_pipeline_run(self, catalog: Any) -> None:
        """Take the lock, after all checks that may refuse the run.

        Raises:
            AnotherRunError: If a run of another process holds it.
        """
        from grisaille.storage import remove_partials
        from grisaille.storage.run_lock import RunLock

        self._here.acquire()
        # An interrupted run of the same thread, in a notebook, may never have released it.
        self._release_file()
        root = getattr(catalog, "storage", None)
        if not isinstance(root, Path):
            logger.warning("there are no locks on remote storage: start one run at a time")
            return
        lock = RunLock(root)
        try:
            lock.acquire()
        except BaseException:
            self._here.release()
            raise
        self._lock = lock
        for path in remove_partials(root):
            logger.info("removed a half-written file of a killed run: %s", path)

    @hook_impl(trylast=True)
    def after_pipeline_run(self) -> None:
        """Release the lock."""
        self._release_file()
        self._here.release()

    @hook_impl(trylast=True)
    def on_pipeline_error(self) -> None:
        """Release the lock."""
        self.after_pipeline_run()

    def _release_file(self) -> None:
        if self._lock is not None:
            self._lock.release()
        self._lock = None


# Facts about a run, besides the options of its command, that Kedro passes to hooks.
_NO_OPTIONS = ("run_id", "project_path", "kedro_version", "runner")


class RunManifestHook:
    """Records command, inputs and outputs of a run, whether or not it finished."""

    def __init__(self, stages: StageHook) -> None:
        """Take the hook that measures time."""
        self._stages = stages

    @hook_impl
    def after_context_created(self, context: Any) -> None:
        """Get the storage."""
        self._project, self._loader = Path(context.project_path), context.config_loader

    @hook_impl(trylast=True)
    def before_pipeline_run(self, pipeline: Any, catalog: Any) -> None:
        """Record the inputs, once no other run can change them."""
        from grisaille.provenance import manifest

        self._storage: Any = self._loader.storage(self._project)
        self._started = datetime.now(timezone.utc)
        self._inputs = manifest.records(pipeline.inputs(), catalog, self._storage)

    @hook_impl
    def after_pipeline_run(self, run_params: Mapping[str, Any], pipeline: Any, catalog: Any) -> None:
        """Record the outputs."""
        self._write(run_params, pipeline, catalog, None)

    @hook_impl
    def on_pipeline_error(self, error: Exception, run_params: Mapping[str, Any], pipeline: Any, catalog: Any) -> None:
        """Record the outputs up to the error."""
        try:
            self._write(run_params, pipeline, catalog, error)
        except Exception as another:
            # The cause of the failure, such as a full disk, may prevent this, too; it should be reported only once.
            reason = "the disk is full" if isinstance(another, DiskFullError) else another
            logger.warning("the failed run has no manifest: %s", reason)

    def _write(self, run_params: Mapping[str, Any], pipeline: Any, catalog: Any, error: Exception | None) -> None:
        from grisaille.features import backbone
        from grisaille.parameters import Backbone
        from grisaille.provenance import environment, manifest

        weights = None
        if "params:backbone" in pipeline.inputs() and config.chunks():
            with suppress(backbone.BackboneError):  # the run has reported it
                weights = backbone.identity(Backbone.model_validate(catalog.settings["backbone"]))
        run, ended = run_params["run_id"], datetime.now(timezone.utc)
        # Kept encoders also have a version of this run, but the input is that of an earlier run.
        adopted = {name for name in _kept(pipeline) if not name.startswith(recipes.KNOWN)}
        for name in adopted:
            catalog[name] = catalog.get(name, version=Version(None, run))
        records = manifest.records(pipeline.all_outputs() | adopted, catalog, self._storage)
        # After a failure, unversioned results may be another run's.
        versions = (run,) if error else (run, None)
        own = {name: record for name, record in records.items() if record["version"] in versions}
        catalog.save(
            manifest.NAME,
            {
                "run": run,
                "status": "failed" if error else "finished",
                "error": f"{type(error).__name__}: {error}" if error else None,
                "started": self._started.isoformat(timespec="milliseconds"),
                "ended": ended.isoformat(timespec="milliseconds"),
                "seconds": (ended - self._started).total_seconds(),
                "node_seconds": self._seconds(),
                "command": _command(run_params, Path(self._loader.conf_source), self._project),
                **environment.describe(self._project),
                "weights": weights,
                "pictures": self._pictures(catalog),
                "parameters": catalog.settings,
                "inputs": self._inputs | {name: records[name] for name in records if not (error or name in own)},
                "outputs": own,
            },
        )
        if not error:
            run_logger.info("Run %s. %s checks it.", run, config.command("grisaille verify newest"))

    def _seconds(self) -> dict[str, float]:
        """Node -> duration in seconds."""
        stages = self._stages.stages
        return {name: round(seconds, 3) for name, seconds in stages.seconds.items()} if stages else {}

    def _pictures(self, catalog: Any) -> str | None:
        """The folder of the picture files, if there is one, so that it can be opened without the catalog."""
        from grisaille.provenance import manifest

        source = catalog.get("raw_paintings")
        folder = source.folder() if hasattr(source, "folder") else None
        return None if folder is None else manifest.relative(as_path(folder), self._storage)


def _command(run_params: Mapping[str, Any], conf_source: Path, project: Path) -> dict[str, Any]:
    """The given options of `kedro run`, named as in its `--config` file, and the folder."""
    import click

    # Hooks only get the `repr` of the runner from Kedro.
    context = click.get_current_context(silent=True)
    options = {name: context.params.get(name) for name in ("runner", "runner_params")} if context else {}
    names = {"pipeline_names": "pipelines", "runtime_params": "params"}
    options = {names.get(name, name): value for name, value in run_params.items() if name not in _NO_OPTIONS} | options
    options |= {"conf_source": None if conf_source == project / "conf" else str(conf_source), "folder": str(Path.cwd())}
    return {
        name: ",".join(value) if isinstance(value, list | tuple) else value for name, value in options.items() if value
    }
