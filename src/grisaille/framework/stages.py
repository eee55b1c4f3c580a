"""One console line a stage of a run: its facts, its duration, and an estimate of the remaining time.

A stage consists of a pipeline's nodes. Its facts are the messages that these nodes' code logs at INFO.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Mapping
from contextlib import suppress
from typing import Any

from kedro.framework.hooks import hook_impl

from grisaille.framework.logs import LogFile, configure, run_logger
from grisaille.terminal import close_bars, duration

logger = logging.getLogger(__name__)

# Number of earlier runs that durations are looked up in.
_ASKED = 5


def stage_of(node: Any, pipelines: Iterable[str]) -> str:
    """The stage of a node: its namespace or tag if a pipeline has that name, or else its own name."""
    namespace = (node.namespace or "").partition(".")[0]
    return next((name for name in (namespace, *sorted(node.tags)) if name in set(pipelines)), node.name)


class Facts(logging.Handler):
    """Collects the facts that nodes of this process log."""

    def __init__(self) -> None:
        """Start without facts."""
        super().__init__(logging.INFO)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep messages that are neither warnings nor about the run itself."""
        if record.levelno == logging.INFO and not record.name.startswith((run_logger.name, "grisaille.framework")):
            self.said.append(record.getMessage())

    def taken(self) -> list[str]:
        """The facts since the last call."""
        facts, self.said = self.said, []
        return facts


class Stages:
    """Finished and remaining stages of a run."""

    def __init__(self, nodes: Mapping[str, str], known: Mapping[str, float], whole: bool = True) -> None:
        """Start with nothing done.

        Args:
            nodes: Node -> its stage, in the order of execution.
            known: Node -> its duration in an earlier run, in seconds.
            whole: Whether all of these nodes run, so that stages can be numbered.
        """
        self.seconds: dict[str, float] = {}
        self._nodes, self._known, self._whole = nodes, known, whole
        self._left = Counter(nodes.values())
        self._count, self._finished = len(self._left), 0
        self._facts: dict[str, list[str]] = {stage: [] for stage in self._left}
        # Stage -> number of its running nodes, start of the first of them, and earlier running time.
        self._running: Counter[str] = Counter()
        self._since: dict[str, float] = {}
        self._took: defaultdict[str, float] = defaultdict(float)
        self._begun: dict[str, float] = {}
        # On a cluster, nodes end in other threads.
        self._lock = threading.Lock()

    def begin(self, node: str) -> None:
        """Start the clock of a node."""
        with self._lock:
            now, stage = time.monotonic(), self._nodes[node]
            self._begun[node] = now
            self._running[stage] += 1
            if self._running[stage] == 1:
                self._since[stage] = now

    def end(self, node: str, facts: Iterable[str] = ()) -> None:
        """Stop the clock of a node; after the last node of a stage, log the stage."""
        with self._lock:
            now, stage = time.monotonic(), self._nodes[node]
            self.seconds[node] = now - self._begun[node]
            self._facts[stage] += facts
            self._running[stage] -= 1
            if not self._running[stage]:
                self._took[stage] += now - self._since[stage]
            self._left[stage] -= 1
            if not self._left[stage]:
                self._log_stage(stage)

    def tell_of_parts(self) -> None:
        """Log stages of which only some nodes had to run."""
        for stage in self._took:
            if self._left[stage]:
                self._log_stage(stage)

    def _log_stage(self, stage: str) -> None:
        self._finished += 1
        number = f"{self._finished}/{self._count} " if self._whole else ""
        did = "; ".join(dict.fromkeys(self._facts[stage]))
        left = self._seconds_left() if self._whole else None
        run_logger.info(
            "%s%s (%s)%s%s",
            number, stage, duration(self._took[stage]), f": {did}" if did else "",
            f"; about {duration(left)} left" if left and left >= 1 else "",
        )  # fmt: skip

    def _seconds_left(self) -> float | None:
        waiting = [node for node in self._nodes if node not in self.seconds]
        return sum(self._known[node] for node in waiting) if set(waiting) <= set(self._known) else None


class StageHook:
    """Writes a run's log file, and logs its stages.

    Attributes:
        stages: Stages of the newest run in this process; None before the first.
    """

    def __init__(self) -> None:
        """Start without a run."""
        self.stages: Stages | None = None
        self._log: LogFile | None = None
        self._facts = Facts()
        self._unsaved: dict[str, set[str]] = {}
        self._one = threading.RLock()

    @property
    def running(self) -> Stages | None:
        """The stages of this process's current run."""
        return self.stages if self._log else None

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: Any) -> None:
        """Configure logging if no command has done so, as in a notebook."""
        configure(context.project_path)

    @hook_impl(wrapper=True)
    def before_pipeline_run(
        self, run_params: Mapping[str, Any], pipeline: Any, catalog: Any
    ) -> Generator[None, object, object]:
        """Start the log and the stages, before any check refuses the run."""
        from kedro.framework.project import pipelines

        # Runs of one process wait for each other; an interrupted run of this thread may not have been ended.
        self._one.acquire()
        if self._log:
            self._end()
        close_bars()
        storage = getattr(catalog, "storage", None)
        self._log = LogFile(storage, run_params["run_id"])
        logging.getLogger("grisaille").addHandler(self._facts)
        self._facts.taken()
        nodes = {node.name: stage_of(node, pipelines) for node in pipeline.nodes}
        self.stages = Stages(nodes, _earlier(storage, nodes), not run_params["only_missing_outputs"])
        try:
            return (yield)
        except BaseException:
            self._end()
            raise

    @hook_impl
    def before_node_run(self, node: Any) -> None:
        """Start the clock; workers of a cluster do not count."""
        if self.running:
            self._unsaved[node.name] = set(node.outputs)
            self.running.begin(node.name)

    @hook_impl
    def after_dataset_saved(self, node: Any, dataset_name: str) -> None:
        """End a node once all its outputs are stored: some are computed while they are saved."""
        if self.running:
            self._unsaved[node.name].discard(dataset_name)
            if not self._unsaved[node.name]:
                self.running.end(node.name, self._facts.taken())

    @hook_impl(wrapper=True)
    def after_pipeline_run(self) -> Generator[None, object, object]:
        """Log incomplete stages, and close the log after all other hooks."""
        if self.running:
            self.running.tell_of_parts()
        try:
            return (yield)
        finally:
            self._end()

    @hook_impl(wrapper=True)
    def on_pipeline_error(self, error: Exception) -> Generator[None, object, object]:
        """Name the log, and close it after all other hooks."""
        logger.debug("the run ended with:", exc_info=error)
        if self._log and self._log.path:
            run_logger.info("The run failed. Full log: %s", self._log.path)
        try:
            return (yield)
        finally:
            self._end()

    def _end(self) -> None:
        logging.getLogger("grisaille").removeHandler(self._facts)
        if self._log:
            self._log.end()
            self._log = None
            self._one.release()


def _earlier(storage: Any, nodes: Iterable[str]) -> dict[str, float]:
    """Node -> duration of its last run, in seconds."""
    from grisaille.errors import GrisailleError
    from grisaille.provenance import manifest

    seconds: dict[str, float] = {}
    names = set(nodes)
    for run in reversed(manifest.names(storage)[-_ASKED:]) if storage else ():
        if names <= set(seconds):
            break
        with suppress(GrisailleError, OSError):
            seconds = manifest.read(storage, run).get("node_seconds", {}) | seconds
    return seconds
