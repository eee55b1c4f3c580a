"""CSV tables that are safe in spreadsheets, where text must not become a formula."""

from typing import Any, ClassVar

import pandas as pd
from kedro_datasets.pandas import CSVDataset

from grisaille.collection.tables import as_it_was, without_formulas


class SpreadsheetSafeCSVDataset(CSVDataset):
    """``SpreadsheetSafeCSVDataset`` is a ``CSVDataset`` that prefixes text which a spreadsheet would take for a
    formula, such as an artist called ``=cmd()``, with an apostrophe, and removes it on loading. Text that reads "NA"
    stays text.

    Examples:
        ```yaml
        retrieval:
          type: grisaille.datasets.SpreadsheetSafeCSVDataset
          filepath: data/08_reporting/retrieval.csv
          save_args: {index: false}
        ```

        >>> import pandas as pd
        >>> from grisaille.datasets import SpreadsheetSafeCSVDataset
        >>>
        >>> dataset = SpreadsheetSafeCSVDataset(filepath=str(tmp_path / "table.csv"), save_args={"index": False})
        >>> dataset.save(pd.DataFrame({"artist": ["=cmd()", "NA"], "silhouette": [-0.5, 0.5]}))
        >>> print((tmp_path / "table.csv").read_text())
        artist,silhouette
        '=cmd(),-0.5
        NA,0.5
        <BLANKLINE>
        >>> dataset.load()["artist"].tolist()
        ['=cmd()', 'NA']

    """  # noqa: D205 - the first sentence of a Kedro dataset names the class, and does not fit on a line

    # A row whose only cell is blank is not skipped.
    DEFAULT_LOAD_ARGS: ClassVar[dict[str, Any]] = {
        "keep_default_na": False,
        "na_values": [""],
        "skip_blank_lines": False,
    }
    # With the line ends of RFC 4180, only names that contain a carriage return are quoted.
    DEFAULT_SAVE_ARGS: ClassVar[dict[str, Any]] = {"index": False, "lineterminator": "\r\n"}

    def load(self) -> pd.DataFrame:
        """Load the table as it was saved."""
        return as_it_was(super().load())

    def save(self, data: pd.DataFrame) -> None:
        """Write the table."""
        super().save(without_formulas(data))
