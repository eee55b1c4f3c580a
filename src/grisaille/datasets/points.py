"""Points of a study, one small file each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from operator import methodcaller
from typing import Any, Protocol

import pandas as pd
from kedro.io.core import AbstractDataset, DatasetError

from grisaille.features.store import fingerprint
from grisaille.storage.files import AnyPath, as_path, seal, sha256, stored_checksum, write_atomically
from grisaille.terminal import Bar

_INDEX = "index.json"


class Computable(Protocol):
    """A computation with an identity, which determines its result."""

    identity: dict[str, Any]

    def compute(self) -> dict[str, Any]:
        """One row of a table, as plain JSON values."""


class PointsDataset(AbstractDataset[Sequence[Computable], pd.DataFrame]):
    """``PointsDataset`` stores the rows of a table that are expensive to compute. Saving is lazy: it takes the work,
    and computes only the rows that no earlier run has stored. Loading returns the table of the last run.

    Examples:
        ```yaml
        study_points:
          type: grisaille.datasets.PointsDataset
          path: data/08_reporting/study/points
        ```
    """  # noqa: D205 - the first sentence of a Kedro dataset names the class, and does not fit on a line

    def __init__(
        self, *, path: str, credentials: dict[str, Any] | None = None, metadata: dict[str, Any] | None = None
    ) -> None:
        """Configure the folder of all points.

        Args:
            path: A folder, with a protocol such as `s3://` unless it is local.
            credentials: Passed to the filesystem.
            metadata: Ignored by Kedro; read by plugins.
        """
        self._path = as_path(path, credentials)
        self.metadata = metadata

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}

    def _file(self, name: str) -> AnyPath:
        return self._path / f"{name}.json"

    def load(self) -> pd.DataFrame:
        """One row a point, in the given order.

        Raises:
            DatasetError: If a run did not finish, or a point is damaged.
        """
        try:
            names = json.loads((self._path / _INDEX).read_text("utf-8"))
            return pd.DataFrame([self._row(name) for name in names])
        except FileNotFoundError as error:
            raise DatasetError(
                f"the points in {self._path} are not complete: run `kedro run --pipelines study`"
            ) from error

    def save(self, data: Sequence[Computable]) -> None:
        """Compute and store missing points."""
        self._path.mkdir(parents=True, exist_ok=True)
        points = {fingerprint(point.identity): point for point in data}
        missing = [name for name in points if not self._is_stored(name)]
        done = len(points) - len(missing)
        for name in Bar(missing, total=len(points), initial=done, desc="points of the study", unit=" points"):
            self._write(self._file(name), {"identity": points[name].identity, "row": points[name].compute()})
            seal(self._file(name))
        self._write(self._path / _INDEX, [fingerprint(point.identity) for point in data])

    @staticmethod
    def _write(path: AnyPath, content: Any) -> None:
        write_atomically(path, methodcaller("write", json.dumps(content, indent=1).encode()))

    def _is_stored(self, name: str) -> bool:
        path = self._file(name)
        return path.is_file() and stored_checksum(path) in {None, sha256(path)}

    def _row(self, name: str) -> Any:
        content = self._file(name).read_text("utf-8")
        if not self._is_stored(name):
            raise DatasetError(
                f"the point {self._file(name)} is damaged: its checksum differs from the one that it was stored with. "
                "`kedro run --pipelines study` with the same --params computes only this one again"
            )
        return json.loads(content)["row"]

    def files(self) -> list[AnyPath]:
        """The files of the last run's points, and their index."""
        index = self._path / _INDEX
        return [index, *(self._file(name) for name in json.loads(index.read_text("utf-8")))] if index.is_file() else []

    def stored_at(self) -> AnyPath:
        """The folder of all points."""
        return self._path

    def fingerprint(self) -> str | None:
        """SHA-256 of the list of the last run's points, whose names depend on their identities; None without a list."""
        index = self._path / _INDEX
        return sha256(index) if index.is_file() else None

    def _exists(self) -> bool:
        return (self._path / _INDEX).is_file()
