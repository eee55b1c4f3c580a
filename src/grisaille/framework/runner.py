"""Runs Kedro's nodes on many machines: each is a Dask task that loads, computes and saves on its worker.

Only names, paths and parameters are sent between processes. Data go through the catalog, so every dataset between two
nodes must be stored where all workers can read it. If a worker dies, another one repeats its node.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from concurrent.futures import CancelledError, Executor
from functools import partial
from pathlib import PurePosixPath
from typing import Any, TypeAlias

import dask
import distributed
from distributed.cfexecutor import ClientExecutor
from kedro.framework import project
from kedro.framework.hooks.manager import _create_hook_manager, _register_hooks
from kedro.io import AbstractVersionedDataset, CatalogProtocol, MemoryDataset, SharedMemoryCatalogProtocol
from kedro.io.core import DatasetError
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from kedro.runner import AbstractRunner
from kedro.runner.task import Task

from grisaille.errors import GrisailleError
from grisaille.framework import logs
from grisaille.framework.logs import run_logger
from grisaille.framework.stages import StageHook, Stages

Catalog: TypeAlias = "CatalogProtocol[Any, Any] | SharedMemoryCatalogProtocol"

logger = logging.getLogger(__name__)

_GOES_ON = "What is stored is not computed again"


class DaskRunner(AbstractRunner):
    """``DaskRunner`` runs every node as a task of a Dask cluster.

    Examples:
        ```console
        kedro run --runner grisaille.framework.runner.DaskRunner --runner-params address=tcp://10.0.0.1:8786
        ```
    """

    def __init__(self, address: str | None = None, patience: float = 60.0, is_async: bool = False) -> None:
        """Configure the cluster.

        Args:
            address: Address of the scheduler, such as `tcp://10.0.0.1:8786`; None means Dask's own configuration
                (`DASK_SCHEDULER_ADDRESS`).
            patience: Seconds to wait for the scheduler and its first worker.
            is_async: Whether a worker loads and saves a node's datasets in parallel.

        Raises:
            GrisailleError: If no address is known.
        """
        super().__init__(is_async=is_async)
        self._address = address or dask.config.get("scheduler-address", None)
        self._patience = patience
        self._client: Any = None
        if not self._address:
            raise GrisailleError(
                "DaskRunner needs a scheduler: start one with `dask scheduler` and pass its address with "
                "--runner-params address=tcp://host:8786"
            )

    def _run(self, pipeline: Pipeline, catalog: Catalog, hook_manager: Any = None, run_id: str | None = None) -> None:
        """See `AbstractRunner`; nodes run on the cluster.

        Raises:
            DatasetError: If a dataset between two nodes is only in memory.
            GrisailleError: If there is no scheduler, or no worker, or they die on the way.
        """
        _refuse_what_stays_in_memory(pipeline, catalog)
        _forget_versions(pipeline.datasets(), catalog)
        self._stages = next((hook for hook in project.settings.HOOKS if isinstance(hook, StageHook)), None)
        with self._connect() as self._client:
            try:
                # Workers create their own hooks.
                super()._run(pipeline, catalog, run_id=run_id)
            except CancelledError as error:
                raise GrisailleError(
                    f"the scheduler at {self._address} is gone: start scheduler and workers again and give the same "
                    f"command again. {_GOES_ON}"
                ) from error
            except distributed.KilledWorker as error:
                raise GrisailleError(
                    "all workers that tried one and the same task died, as they do where --memory-limit is too small: "
                    f"see what they said, and give the same command again. {_GOES_ON}"
                ) from error

    def _connect(self) -> Any:
        try:
            client = distributed.Client(self._address, timeout=self._patience, set_as_default=False)
        except OSError as error:
            raise GrisailleError(f"there is no Dask scheduler at {self._address} ({error})") from error
        try:
            client.wait_for_workers(1, timeout=self._patience)
        except TimeoutError as error:
            client.close()
            raise GrisailleError(
                f"the scheduler at {self._address} has no worker: start some with `dask worker {self._address}`"
            ) from error
        workers = client.scheduler_info(n_workers=-1)["workers"]
        run_logger.info("%d workers at %s; its dashboard: %s", len(workers), self._address, client.dashboard_link)
        return client

    def _get_executor(self, max_workers: int) -> Executor:
        return _Nodes(self._client, self._stages.running if self._stages else None)


class _Nodes(ClientExecutor):
    """Submits Kedro's tasks to the workers, each with the configuration that a worker needs."""

    def __init__(self, client: Any, stages: Stages | None) -> None:
        """Take the client, and the object that counts finished nodes."""
        super().__init__(client, pure=False)
        self._stages = stages

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        """See `Executor`."""
        future = super().submit(_execute, project.PACKAGE_NAME, dict(project.LOGGING), fn, *args, **kwargs)
        if self._stages:
            self._stages.begin(fn.node.name)
            future.add_done_callback(partial(self._count, fn.node.name))
        return future

    def _count(self, node: str, future: Any) -> None:
        if self._stages and not (future.cancelled() or future.exception()):
            self._stages.end(node)


def _execute(package: str, logging_config: dict[str, Any], task: Task) -> Node:
    """Run a node on a worker with the project's hooks; log messages are configured like where the run was started."""
    if project.PACKAGE_NAME != package:
        project.configure_project(package)
    logs.worker(logging_config, task.catalog, task.run_id, distributed.get_worker().address)
    stored = _stored(task.node.outputs, task.catalog)
    if stored and len(stored) == len(task.node.outputs):
        # After a worker's death, Dask repeats tasks whose results are stored. Others may be reading these results.
        return task.node
    for path, dataset in stored.items():
        # Kedro does not save a version twice.
        logger.info("%s is saved again, because a worker died", path)
        dataset._fs.rm(str(PurePosixPath(path).parent), recursive=True)  # type: ignore[attr-defined]  # all have it
    task.hook_manager = _create_hook_manager()
    _register_hooks(task.hook_manager, project.settings.HOOKS)
    node = task.execute()
    run_logger.info("%s ran on %s", node.name, distributed.get_worker().address)
    return node


def _refuse_what_stays_in_memory(pipeline: Pipeline, catalog: Catalog) -> None:
    volatile = [name for name in sorted(pipeline.all_outputs()) if isinstance(catalog.get(name), MemoryDataset)]
    if volatile:
        raise DatasetError(
            f"workers share only stored datasets, but {', '.join(volatile)} would be in one worker's memory: "
            "add an entry to the catalog"
        )


def _versioned(names: Iterable[str], catalog: Catalog) -> Iterable[AbstractVersionedDataset[Any, Any]]:
    for name in names:
        dataset = catalog.get(name)
        if isinstance(dataset, AbstractVersionedDataset) and dataset._version is not None:
            yield dataset


def _forget_versions(names: Iterable[str], catalog: Catalog) -> None:
    """Make every worker look up the newest version itself, since cached versions may be older than this run."""
    for dataset in _versioned(names, catalog):
        dataset.release()


def _stored(names: Iterable[str], catalog: Catalog) -> dict[str, AbstractVersionedDataset[Any, Any]]:
    """Path -> dataset, of stored results with this run's version."""
    paths = {
        str(dataset._get_versioned_path(str(dataset.resolve_save_version()))): dataset
        for dataset in _versioned(names, catalog)
    }
    return {path: dataset for path, dataset in paths.items() if dataset._exists_function(path)}
