"""The runs of a storage, one line each: pipelines, number of paintings, headline figures."""

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

# Options of `kedro run` that leave out nodes.
_PARTS = (
    "from_nodes", "to_nodes", "from_inputs", "to_outputs", "node_names", "tags", "namespaces", "only_missing_outputs",
)  # fmt: skip


@dataclass(frozen=True)
class RunLine:
    """A run in one line.

    Attributes:
        run: Its name, which is its start time.
        state: `finished`, `failed`, or `damaged` if its manifest cannot be read.
        ran: See `ran`.
        seconds: Duration.
        error: The error of a failed run.
        paintings: Rows of the table that it made or read; None if the table is gone.
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
    """The pipelines of a command, with "(part)" if it left out nodes."""
    pipelines = str(command.get("pipelines", "__default__")).replace("__", "").split(",")
    # Kedro passes them in no order.
    return "+".join(sorted(pipelines)) + (" (part)" if any(command.get(name) for name in _PARTS) else "")


def _figures(manifest: Mapping[str, Any], storage: Path) -> dict[str, float]:
    """The headline figures; empty for a run of a release with other settings or columns."""
    with suppress(KeyError, ValueError):
        return headline(manifest, storage)
    return {}


def headline(manifest: Mapping[str, Any], storage: Path) -> dict[str, float]:
    """Headline figures of a run over all paintings, as far as they are still stored.

    Returns:
        `same_artist_<likeness>` is the share of a painting's nearest in the embedding that are by its artist, with the
        ends of its 95% interval in `..._low` and `..._high`. `kept_composition` is the share of its nearest in the full
        features that the embedding of composition keeps. Given vectors are their own embedding; `kept_vectors` is the
        share that their PCA keeps.
    """
    made_for = Autoencoder.model_validate(manifest["parameters"].get("autoencoder", {})).made_for
    figures = {}
    for row in _rows("usefulness", manifest, storage):
        if (row["space"], row["likeness"]) == ("raw", "vectors") or row["space"] == "embedding":
            for end in ("", "_low", "_high"):
                figures[f"same_artist_{row['likeness']}{end}"] = row[f"precision{end}"]
    for row in _rows("preservation", manifest, storage):
        kept = {("embedding", made_for): "kept_composition", ("pca", "vectors"): "kept_vectors"}
        if name := kept.get((row["space"], row["likeness"])):
            figures[name] = row["recall"]
    return {name: float(value) for name, value in figures.items() if value}


def _rows(table: str, manifest: Mapping[str, Any], storage: Path) -> list[dict[str, str]]:
    """Rows of a run's own table that cover all paintings."""
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
