"""Whether figures of a sample of paintings lie within their intervals around the exact ones, on 20,000 paintings.

The paintings are those of `benchmarks.large`, and features are an eighth as wide as VGG16's, so that comparing all with
all takes minutes.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.large import paint_folder, save_network
from benchmarks.tools import PROJECT, Given

_N, _CHANNELS = 20_000, 64
_CHUNK = 49 * _CHANNELS
# Table -> what a row is, in both runs.
_TABLES = {
    "preservation": ["space", "likeness", "paintings"],
    "usefulness": ["space", "likeness", "paintings"],
    "recommendations": ["kind", "space", "likeness", "diversity"],
}


def measure(_: Given) -> dict[str, Any]:
    """Table -> how many figures have an interval, and how many exact ones lie in it; those outside by name."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        paint_folder(root / "paintings", _N)
        save_network(root / "network.keras", _CHANNELS)
        given = {"storage": root / "data", "paintings_folder": root / "paintings"}
        given |= {"backbone.model_file": root / "network.keras", "autoencoder.channels": _CHANNELS}
        for number, name in enumerate(("pool4_1", "pool4_2", "pool4_3", "pool4_4", "pool5")):
            start = number % 4 * _CHUNK
            given |= {f"chunks.{name}.start": start, f"chunks.{name}.stop": start + _CHUNK}
        _run(given)
        exact = _tables(root)
        _run(given | {"evaluation.exact_up_to": 1000}, "--pipelines", "evaluation")
        sampled = _tables(root)
    return {"n": _N} | {name: _within(exact[name], sampled[name], columns) for name, columns in _TABLES.items()}


def _run(given: dict[str, Any], *arguments: str) -> None:
    parameters = ",".join(f"{name}={value}" for name, value in given.items())
    subprocess.run([sys.executable, "-m", "kedro", "run", *arguments, "--params", parameters], cwd=PROJECT, check=True)


def _tables(root: Path) -> dict[str, pd.DataFrame]:
    newest = {name: max((root / "data" / "08_reporting" / f"{name}.csv").glob("*/*.csv")) for name in _TABLES}
    return {name: pd.read_csv(path) for name, path in newest.items()}


def _within(exact: pd.DataFrame, sampled: pd.DataFrame, columns: list[str]) -> dict[str, Any]:
    both = sampled.merge(exact, on=columns, suffixes=("", "_exact"), validate="one_to_one")
    outside, count = [], 0
    for _, row in both.iterrows():
        for name in sampled.columns:
            low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
            if (margin := row.get(f"{name}_margin")) is not None:
                low, high = row[name] - margin, row[name] + margin
            if low is None or pd.isna(low) or not high > low:
                continue
            count += 1
            if not low <= row[f"{name}_exact"] <= high:
                off = (row[f"{name}_exact"] - row[name]) / ((high - low) / 2)
                outside.append(" ".join([*map(str, row[columns]), name, f"{off:+.2f}"]))
    return {"figures": count, "within": count - len(outside), "outside": outside}
