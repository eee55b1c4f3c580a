"""Vectors of pictures that were computed elsewhere: a file in, one vector a painting out.

Nothing here knows what the vectors mean. As with CLIP and DINO, vectors with the same direction are alike.
"""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from grisaille.arrays import FloatArray
from grisaille.collection import tables
from grisaille.collection.tables import TableError
from grisaille.collection.works import TABLE as PAINTINGS
from grisaille.collection.works import first_of, join_works, recognise
from grisaille.errors import counted
from grisaille.lazy import pd

logger = logging.getLogger(__name__)

TABLE = "the table of vectors"
# Preferred names, if several columns hold vectors.
_NAMES = ("vector", "vectors", "embedding", "embeddings", "feature", "features", "clip", "dino")
_NUMBERED = re.compile(r"(.*?)(\d+)")


class VectorsError(TableError):
    """Vectors that cannot be used."""


@dataclass(frozen=True, eq=False)
class Vectors:
    """A file of vectors.

    Attributes:
        values: The vectors as written, shape (m, d).
        names: One row a vector, text that identifies its picture; None if the file does not.
    """

    values: npt.NDArray[Any]
    names: pd.DataFrame | None


def checked(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Check that an array holds vectors.

    Args:
        values: Array of any shape and type.

    Raises:
        VectorsError: If it is not two-dimensional or does not hold real numbers.
    """
    if values.ndim != 2 or values.shape[1] < 2 or values.dtype.kind not in "fiu":
        raise VectorsError(
            f"vectors are an array of numbers with one row a picture, of at least two values. Received: {values.dtype} "
            f"of shape {values.shape}"
        )
    return values


def read_parquet(data: bytes) -> Vectors:
    """Read a Parquet table of vectors.

    The values are in one column of lists of equal length, or in numbered columns (`dim_0`, `dim_1`, ...). Of several
    list columns the one named as in `_NAMES` is read, of several numbered series the longest.

    Args:
        data: Content of the file.

    Raises:
        VectorsError: If no columns hold vectors.
        TableError: If it is not a Parquet file.
    """
    table = tables.parquet_table(data, TABLE)
    lists = [name for name in table.column_names if _is_list(table[name].type)]
    listed = [name for name in lists if name.lower() in _NAMES] or lists
    if len(listed) > 1:
        raise VectorsError(f"{TABLE} has several columns of vectors: {', '.join(listed)}; keep one of them")
    columns = listed or _numbered(table)
    if not columns:
        raise VectorsError(
            f"{TABLE} has neither a column of lists of numbers nor numbered columns (dim_0, dim_1, ...). Received: "
            f"{', '.join(table.column_names)[:200]}"
        )
    values = _stacked(table[columns[0]], columns[0]) if listed else _side_by_side(table, columns)
    return Vectors(checked(values), tables.text_of(table.drop_columns([*lists, *([] if listed else columns)]), TABLE))


def _is_list(kind: Any) -> bool:
    from pyarrow import types

    lists = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
    return lists and (types.is_floating(kind.value_type) or types.is_integer(kind.value_type))


def _numbered(table: Any) -> list[str]:
    """The longest series of numbered columns, in the order of the numbers."""
    from pyarrow import types

    series: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for name in table.column_names:
        match = _NUMBERED.fullmatch(name)
        if match and (types.is_floating(table[name].type) or types.is_integer(table[name].type)):
            series[match[1]].append((int(match[2]), name))
    longest = max(series.values(), key=len, default=[])
    return [name for _, name in sorted(longest)] if len(longest) > 1 else []


def _stacked(column: Any, name: str) -> npt.NDArray[Any]:
    from pyarrow import compute

    if column.null_count:
        raise VectorsError(f"{counted(column.null_count, 'row')} of {TABLE} without a vector in the column {name}")
    lengths = compute.unique(compute.list_value_length(column)).to_pylist()
    if len(lengths) != 1:
        shown = ", ".join(map(str, lengths[:5])) or "there are none"
        raise VectorsError(f"vectors of {TABLE} differ in length in the column {name}: {shown}")
    values: npt.NDArray[Any] = compute.list_flatten(column).to_numpy()
    return values.reshape(len(column), lengths[0])


def _side_by_side(table: Any, columns: Sequence[str]) -> npt.NDArray[Any]:
    return np.stack([table[name].to_numpy() for name in columns], axis=1)


def join_vectors(paths: Sequence[str], vectors: Vectors, works: pd.DataFrame, columns: Mapping[str, str]) -> FloatArray:
    """Assign a vector to every picture.

    Args:
        paths: Paths of the pictures, with forward slashes.
        vectors: The vectors as read.
        works: The table of paintings as written; vectors without names follow its rows.
        columns: Columns of the table of paintings, as `works.recognise` takes them.

    Returns:
        float32, shape (n, d), every row of length 1.

    Raises:
        VectorsError: If the vectors cannot be assigned, a picture has none, or one is zero or not finite.
        TableError: If no vector matches a picture.
    """
    names, table = vectors.names, TABLE
    if names is None or not len(names.columns):
        names, table = works, PAINTINGS
    if len(names) != len(vectors.values):
        rows = counted(len(names), "row") if len(names.columns) else "no rows"
        raise VectorsError(
            f"the vectors ({len(vectors.values):,}) cannot be assigned to pictures, as {table} has {rows}: write one "
            "file name per vector and line into a .txt file of the same name beside the .npy file, or store names and "
            "vectors as Parquet"
        )
    join = join_works(paths, recognise(names, columns if table == PAINTINGS else {}, table), table)
    if missing := join.pictures_without:
        raise VectorsError(
            f"{len(missing):,} of {counted(len(paths), 'picture')} without a vector: {first_of(missing)}. Add their "
            "vectors, or remove these pictures from the folder"
        )
    if surplus := join.rows_without:
        logger.warning("%s: %d vectors without a picture: %s", TABLE, len(surplus), first_of(surplus))
    with np.errstate(over="ignore"):
        values = np.asarray(vectors.values[join.rows], np.float32)
    lengths = np.linalg.norm(values.astype(np.float64), axis=1)
    if broken := [path for path, length in zip(paths, lengths, strict=True) if not 0 < length < np.inf]:
        raise VectorsError(
            f"{counted(len(broken), 'vector')} with zeros only, or with values that are not finite: {first_of(broken)}"
        )
    logger.info("%d pictures have vectors of %d values, joined by %s", len(paths), values.shape[1], join.key)
    return np.asarray(values / lengths[:, None], np.float32)
