"""One line a stage of a run: what it did, how long it took, and about how long the rest takes.

A stage is a pipeline's nodes. What a node's own code logs at INFO is what the stage did.
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

# So many runs are asked how long a node takes.
_ASKED = 5


def stage_of(node: Any, pipelines: Iterable[str]) -> str:
    """The stage that a node belongs to: its namespace or its tag, where a pipeline is named so; itself otherwise."""
    namespace = (node.namespace or "").partition(".")[0]
    return next((name for name in (namespace, *sorted(node.tags)) if name in set(pipelines)), node.name)


class Facts(logging.Handler):
    """What the nodes of this process say of their work."""

    def __init__(self) -> None:
        """Nothing was said yet."""
        super().__init__(logging.INFO)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Remember what is neither a warning nor about the run itself."""
        if record.levelno == logging.INFO and not record.name.startswith((run_logger.name, "grisaille.framework")):
            self.said.append(record.getMessage())

    def taken(self) -> list[str]:
        """What was said since this was asked last."""
        said, self.said = self.said, []
        return said


class Stages:
    """What a run has done, and what is left of it."""

    def __init__(self, nodes: Mapping[str, str], known: Mapping[str, float], whole: bool = True) -> None:
        """Nothing is done yet.

        Args:
            nodes: Node -> its stage, in the order in which they run.
            known: Node -> the seconds that it took in an earlier run.
            whole: Whether all of these nodes run, so that stages can be counted.
        """
        self.seconds: dict[str, float] = {}
        self._nodes, self._known, self._whole = nodes, known, whole
        self._left = Counter(nodes.values())
        self._count, self._told = len(self._left), 0
        self._facts: dict[str, list[str]] = {stage: [] for stage in self._left}
        # Stage -> nodes that are running, when the first of them began, and how long there were such nodes before.
        self._running: Counter[str] = Counter()
        self._since: dict[str, float] = {}
        self._took: defaultdict[str, float] = defaultdict(float)
        self._begun: dict[str, float] = {}
        # With a cluster, nodes end in other threads.
        self._lock = threading.Lock()

    def begin(self, node: str) -> None:
        """Take the time."""
        with self._lock:
            now, stage = time.monotonic(), self._nodes[node]
            self._begun[node] = now
            self._running[stage] += 1
            if self._running[stage] == 1:
                self._since[stage] = now

    def end(self, node: str, facts: Iterable[str] = ()) -> None:
        """Tell of the stage, if this was its last node."""
        with self._lock:
            now, stage = time.monotonic(), self._nodes[node]
            self.seconds[node] = now - self._begun[node]
            self._facts[stage] += facts
            self._running[stage] -= 1
            if not self._running[stage]:
                self._took[stage] += now - self._since[stage]
            self._left[stage] -= 1
            if not self._left[stage]:
                self._tell(stage)

    def tell_of_parts(self) -> None:
        """Tell of stages of which only some nodes had to run."""
        for stage in self._took:
            if self._left[stage]:
                self._tell(stage)

    def _tell(self, stage: str) -> None:
        self._told += 1
        number = f"{self._told}/{self._count} " if self._whole else ""
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
    """Writes a run's log file, and tells of its stages.

    Attributes:
        stages: Of the newest run of this process; None before there was any.
    """

    def __init__(self) -> None:
        """No run has begun."""
        self.stages: Stages | None = None
        self._log: LogFile | None = None
        self._facts = Facts()
        self._unsaved: dict[str, set[str]] = {}
        self._one = threading.RLock()

    @property
    def running(self) -> Stages | None:
        """The stages of the run that this process is in the midst of."""
        return self.stages if self._log else None

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: Any) -> None:
        """Configure logging where no command of ours has done so: in a notebook, for one."""
        configure(context.project_path)

    @hook_impl(wrapper=True)
    def before_pipeline_run(
        self, run_params: Mapping[str, Any], pipeline: Any, catalog: Any
    ) -> Generator[None, object, object]:
        """Begin the log and the count, before anybody refuses the run."""
        from kedro.framework.project import pipelines

        # Runs of one process wait for each other; an interrupted run of this thread never said that it was over.
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
        """Take the time; on a worker of a cluster nobody counts."""
        if self.running:
            self._unsaved[node.name] = set(node.outputs)
            self.running.begin(node.name)

    @hook_impl
    def after_dataset_saved(self, node: Any, dataset_name: str) -> None:
        """A node has ended when all of its outputs are stored: some are computed as they are saved."""
        if self.running:
            self._unsaved[node.name].discard(dataset_name)
            if not self._unsaved[node.name]:
                self.running.end(node.name, self._facts.taken())

    @hook_impl(wrapper=True)
    def after_pipeline_run(self) -> Generator[None, object, object]:
        """Tell of stages of which only a part has run, and close the log after everybody else."""
        if self.running:
            self.running.tell_of_parts()
        try:
            return (yield)
        finally:
            self._end()

    @hook_impl(wrapper=True)
    def on_pipeline_error(self, error: Exception) -> Generator[None, object, object]:
        """Name the log, and close it after everybody else."""
        logger.debug("what ended the run:", exc_info=error)
        if self._log and self._log.path:
            run_logger.info("The run failed. Everything that was said: %s", self._log.path)
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
    """Node -> the seconds that it took when it ran last."""
    from grisaille.errors import GrisailleError
    from grisaille.provenance import manifest

    found: dict[str, float] = {}
    wanted = set(nodes)
    for run in reversed(manifest.names(storage)[-_ASKED:]) if storage else ():
        if wanted <= set(found):
            break
        with suppress(GrisailleError, OSError):
            found = manifest.read(storage, run).get("node_seconds", {}) | found
    return found
