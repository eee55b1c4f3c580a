"""Help from other machines: inside a task of a Dask cluster all its workers can be asked, elsewhere nobody."""

import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager


@contextmanager
def cluster_executor() -> Iterator[Executor | None]:
    """All workers of the cluster whose task this is, as an executor; None outside of a cluster.

    While it is open, the task leaves its worker's thread to those it waits for.
    """
    distributed = sys.modules.get("distributed")  # whoever runs in a task has imported it
    try:
        in_a_task = distributed is not None and distributed.get_worker() is not None
    except ValueError:
        in_a_task = False
    if distributed is None or not in_a_task:
        yield None
        return
    with distributed.worker_client() as client:
        yield client.get_executor(pure=False)
