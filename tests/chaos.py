"""Runs of the demo that are broken at chosen points, and what must be true of the runs after them.

`python tests/chaos.py` breaks 25 runs at random points, fills the disk in every stage (as root, who may mount a small
one), and writes docs/chaos.md. The tests break a few.
"""

import argparse
import hashlib
import itertools
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from grisaille.provenance import stamps
from helpers import PROJECT, in_a_warm_process

# Folder of the storage -> what a run does when it writes there.
STAGES = {
    "01_raw": "painting",
    "03_primary": "ingestion",
    "04_feature": "extraction",
    "05_model_input": "training",
    "06_models": "saving models",
    "07_model_output": "saving codes",
    "08_reporting": "evaluation",
}


@dataclass(frozen=True)
class Event:
    """A file that was opened for writing or renamed; no run does so to the same file twice."""

    time: float
    kind: str
    path: str

    @property
    def stage(self) -> str:
        return STAGES[self.path.split("/")[0]]


@dataclass(frozen=True)
class Point:
    """Where and how a run is broken."""

    event: Event
    how: str
    delay: float = 0.0

    @property
    def name(self) -> str:
        """Of the file that a run would name, whose seal or stamp may be what is being written.

        A result of several files is saved as one folder, which is what is named.
        """
        parts = Path(self.event.path.removesuffix(".sha256").removesuffix(".stamp.json")).parts
        # The versions of a result, taken out of the path, lie in a folder of its name.
        return next((name for folder, name in itertools.pairwise(parts) if folder == name), parts[-1])

    @property
    def words(self) -> str:
        """In words, for people."""
        what = {"open": "opening", "rename": "renaming"}[self.event.kind]
        return {
            "before": f"before {what} `{self.event.path}`",
            "half": f"half of `{self.event.path}` written",
            "later": f"{self.delay:.1f} s after {what} `{self.event.path}`",
            "full": f"no room from {what} `{self.event.path}` on",
        }[self.how]


@dataclass(frozen=True)
class Outcome:
    """What a process left: its exit status, what it said, and the file events until its end."""

    status: int
    output: str
    events: list[Event]


_SABOTAGED = "import runpy, saboteur; runpy.run_module('kedro', run_name='__main__', alter_sys=True)"


class Gallery:
    """A copy of the project with a storage of its own."""

    def __init__(self, project: Path, parameters: tuple[str, ...]) -> None:
        self.project, self.parameters = project, parameters
        self.data = project / "data" / "demo"

    def run(self, *arguments: str, point: Point | None = None) -> Outcome:
        """Run as a user would, to a broken end where there is a point."""
        log = self.project / "events.log"
        log.unlink(missing_ok=True)
        environment = os.environ | {
            "COLUMNS": "200",
            "SABOTEUR_FOLDER": str(self.data),
            "SABOTEUR_LOG": str(log),
        }
        if point is not None:
            environment |= {
                "SABOTEUR_AT": f"{point.event.kind} {point.event.path}",
                "SABOTEUR_HOW": point.how,
                "SABOTEUR_DELAY": str(point.delay),
            }
        command = ("run", "--env", "demo", *arguments, *self.parameters)
        if point is not None and point.how == "full":
            # What it says must go through pipes: where no byte can be written to a file, none can be to a log.
            environment |= {"PYTHONPATH": str(Path(__file__).parent)}
            done = subprocess.run(
                [sys.executable, "-c", _SABOTAGED, *command],
                cwd=self.project,
                capture_output=True,
                text=True,
                check=False,
                env=environment,
            )
        else:
            done = in_a_warm_process("kedro", *command, cwd=self.project, environment=environment)
        return Outcome(done.returncode, done.stdout + done.stderr, _events(log))

    def _shards(self) -> list[Path]:
        return sorted(self.data.glob("04_feature/features/*/*/*.npy"))

    def shards(self) -> dict[str, tuple[int, int]]:
        """Shard -> when it was written, and its place on the disk."""
        found = self._shards()
        return {f"{path.parent.name}/{path.name}": (path.stat().st_mtime_ns, path.stat().st_ino) for path in found}

    def results(self) -> dict[str, str]:
        """Newest version of every table, array and figure -> its checksum."""
        newest = {}
        for path in sorted(self.data.glob("0[3578]_*/**/*Z/**/*")):
            if path.suffix in {".csv", ".parquet", ".npy", ".png"}:
                name = re.sub(r"/[^/]*Z/", "/", str(path.relative_to(self.data)))
                newest[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        return newest

    def left_over(self) -> list[Path]:
        """Temporary files."""
        return sorted(self.data.rglob("*.partial"))

    def written(self) -> set[str]:
        """Every file but the lock's own and logs, which a run that is refused writes, too."""
        files = (path.relative_to(self.data) for path in self.data.rglob("*") if path.is_file())
        return {str(path) for path in files if not path.name.startswith(".lock") and path.suffix != ".log"}

    def damaged(self) -> list[Path]:
        """Results that are not what their stamps say, or have none; shards that are not what their indexes say."""
        told = {path: json.loads(path.with_suffix(".json").read_text())["sha256"] for path in self._shards()}
        wrong = [path for path, checksum in told.items() if checksum != hashlib.sha256(path.read_bytes()).hexdigest()]
        for folder in self.data.glob("0[35678]_*/**/*Z"):
            results = [path for path in folder.iterdir() if path.suffix not in {".partial", ".json", ".log"}]
            results += [path for path in folder.glob("*.json") if not path.name.endswith(".stamp.json")]
            wrong += [path for path in results if stamps.read(path) is None or stamps.is_damaged(path)]
        return wrong


def _events(log: Path) -> list[Event]:
    if not log.exists():
        return []
    fields = (line.split(maxsplit=2) for line in log.read_text().splitlines())
    return [Event(float(time), kind, path) for time, kind, path in fields]


def copy_project(project: Path) -> None:
    """Copy what a run needs."""
    project.mkdir(parents=True)
    for name in ("conf", "src", "pyproject.toml", ".telemetry"):
        source = PROJECT / name
        shutil.copytree(source, project / name) if source.is_dir() else shutil.copy(source, project / name)


def choose(events: list[Event], rng: random.Random, numbers: dict[str, int]) -> list[Point]:
    """Draw points of every stage: before an event, with half a file written, or amid the work that follows it.

    Args:
        events: Of an undisturbed run.
        rng: What draws.
        numbers: Stage -> how many points.
    """
    pause = {one: later.time - one.time for one, later in itertools.pairwise(events)}
    points = []
    for stage, number in numbers.items():
        of_stage = [event for event in events if event.stage == stage]
        for event in sorted(rng.sample(of_stage, number), key=lambda event: event.time):
            how = rng.choice(["before", "half", "later"])
            if how == "half" and event.kind == "open":
                how = "before"
            points.append(Point(event, how, round(rng.random() * pause.get(event, 0.0), 3) if how == "later" else 0.0))
    return points


def check(gallery: Gallery, point: Point, expected: dict[str, str]) -> dict[str, object]:
    """Break a run, run again, and say what came of it.

    Args:
        gallery: Fresh.
        point: Where to break it.
        expected: Results of an undisturbed run.

    Returns:
        One row of a table of docs/chaos.md; `held` tells whether all was as it must be.
    """
    broken = gallery.run(point=point)
    killed = {
        "killed": broken.status == -signal.SIGKILL,
        "nothing half written under its name": not gallery.damaged(),
    }
    return _row(gallery, broken, killed, expected, stage=point.event.stage, where=point.words)


def check_full_disk(gallery: Gallery, point: Point, expected: dict[str, str]) -> dict[str, object]:
    """Let no byte be written from a point on, make room, run again; arguments and row are those of `check`."""
    full = gallery.run(point=point)
    facts = _facts_of_full_disk(gallery, told_of_full_disk(full) == [point.name], full)
    return _row(gallery, full, facts, expected, stage=point.event.stage, where=point.words)


def check_small_disk(gallery: Gallery, stage: str, kilobytes: int, expected: dict[str, str]) -> dict[str, object]:
    """Run on a disk that is too small, make it larger, run again, and say what came of it.

    Args:
        gallery: Fresh.
        stage: Which the disk is filled in.
        kilobytes: Size of the disk.
        expected: Results of an undisturbed run.

    Returns:
        As `check`.
    """
    with small_disk(gallery.data, kilobytes) as enlarge:
        full = gallery.run()
        told = told_of_full_disk(full)
        facts = _facts_of_full_disk(gallery, len(told) == 1, full)
        enlarge()
        where = f"{kilobytes:,} kB, full at `{told[0] if told else '?'}`"
        return _row(gallery, full, facts, expected, stage=stage, where=where)


def _facts_of_full_disk(gallery: Gallery, told: bool, full: Outcome) -> dict[str, bool]:
    return {
        "one error, with the path": full.status > 0 and told,
        "nothing damaged": not gallery.damaged(),
        "nothing temporary left by it": not gallery.left_over(),
    }


def _row(
    gallery: Gallery, broken: Outcome, facts: dict[str, bool], expected: dict[str, str], **words: str
) -> dict[str, object]:
    """Run again after a broken run, and put together what is known of both."""
    stored, partial = gallery.shards(), len(gallery.left_over())
    again = gallery.run()
    after = gallery.shards()
    facts = facts | {
        "next run finishes": again.status == 0,
        "results identical": gallery.results() == expected,
        "everything sealed": not gallery.damaged(),
        "no stored shard again": all(after.get(name) == when for name, when in stored.items()),
        "nothing temporary left": not gallery.left_over(),
    }
    held = all(facts.values())
    said = "" if held else f"{broken.output[-1500:]}\n-----\n{again.output[-1500:]}"
    return {**words, "shards": len(stored), "partial": partial, "facts": facts, "held": held, "output": said}


def told_of_full_disk(outcome: Outcome) -> list[str]:
    """The names of files for which a run said that there is no room, once for each time."""
    # A terminal's width puts spaces into paths.
    said = re.sub(r"\s", "", outcome.output)
    return [Path(path).name for path in re.findall(r"thereisnoroomtowrite(.+?)\(", said)]


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Callable[[], None]]:
    """A disk in memory, mounted on a folder; yields a function that makes it large enough for anything.

    Raises:
        PermissionError: If this user may mount none, which takes root.
    """

    def mount(options: str) -> None:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise PermissionError(done.stderr.strip())

    folder.mkdir(parents=True, exist_ok=True)
    mount(f"size={kilobytes}k")
    try:
        yield lambda: mount("remount,size=1g")
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def room_until(gallery: Gallery, stage: str) -> int:
    """Kilobytes that a run's files take up to the middle of a stage."""
    pages = Counter(dict.fromkeys(STAGES, 0))
    for path in gallery.written():
        size = (gallery.data / path).stat().st_size
        pages[path.split("/")[0]] += -(-size // 4096)
    folder = next(folder for folder, name in STAGES.items() if name == stage)
    return 4 * (sum(pages[earlier] for earlier in STAGES if earlier < folder) + pages[folder] // 2)


NUMBERS = {
    "ingestion": 3,
    "extraction": 5,
    "training": 4,
    "saving models": 5,
    "saving codes": 4,
    "evaluation": 4,
}

# As conftest's run of the demo, with a gallery a third as large.
CHUNKS = {
    **dict.fromkeys(("pool4_1", "pool4_2", "pool4_3", "pool4_4")),
    "top": {"layer": "block4_pool", "start": 0, "stop": 256},
    "bottom": {"layer": "block4_pool", "start": 256, "stop": 512},
    "pool5": {"layer": "block5_pool", "start": 0, "stop": 128},
}
PAINTINGS_EACH = 6


# Training and pictures that repeat, and break, as longer and more of them would.
QUICK = (
    "report.thumbnails=1,report.examples=1,"
    "comparisons.tropf_kurve=null,comparisons.gitter_nacht=null,comparisons.punkt_pointe=null,"
    "comparisons.mistism_dottism=null,discovery.umap=false"
)


def small_gallery(folder: Path, cnn: Path) -> Gallery:
    """A copy of the project with a tiny gallery, chunks to suit the CNN, and short trainings."""
    copy_project(folder)
    conf = folder / "conf" / "demo"
    (conf / "parameters_small.yml").write_text(yaml.safe_dump({"chunks": CHUNKS}, sort_keys=False))
    catalog = (conf / "catalog.yml").read_text()
    (conf / "catalog.yml").write_text(catalog.replace("paintings_each: 18", f"paintings_each: {PAINTINGS_EACH}"))
    parameters = (
        f"backbone.model_file={cnn},backbone.shard_rows=16,autoencoder.channels=8,autoencoder.code_size=8,"
        "autoencoder.components=24,style.code_size=8"
    )
    return Gallery(folder, ("--params", parameters))


def small_cnn(path: Path) -> Path:
    """Save a CNN with two named layers whose chunks are of one length, like VGG16's but 1,000 times cheaper."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    inputs = x = layers.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D(2, name="block4_pool")(x)  # 8 x 8 x 8 = 512
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D(2, name="block5_pool")(x)  # 4 x 4 x 8 = 128
    keras.Model(inputs, x).save(path)
    return path


def main() -> int:
    """Break 25 runs and fill the disk at every stage in two ways; exit status 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--page", type=Path, default=PROJECT / "docs" / "chaos.md")
    given = parser.parse_args()
    rng = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        cnn = small_cnn(root / "small.keras")
        undisturbed = small_gallery(root / "undisturbed", cnn)
        whole = undisturbed.run()
        if whole.status:
            raise SystemExit(f"the undisturbed run failed:\n{whole.output[-4000:]}")
        expected = undisturbed.results()
        points = choose(whole.events, rng, NUMBERS)
        kills = [_one(check, root, cnn, point, expected) for point in points]
        opened = [event for event in whole.events if event.kind == "open"]
        first = [Point(rng.choice([e for e in opened if e.stage == stage]), "full") for stage in NUMBERS]
        fills = [_one(check_full_disk, root, cnn, point, expected) for point in first]
        rooms = [(stage, room_until(undisturbed, stage)) for stage in NUMBERS]
        try:
            disks = [_one(check_small_disk, root, cnn, *room, expected) for room in rooms]
        except PermissionError as error:
            print(f"no small disk was filled, since to mount one takes root: {error}")
            disks = []
    given.page.write_text(_page(given.seed, len(whole.events), kills, fills, disks))
    return int(not all(row["held"] for row in kills + fills + disks))


def _one(check_one: Callable[..., dict[str, object]], root: Path, cnn: Path, *arguments: object) -> dict[str, object]:
    gallery = small_gallery(root / "broken", cnn)
    row = check_one(gallery, *arguments)
    shutil.rmtree(gallery.project)
    print(json.dumps(row), flush=True)
    return row


PAGE = """\
# Broken runs

[Faults](faults.md) describes the expected behaviour. `make chaos` wrote the tables below (seed {seed}). It runs the
demo on a gallery of {paintings} paintings. A run opens files for writing or renames them {events} times. Each test
breaks a run at random and repeats the same command.

## Killed

`kill -9` at {kills} random points. **{survived} of {kills}** held: no partial file had a final name, the next run
finished, all tables, arrays and figures were byte-identical to those of an undisturbed run, no stored shard was written
again, and no temporary file was left.

| | while | killed | shards stored | temporary files | |
|---|---|---|---|---|---|
{killed}

## Disk full

From one point on, no byte could be written (`RLIMIT_FSIZE`). **{filled} of {fills}** held: one error named the file, or
the folder of a result of several files; no stored result was damaged; no temporary file was left; and the next run,
with free space, gave identical results.

| while | from | shards stored | |
|---|---|---|---|
{full}

The same on a disk that was too small: a `tmpfs` of the given size, filled during every stage and enlarged afterwards.
**{fitted} of {disks}** held.

| while | disk | shards stored | |
|---|---|---|---|
{small}
"""


def _page(seed: int, events: int, kills: list[dict], fills: list[dict], disks: list[dict]) -> str:
    killed = [
        f"| {number} | {row['stage']} | {row['where']} | {row['shards']} | {row['partial']} | {_verdict(row)} |"
        for number, row in enumerate(kills, 1)
    ]
    full, small = (
        [f"| {row['stage']} | {row['where']} | {row['shards']} | {_verdict(row)} |" for row in rows]
        for rows in (fills, disks)
    )
    return PAGE.format(
        seed=seed,
        paintings=10 * PAINTINGS_EACH + 1,
        events=events,
        kills=len(kills),
        survived=sum(row["held"] for row in kills),
        killed="\n".join(killed),
        fills=len(fills),
        filled=sum(row["held"] for row in fills),
        full="\n".join(full),
        disks=len(disks),
        fitted=sum(row["held"] for row in disks),
        small="\n".join(small),
    )


def _verdict(row: dict) -> str:
    broken = [name for name, true in row["facts"].items() if not true]
    return f"**not so: {', '.join(broken)}**" if broken else "held"


if __name__ == "__main__":
    sys.exit(main())
