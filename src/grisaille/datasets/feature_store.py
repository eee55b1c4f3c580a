"""The feature store as a catalog entry."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from kedro.io.core import AbstractDataset, DatasetError

from grisaille.features import store as feature_store
from grisaille.features.cluster import cluster_executor
from grisaille.features.store import FeatureStore, FeatureStoreError, Source
from grisaille.storage import AnyPath, as_path

logger = logging.getLogger(__name__)

Identity = Callable[[], Mapping[str, Any] | None]


class FeatureStoreDataset(AbstractDataset[Source, FeatureStore]):
    """``FeatureStoreDataset`` keeps features in a folder named after what determined them. Saving is lazy: it is given
    the work and stores it shard by shard, and what an earlier run stored is not computed again.

    Which store to load follows from the run: a hook hands in the identity of the features that the run's parameters
    and paintings ask for, so that a store made by other settings is never mistaken for the one that is meant.

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
        """Point at the folder of all stores.

        Args:
            path: A folder, with a protocol such as `s3://` unless it is local. Of others, shards that are read are
                kept in the folder for temporary files.
            credentials: Passed to the filesystem.
            metadata: Ignored by Kedro; read by plugins.
        """
        self._path = as_path(path, credentials)
        self._identity: Identity | None = None
        self.metadata = metadata

    def expect(self, identity: Identity) -> None:
        """Say which features are meant, by a function that knows once the paintings are known."""
        self._identity = identity

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}

    def fingerprint(self) -> str | None:
        """The fingerprint of the features that are meant; None while the paintings are not known."""
        identity = self._identity() if self._identity is not None else None
        return None if identity is None else feature_store.fingerprint(identity)

    def stored_at(self) -> AnyPath | None:
        """Where the features that are meant are or will be; None while the paintings are not known."""
        fingerprint = self.fingerprint()
        return None if fingerprint is None else self._path / fingerprint

    def load(self) -> FeatureStore:
        """Open the store; nothing is read until rows are asked for.

        Raises:
            DatasetError: If these features were not extracted yet, or a file of theirs is damaged.
        """
        folder = self.stored_at()
        if folder is None:
            raise DatasetError("the paintings are not known yet: run `kedro run --pipelines ingestion` first")
        try:
            return FeatureStore(folder)
        except FeatureStoreError as error:
            if (folder / feature_store.MANIFEST).is_file():
                raise DatasetError(str(error)) from error
            others = sorted(path.parent.name for path in self._path.glob(f"*/{feature_store.MANIFEST}"))
            raise DatasetError(
                f"{error}. The paintings or the backbone's settings differ from those of the stores that exist "
                f"({', '.join(others) or 'none'}), or the extraction did not finish: "
                "run `kedro run --pipelines feature_extraction` with the same parameters"
            ) from error

    def save(self, data: Source) -> None:
        """Compute and store what is missing, on all workers of a cluster where there is one."""
        with cluster_executor() as executor:
            feature_store.write(self._path, data, executor)

    def _exists(self) -> bool:
        folder = self.stored_at()
        if folder is None:
            return False
        try:
            damaged = FeatureStore(folder).damaged()
        except FeatureStoreError:
            return False
        for path in damaged:
            logger.warning("a damaged shard counts as missing: %s", path)
        return not damaged
