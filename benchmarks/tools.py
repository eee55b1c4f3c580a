"""What the benchmarks share: how time and memory are taken, a collection of noise, and calls of the baselines."""

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from omegaconf import OmegaConf

from grisaille.features.store import Contents

PROJECT = Path(__file__).resolve().parents[1]
LAYERS = {"block4_pool": 100352, "block5_pool": 25088}


@dataclass(frozen=True)
class Given:
    """What a run of the benchmarks is given.

    Attributes:
        paintings: A folder of paintings; None skips what needs one.
        baselines: A program of baselines to be held against; None skips the ratios.
        torch_python: A Python that has PyTorch; None skips what needs it.
        model: A saved CNN with VGG16's two layers that is quicker than VGG16; None takes VGG16 wherever features do
            not matter.
    """

    paintings: Path | None
    baselines: Path | None
    torch_python: Path | None
    model: Path | None = None

    def baseline(self, command: str, *arguments: str, python: Path | None = None) -> dict[str, Any]:
        """The figures of one baseline, timed in a process of its own.

        Raises:
            Skipped: If no baselines were given, or this one cannot run.
        """
        if self.baselines is None:
            raise Skipped("no baselines were given (BASELINES=...)")
        program = [str(python or sys.executable), str(self.baselines), command, *arguments]
        done = subprocess.run(program, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Skipped(f"{command} ended with: {done.stderr.strip().splitlines()[-1]}")
        figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return figures


class Skipped(Exception):
    """Something that cannot be measured here, with the reason."""


def catalog_of(parameters: str) -> Any:
    """The catalog of a run.

    Args:
        parameters: As to Kedro: a.b=1,...
    """
    bootstrap_project(PROJECT)
    given = OmegaConf.to_container(OmegaConf.from_dotlist([part for part in parameters.split(",") if part]))
    with KedroSession.create(PROJECT, runtime_params=given) as session:
        return session.load_context().catalog


def seconds(work: Callable[[], object]) -> float:
    """How long something takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def peak_memory(command: Sequence[str], cwd: Path, log: Path) -> tuple[float, float]:
    """Run a program, and watch the resident memory of it and its children twenty times a second.

    Returns:
        The highest sum, in GB (1e9 bytes), and the seconds it took.

    Raises:
        RuntimeError: If the program fails.
    """
    start, peak = time.perf_counter(), 0
    with log.open("w") as output, psutil.Popen(command, cwd=cwd, stdout=output, stderr=output) as process:
        while process.poll() is None:
            peak = max(peak, _resident(process))
            time.sleep(0.05)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed; see {log}")
    return peak / 1e9, time.perf_counter() - start


def _resident(process: psutil.Process) -> int:
    total = 0
    for member in (process, *process.children(recursive=True)):
        try:
            total += member.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


class Noise:
    """Features of a collection that never was: as many values, as wide, and as often zero as a CNN's."""

    def __init__(self, n: int, columns: Mapping[str, int] = LAYERS, seed: int = 0) -> None:
        """Say how many paintings there are."""
        paintings = tuple(hashlib.sha256(str(number).encode()).hexdigest() for number in range(n))
        self.contents = Contents({"noise": seed, "columns": dict(columns)}, tuple(columns), paintings)
        self.columns, self.shard_rows = dict(columns), 128
        self.dtype = np.dtype(np.float16)
        self._seed = seed

    def compute(self, groups: Iterable[Sequence[int]]) -> Iterator[dict[str, Any]]:
        """A shard at a time."""
        for rows in groups:
            random = np.random.default_rng((self._seed, rows[0]))
            # A few directions that paintings share, so that there is something to find.
            shared = random.standard_normal((len(rows), 8), dtype=np.float32)
            batch = {}
            for layer, width in self.columns.items():
                directions = np.random.default_rng((self._seed, width)).standard_normal((8, width), dtype=np.float32)
                noise = random.standard_normal((len(rows), width), dtype=np.float32)
                batch[layer] = np.maximum(shared @ directions / 2 + noise, 0).astype(np.float16)
            yield batch

    def part(self, rows: Sequence[int]) -> "Noise":
        """It is small enough to travel whole."""
        return self


def kaggle_artists(n: int, artists: int = 50) -> np.ndarray:
    """Labels as uneven as those of the public collection: 24 paintings to 877."""
    sizes = np.geomspace(24, 877, artists)
    return np.random.default_rng(0).choice(artists, n, p=sizes / sizes.sum())
