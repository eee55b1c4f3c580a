"""The table of paintings, which a collection may do without."""

from pathlib import PurePosixPath

import pandas as pd
from kedro.io.core import DatasetError

from grisaille.collection.tables import TableError
from grisaille.collection.works import read_columns
from grisaille.datasets.given_file import GivenFileDataset


class WorksDataset(GivenFileDataset):
    r"""``WorksDataset`` loads a table with one row a painting, as it is written: CSV, TSV, JSON, JSON lines, Parquet or
    Excel, by its ending. A file that was asked for must exist; the fallback need not, and the table is empty then.

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

    def load(self) -> pd.DataFrame:
        """Read the table: all its columns, of text; what they mean is found out by `works.recognise`.

        Raises:
            DatasetError: If the file was asked for and does not exist, or is no table.
        """
        data = self._read()
        if data is None:
            return pd.DataFrame()
        try:
            return read_columns(data, PurePosixPath(self._filepath).suffix)
        except TableError as error:
            raise DatasetError(f"{self._filepath}: {error}") from error
