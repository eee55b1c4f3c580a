"""The workers of a Dask cluster, available inside one of its tasks."""

import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager


@contextmanager
def cluster_executor() -> Iterator[Executor | None]:
    """All workers of the cluster that runs this task, as an executor; None outside a cluster.

    While it is open, the task frees its worker's thread for the tasks that it waits for.
    """
    distributed = sys.modules.get("distributed")  # a task has imported it
    try:
        in_a_task = distributed is not None and distributed.get_worker() is not None
    except ValueError:
        in_a_task = False
    if distributed is None or not in_a_task:
        yield None
        return
    with distributed.worker_client() as client:
        yield client.get_executor(pure=False)
