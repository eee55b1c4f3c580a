"""Tables as people keep them: the bytes of a file in, a DataFrame of text out. What columns mean is decided elsewhere.

Cells stay as they are written: "NA" is text, and 007 keeps its zeros.
"""

from __future__ import annotations

import io
import json
import logging
import re
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

from grisaille.errors import GrisailleError
from grisaille.lazy import pd

logger = logging.getLogger(__name__)

_SEPARATORS = ",;\t|"
# Excel's own way of saying it, in a line of its own.
_SEPARATOR_LINE = re.compile(r"\s*\"?sep=(.)\"?\s*(?:\r\n|\r|\n)", re.IGNORECASE)
# Records by name, which JSON may hold, would become as many columns as there are records.
_MOST_COLUMNS = 2000
# Rows of a Parquet file of any size, and more for each of its bytes: equal ones take next to nothing.
_MOST_ROWS, _ROWS_PER_BYTE = 1_000_000, 64
# Lines above the names of columns, at most.
_HEADING = 10
# The names that pandas gives to columns without one, and to the index that it writes into Parquet files.
_NAMELESS = re.compile(r"Unnamed: \d+|__index_level_\d+__")
FORMULA = re.compile(r"'*[=+\-@\t\r]")
"""What makes a spreadsheet calculate a cell. The apostrophes before it are ours, or were there and get one more."""


class TableError(GrisailleError):
    """A table that cannot be understood."""


def without_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """A table for spreadsheets: text that would be calculated has an apostrophe before it."""
    return table.map(lambda cell: f"'{cell}" if isinstance(cell, str) and FORMULA.match(cell) else cell)


def as_it_was(table: pd.DataFrame) -> pd.DataFrame:
    """The inverse of `without_formulas`."""
    return table.map(
        lambda cell: cell[1:] if isinstance(cell, str) and cell[:1] == "'" and FORMULA.match(cell) else cell
    )


def read(data: bytes, suffix: str, table: str, is_known: Callable[[str], bool]) -> pd.DataFrame:
    """Read a table of any kind.

    Args:
        data: The file.
        suffix: The file's ending, which says what it is: `.csv`, `.tsv`, `.txt`, `.json`, `.jsonl`, `.ndjson`,
            `.parquet` or `.xlsx`.
        table: What to call it in messages, such as "the table of artists".
        is_known: Whether a column is expected; settles the separator.

    Returns:
        All columns that have a name, as they are written, of text; empty cells are "". Lists become text with commas
        between, other objects JSON, and columns that hold bytes are left out.

    Raises:
        TableError: If the file is no such table, or of another kind.
    """
    if suffix.lower() not in _READERS:
        raise TableError(f"{table} cannot be a {suffix or 'nameless'} file; {', '.join(_READERS)} are read")
    with warnings.catch_warnings():
        # Text behind the last column would be lost.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            found = _READERS[suffix.lower()](data, table, is_known)
        except pd.errors.ParserWarning as error:
            raise _unreadable(table, "it has rows that are longer than its first line") from error
    found = _below_a_heading(found, is_known)
    if len(found.columns) > _MOST_COLUMNS:
        raise TableError(f"{table} has {len(found.columns):,} columns; at most {_MOST_COLUMNS:,} are read")
    named = [bool(str(name).strip()) and not _NAMELESS.fullmatch(str(name)) for name in found.columns]
    return found.loc[:, named].fillna("").astype(str)


def _below_a_heading(table: pd.DataFrame, is_known: Callable[[str], bool]) -> pd.DataFrame:
    """A table without the lines that spreadsheets have above the names of their columns."""
    known = max(sum(is_known(str(name)) for name in table.columns), 1)
    for row in range(min(len(table), _HEADING)):
        names = [" ".join(str(cell).split()) if pd.notna(cell) else "" for cell in table.iloc[row]]
        if sum(map(is_known, names)) > known:
            logger.warning("the names of columns are taken from line %d: %s", row + 2, ", ".join(filter(None, names)))
            kept = [bool(name) and name not in names[:number] for number, name in enumerate(names)]
            below: pd.DataFrame = table.iloc[row + 1 :].set_axis(names, axis=1).loc[:, kept]
            return below.reset_index(drop=True)
    return table


def read_delimited(data: bytes, table: str, is_known: Callable[[str], bool], **options: Any) -> pd.DataFrame:
    """Read a table of text as spreadsheets and databases write it.

    UTF-8 and UTF-16 are known by their marks; what is neither is taken for Windows-1252, with a warning. The separator
    is what a line `sep=;` before the table says, or the one of comma, semicolon, tab and bar that makes the most known
    columns of the first line, and the most columns where none is known.

    Args:
        data: The file.
        table: What to call it in messages.
        is_known: Whether a column is expected.
        **options: Of `pandas.read_csv`, in place of what is found.

    Returns:
        The columns as they are written, of text; empty cells are missing.

    Raises:
        TableError: If the file is no table.
    """
    text = _decoded(data, table)
    said = _SEPARATOR_LINE.match(text)
    text = text[said.end() :] if said else text
    text = _without_heading(text, said[1] if said else _separator(text, is_known))
    given: dict[str, Any] = {"dtype": str, "keep_default_na": False, "na_values": [""], "index_col": False}
    try:
        given["sep"] = said[1] if said else _separator(text, is_known)
        found: pd.DataFrame = pd.read_csv(io.StringIO(text), **given | options)
    except (ValueError, OverflowError) as error:
        raise _unreadable(table, error) from error
    return found


def _without_heading(text: str, separator: str) -> str:
    """A table without lines above it that have one cell, where most lines have as many as the first of several."""
    lines = text.splitlines(keepends=True)[: 2 * _HEADING]
    counts = [line.count(separator) for line in lines]
    several = next((number for number, count in enumerate(counts[: _HEADING + 1]) if count), 0)
    if not several or counts.count(counts[several]) < (len(lines) - several) / 2:
        return text
    logger.warning(
        "lines above the names of columns are passed over: %s", " ".join("".join(lines[:several]).split())[:80]
    )
    return text[sum(map(len, lines[:several])) :]


def _decoded(data: bytes, table: str) -> str:
    try:
        return data.decode("utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    except UnicodeDecodeError as error:
        logger.warning(
            "%s is not in UTF-8 (%s at byte %d) and is read as Windows-1252: look at the accents of names",
            table, error.reason, error.start,
        )  # fmt: skip
        # Five bytes mean nothing in Windows-1252.
        return data.decode("cp1252", errors="replace")


def _separator(text: str, is_known: Callable[[str], bool]) -> str:
    first, *others = re.split("[\r\n]+", text.lstrip(), maxsplit=_HEADING + 1)[: _HEADING + 1]

    def columns(line: str, separator: str) -> tuple[int, int]:
        names = [column.strip(" \"'") for column in line.split(separator)]
        return sum(map(is_known, names)), len(names)

    best = max(_SEPARATORS, key=lambda separator: columns(first, separator))
    # The names of columns may stand below a heading.
    below = max(((columns(line, mark), mark) for line in others for mark in _SEPARATORS), default=((0, 0), best))
    if below[0][0] > max(columns(first, best)[0], 1):
        return below[1]
    # A first line of one cell is a heading: what cuts most lines into as many cells separates them.
    alike = {mark: Counter(line.count(mark) for line in others if line.count(mark)) for mark in _SEPARATORS}
    most = max(_SEPARATORS, key=lambda mark: max(alike[mark].values(), default=0))
    return most if columns(first, best)[1] == 1 and alike[most] else best


def _read_json(data: bytes, table: str, _: Callable[[str], bool]) -> pd.DataFrame:
    """A list of records, or one record a line."""
    try:
        records = _records(_decoded(data, table))
        return pd.DataFrame([{_printable(str(name)): _text(cell) for name, cell in row.items()} for row in records])
    except (ValueError, AttributeError, RecursionError) as error:
        raise _unreadable(table, "it is no list of records, nor one record a line") from error


def _records(text: str) -> list[Any]:
    # Numbers stay as they are written.
    decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
    try:
        found = decoder.decode(text)
    except ValueError:
        return [decoder.decode(line) for line in text.split("\n") if line.strip()]
    return found if isinstance(found, list) else [found]


def _text(cell: Any) -> str:
    """A cell of JSON or Parquet as text."""
    if cell is None:
        return ""
    if isinstance(cell, list):
        return ", ".join(map(_text, cell))
    if isinstance(cell, bool | dict):
        return _printable(json.dumps(cell, ensure_ascii=False, default=str))
    return _printable(str(cell))


def _printable(text: str) -> str:
    """Text that can be written to a file; halves of characters, which JSON can spell, cannot."""
    return text.encode("utf-8", "replace").decode()


def _read_parquet(data: bytes, table: str, _: Callable[[str], bool]) -> pd.DataFrame:
    return text_of(parquet_table(data, table), table)


def parquet_table(data: bytes, table: str) -> Any:
    """The `pyarrow.Table` in a Parquet file.

    Args:
        data: The file.
        table: What to call it in messages.

    Raises:
        TableError: If it is none, or holds text that is not in UTF-8.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(pa.BufferReader(data))
        _check_rows(file.metadata, len(data))
        found = file.read()
        # Nothing else looks whether text is in UTF-8 before a cell is used.
        found.validate(full=True)
        names = found.column_names
    except (pa.ArrowException, KeyError, OSError, OverflowError, ValueError) as error:
        raise _unreadable(table, error) from error
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise _unreadable(table, f"several columns are called {', '.join(twice)}")
    return found


def _check_rows(metadata: Any, size: int) -> None:
    """Memory is reserved for as many rows as a footer promises.

    What it says of columns is not asked for here: of a broken one, Parquet's own code ends the process.

    Raises:
        ValueError: If its row groups have other rows than the whole, or it promises more than the file can hold.
    """
    rows = sum(metadata.row_group(number).num_rows for number in range(metadata.num_row_groups))
    if rows != metadata.num_rows:
        raise ValueError(f"its row groups have {rows} rows, and the whole {metadata.num_rows}")
    if rows > _MOST_ROWS + _ROWS_PER_BYTE * size:
        raise ValueError(f"it promises {rows} rows in {size} bytes")


def text_of(columns: Any, table: str) -> pd.DataFrame:
    """The columns of a `pyarrow.Table` as text, "" where nothing is, without those that hold bytes.

    Args:
        columns: The table.
        table: What to call it in messages.

    Raises:
        TableError: If a cell is no value that Python knows, such as a date of the year 10,000.
    """
    import pyarrow as pa

    names = [field.name for field in columns.schema if not _holds_bytes(field.type)]
    try:
        found = {name: _text_column(columns[name]) for name in names}
        return pd.DataFrame(found, index=range(columns.num_rows)).fillna("")
    except (pa.ArrowException, OverflowError, ValueError) as error:
        raise _unreadable(table, error) from error


def _holds_bytes(kind: Any) -> bool:
    import pyarrow as pa

    tests = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)
    inner = [kind.field(number).type for number in range(kind.num_fields)]
    return any(test(kind) for test in tests) or any(map(_holds_bytes, inner))


def _text_column(column: Any) -> pd.Series:
    import pyarrow as pa

    try:
        found: pd.Series = column.cast(pa.string()).to_pandas()
    except pa.ArrowException:
        return pd.Series(list(map(_text, column.to_pylist())), dtype=object)
    return found


def _read_excel(data: bytes, table: str, _: Callable[[str], bool]) -> pd.DataFrame:
    """The first sheet."""
    try:
        return pd.read_excel(
            io.BytesIO(data), dtype=str, keep_default_na=False, na_values=[""], engine="openpyxl"
        ).rename(columns=str)
    except ImportError as error:
        raise _unreadable(table, "it is an Excel file, which needs openpyxl: pip install openpyxl") from error
    # openpyxl raises whatever a broken file makes it stumble over.
    except Exception as error:
        raise _unreadable(table, error) from error


def _unreadable(table: str, reason: object) -> TableError:
    return TableError(f"{table} cannot be read: {' '.join(str(reason).split())[:200]}")


_READERS: dict[str, Callable[[bytes, str, Callable[[str], bool]], pd.DataFrame]] = {
    **dict.fromkeys((".csv", ".tsv", ".txt"), read_delimited),
    **dict.fromkeys((".json", ".jsonl", ".ndjson"), _read_json),
    ".parquet": _read_parquet,
    ".xlsx": _read_excel,
}
