"""Vectors that somebody else made of the pictures: a file in, one vector a painting out.

Nothing here knows what the vectors mean. Vectors of one direction are alike, as with CLIP and DINO.
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
from grisaille.lazy import pd

logger = logging.getLogger(__name__)

TABLE = "the table of vectors"
# A column that holds whole vectors, where there are several.
_NAMES = ("vector", "vectors", "embedding", "embeddings", "feature", "features", "clip", "dino")
_NUMBERED = re.compile(r"(.*?)(\d+)")


class VectorsError(TableError):
    """Vectors that cannot be used."""


@dataclass(frozen=True, eq=False)
class Vectors:
    """A file of vectors.

    Attributes:
        values: One row a vector, as it is written, shape (m, d).
        names: One row a vector: text that says which picture it is of; None where the file does not say.
    """

    values: npt.NDArray[Any]
    names: pd.DataFrame | None


def checked(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """An array, if it holds vectors.

    Args:
        values: Of any shape and type.

    Raises:
        VectorsError: If it is not two-dimensional, or holds no real numbers.
    """
    if values.ndim != 2 or values.shape[1] < 2 or values.dtype.kind not in "fiu":
        raise VectorsError(
            f"vectors are an array of numbers with one row a picture, of at least two values. Received: {values.dtype} "
            f"of shape {values.shape}"
        )
    return values


def read_parquet(data: bytes) -> Vectors:
    """Read a Parquet table of vectors.

    The values are a column of lists of equal length, or as many columns of numbers that are called the same but for
    their number (`dim_0`, `dim_1`, ...); of several, a column called like one of `_NAMES`, or the most columns.

    Args:
        data: The file.

    Raises:
        VectorsError: If no columns are vectors.
        TableError: If it is no Parquet file.
    """
    table = tables.parquet_table(data, TABLE)
    lists = [name for name in table.column_names if _is_list(table[name].type)]
    chosen = [name for name in lists if name.lower() in _NAMES] or lists
    if len(chosen) > 1:
        raise VectorsError(f"{TABLE} has several columns of vectors: {', '.join(chosen)}; leave one of them")
    columns = chosen or _numbered(table)
    if not columns:
        raise VectorsError(
            f"{TABLE} has neither a column of lists of numbers nor numbered columns (dim_0, dim_1, ...). Received: "
            f"{', '.join(table.column_names)[:200]}"
        )
    values = _stacked(table[columns[0]], columns[0]) if chosen else _side_by_side(table, columns)
    return Vectors(checked(values), tables.text_of(table.drop_columns([*lists, *([] if chosen else columns)]), TABLE))


def _is_list(kind: Any) -> bool:
    from pyarrow import types

    lists = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
    return lists and (types.is_floating(kind.value_type) or types.is_integer(kind.value_type))


def _numbered(table: Any) -> list[str]:
    """The longest series of columns of numbers, in the order of their numbers."""
    from pyarrow import types

    series: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for name in table.column_names:
        found = _NUMBERED.fullmatch(name)
        if found and (types.is_floating(table[name].type) or types.is_integer(table[name].type)):
            series[found[1]].append((int(found[2]), name))
    longest = max(series.values(), key=len, default=[])
    return [name for _, name in sorted(longest)] if len(longest) > 1 else []


def _stacked(column: Any, name: str) -> npt.NDArray[Any]:
    from pyarrow import compute

    if column.null_count:
        raise VectorsError(f"{column.null_count:,} rows of {TABLE} have no vector in the column {name}")
    lengths = compute.unique(compute.list_value_length(column)).to_pylist()
    if len(lengths) != 1:
        told = ", ".join(map(str, lengths[:5])) or "there are none"
        raise VectorsError(f"vectors of {TABLE} are not of one length in the column {name}: {told}")
    values: npt.NDArray[Any] = compute.list_flatten(column).to_numpy()
    return values.reshape(len(column), lengths[0])


def _side_by_side(table: Any, columns: Sequence[str]) -> npt.NDArray[Any]:
    return np.stack([table[name].to_numpy() for name in columns], axis=1)


def join_vectors(paths: Sequence[str], vectors: Vectors, works: pd.DataFrame, columns: Mapping[str, str]) -> FloatArray:
    """The vector of every picture.

    Args:
        paths: Of the pictures, with forward slashes.
        vectors: As they were read.
        works: The table of paintings as it is written, whose rows the vectors follow where they have no names.
        columns: Of the table of paintings, as `works.recognise` takes them.

    Returns:
        float32, shape (n, d), every row of length 1.

    Raises:
        VectorsError: If nothing says whose the vectors are, a picture has none, or one has no direction.
        TableError: If no vector belongs to a picture.
    """
    names, table = vectors.names, TABLE
    if names is None or not len(names.columns):
        names, table = works, PAINTINGS
    if len(names) != len(vectors.values):
        told = f"{len(names):,} rows" if len(names.columns) else "no rows"
        raise VectorsError(
            f"nothing says whose the {len(vectors.values):,} vectors are, and {table} has {told}: write as many files' "
            "names, one a line, into a .txt file of the same name beside the .npy file, or store names and vectors as "
            "Parquet"
        )
    join = join_works(paths, recognise(names, columns if table == PAINTINGS else {}, table), table)
    if missing := join.pictures_without:
        raise VectorsError(
            f"{len(missing):,} pictures of {len(paths):,} have no vector: {first_of(missing)}. Add their vectors, or "
            "take these pictures out of the folder"
        )
    if surplus := join.rows_without:
        logger.warning("%s: %d vectors without a picture: %s", TABLE, len(surplus), first_of(surplus))
    with np.errstate(over="ignore"):
        values = np.asarray(vectors.values[join.rows], np.float32)
    lengths = np.linalg.norm(values.astype(np.float64), axis=1)
    if broken := [path for path, length in zip(paths, lengths, strict=True) if not 0 < length < np.inf]:
        raise VectorsError(
            f"{len(broken):,} vectors hold zeros alone, or a value that is no number: those of {first_of(broken)}"
        )
    logger.info("%d pictures have vectors of %d values, joined by %s", len(paths), values.shape[1], join.key)
    return np.asarray(values / lengths[:, None], np.float32)
