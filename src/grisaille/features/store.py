"""Features on disk: each painting's by the hash of its file, whatever collection asks for them.

    <root>/<identity>/<layer>/<shard>.npy     one layer's rows of some paintings
    <root>/<identity>/<layer>/<shard>.json    their index: whose rows these are, and checksums
    <root>/<identity>/<collection>.json       the manifest of a collection: its paintings, in order

The identity is everything that determines the features of a painting, except the painting. Shards never change. An
index is written before its array gets its name, and the manifest last: only then do the features of a collection exist.
An array that does not match its index is never read; its paintings are computed again when features are written.
Nothing here knows how features are computed, nor where an executor comes from.
"""

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, Field, StringConstraints, ValidationError

from grisaille.arrays import ColumnRange, FloatArray, IntArray
from grisaille.errors import GrisailleError
from grisaille.storage import npy
from grisaille.storage.files import AnyPath, atomic_path, listing, local_copy, sha256, write_atomically
from grisaille.terminal import Bar

logger = logging.getLogger(__name__)

_MEND = "`kedro run --pipelines feature_extraction` with the same --params makes it again, and nothing that is whole"


class FeatureStoreError(GrisailleError):
    """Features that are missing, unfinished or damaged."""


def fingerprint(identity: Mapping[str, Any]) -> str:
    """16 hexadecimal digits that stand for an identity."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Contents:
    """What is wanted of a store.

    Attributes:
        identity: Everything that determines the features of a painting, as plain JSON values.
        layers: Which features.
        paintings: SHA-256 of each painting's file, in the order of the collection.
    """

    identity: Mapping[str, Any]
    layers: tuple[str, ...]
    paintings: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that stand for all of it."""
        paintings = hashlib.sha256("\n".join(self.paintings).encode()).hexdigest()
        return fingerprint({"identity": self.identity, "layers": self.layers, "paintings": paintings})

    def below(self, root: AnyPath) -> AnyPath:
        """Where the manifest of the collection is, or will be.

        Args:
            root: Folder of all stores.
        """
        return root / fingerprint(self.identity) / f"{self.fingerprint}.json"


class Source(Protocol):
    """What can be stored: anything that says what it is and computes some of its rows."""

    contents: Contents
    columns: dict[str, int]
    dtype: np.dtype[Any]
    shard_rows: int

    def compute(self, groups: Iterable[Sequence[int]]) -> Iterator[Mapping[str, FloatArray]]:
        """Yield {layer: values} of batches that together make up groups of rows, in order.

        No batch crosses the end of a group. The values of a painting must not depend on the others of its batch.
        """

    def part(self, rows: Sequence[int]) -> "Source":
        """The same source, of which only these rows can be computed; it travels to other processes."""


_Digest = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
# Layers become folders: none may lead out of their store.
_Name = Annotated[str, StringConstraints(pattern=r"^[^/\\\x00.][^/\\\x00]*$")]
_Columns = Annotated[int, Field(ge=1, lt=2**31)]


class _Index(BaseModel):
    """What lies beside a shard.

    Attributes:
        rows: SHA-256 of a painting's file -> that of its row, in the order of the rows.
        columns: Of the array.
        dtype: Of the array.
        bytes: Length of the file.
        sha256: Of the file.
    """

    rows: dict[_Digest, _Digest]
    columns: _Columns
    dtype: Literal["float16", "float32"]
    bytes: int = Field(ge=0)
    sha256: _Digest


class _Layer(BaseModel):
    """A layer of a collection.

    Attributes:
        columns: Values a painting.
        sha256: Of the checksums of its rows, in the order of the collection: wherever the same features were computed,
            and in whatever order, this is the same.
    """

    columns: _Columns
    sha256: _Digest


class _Manifest(BaseModel):
    """What says that the features of a collection are there.

    Attributes:
        kept: Paintings whose features are still there, where those of the others were let go.
    """

    identity: dict[str, Any]
    dtype: Literal["float16", "float32"]
    layers: dict[_Name, _Layer]
    paintings: list[_Digest]
    kept: list[_Digest] | None = None


_Described = TypeVar("_Described", bound=BaseModel)


def _write_json(path: AnyPath, content: BaseModel) -> None:
    described = content.model_dump(exclude_none=True)
    text = json.dumps(described | {"digest": fingerprint(described)}, indent=1)
    write_atomically(path, lambda file: file.write(text.encode()))


def _read_json(path: AnyPath, kind: type[_Described]) -> _Described:
    """Read what `_write_json` has written.

    Raises:
        FileNotFoundError: If there is no such file.
        FeatureStoreError: If it is damaged.
    """
    try:
        found = json.loads(path.read_bytes())
        digest = found.pop("digest", None)
        content = kind.model_validate(found, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise FeatureStoreError(f"{path} is damaged: {where}: {first['msg']}. {_MEND}") from error
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise FeatureStoreError(f"{path} is damaged: it is no JSON object. {_MEND}") from error
    if digest != fingerprint(found):
        raise FeatureStoreError(f"{path} is damaged: its checksum is another. {_MEND}")
    return content


@dataclass(frozen=True)
class Shard:
    """One layer's rows of some paintings.

    Attributes:
        path: Of the array.
        index: What is said of it.
    """

    path: AnyPath
    index: _Index

    def map(self) -> FloatArray:
        """Map the array, float16 or float32, shape (rows, columns). It is read through once a process, first of all.

        Raises:
            FeatureStoreError: If it is not what the index says.
        """
        index, local = self.index, local_copy(self.path, self.index.sha256)
        if sha256(local) != index.sha256:
            raise FeatureStoreError(
                f"the shard {self.path} is damaged: its checksum is not the one it was stored with. {_MEND}"
            )
        try:
            mapped = npy.map_array(local)
        except npy.ArrayFileError as error:
            raise FeatureStoreError(f"the shard {self.path} is damaged: {error}. {_MEND}") from error
        if (mapped.shape, mapped.dtype) != (shape := (len(index.rows), index.columns), np.dtype(index.dtype)):
            raise FeatureStoreError(f"the shard {self.path} holds {mapped.shape} {mapped.dtype}, not {shape}")
        return mapped

    @property
    def row_bytes(self) -> int:
        """Bytes of the values of a painting."""
        return self.index.columns * np.dtype(self.index.dtype).itemsize

    @property
    def is_damaged(self) -> bool:
        """Whether it cannot be mapped."""
        try:
            self.map()
        except FeatureStoreError:
            return True
        return False

    def remove(self) -> None:
        """Remove the array and its index."""
        self.path.unlink(missing_ok=True)
        self.path.with_suffix(".json").unlink(missing_ok=True)


def shards(folder: AnyPath) -> list[Shard]:
    """The shards of a layer whose indexes and files are there, by name; arrays are not read.

    Args:
        folder: Of the layer.
    """
    files = listing(folder)
    found = (_shard(folder / name, *files[name]) for name in sorted(files) if name.endswith(".json"))
    return [shard for shard in found if shard and _is_there(shard, files)]


@cache
def _shard(index: AnyPath, *_state: Any) -> Shard | None:
    try:
        return Shard(index.with_suffix(".npy"), _read_json(index, _Index))
    except (FeatureStoreError, FileNotFoundError):
        return None


def _is_there(shard: Shard, files: Mapping[str, tuple[int, str]]) -> bool:
    index, (size, _) = shard.index, files.get(shard.path.name, (0, ""))
    # Before the values stands a header; what says it is shorter lies about its rows.
    return size == index.bytes > len(index.rows) * shard.row_bytes


class ShardedArray:
    """A matrix in row shards. Rows are copied out of a memory map that lives only as long as the copying.

    Keeping the maps open would let every page ever touched count as this process's memory.
    """

    def __init__(self, shards: list[Shard], places: IntArray, columns: int, dtype: np.dtype[Any]) -> None:
        """Wrap the rows of one layer: number of the shard, and row in it, of every painting, shape (n, 2).

        Those of a painting whose features were let go are -1.
        """
        self._shards, self._places, self.shape, self.dtype = shards, places, (len(places), columns), dtype

    def __len__(self) -> int:
        """Number of rows."""
        return self.shape[0]

    def __getitem__(self, key: Any) -> FloatArray:
        """Rows (a slice, an integer or an integer array), then optionally columns (a slice), as a new array."""
        rows, columns = key if isinstance(key, tuple) else (key, slice(None))
        chosen = np.arange(len(self))[rows]
        taken = self._take(np.atleast_1d(chosen), columns)
        return taken if chosen.ndim else taken[0]

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> FloatArray:
        """The whole matrix, in memory."""
        return self[:].astype(dtype or self.dtype, copy=False)

    def columns(self, start: int, stop: int) -> ColumnRange:
        """A contiguous range of columns, read only when rows of it are asked for."""
        return ColumnRange(self, start, stop)

    def _take(self, rows: npt.NDArray[np.int64], columns: slice) -> FloatArray:
        width = len(range(*columns.indices(self.shape[1])))
        result = np.empty((len(rows), width), dtype=self.dtype)
        shard_of, local_rows = self._places[rows].T
        if gone := int((shard_of < 0).sum()):
            raise FeatureStoreError(
                f"the features of {gone:,} paintings were let go (features.keep): `kedro run` extracts them again"
            )
        for shard in np.unique(shard_of).tolist():
            chosen = np.flatnonzero(shard_of == shard)
            mapped, local = self._shards[shard].map(), local_rows[chosen]
            if _is_range(local) and _is_range(chosen):
                result[chosen[0] : chosen[-1] + 1] = mapped[local[0] : local[-1] + 1, columns]
            else:
                result[chosen] = mapped[local, columns]
        return result


def _is_range(rows: npt.NDArray[np.int64]) -> bool:
    return bool(np.all(np.diff(rows) == 1))


class FeatureStore(Mapping[str, ShardedArray]):
    """The features of a collection: layer name -> matrix, a row a painting.

    Attributes:
        path: Of the manifest.
    """

    def __init__(self, path: AnyPath) -> None:
        """Open the features of a collection.

        Args:
            path: Of its manifest.

        Raises:
            FeatureStoreError: If there is no manifest or a damaged one, or a painting's features are not there.
        """
        self.path = path
        try:
            self._manifest = _read_json(path, _Manifest)
        except FileNotFoundError:
            raise FeatureStoreError(f"no features of this collection in {path.parent}") from None
        self._shards = {name: shards(path.parent / name) for name in self._manifest.layers}
        self._places = {name: self._locate(name) for name in self._manifest.layers}

    def _locate(self, layer: str) -> IntArray:
        columns, dtype, wanted = self._manifest.layers[layer].columns, self._manifest.dtype, self._manifest.paintings
        known = {
            painting: (number, row)
            for number, shard in enumerate(self._shards[layer])
            if (shard.index.columns, shard.index.dtype) == (columns, dtype)
            for row, painting in enumerate(shard.index.rows)
        }
        kept = self._manifest.kept
        missing = len(set(wanted if kept is None else kept) - set(known))
        if missing:
            raise FeatureStoreError(
                f"the features of {missing} of {len(wanted)} paintings are missing or damaged in "
                f"{self.path.parent / layer}. {_MEND}"
            )
        # What was let go for this collection may be there for another.
        there = set(wanted if kept is None else kept)
        places = [known[painting] if painting in there else (-1, -1) for painting in wanted]
        return np.array(places, dtype=np.int64).reshape(-1, 2)

    def __getitem__(self, layer: str) -> ShardedArray:
        """The matrix of a layer."""
        columns, dtype = self._manifest.layers[layer].columns, np.dtype(self._manifest.dtype)
        return ShardedArray(self._shards[layer], self._places[layer], columns, dtype)

    def __iter__(self) -> Iterator[str]:
        """Names of the layers, in the order of the backbone."""
        return iter(self._manifest.layers)

    def __len__(self) -> int:
        """Number of layers."""
        return len(self._manifest.layers)

    @property
    def fingerprint(self) -> str:
        """The name of the manifest."""
        return self.path.stem

    @property
    def kept(self) -> IntArray | None:
        """Rows of the paintings whose features are there, where those of the others were let go; None if all are."""
        if self._manifest.kept is None:
            return None
        there = set(self._manifest.kept)
        return np.flatnonzero([painting in there for painting in self._manifest.paintings])

    @property
    def paintings(self) -> list[str]:
        """SHA-256 of the paintings' files, in order."""
        return self._manifest.paintings

    def note_kept(self, paintings: Iterable[str]) -> None:
        """Write down that of these paintings alone, by the SHA-256 of their files, features will be there."""
        _write_json(self.path, self._manifest.model_copy(update={"kept": sorted(paintings)}))

    def damaged(self) -> list[AnyPath]:
        """The shards with rows of this collection that do not hold what was stored; reads all of them, once a process.

        A shard without such rows is passed over.
        """
        return [
            known[number].path
            for layer, known in self._shards.items()
            for number in np.unique(self._places[layer][:, 0]).tolist()
            if number >= 0 and known[number].is_damaged
        ]


def write(root: AnyPath, source: Source, executor: Executor | None = None) -> FeatureStore:
    """Store what is missing of a source, and then its manifest.

    Args:
        root: Folder of all stores.
        source: What to store. Paintings whose features are there, whoever asked for them, are not computed again.
        executor: Compute and write the missing shards, where there are any; they must reach the same folder.

    Returns:
        The features.
    """
    path = source.contents.below(root)
    for layer in source.columns:
        (path.parent / layer).mkdir(parents=True, exist_ok=True)
    _remove_damaged(path.parent, source)
    each = {painting: row for row, painting in reversed(list(enumerate(source.contents.paintings)))}
    everyone = sorted(each.values())
    missing = _missing(path.parent, source, everyone)
    known = len(everyone) - len(missing)
    logger.debug("features are in %s", path.parent)
    # Of all layers in one sentence, which a run says once.
    logger.info("%s known, %s new", f"{known:,}", f"{len(missing):,}")
    if missing:
        groups = [missing[first : first + source.shard_rows] for first in range(0, len(missing), source.shard_rows)]
        with Bar(total=len(everyone), initial=known, desc="extracting features", unit=" paintings") as progress:
            if executor is None:
                _write_shards(path.parent, source, groups, progress)
            else:
                _hand_out_shards(path.parent, source, groups, executor, progress)
    _write_manifest(path, source)
    return FeatureStore(path)


def _remove_damaged(folder: AnyPath, source: Source) -> None:
    """Remove shards of the collection's paintings that nobody could read."""
    wanted = set(source.contents.paintings)
    for layer in source.columns:
        for shard in shards(folder / layer):
            lost = wanted.intersection(shard.index.rows)
            if lost and shard.is_damaged:
                logger.warning("%d paintings of a damaged shard are computed again: %s", len(lost), shard.path)
                shard.remove()


def _known(folder: AnyPath, source: Source) -> dict[str, dict[str, str]]:
    """Layer -> SHA-256 of a painting's file -> that of its row."""
    return {
        layer: {
            painting: row
            for shard in shards(folder / layer)
            if (shard.index.columns, shard.index.dtype) == (columns, source.dtype.name)
            for painting, row in shard.index.rows.items()
        }
        for layer, columns in source.columns.items()
    }


def _missing(folder: AnyPath, source: Source, rows: Sequence[int]) -> list[int]:
    """The rows of which a layer lacks the features."""
    paintings, known = source.contents.paintings, _known(folder, source).values()
    return [row for row in rows if not all(paintings[row] in layer for layer in known)]


def _hand_out_shards(
    folder: AnyPath, source: Source, groups: list[list[int]], executor: Executor, progress: Any
) -> None:
    tasks = {executor.submit(write_shard, folder, source.part(rows), rows): len(rows) for rows in groups}
    for task in as_completed(tasks):
        task.result()
        progress.update(tasks[task])


def write_shard(folder: AnyPath, source: Source, rows: Sequence[int]) -> None:
    """Compute and write some paintings' features, unless somebody has done so already.

    Args:
        folder: Of the identity.
        source: Which rows of can be computed.
        rows: Which ones.
    """
    missing = _missing(folder, source, rows)
    if missing:
        _write_shards(folder, source, [missing], Bar(disable=True))


def _write_shards(folder: AnyPath, source: Source, groups: list[list[int]], progress: Any) -> None:
    batches, known, paintings = source.compute(groups), _known(folder, source), source.contents.paintings
    # One shard is written while the next is computed.
    with ThreadPoolExecutor(1) as writer:
        written: Future[Any] = writer.submit(bool)
        for rows in groups:
            shard = {name: np.empty((len(rows), width), source.dtype) for name, width in source.columns.items()}
            filled = start = 0
            while start < len(rows):
                for name, values in next(batches).items():
                    filled = start + len(values)
                    shard[name][start:filled] = values
                progress.update(filled - start)
                start = filled
            written.result()
            written = writer.submit(_save, folder, [paintings[row] for row in rows], shard, known)
        written.result()


def _save(
    folder: AnyPath, paintings: list[str], values: Mapping[str, FloatArray], known: Mapping[str, Mapping[str, str]]
) -> None:
    for layer, rows in values.items():
        # A run that was killed between the layers has left some.
        new = [row for row, painting in enumerate(paintings) if painting not in known[layer]]
        path = _path(folder / layer, [paintings[row] for row in new])
        # When the worker dies that handed tasks on, others are still at work on them, and they are handed on again.
        if new and path not in {shard.path for shard in shards(folder / layer)}:
            save_shard(folder / layer, [paintings[row] for row in new], rows[new])


def save_shard(folder: AnyPath, paintings: list[str], rows: FloatArray) -> None:
    """Write a shard, named after its paintings.

    Args:
        folder: Of the layer.
        paintings: SHA-256 of their files.
        rows: Their features, float16 or float32, shape (n, columns).

    Raises:
        DiskFullError: If there is no room for it.
    """
    path = _path(folder, paintings)
    with atomic_path(path) as temporary:
        with temporary.open("wb") as file:
            np.save(file, rows, allow_pickle=False)
        checksums = [hashlib.sha256(row.tobytes()).hexdigest() for row in rows]
        index = _Index(
            rows=dict(zip(paintings, checksums, strict=True)),
            columns=rows.shape[1],
            dtype=rows.dtype.name,
            bytes=temporary.stat().st_size,
            sha256=sha256(temporary),
        )
        _write_json(path.with_suffix(".json"), index)


def _path(folder: AnyPath, paintings: list[str]) -> AnyPath:
    name = hashlib.sha256("\n".join(paintings).encode()).hexdigest()[:16]
    return folder / f"{name}.npy"


def _write_manifest(path: AnyPath, source: Source) -> None:
    contents, known = source.contents, _known(path.parent, source)

    def checksum(layer: str) -> str:
        return hashlib.sha256("\n".join(known[layer][painting] for painting in contents.paintings).encode()).hexdigest()

    manifest = _Manifest(
        identity=dict(contents.identity),
        dtype=source.dtype.name,
        layers={layer: _Layer(columns=width, sha256=checksum(layer)) for layer, width in source.columns.items()},
        paintings=list(contents.paintings),
    )
    with suppress(FeatureStoreError, FileNotFoundError):
        if _read_json(path, _Manifest) == manifest:
            return
    _write_json(path, manifest)
