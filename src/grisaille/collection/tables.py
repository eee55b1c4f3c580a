"""Reads tables in common formats: the bytes of a file in, a DataFrame of text out. Columns are interpreted elsewhere.

Cells stay as written: "NA" is text, and 007 keeps its zeros.
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
# Excel's separator declaration, on a line of its own.
_SEPARATOR_LINE = re.compile(r"\s*\"?sep=(.)\"?\s*(?:\r\n|\r|\n)", re.IGNORECASE)
# JSON records keyed by name would become one column each.
_MOST_COLUMNS = 2000
# Maximum rows of a Parquet file: a constant, and more for each byte, since equal rows compress to almost nothing.
_MOST_ROWS, _ROWS_PER_BYTE = 1_000_000, 64
# Maximum number of lines above the column names.
_HEADING = 10
# Names that pandas gives to unnamed columns, and to the index in Parquet files.
_NAMELESS = re.compile(r"Unnamed: \d+|__index_level_\d+__")
FORMULA = re.compile(r"'*[=+\-@\t\r]")
"""Cells that a spreadsheet would calculate. Apostrophes before them are ours, or were there and get one more."""


class TableError(GrisailleError):
    """A table that cannot be read."""


def without_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """A copy that is safe in spreadsheets: text that would be calculated gets an apostrophe in front."""
    return table.map(lambda cell: f"'{cell}" if isinstance(cell, str) and FORMULA.match(cell) else cell)


def as_it_was(table: pd.DataFrame) -> pd.DataFrame:
    """The inverse of `without_formulas`."""
    return table.map(
        lambda cell: cell[1:] if isinstance(cell, str) and cell[:1] == "'" and FORMULA.match(cell) else cell
    )


def read(data: bytes, suffix: str, table: str, is_known: Callable[[str], bool]) -> pd.DataFrame:
    """Read a table in any supported format.

    Args:
        data: Content of the file.
        suffix: Suffix of the file, which determines the format: `.csv`, `.tsv`, `.txt`, `.json`, `.jsonl`, `.ndjson`,
            `.parquet` or `.xlsx`.
        table: Name of the table in messages, such as "the table of artists".
        is_known: Whether a column is expected; decides between separators.

    Returns:
        All named columns as text, as written; empty cells are "". Lists become text with commas, other objects become
        JSON, and columns of bytes are left out.

    Raises:
        TableError: If the file cannot be read as such a table, or has another suffix.
    """
    if suffix.lower() not in _READERS:
        raise TableError(f"{table} cannot be a {suffix or 'nameless'} file; {', '.join(_READERS)} are read")
    with warnings.catch_warnings():
        # Text after the last column would be lost.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            content = _READERS[suffix.lower()](data, table, is_known)
        except pd.errors.ParserWarning as error:
            raise _unreadable(table, "it has rows that are longer than its first line") from error
    content = _below_a_heading(content, is_known)
    if len(content.columns) > _MOST_COLUMNS:
        raise TableError(f"{table} has {len(content.columns):,} columns; at most {_MOST_COLUMNS:,} are read")
    named = [bool(str(name).strip()) and not _NAMELESS.fullmatch(str(name)) for name in content.columns]
    return content.loc[:, named].fillna("").astype(str)


def _below_a_heading(table: pd.DataFrame, is_known: Callable[[str], bool]) -> pd.DataFrame:
    """A table without the lines above its column names that spreadsheets often have."""
    known = max(sum(is_known(str(name)) for name in table.columns), 1)
    for row in range(min(len(table), _HEADING)):
        names = [" ".join(str(cell).split()) if pd.notna(cell) else "" for cell in table.iloc[row]]
        if sum(map(is_known, names)) > known:
            logger.warning("the column names are taken from line %d: %s", row + 2, ", ".join(filter(None, names)))
            named = [bool(name) and name not in names[:number] for number, name in enumerate(names)]
            below: pd.DataFrame = table.iloc[row + 1 :].set_axis(names, axis=1).loc[:, named]
            return below.reset_index(drop=True)
    return table


def read_delimited(data: bytes, table: str, is_known: Callable[[str], bool], **options: Any) -> pd.DataFrame:
    """Read a text table as written by spreadsheets and databases.

    UTF-8 and UTF-16 are detected; anything else is read as Windows-1252, with a warning. The separator comes from a
    first line such as `sep=;`. Otherwise it is the one of comma, semicolon, tab and bar that splits the first line into
    the most known columns, or into the most columns if none is known.

    Args:
        data: Content of the file.
        table: Name of the table in messages.
        is_known: Whether a column is expected.
        **options: Passed to `pandas.read_csv`; override the detected ones.

    Returns:
        The columns as text, as written; empty cells are missing.

    Raises:
        TableError: If the file is not a table.
    """
    text = _decoded(data, table)
    declared = _SEPARATOR_LINE.match(text)
    text = text[declared.end() :] if declared else text
    text = _without_heading(text, declared[1] if declared else _separator(text, is_known))
    given: dict[str, Any] = {"dtype": str, "keep_default_na": False, "na_values": [""], "index_col": False}
    try:
        given["sep"] = declared[1] if declared else _separator(text, is_known)
        content: pd.DataFrame = pd.read_csv(io.StringIO(text), **given | options)
    except (ValueError, OverflowError) as error:
        raise _unreadable(table, error) from error
    return content


def _without_heading(text: str, separator: str) -> str:
    """Remove lines of one cell above the column names, if most lines have as many cells as the first with several."""
    lines = text.splitlines(keepends=True)[: 2 * _HEADING]
    counts = [line.count(separator) for line in lines]
    several = next((number for number, count in enumerate(counts[: _HEADING + 1]) if count), 0)
    if not several or counts.count(counts[several]) < (len(lines) - several) / 2:
        return text
    logger.warning("lines above the column names are skipped: %s", " ".join("".join(lines[:several]).split())[:80])
    return text[sum(map(len, lines[:several])) :]


def _decoded(data: bytes, table: str) -> str:
    try:
        return data.decode("utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    except UnicodeDecodeError as error:
        logger.warning(
            "%s is not UTF-8 (%s at byte %d) and is read as Windows-1252: check the accents in names",
            table, error.reason, error.start,
        )  # fmt: skip
        # Five bytes are undefined in Windows-1252.
        return data.decode("cp1252", errors="replace")


def _separator(text: str, is_known: Callable[[str], bool]) -> str:
    first, *others = re.split("[\r\n]+", text.lstrip(), maxsplit=_HEADING + 1)[: _HEADING + 1]

    def columns(line: str, separator: str) -> tuple[int, int]:
        names = [column.strip(" \"'") for column in line.split(separator)]
        return sum(map(is_known, names)), len(names)

    best = max(_SEPARATORS, key=lambda separator: columns(first, separator))
    # The column names may be below a heading.
    below = max(((columns(line, mark), mark) for line in others for mark in _SEPARATORS), default=((0, 0), best))
    if below[0][0] > max(columns(first, best)[0], 1):
        return below[1]
    # If the first line has one cell, it is a heading: the separator is the one that splits most lines equally.
    alike = {mark: Counter(line.count(mark) for line in others if line.count(mark)) for mark in _SEPARATORS}
    most = max(_SEPARATORS, key=lambda mark: max(alike[mark].values(), default=0))
    return most if columns(first, best)[1] == 1 and alike[most] else best


def _read_json(data: bytes, table: str, _: Callable[[str], bool]) -> pd.DataFrame:
    """Read a list of records, or one record a line."""
    try:
        records = _records(_decoded(data, table))
        return pd.DataFrame([{_printable(str(name)): _text(cell) for name, cell in row.items()} for row in records])
    except (ValueError, AttributeError, RecursionError) as error:
        raise _unreadable(table, "it is neither a list of records nor one record a line") from error


def _records(text: str) -> list[Any]:
    # Numbers stay as written.
    decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
    try:
        content = decoder.decode(text)
    except ValueError:
        return [decoder.decode(line) for line in text.split("\n") if line.strip()]
    return content if isinstance(content, list) else [content]


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
    """Text that can be encoded; lone surrogates, which JSON allows, are replaced."""
    return text.encode("utf-8", "replace").decode()


def _read_parquet(data: bytes, table: str, _: Callable[[str], bool]) -> pd.DataFrame:
    return text_of(parquet_table(data, table), table)


def parquet_table(data: bytes, table: str) -> Any:
    """The `pyarrow.Table` in a Parquet file.

    Args:
        data: The file.
        table: What to call it in messages.

    Raises:
        TableError: If it is not a Parquet file, or holds text that is not UTF-8.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(pa.BufferReader(data))
        _check_rows(file.metadata, len(data))
        content = file.read()
        # Nothing else checks text for UTF-8 before a cell is used.
        content.validate(full=True)
        names = content.column_names
    except (pa.ArrowException, KeyError, OSError, OverflowError, ValueError) as error:
        raise _unreadable(table, error) from error
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise _unreadable(table, f"several columns are called {', '.join(twice)}")
    return content


def _check_rows(metadata: Any, size: int) -> None:
    """Check the row count in the footer, since memory is reserved for it.

    Column metadata is not read here: Parquet's own code crashes on a broken one.

    Raises:
        ValueError: If the row groups add up to another count, or the count exceeds what the file can hold.
    """
    rows = sum(metadata.row_group(number).num_rows for number in range(metadata.num_row_groups))
    if rows != metadata.num_rows:
        raise ValueError(f"its row groups have {rows} rows, but the file claims {metadata.num_rows}")
    if rows > _MOST_ROWS + _ROWS_PER_BYTE * size:
        raise ValueError(f"it claims {rows} rows in {size} bytes")


def text_of(columns: Any, table: str) -> pd.DataFrame:
    """The columns of a `pyarrow.Table` as text, with "" for missing values and without columns of bytes.

    Args:
        columns: The table.
        table: Name of the table in messages.

    Raises:
        TableError: If a cell has no Python equivalent, such as a date in the year 10,000.
    """
    import pyarrow as pa

    names = [field.name for field in columns.schema if not _holds_bytes(field.type)]
    try:
        content = {name: _text_column(columns[name]) for name in names}
        return pd.DataFrame(content, index=range(columns.num_rows)).fillna("")
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
        text: pd.Series = column.cast(pa.string()).to_pandas()
    except pa.ArrowException:
        return pd.Series(list(map(_text, column.to_pylist())), dtype=object)
    return text


def _read_excel(data: bytes, table: str, _: Callable[[str], bool]) -> pd.DataFrame:
    """Read the first sheet."""
    try:
        return pd.read_excel(
            io.BytesIO(data), dtype=str, keep_default_na=False, na_values=[""], engine="openpyxl"
        ).rename(columns=str)
    except ImportError as error:
        raise _unreadable(table, "it is an Excel file, which needs openpyxl: pip install openpyxl") from error
    # openpyxl raises various exceptions on broken files.
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
