"""Help from other machines: inside a task of a Dask cluster all its workers can be asked, elsewhere nobody."""

import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager


@contextmanager
def helpers() -> Iterator[Executor | None]:
    """All workers of the cluster whose task this is, as an executor; None outside of a cluster.

    While it is open, the task leaves its worker's thread to those it waits for.
    """
    if not _in_a_task():
        yield None
        return
    from distributed import worker_client

    with worker_client() as client:
        yield client.get_executor(pure=False)


def _in_a_task() -> bool:
    # Whoever runs in a task has imported it.
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return False
    try:
        distributed.get_worker()
    except ValueError:
        return False
    return True
