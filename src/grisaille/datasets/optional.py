"""An optional input of a node."""

from collections.abc import Callable
from typing import Any, NoReturn

from kedro.io.core import AbstractDataset, DatasetError


class OptionalDataset(AbstractDataset[NoReturn, Any]):
    """``OptionalDataset`` loads the data of another dataset, or None if there are none. Kedro does not run nodes with
    missing inputs; this input is never missing.

    Examples:
        ```yaml
        study_codes_if_there:
          type: grisaille.datasets.OptionalDataset
          dataset:
            type: pandas.CSVDataset
            filepath: data/08_reporting/study_codes.csv
            versioned: true
        ```

        >>> from grisaille.datasets import OptionalDataset
        >>>
        >>> missing = {"type": "pandas.CSVDataset", "filepath": str(tmp_path / "none.csv")}
        >>> OptionalDataset(dataset=missing).load() is None
        True

    """  # noqa: D205 - the first sentence of a Kedro dataset names the class, and does not fit on a line

    def __init__(self, *, dataset: dict[str, Any], metadata: dict[str, Any] | None = None) -> None:
        """Wrap a dataset.

        Args:
            dataset: Configuration of the dataset, as in a catalog.
            metadata: Ignored by Kedro; read by plugins.
        """
        self._dataset: Any = AbstractDataset.from_config("optional", dataset)
        self.metadata = metadata

    def expect(self, identity: Callable[[], Any]) -> None:
        """Set the wanted features of a wrapped feature store."""
        self._dataset.expect(identity)

    def _describe(self) -> dict[str, Any]:
        return {"dataset": self._dataset}

    def load(self) -> Any:
        """The stored data, or None."""
        try:
            return self._dataset.load()
        except DatasetError:
            # Checked last, since a feature store checks all its shards for damage.
            if self._dataset.exists():
                raise
            return None

    def save(self, data: NoReturn) -> NoReturn:
        """Refuse, since the wrapped dataset saves the data."""
        raise DatasetError("OptionalDataset is read-only")

    def fingerprint(self) -> str | None:
        """The fingerprint of the stored data; None without data."""
        if hasattr(self._dataset, "fingerprint"):
            fingerprint: str | None = self._dataset.fingerprint()
            return fingerprint
        version: str | None = self._dataset.resolve_load_version() if self._dataset.exists() else None
        return version

    def _exists(self) -> bool:
        return True
