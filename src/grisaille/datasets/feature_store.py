"""The feature store as a dataset of the catalog."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from kedro.io.core import AbstractDataset, DatasetError

from grisaille.features import store as feature_store
from grisaille.features.cluster import cluster_executor
from grisaille.features.store import Contents, FeatureStore, FeatureStoreError, Source
from grisaille.storage import AnyPath, as_path

logger = logging.getLogger(__name__)

Wanted = Callable[[], Contents | None]


class FeatureStoreDataset(AbstractDataset[Source, FeatureStore]):
    """``FeatureStoreDataset`` keeps features of paintings in a folder named after everything that determines them.
    Saving is lazy: it takes the work, and computes only the features that no earlier run has stored, shard by shard.

    The context tells it which features the run's parameters and paintings determine, so it never loads those of other
    settings.

    Examples:
        ```yaml
        features:
          type: grisaille.datasets.FeatureStoreDataset
          path: data/04_feature/features
        ```
    """  # noqa: D205 - the first sentence of a Kedro dataset names the class, and does not fit on a line

    def __init__(
        self, *, path: str, credentials: dict[str, Any] | None = None, metadata: dict[str, Any] | None = None
    ) -> None:
        """Configure the folder of all stores.

        Args:
            path: A folder, with a protocol such as `s3://` unless it is local. Shards of remote folders are cached in
                the folder for temporary files.
            credentials: Passed to the filesystem.
            metadata: Ignored by Kedro; read by plugins.
        """
        self.root = as_path(path, credentials)
        self._wanted: Wanted | None = None
        self.metadata = metadata

    def expect(self, wanted: Wanted) -> None:
        """Set the function that returns the wanted features once the paintings are known."""
        self._wanted = wanted

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self.root)}

    def _contents(self) -> Contents | None:
        return None if self._wanted is None else self._wanted()

    def fingerprint(self) -> str | None:
        """The fingerprint of the wanted features; None while the paintings are unknown."""
        contents = self._contents()
        return None if contents is None else contents.fingerprint

    def stored_at(self) -> AnyPath | None:
        """The manifest of the wanted features, which may not exist yet; None while the paintings are unknown."""
        contents = self._contents()
        return None if contents is None else contents.below(self.root)

    def load(self) -> FeatureStore:
        """Open the store; rows are read on access.

        Raises:
            DatasetError: If these features were not extracted yet, or one of their files is damaged.
        """
        path = self.stored_at()
        if path is None:
            raise DatasetError("the paintings are not known yet: run `kedro run --pipelines ingestion` first")
        try:
            return FeatureStore(path)
        except FeatureStoreError as error:
            if path.is_file():
                raise DatasetError(str(error)) from error
            others = sorted({manifest.parent.name for manifest in self.root.glob("*/*.json")})
            raise DatasetError(
                f"{error}. The paintings or the backbone's settings differ from those of the features that exist "
                f"({', '.join(others) or 'none'}), or the extraction did not finish: "
                "run `kedro run --pipelines feature_extraction` with the same parameters"
            ) from error

    def save(self, data: Source) -> None:
        """Compute and store missing features, on all workers if there is a cluster."""
        with cluster_executor() as executor:
            feature_store.write(self.root, data, executor)

    def _exists(self) -> bool:
        path = self.stored_at()
        if path is None:
            return False
        try:
            damaged = FeatureStore(path).damaged()
        except FeatureStoreError:
            return False
        for shard in damaged:
            logger.warning("a damaged shard counts as missing: %s", shard)
        return not damaged
