"""A folder of files of one kind, all of one version."""

from pathlib import PurePosixPath
from typing import Any

from kedro.io.core import Version, generate_timestamp
from kedro_datasets.partitions import PartitionedDataset


class VersionedPartitionsDataset(PartitionedDataset):
    """``VersionedPartitionsDataset`` is a ``PartitionedDataset`` that saves all its partitions under the version of the
    run, so that `--load-versions` knows it. What a version does not hold is not loaded with it, and a version exists
    when all its partitions do.

    Examples:
        ```yaml
        artist_embeddings:
          type: grisaille.datasets.VersionedPartitionsDataset
          path: data/07_model_output/artist_embeddings
          filename_suffix: .npy
          dataset: grisaille.datasets.NumPyDataset
          versioned: true
        ```
    """  # noqa: D205 - the first sentence of a Kedro dataset names the class, and does not fit on a line

    def __init__(self, *, version: Version | None = None, **arguments: Any) -> None:
        """As `PartitionedDataset`.

        Args:
            version: Which version to load, the newest where it names none, and to save.
            **arguments: As `PartitionedDataset`'s.
        """
        super().__init__(**arguments)
        given = version or Version(None, None)
        self._version = Version(given.load, given.save or generate_timestamp())

    def load(self) -> dict[str, Any]:
        """Partition -> function that loads it, of one version."""
        self._use(self.resolve_load_version(), None)
        return dict(super().load())

    def save(self, data: dict[str, Any]) -> None:
        """Write every partition, also those that a worker of a cluster wrote before it died."""
        for partition in data:
            unfinished = PurePosixPath(self._partition_to_path(partition)) / self.resolve_save_version()
            if self._filesystem.exists(str(unfinished)):
                self._filesystem.rm(str(unfinished), recursive=True)
        self._use(None, self._version.save)
        super().save(data)
        self._filesystem.touch(self._mark(self.resolve_save_version()))

    def resolve_load_version(self) -> str | None:
        """The version that is loaded; None where there is none."""
        versions = {PurePosixPath(path).parent.name for path in self._files()}
        return self._version.load or max(filter(self._is_complete, versions), default=None)

    def resolve_save_version(self) -> str:
        """The version that is saved."""
        return str(self._version.save)

    def files(self, version: str) -> list[str]:
        """The files of a version, sorted."""
        return sorted(path for path in self._files() if PurePosixPath(path).parent.name == version)

    def _is_complete(self, version: str) -> bool:
        return bool(self._filesystem.exists(self._mark(version)))

    def _mark(self, version: str) -> str:
        """A file that is written when all partitions of a version are."""
        return str(PurePosixPath(self._normalized_path) / f"{version}.complete")

    def _use(self, load: str | None, save: str | None) -> None:
        self._dataset_config["version"] = Version(load, save)

    def _files(self) -> list[str]:
        found = self._filesystem.find(self._normalized_path, **self._load_args)
        return [path for path in found if path.endswith(self._filename_suffix)]

    def _list_partitions(self) -> list[str]:
        version = self.resolve_load_version()
        return [] if version is None else [str(PurePosixPath(path).parents[1]) for path in self.files(version)]
