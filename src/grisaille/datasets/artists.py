"""The optional table of artists."""

import logging
from typing import Any

import pandas as pd
from kedro.io.core import DatasetError

from grisaille.collection.artists import ArtistsTableError, read_table
from grisaille.datasets.given_file import GivenFileDataset

logger = logging.getLogger(__name__)
# Missing files that this process has warned about, since several nodes of a run read the table.
_WARNED: set[str] = set()


class ArtistsDataset(GivenFileDataset[pd.DataFrame]):
    r"""``ArtistsDataset`` loads a CSV of artists. A requested file must exist; the fallback is optional. Without a
    table, artists are named after files and folders only.

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

    WHAT = "table of artists"
    PARAMETER = "artists_file=/path/to/artists.csv"

    def __init__(
        self,
        *,
        filepath: str | None,
        fallback: str,
        load_args: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Configure the file.

        Args:
            filepath: The requested file, or None.
            fallback: The file to read if none is requested.
            load_args: Passed to `pandas.read_csv`, if the separator or anything else is not detected correctly.
            fs_args: Passed to the filesystem.
            metadata: Ignored by Kedro; read by plugins.
        """
        super().__init__(filepath=filepath, fallback=fallback, fs_args=fs_args, metadata=metadata)
        self._load_args = load_args or {}

    def load(self) -> pd.DataFrame:
        """Read the table.

        Raises:
            DatasetError: If the requested file does not exist, or is not a table of artists.
        """
        data = self._read()
        if data is None:
            if str(self._filepath) not in _WARNED:
                _WARNED.add(str(self._filepath))
                logger.warning("no table of artists at %s: names come from the paintings alone", self._filepath)
            return pd.DataFrame({"name": [], "genre": []})
        try:
            return read_table(data, **self._load_args)
        except ArtistsTableError as error:
            raise DatasetError(f"{self._filepath}: {error}") from error
