"""What happens around a run: nobody else writes, recipes are compared, the run leaves a manifest and a summary."""

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

from grisaille.errors import GrisailleError
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
# So many nodes a command names; for more it names their pipelines.
_FEW = 2
# Parameter -> the entry of the catalog that it is the path of.
_READ_FROM = {parameter: source for source, parameter in config.SOURCES.items()}


class RecipeHook:
    """Holds what a run reads against what it asks for, before anything is computed, and tells the catalog of nodes."""

    @hook_impl
    def after_context_created(self, context: Any) -> None:
        """Rebuild the pipelines if this session has other chunks: Kedro keeps those of the first one in a process."""
        parameters = context.config_loader["parameters"]
        if parameters.get("autoencoder", {}).get("retrain") == "auto":
            _decide_whether_to_refit(context)
        if parameters.get("features", {}).get("keep") == "auto":
            _count_paintings(context)
        config.rebuild_pipelines_of_another_shape()

    @hook_impl
    def before_pipeline_run(self, pipeline: Any, catalog: Any) -> None:
        """Refuse what is missing, damaged, made with other parameters than the command gives, or does not fit together.

        A run that starts in the middle goes on with the settings that made what it reads.

        Raises:
            DatasetError: If something was never made, or has no such version.
            GrisailleError: If something is damaged, was made with other parameters or does not fit together, or if the
                CNN's file is not there.
        """
        if not isinstance(catalog, AtomicCatalog):
            return
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
                raise DatasetError("there are no encoders yet that could be kept: leave out autoencoder.retrain=never")
        if missing:
            raise DatasetError(
                f"{', '.join(missing)}: not there yet, and this part of the run reads it; "
                "run `kedro run` with the same --params first, which makes everything in order"
            )
        found = {name: stamp["recipe"] for name in names if (stamp := catalog.stamp(name))}
        kept = _kept(pipeline)
        _follow_named_versions(found, kept, catalog)
        catalog.accept(kept)
        _continue_with_settings(found, pipeline, catalog)
        _refuse_conflict(found, catalog)
        ages = Ages()
        for name in names:
            catalog.warn(name, ages)
        if "params:backbone" in pipeline.inputs() and config.chunks():
            from grisaille.features import backbone
            from grisaille.parameters import Backbone

            backbone.identity(Backbone.model_validate(catalog.settings["backbone"]))

    @hook_impl
    def before_node_run(self, node: Any, catalog: Any) -> None:
        """Let the catalog stamp what the node makes."""
        if isinstance(catalog, AtomicCatalog):
            catalog.note(node)

    @hook_impl
    def after_pipeline_run(self, pipeline: Any, catalog: Any) -> None:
        """Name the results that are older now than what they were made from, with the command that makes them again."""
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
            logger.warning("%s: older now than %s; %s makes that again", results, sources, _command_from(older))


def _some(names: Iterable[str]) -> str:
    """Some names, and how many more there are: what makes them again does not ask for them."""
    first, *rest = names
    return f"{first} and {len(rest)} more" if rest else first


def _nodes() -> dict[str, Any]:
    """Name -> node of all pipelines."""
    from kedro.framework.project import pipelines

    return {node.name: node for pipeline in pipelines.values() for node in pipeline.nodes}


def _command_from(nodes: Iterable[str]) -> str:
    """A command that runs some nodes and what comes after them; whole pipelines, where these are many nodes."""
    from kedro.framework.project import pipelines

    whole, outdated = Pipeline(list(_nodes().values())), list(nodes)
    after = {node.name for start in outdated for node in whole.from_nodes(start).nodes if node.name != start}
    nodes = [name for name in outdated if name not in after]
    names = {name: {node.name for node in pipeline.nodes} for name, pipeline in pipelines.items()}
    default = names.pop("__default__", set())
    outside = set(nodes) - default
    wanted = ["__default__"] * bool(set(nodes) & default) + [name for name in sorted(names) if names[name] & outside]
    if len(nodes) > _FEW:
        affected = {*outdated, *(after & default)}
        holding = [name for name in names if names[name] & affected]
        return f"`kedro run --pipelines {','.join(holding)}`"
    option = f"--pipelines {','.join(wanted)} " if outside else ""
    return f"`kedro run {option}--from-nodes {','.join(nodes)}`"


def _refuse_unknown_version(name: str, dataset: Any) -> None:
    asked = dataset._version.load if dataset._version else None
    if asked is None:
        return
    known = dataset.list_versions(full_path=False)[:_SHOWN]
    some = f"the newest are {', '.join(reversed(known))}" if known else "there is none"
    raise DatasetError(f"{name} has no version {asked}; {some}")


def _decide_whether_to_refit(context: Any) -> None:
    from grisaille.framework.retraining import reason_to_refit

    reason = reason_to_refit(context.catalog)
    context.config_loader.refits = reason is not None
    run_logger.info("retraining, because %s", reason) if reason else run_logger.info("keeping the encoders of before")


def _count_paintings(context: Any) -> None:
    """Tell the configuration whether the collection is large; ingestion reports what is wrong with it."""
    with suppress(DatasetError, GrisailleError, OSError):
        context.config_loader.large = len(context.catalog.read("raw_paintings")) >= LARGE


def _kept(pipeline: Any) -> frozenset[str]:
    """What a run takes of an earlier one as it is, though the collection has changed since."""
    read = pipeline.inputs()
    encoders = {name for node in pipeline.nodes if recipes.KEEPS in node.tags for name in recipes.encoders(node)}
    return frozenset(read & encoders) | {name for name in read if name.startswith(recipes.KNOWN)}


def _follow_named_versions(found: dict[str, recipes.Recipe], kept: frozenset[str], catalog: AtomicCatalog) -> None:
    """Read, beside what `--load-versions` names, the newest versions that fit to it, where there are some.

    So with encoders that are kept: the last run may have looked at another collection.
    """
    versions = {name: catalog.get(name)._version for name in found if hasattr(catalog.get(name), "list_versions")}
    named = {name: found[name] for name, version in versions.items() if version and version.load}
    named |= {name: recipe for name, recipe in found.items() if name in kept and not name.startswith(recipes.KNOWN)}
    # What follows is followed in turn: an encoder by the embeddings, and these by the other encoders.
    while named and (moved := _fitting(named, {name: found[name] for name in versions if name not in named}, catalog)):
        name, version, recipe = moved
        named[name] = found[name] = recipe
        catalog[name] = catalog.get(name, version=Version(version, None))
        logger.info("%s: version %s, which fits to the versions that are named", name, version)


def _fitting(
    named: dict[str, recipes.Recipe], others: dict[str, recipes.Recipe], catalog: AtomicCatalog
) -> tuple[str, str, recipes.Recipe] | None:
    """A result that does not fit to those that are named, its newest version that does, and the recipe of that."""
    for name in sorted(others):
        if recipes.conflict(named | {name: others[name]}) is not None:
            for version in catalog.get(name).list_versions(full_path=False):
                stamp = catalog.stamp(name, version)
                if stamp and recipes.conflict(named | {name: stamp["recipe"]}) is None:
                    return name, version, stamp["recipe"]
    return None


def _continue_with_settings(found: Mapping[str, recipes.Recipe], pipeline: Any, catalog: AtomicCatalog) -> None:
    """Take the settings that made what is read, where all of that agrees; refuse parameters that differ from them."""
    made = {name: step for recipe in found.values() for name, step in recipe.items()}
    mixed = {name for name, values in recipes.settings_of(made).items() if len(values) > 1}
    kept = []
    for difference in recipes.differences(made, catalog.settings, recipes.HARMLESS):
        if difference.name in catalog.given:
            if difference.name in recipes.LOCATIONS:
                continue
            reader = next(name for name, recipe in found.items() if set(difference.datasets) & set(recipe))
            raise GrisailleError(
                f"{reader} was made with {difference}: leave that out of --params, or make it again by "
                "`kedro run --only-missing-outputs` with it"
            )
        if difference.name not in mixed:
            recipes.replace(catalog.settings, difference.name, difference.then)
            kept.append(difference)
            source = _READ_FROM.get(difference.name) if difference.then else None
            if source and hasattr(catalog.get(source), "at"):  # the demo's gallery lies nowhere
                catalog[source] = catalog.get(source).at(difference.then)
    chunks = (
        [name for name, chunk in catalog.settings["chunks"].items() if chunk] if "chunks" in catalog.settings else []
    )
    if "params:chunks" in pipeline.inputs() and config.chunks() and chunks != config.chunks():
        raise GrisailleError(
            f"what this run reads was made of the chunks {', '.join(chunks)}, and the pipelines have "
            f"{', '.join(config.chunks())}: give --params chunks.NAME=null for those that are too many"
        )
    if kept:
        logger.warning("this run goes on with the settings of what it reads: %s", recipes.sentence(kept))
        for name in filter(recipes.is_parameter, pipeline.inputs()):
            group = name.removeprefix("params:")
            value = catalog.settings if name == "parameters" else recipes.lookup(catalog.settings, group)
            given: Any = catalog.get(name)
            model = type(given.load())
            catalog[name] = model.model_validate(value) if hasattr(model, "model_validate") else value


def _refuse_conflict(found: Mapping[str, recipes.Recipe], catalog: AtomicCatalog) -> None:
    clash = recipes.conflict(found)
    if clash is not None:
        one, other, common = clash
        older = {stale[0] for name in (one, other) if (stale := catalog.older(name))}
        makers = [name for name, node in _nodes().items() if older & set(node.outputs)]
        command = _command_from(makers) if makers else "`kedro run --only-missing-outputs` with the same --params"
        raise GrisailleError(
            f"{one} and {other} do not fit together: they were made from different versions of {common}. {command} "
            "makes again what is outdated; --load-versions names versions that fit"
        )


# What a person opens after a run, in the words for it.
_OPENED = {
    "report": "The whole report",
    "explorer": "A map to walk in",
}


class ReportHook:
    """Ends a run by saying where to look: the report's five main lines, its pages and pictures, the files left out."""

    @hook_impl
    def after_context_created(self) -> None:
        """Make sure that it can be said, whatever the terminal."""
        print_any_letter()

    @hook_impl
    def after_pipeline_run(self, pipeline: Any, catalog: Any) -> None:
        """Print the summary."""
        made = pipeline.all_outputs()
        if not made & {"report", "explorer", "rejected_paintings", "growth"}:
            return
        lines = list(catalog.read("report_summary")) if "report_summary" in made else []
        on_a_map = "" if "explorer" in made else " To see all on a map: `kedro run --pipelines discovery`."
        lines += [f"To ask: `grisaille serve`.{on_a_map}", ""] if lines else []
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
    """The files of a result, or the catalog's name of what lies nowhere."""
    path = catalog.where(name)
    if path is None:
        return [f"the catalog entry {name}"]
    return [str(file) for file in sorted(path.iterdir())][:_SHOWN] if path.is_dir() else [str(path)]


class RunLockHook:
    """Lets one run at a time write to a storage, and clears away what killed runs left half written there.

    Runs of one process, which a server starts, wait for each other.
    """

    def __init__(self) -> None:
        """Nothing is locked before a run begins."""
        self._here = threading.RLock()
        self._lock: RunLock | None = None

    @hook_impl(trylast=True)
    def before_pipeline_run(self, catalog: Any) -> None:
        """Take the lock, after all that may still refuse the run.

        Raises:
            AnotherRunError: If a run of another process holds it.
        """
        from grisaille.storage import remove_partials
        from grisaille.storage.run_lock import RunLock

        self._here.acquire()
        # An interrupted run of this very thread, in a notebook, never said that it was over.
        self._release_file()
        root = getattr(catalog, "storage", None)
        if not isinstance(root, Path):
            logger.warning("nothing keeps two runs apart where files are not local: start one at a time")
            return
        lock = RunLock(root)
        try:
            lock.acquire()
        except BaseException:
            self._here.release()
            raise
        self._lock = lock
        for path in remove_partials(root):
            logger.info("removed what a killed run had half written: %s", path)

    @hook_impl(trylast=True)
    def after_pipeline_run(self) -> None:
        """Let others write."""
        self._release_file()
        self._here.release()

    @hook_impl(trylast=True)
    def on_pipeline_error(self) -> None:
        """Let others write."""
        self.after_pipeline_run()

    def _release_file(self) -> None:
        if self._lock is not None:
            self._lock.release()
        self._lock = None


# What Kedro tells of a run besides the options of its command.
_NO_OPTIONS = ("run_id", "project_path", "kedro_version", "runner")


class RunManifestHook:
    """Writes down what a run was asked for, what it read and what it wrote, whether or not it came to an end."""

    def __init__(self, stages: StageHook) -> None:
        """Name who takes the time."""
        self._stages = stages

    @hook_impl
    def after_context_created(self, context: Any) -> None:
        """Learn where everything is stored."""
        self._project, self._loader = Path(context.project_path), context.config_loader

    @hook_impl(trylast=True)
    def before_pipeline_run(self, pipeline: Any, catalog: Any) -> None:
        """Record what is read, when nobody else can change it any more."""
        from grisaille.provenance import manifest

        self._storage: Any = self._loader.storage(self._project)
        self._started = datetime.now(timezone.utc)
        self._inputs = manifest.records(pipeline.inputs(), catalog, self._storage)

    @hook_impl
    def after_pipeline_run(self, run_params: Mapping[str, Any], pipeline: Any, catalog: Any) -> None:
        """Record what was written."""
        self._write(run_params, pipeline, catalog, None)

    @hook_impl
    def on_pipeline_error(self, error: Exception, run_params: Mapping[str, Any], pipeline: Any, catalog: Any) -> None:
        """Record what was written until then."""
        try:
            self._write(run_params, pipeline, catalog, error)
        except Exception as another:
            # What ended the run, such as a full disk, may end this, too, and is what has to be told, once.
            reason = "there is no room for it" if isinstance(another, DiskFullError) else another
            logger.warning("the failed run leaves no manifest: %s", reason)

    def _write(self, run_params: Mapping[str, Any], pipeline: Any, catalog: Any, error: Exception | None) -> None:
        from grisaille.features import backbone
        from grisaille.parameters import Backbone
        from grisaille.provenance import environment, manifest

        weights = None
        if "params:backbone" in pipeline.inputs() and config.chunks():
            with suppress(backbone.BackboneError):  # the run has said so itself
                weights = backbone.identity(Backbone.model_validate(catalog.settings["backbone"]))
        run, ended = run_params["run_id"], datetime.now(timezone.utc)
        # Encoders that were kept have a version of this run, too; what was read is one of an earlier run.
        adopted = {name for name in _kept(pipeline) if not name.startswith(recipes.KNOWN)}
        for name in adopted:
            catalog[name] = catalog.get(name, version=Version(None, run))
        found = manifest.records(pipeline.all_outputs() | adopted, catalog, self._storage)
        # Of a run that failed, what has no version may be another's, and nobody knows what it would have kept.
        versions = (run,) if error else (run, None)
        own = {name: record for name, record in found.items() if record["version"] in versions}
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
                "inputs": self._inputs | {name: found[name] for name in found if not (error or name in own)},
                "outputs": own,
            },
        )
        if not error:
            run_logger.info("Run %s. `grisaille verify newest` checks it.", run)

    def _seconds(self) -> dict[str, float]:
        """Node -> how long it took."""
        stages = self._stages.stages
        return {name: round(seconds, 3) for name, seconds in stages.seconds.items()} if stages else {}

    def _pictures(self, catalog: Any) -> str | None:
        """The folder of the picture files, where there is one: it can be opened without the catalog."""
        from grisaille.provenance import manifest

        source = catalog.get("raw_paintings")
        folder = source.folder() if hasattr(source, "folder") else None
        return None if folder is None else manifest.relative(as_path(folder), self._storage)


def _command(run_params: Mapping[str, Any], conf_source: Path, project: Path) -> dict[str, Any]:
    """The options of `kedro run` that were given, by the names that its `--config` file knows, and the folder."""
    import click

    # Kedro hands hooks the `repr` of the runner alone.
    context = click.get_current_context(silent=True)
    options = {name: context.params.get(name) for name in ("runner", "runner_params")} if context else {}
    names = {"pipeline_names": "pipelines", "runtime_params": "params"}
    options = {names.get(name, name): value for name, value in run_params.items() if name not in _NO_OPTIONS} | options
    options |= {"conf_source": None if conf_source == project / "conf" else str(conf_source), "folder": str(Path.cwd())}
    return {
        name: ",".join(value) if isinstance(value, list | tuple) else value for name, value in options.items() if value
    }
