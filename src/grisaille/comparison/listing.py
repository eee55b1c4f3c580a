"""The runs of a storage, each in a line: what it ran, on how many paintings, and what it measured."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grisaille.parameters import Autoencoder
from grisaille.provenance import manifest as manifests
from grisaille.provenance import stamps

# Options of `kedro run` that leave out some nodes.
_PARTS = (
    "from_nodes", "to_nodes", "from_inputs", "to_outputs", "node_names", "tags", "namespaces", "only_missing_outputs",
)  # fmt: skip


@dataclass(frozen=True)
class RunLine:
    """A run in a line.

    Attributes:
        run: Its name, which is when it began.
        state: `finished`, `failed`, or `damaged`: of such a run nothing else is known.
        ran: See `ran`.
        seconds: How long it took.
        error: What ended a run that failed.
        paintings: How many are in the table that it made or read; None if it is gone.
        figures: See `headline`.
    """

    run: str
    state: str = "damaged"
    ran: str = ""
    seconds: float | None = None
    error: str | None = None
    paintings: int | None = None
    figures: Mapping[str, float] = field(default_factory=dict)


def lines(storage: Path) -> Iterator[RunLine]:
    """The runs of a storage, newest first."""
    for run in reversed(manifests.names(storage)):
        try:
            manifest = manifests.read(storage, run)
        except manifests.ManifestError:
            yield RunLine(run)
        else:
            yield RunLine(
                run=manifest["run"],
                state=manifest["status"],
                ran=ran(manifest["command"]),
                seconds=manifest["seconds"],
                error=manifest["error"],
                paintings=_paintings(manifest, storage),
                figures=_figures(manifest, storage),
            )


def ran(command: Mapping[str, Any]) -> str:
    """The pipelines of a command, and in parentheses whether only a part of their nodes ran."""
    pipelines = str(command.get("pipelines", "__default__")).replace("__", "").split(",")
    # Kedro hands them on in no order.
    return "+".join(sorted(pipelines)) + (" (part)" if any(command.get(name) for name in _PARTS) else "")


def _figures(manifest: Mapping[str, Any], storage: Path) -> dict[str, float]:
    """The headline, but nothing of a run of a release that had other settings or columns."""
    with suppress(KeyError, ValueError):
        return headline(manifest, storage)
    return {}


def headline(manifest: Mapping[str, Any], storage: Path) -> dict[str, float]:
    """What a run measured itself of all paintings, as far as it is still stored.

    Returns:
        `same_artist_<likeness>` is the share of a painting's nearest in the embedding that are by its artist, with the
        ends of its 95% interval in `..._low` and `..._high`; `kept_composition` is the share of its nearest in the full
        features that the embedding of composition keeps. Vectors that were given are their own embedding, and
        `kept_vectors` is what their PCA keeps.
    """
    made_for = Autoencoder.model_validate(manifest["parameters"].get("autoencoder", {})).made_for
    found = {}
    for row in _rows("usefulness", manifest, storage):
        if (row["space"], row["likeness"]) == ("raw", "vectors") or row["space"] == "embedding":
            for end in ("", "_low", "_high"):
                found[f"same_artist_{row['likeness']}{end}"] = row[f"precision{end}"]
    for row in _rows("preservation", manifest, storage):
        kept = {("embedding", made_for): "kept_composition", ("pca", "vectors"): "kept_vectors"}
        if name := kept.get((row["space"], row["likeness"])):
            found[name] = row["recall"]
    return {name: float(value) for name, value in found.items() if value}


def _rows(table: str, manifest: Mapping[str, Any], storage: Path) -> list[dict[str, str]]:
    """Rows of a table that a run made, which count all paintings."""
    record = manifest["outputs"].get(table)
    path = record and Path(str(manifests.absolute(record["path"], storage)))
    if not path or not path.is_file() or stamps.is_damaged(path):
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["paintings"] == "all"]


def _paintings(manifest: Mapping[str, Any], storage: Path) -> int | None:
    from pyarrow import ArrowInvalid
    from pyarrow.parquet import read_metadata

    held = manifests.held(manifest)
    for name in ("paintings", "picture_files"):
        with suppress(KeyError, OSError, ArrowInvalid):
            return int(read_metadata(manifests.absolute(held[name]["path"], storage)).num_rows)
    return None
