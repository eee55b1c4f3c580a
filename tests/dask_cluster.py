"""A scheduler and its workers, real processes of this machine that tests may kill, and what the workers say."""

import os
import re
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field

import distributed

from helpers import COLUMNS, PATIENCE

RUNNER = "grisaille.framework.runner.DaskRunner"


@dataclass
class Worker:
    """A `dask worker` and what it says."""

    name: str
    process: subprocess.Popen
    said: list = field(default_factory=list)


@dataclass
class Cluster:
    """A scheduler and its workers."""

    address: str
    scheduler: subprocess.Popen
    workers: list
    heard: threading.Condition = field(default_factory=threading.Condition)

    @property
    def runner(self):
        """Arguments of `kedro run`."""
        return "--runner", RUNNER, "--runner-params", f"address={self.address}"

    def listen(self, worker):
        # Progress bars end their lines with a carriage return, which text mode reads as a line.
        for line in worker.process.stdout:
            with self.heard:
                worker.said.append(line)
                self.heard.notify_all()

    def wait_for(self, words, running):
        """The worker that says words of this pattern first, while a command runs."""

        def speaker():
            return next(
                (worker for worker in self.workers if any(re.search(words, line) for line in worker.said)), None
            )

        def notify(_):
            with self.heard:
                self.heard.notify_all()

        running.add_done_callback(notify)
        with self.heard:
            assert self.heard.wait_for(lambda: speaker() or running.done(), timeout=PATIENCE), f"nobody said {words}"
            assert speaker(), running.result()
            return speaker()

    def process_of(self, worker):
        """The process that works, and whose death its nanny makes good."""
        with distributed.Client(self.address, set_as_default=False) as client:
            addresses = {of["name"]: address for address, of in client.scheduler_info()["workers"].items()}
            address = addresses[worker.name]
            return client.run(os.getpid, workers=[address])[address]


def _dask(*arguments, environment):
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *arguments, "--no-dashboard"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # Every step of a bar is a line.
        env=os.environ | COLUMNS | {"TQDM_MININTERVAL": "0"} | environment,
    )


@contextmanager
def started(*names, environment=None):
    """A cluster of workers of these names."""
    environment = environment or {}
    scheduler = _dask("scheduler", "--host", "127.0.0.1", "--port", "0", environment=environment)
    workers = []
    try:
        address = next(line.split()[-1] for line in scheduler.stdout if "Scheduler at:" in line)
        threading.Thread(target=scheduler.stdout.read, daemon=True).start()
        arguments = ("worker", address, "--nthreads", "1", "--name")
        workers += [Worker(name, _dask(*arguments, name, environment=environment)) for name in names]
        cluster = Cluster(address, scheduler, workers)
        for worker in workers:
            threading.Thread(target=cluster.listen, args=(worker,), daemon=True).start()
        with distributed.Client(address, set_as_default=False) as client:
            client.wait_for_workers(len(workers))
        yield cluster
    finally:
        # A worker whose scheduler has gone takes its time.
        for processes in [worker.process for worker in workers], [scheduler]:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(timeout=PATIENCE)
