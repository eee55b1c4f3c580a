"""Pictures as bytes, and kedro as a user runs it."""

import atexit
import hashlib
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from grisaille.collection import catalogue
from grisaille.collection.originals import Originals
from grisaille.collection.works import recognise
from grisaille.explorer.map_table import ArtistDistances, Near, gather
from grisaille.explorer.pictures import pictures
from grisaille.features.store import Contents, FeatureStore, ShardedArray

PROJECT = Path(__file__).resolve().parents[1]
SHARED = PROJECT.parent / "shared"
COLUMNS = {"COLUMNS": "200"}
# Seconds that tests wait for what has to come: how fast a machine is proves nothing.
PATIENCE = 900


def encode(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def originals(files) -> Originals:
    """Files, and the table that ingestion would make of them."""
    digests = [hashlib.sha256(read()).hexdigest() for read in files.values()]
    return Originals(pd.DataFrame({"path": list(files), "sha256": digests}), files)


def picture(seed: int = 0, size: tuple[int, int] = (48, 40)) -> Image.Image:
    """A picture with large shapes, so that perceptual hashes of two of them differ."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def catalogued(files, artists, settings, seed=0, works=None):
    """The tables of paintings and of rejected files that ingestion would make."""
    table, rejected = catalogue.inspect_files(files, settings, seed)
    known = recognise(pd.DataFrame() if works is None else works, settings.columns.named)
    return catalogue.name_artists(table, artists, known, settings.aliases)[0], rejected


HOLD = (
    "import sys, pathlib; from grisaille.storage.run_lock import RunLock; "
    "lock = RunLock(pathlib.Path(sys.argv[1])); lock.acquire(); print('held', flush=True); sys.stdin.read()"
)


@contextmanager
def another_run(storage: Path) -> "Iterator[subprocess.Popen[str]]":
    """Another process, which holds the lock of a storage."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(storage)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.wait()


def flip(path: Path) -> None:
    """Change one bit of the byte in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def kedro(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    """Run kedro as a user would."""
    return command("kedro", *arguments, **options)


def command(
    module: str,
    *arguments: str,
    cwd: Path = PROJECT,
    check: bool = True,
    environment: dict[str, str] | None = None,
    said: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run a command as a user would: in a warm process, or, where the environment is to differ, in one of its own."""
    program = [sys.executable, "-m", module, *arguments]
    known = os.environ | COLUMNS | (environment or {})
    if environment is None:
        done = in_a_warm_process(module, *arguments, cwd=cwd, environment=known, said=said)
    else:
        done = subprocess.run(program, cwd=cwd, capture_output=True, text=True, check=False, env=known, input=said)
    if check and done.returncode:
        raise AssertionError(f"{module} {' '.join(arguments)} failed:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return done


@cache
def _warm() -> "subprocess.Popen[str]":
    server = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("warm.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | COLUMNS,
    )
    atexit.register(server.communicate)
    return server


def in_a_warm_process(
    module: str, *arguments: str, cwd: Path, environment: dict[str, str], said: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command in a fork of a process that has imported what takes long."""
    with tempfile.TemporaryDirectory() as folder:
        streams = {name: Path(folder, name) for name in ("stdin", "stdout", "stderr")}
        for path in streams.values():
            path.write_text(said if path.name == "stdin" else "")
        request = {
            **{name: str(path) for name, path in streams.items()},
            **{"module": module, "arguments": arguments, "folder": str(cwd), "environment": environment},
        }
        server = _warm()
        print(json.dumps(request), file=server.stdin, flush=True)
        status = server.stdout.readline()
        assert status, "the warm process has ended: what does `echo | python tests/warm.py` say?"
        return subprocess.CompletedProcess(
            [module, *arguments], int(status), streams["stdout"].read_text(), streams["stderr"].read_text()
        )


class CountedSource:
    """Features that can be predicted, a log of what was computed, and death after so many batches."""

    def __init__(self, paintings=range(10), shard_rows=4, batch=2, dies_after=None, name="a"):
        self.paintings = list(paintings)
        digests = [hashlib.sha256(bytes([painting])).hexdigest() for painting in self.paintings]
        self.columns = {"wide": 6, "narrow": 3}
        self.contents = Contents({"name": name}, tuple(self.columns), tuple(digests))
        self.shard_rows, self.batch, self.dies_after = shard_rows, batch, dies_after
        self.dtype = np.dtype(np.float16)
        self.computed, self.parts = [], []

    def values(self, layer):
        """What is stored in the end, shape (n, columns): nothing but the painting decides it."""
        return np.array([self._row(painting, layer) for painting in self.paintings])

    def _row(self, painting, layer):
        return painting + np.arange(self.columns[layer], dtype=self.dtype) / 8

    def part(self, rows):
        part = copy(self)
        part.computed = []
        self.parts.append((list(rows), part))
        return part

    def compute(self, groups):
        for rows in groups:
            for first in range(0, len(rows), self.batch):
                if self.dies_after is not None and len(self.computed) == self.dies_after:
                    raise KeyboardInterrupt
                batch = [self.paintings[row] for row in rows[first : first + self.batch]]
                self.computed.append(batch)
                yield {layer: np.array([self._row(painting, layer) for painting in batch]) for layer in self.columns}


def explorer_map(names=(), compared=8, stranger=None, count=8, seed=0) -> pd.DataFrame:
    """The map of a small collection on a circle, which begins elsewhere by every likeness.

    Near in the raw space are the next three, by composition the three after the first of them, by style the three after
    two, and by all three after three.
    """
    random = np.random.default_rng(seed)
    identifiers = [*names, *(f"Painting_{row}" for row in range(len(names), count))]
    paintings = pd.DataFrame(
        {
            "painting_id": identifiers,
            "artist": np.where(np.arange(count) < count / 2, "Ada", "Bo"),
            "movements": ["Mistism", "Mistism, Dottism", "", "Dottism"] * (count // 4),
            "path": [f"{row}.png" for row in range(count)],
            "width": 48,
            "height": 40,
            "duplicate_of": [None] * (count - 1) + [identifiers[0]],
            "split": "train",
        }
    )

    def near(first: int, rows: int) -> pd.DataFrame:
        pairs = [(row, rank, (row + first + rank) % count) for row in range(rows) for rank in range(3)]
        table = pd.DataFrame(pairs, columns=["painting_id", "rank", "neighbour_id"])
        table["neighbour_id"] = [identifiers[row] for row in table["neighbour_id"]]
        table["painting_id"] = [identifiers[row] for row in table["painting_id"]]
        # Tables need not be sorted.
        return table.assign(rank=table["rank"] + 1, distance=1.0).sample(frac=1, random_state=seed)

    raw = near(1, compared)
    if stranger is not None:
        raw.iloc[0, 2] = stranger
    angles = 2 * np.pi * np.arange(count) / count
    firsts = {"composition": 2, "style": 3, "mixture": 4}
    return gather(
        paintings,
        {
            likeness: {"pca": np.column_stack([np.cos(angles + turn), np.sin(angles + turn)]).astype(np.float32)}
            for likeness, turn in zip(firsts, (0, 1, 2), strict=True)
        },
        Near(raw, pd.concat([near(first, count).assign(likeness=name) for name, first in firsts.items()])),
        ArtistDistances(np.arange(count), random.random((count, 2))),
        pictures(
            paintings["path"], originals({path: lambda: encode(picture(seed)) for path in paintings["path"]}), 48, 1e6
        ),
    )


@dataclass(frozen=True)
class Run:
    """A copy of the project that was run once."""

    project: Path
    output: str
    parameters: tuple[str, ...]
    # Where no test runs anything.
    untouched: Path

    @property
    def data(self) -> Path:
        return self.project / "data" / "demo"

    def again(self, *arguments: str, **options) -> subprocess.CompletedProcess[str]:
        """Run again with the same parameters, unless others are given."""
        given = () if "--params" in arguments else self.parameters
        return kedro("run", "--env", "demo", *arguments, *given, cwd=self.project, **options)

    def grisaille(self, *arguments: str, **options) -> subprocess.CompletedProcess[str]:
        """One of the project's own commands."""
        return command("grisaille", *arguments, "--env", "demo", cwd=self.project, **options)

    def first(self, path: str) -> Path:
        """What the run itself left, whatever tests have run since."""
        return min((self.data / path).iterdir()) / Path(path).name

    def newest(self, path: str) -> Path:
        return sorted((self.data / path).iterdir())[-1] / Path(path).name

    def table(self, name: str) -> pd.DataFrame:
        path = self.newest(f"08_reporting/{name}")
        return pd.read_csv(path) if name.endswith(".csv") else pd.read_parquet(path)

    def embeddings(self) -> np.ndarray:
        return np.load(self.newest("07_model_output/composition_embeddings.npy"))

    def features(self) -> dict[str, ShardedArray]:
        """Layer -> features, palettes among them."""
        manifests = [path for path in self.data.glob("04_feature/features/*/*.json") if "stamp" not in path.name]
        stores = [FeatureStore(path) for path in manifests]
        return {layer: store[layer] for store in stores for layer in store}

    def shard_times(self) -> dict[str, int]:
        shards = self.data.glob("04_feature/features/*/*/*.npy")
        return {f"{path.parent.name}/{path.name}": path.stat().st_mtime_ns for path in shards}


def raw_distances(neighbours: pd.DataFrame, painting: str, likeness: str) -> pd.Series:
    """Of the table `neighbours`: the nearest of a painting in the full features, by name -> distance."""
    metric = "hellinger" if likeness == "composition" else likeness
    of_raw = (neighbours["space"] == "raw") & (neighbours["likeness"] == metric)
    return neighbours[of_raw & (neighbours["painting_id"] == painting)].set_index("neighbour_id")["distance"]
