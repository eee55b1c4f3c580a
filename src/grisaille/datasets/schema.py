"""What a table of the catalog must look like, for the key `validator:` of its entry."""

from collections.abc import Callable, Iterable, Mapping

import pandas as pd
from pandas.api import types

# Kind of a column -> whether its values without blanks are of that kind.
_KINDS: Mapping[str, Callable[[pd.Series], bool]] = {
    "text": lambda values: bool(values.map(lambda value: isinstance(value, str)).all()),
    "whole": types.is_integer_dtype,
    "number": types.is_numeric_dtype,
    "share": lambda values: types.is_numeric_dtype(values) and bool(values.between(0, 1).all()),
}


class TableSchema:
    """``TableSchema`` refuses a table that lacks a column, has a column of another kind, or names something twice.
    Other columns may be there.

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
        unique: Iterable[str] = (),
    ) -> None:
        """Describe a table: names of columns by their kinds. Kedro would take the value of a key `path` for a path.

        Args:
            text: Strings.
            whole: Integers.
            number: Integers or fractions.
            share: Numbers between 0 and 1.
            blank: Those that may hold blanks.
            unique: Those that together name each row once.
        """
        kinds = {"text": text, "whole": whole, "number": number, "share": share}
        self._kinds = {name: kind for kind, names in kinds.items() for name in names}
        self._blank, self._unique = frozenset(blank), list(unique)

    def validate(self, data: pd.DataFrame) -> pd.DataFrame:
        """The table itself.

        Raises:
            ValueError: If it is another.
        """
        if missing := [name for name in self._kinds if name not in data]:
            raise ValueError(f"the column {missing[0]} is missing")
        for name, kind in self._kinds.items():
            values, known = data[name], data[name].dropna()
            if len(known) < len(values) and name not in self._blank:
                raise ValueError(f"{name} has {len(values) - len(known):,} blanks")
            # Of no values nobody knows the kind.
            if len(known) and not _KINDS[kind](known):
                raise ValueError(f"{name} holds something else than {kind}, such as {known.iloc[0]!r}")
        if self._unique and (twice := data.duplicated(self._unique)).any():
            first = data.loc[twice, self._unique].iloc[0]
            raise ValueError(f"{', '.join(self._unique)} names {', '.join(map(str, first))} twice")
        return data
