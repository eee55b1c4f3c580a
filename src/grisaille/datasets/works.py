"""The optional table of paintings."""

from pathlib import PurePosixPath
from typing import Any

import pandas as pd
from kedro.io.core import DatasetError, get_protocol_and_path

from grisaille.collection import iiif
from grisaille.collection.tables import TableError
from grisaille.collection.works import read_columns
from grisaille.datasets.given_file import GivenFileDataset
from grisaille.storage import expanded


class WorksDataset(GivenFileDataset[pd.DataFrame]):
    r"""``WorksDataset`` loads a table with one row a painting as written: CSV, TSV, JSON, JSON lines, Parquet or Excel,
    by its suffix. A requested file must exist; the fallback is optional, and without it the table is empty.

    Examples:
        ```yaml
        raw_works:
          type: grisaille.datasets.WorksDataset
          filepath: my_paintings.csv
          fallback: data/01_raw/paintings.csv
        ```

        >>> from grisaille.datasets import WorksDataset
        >>>
        >>> _ = (tmp_path / "works.csv").write_text("file,title,year\nClaude_Monet_1.jpg,Water Lilies,1906\n")
        >>> WorksDataset(filepath=tmp_path / "works.csv", fallback="none.csv").load()["title"][0]
        'Water Lilies'

    """  # noqa: D205 - the first sentence of a Kedro dataset names the class, and does not fit on a line

    WHAT = "table of paintings"
    PARAMETER = "paintings_file=/path/to/paintings.csv"

    def __init__(
        self,
        *,
        filepath: str | None,
        fallback: str,
        pictures: str | None = None,
        copies: str | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Configure the file.

        Args:
            filepath: The requested file, or None.
            fallback: The file to read if none is requested.
            pictures: Location of the pictures. If these are IIIF manifests, their data are the fallback.
            copies: As in `PaintingsDataset`.
            fs_args: Passed to the filesystem.
            metadata: Ignored by Kedro; read by plugins.
        """
        if pictures and copies and "://" not in copies and (iiif.is_url(pictures) or pictures.lower().endswith(".txt")):
            source = pictures if iiif.is_url(pictures) else get_protocol_and_path(expanded(pictures))[1]
            fallback = str(iiif.copy_of(source, copies) / iiif.WORKS)
        super().__init__(filepath=filepath, fallback=fallback, fs_args=fs_args, metadata=metadata)

    def load(self) -> pd.DataFrame:
        """Read the table: all columns as text; `works.recognise` interprets them.

        Raises:
            DatasetError: If the requested file does not exist, or is not a table.
        """
        data = self._read()
        if data is None:
            return pd.DataFrame()
        try:
            return read_columns(data, PurePosixPath(self._filepath).suffix)
        except TableError as error:
            raise DatasetError(f"{self._filepath}: {error}") from error
