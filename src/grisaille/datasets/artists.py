"""The table of artists, which a collection may do without."""

import hashlib
import logging
from copy import copy
from typing import Any, NoReturn

import fsspec
import pandas as pd
from kedro.io.core import AbstractDataset, DatasetError, get_protocol_and_path

from grisaille.collection.artists import ArtistsTableError, read_table
from grisaille.storage import expanded

logger = logging.getLogger(__name__)


class ArtistsDataset(AbstractDataset[NoReturn, pd.DataFrame]):
    r"""``ArtistsDataset`` loads a CSV of artists. A file that was asked for must exist; the fallback need not, and
    without it artists are named after files and folders alone.

    Examples:
        ```yaml
        raw_artists:
          type: grisaille.datasets.ArtistsDataset
          filepath: my_artists.csv
          fallback: data/01_raw/artists.csv
        ```

        >>> from grisaille.datasets import ArtistsDataset
        >>>
        >>> _ = (tmp_path / "artists.csv").write_text("name,genre\nClaude Monet,Impressionism\n")
        >>> ArtistsDataset(filepath=tmp_path / "artists.csv", fallback="none.csv").load()["name"][0]
        'Claude Monet'

    """  # noqa: D205 - the first sentence of a Kedro dataset names the class, and does not fit on a line

    def __init__(
        self,
        *,
        filepath: str | None,
        fallback: str,
        load_args: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Point at a file.

        Args:
            filepath: The file that was asked for, or None.
            fallback: The file to take when none was asked for.
            load_args: Passed to `pandas.read_csv`, where the separator or anything else is not found out rightly.
            fs_args: Passed to the filesystem.
            metadata: Ignored by Kedro; read by plugins.
        """
        self._asked_for = filepath is not None
        self._protocol, self._filepath = get_protocol_and_path(expanded(filepath or fallback))
        self._filesystem = fsspec.filesystem(self._protocol, **(fs_args or {}))
        self._load_args = load_args or {}
        self.metadata = metadata

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "protocol": self._protocol, "required": self._asked_for}

    def load(self) -> pd.DataFrame:
        """Read the table.

        Raises:
            DatasetError: If the file was asked for and does not exist, or is no table of artists.
        """
        if not self._filesystem.isfile(self._filepath):
            if self._asked_for:
                raise DatasetError(
                    f"there is no table of artists at {self._filepath}; "
                    "give yours with --params artists_file=/path/to/artists.csv"
                )
            logger.warning("no table of artists at %s: names come from files and folders alone", self._filepath)
            return pd.DataFrame({"name": [], "genre": []})
        with self._filesystem.open(self._filepath, "rb") as file:
            data = file.read()
        try:
            return read_table(data, **self._load_args)
        except ArtistsTableError as error:
            raise DatasetError(f"{self._filepath}: {error}") from error

    def at(self, path: str) -> "ArtistsDataset":
        """The same of another file."""
        other = copy(self)
        other._asked_for = True
        other._protocol, other._filepath = get_protocol_and_path(expanded(path))
        return other

    def fingerprint(self) -> str:
        """What changes with the file; the same for all that are not there."""
        if not self._filesystem.isfile(self._filepath):
            return "none"
        return hashlib.sha256(self._filesystem.cat_file(self._filepath)).hexdigest()[:16]

    def save(self, data: NoReturn) -> NoReturn:
        """Refuse: the table is only ever read."""
        raise DatasetError("ArtistsDataset is read-only")

    def _exists(self) -> bool:
        return bool(self._filesystem.isfile(self._filepath)) or not self._asked_for
