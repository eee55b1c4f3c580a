"""Validates tables of the catalog, by the key `validator:` of an entry."""

from collections.abc import Callable, Iterable, Mapping

import pandas as pd
from pandas.api import types

# Kind of a column -> check of its values without blanks.
_KINDS: Mapping[str, Callable[[pd.Series], bool]] = {
    "text": lambda values: bool(values.map(lambda value: isinstance(value, str)).all()),
    "whole": types.is_integer_dtype,
    "number": types.is_numeric_dtype,
    "share": lambda values: types.is_numeric_dtype(values) and bool(values.between(0, 1).all()),
}


class TableSchema:
    """``TableSchema`` refuses a table with a missing column, a column of another kind, or duplicate keys. Further
    columns are allowed.

    Examples:
        ```yaml
        paintings:
          type: pandas.ParquetDataset
          filepath: data/03_primary/paintings.parquet
          validator:
            class: grisaille.datasets.schema.TableSchema
            options: {text: [painting_id, title], blank: [title], unique: [painting_id]}
        ```

        >>> import pandas as pd
        >>> from grisaille.datasets.schema import TableSchema
        >>>
        >>> schema = TableSchema(text=["painting_id"], unique=["painting_id"])
        >>> schema.validate(pd.DataFrame({"painting_id": ["a", "a"]}))
        Traceback (most recent call last):
        ...
        ValueError: painting_id names a twice

    """  # noqa: D205 - the first sentence of a Kedro class names it, and does not fit on a line

    def __init__(
        self,
        *,
        text: Iterable[str] = (),
        whole: Iterable[str] = (),
        number: Iterable[str] = (),
        share: Iterable[str] = (),
        blank: Iterable[str] = (),
        optional: Iterable[str] = (),
        unique: Iterable[str] = (),
    ) -> None:
        """List the columns of a table by kind. There is no key `path`, since Kedro would treat its value as a path.

        Args:
            text: Strings.
            whole: Integers.
            number: Integers or fractions.
            share: Numbers between 0 and 1.
            blank: Columns that may hold blanks; empty text is none.
            optional: Columns that may be missing.
            unique: Columns that together identify a row.
        """
        kinds = {"text": text, "whole": whole, "number": number, "share": share}
        self._kinds = {name: kind for kind, names in kinds.items() for name in names}
        self._blank, self._optional, self._unique = frozenset(blank), frozenset(optional), list(unique)

    def validate(self, data: pd.DataFrame) -> pd.DataFrame:
        """Return the table itself.

        Raises:
            ValueError: If it does not match.
        """
        if missing := [name for name in self._kinds if name not in data and name not in self._optional]:
            raise ValueError(f"the column {missing[0]} is missing")
        for name, kind in self._kinds.items():
            if name not in data:
                continue
            values, known = data[name], data[name].dropna()
            if len(known) < len(values) and name not in self._blank:
                raise ValueError(f"{name} has {len(values) - len(known):,} blanks")
            if (
                name in self._blank
                and len(known)
                and known.map(lambda value: isinstance(value, str) and not value).any()
            ):
                raise ValueError(
                    f"{name} holds empty text in place of blanks: load it with na_values: {{{name}: ['']}}"
                )
            # Columns without values have no kind.
            if len(known) and not _KINDS[kind](known):
                raise ValueError(f"{name} holds something other than {kind}, such as {known.iloc[0]!r}")
        if self._unique and (twice := data.duplicated(self._unique)).any():
            first = data.loc[twice, self._unique].iloc[0]
            raise ValueError(f"{', '.join(self._unique)} names {', '.join(map(str, first))} twice")
        return data
