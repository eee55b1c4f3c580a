"""Tables of the catalog are held against what they must look like."""

import pandas as pd
import pytest
from kedro.io import DataCatalog
from kedro.validation.exceptions import DataValidationError

from grisaille.datasets.schema import TableSchema

SCHEMA = TableSchema(text=["name"], whole=["rank"], share=["precision"], blank=["precision"], unique=["name", "rank"])
TABLE = pd.DataFrame({"name": ["a", "a"], "rank": [1, 2], "precision": [0.5, None], "more": [object(), 1]})


class TestSchema:
    def test_a_table_that_fits_is_returned_as_it_is(self):
        assert SCHEMA.validate(TABLE) is TABLE
        assert len(SCHEMA.validate(TABLE[:0])) == 0

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            (TABLE.drop(columns="rank"), "the column rank is missing"),
            (TABLE.assign(name=["a", None]), "name has 1 blanks"),
            (TABLE.assign(name=["a", 2]), "name holds something other than text, such as"),
            (TABLE.assign(rank=[1.5, 2]), "rank holds something other than whole, such as"),
            (TABLE.assign(precision=[0.5, 1.5]), "precision holds something other than share, such as"),
            (TABLE.assign(rank=[1, 1]), "name, rank names a, 1 twice"),
        ],
    )
    def test_what_does_not_fit_is_named(self, changed, said):
        with pytest.raises(ValueError, match=said):
            SCHEMA.validate(changed)

    def test_the_catalog_refuses_to_save_another(self, tmp_path):
        entry = {
            "type": "pandas.CSVDataset",
            "filepath": str(tmp_path / "t.csv"),
            "validator": {"class": "grisaille.datasets.schema.TableSchema", "options": {"text": ["name"]}},
        }
        catalog = DataCatalog.from_config({"table": entry})
        with pytest.raises(DataValidationError, match="the column name is missing"):
            catalog.save("table", pd.DataFrame({"other": [1]}))
        assert not (tmp_path / "t.csv").exists()
