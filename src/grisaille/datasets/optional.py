"""What a node reads where it is there, and does without where it is not."""

from collections.abc import Callable
from typing import Any, NoReturn

from kedro.io.core import AbstractDataset, DatasetError


class OptionalDataset(AbstractDataset[NoReturn, Any]):
    """``OptionalDataset`` loads what another dataset has stored, and None where that has stored nothing. Kedro runs no
    node whose inputs are missing; this one never is.

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
            dataset: As in a catalog.
            metadata: Ignored by Kedro; read by plugins.
        """
        self._dataset: Any = AbstractDataset.from_config("optional", dataset)
        self.metadata = metadata

    def expect(self, identity: Callable[[], Any]) -> None:
        """Tell a feature store which features are meant."""
        self._dataset.expect(identity)

    def _describe(self) -> dict[str, Any]:
        return {"dataset": self._dataset}

    def load(self) -> Any:
        """What is stored, or None."""
        try:
            return self._dataset.load()
        except DatasetError:
            # Asked last: a feature store is there if none of its shards is damaged, and looks at all of them.
            if self._dataset.exists():
                raise
            return None

    def save(self, data: NoReturn) -> NoReturn:
        """Refuse: the dataset itself takes what is saved."""
        raise DatasetError("OptionalDataset is read-only")

    def fingerprint(self) -> str | None:
        """What changes with what is stored; None where there is nothing."""
        if hasattr(self._dataset, "fingerprint"):
            fingerprint: str | None = self._dataset.fingerprint()
            return fingerprint
        version: str | None = self._dataset.resolve_load_version() if self._dataset.exists() else None
        return version

    def _exists(self) -> bool:
        return True
