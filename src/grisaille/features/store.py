"""Features on disk: content-addressed, written shard by shard, read through memory maps.

A store is a folder named after a fingerprint of everything that determines its content. Shards are plain `.npy`
files, each sealed with its checksum in a file beside it and only then renamed; the manifest, with all checksums, is
written last, and only then does the store exist. A shard that does not match its checksum is never read, and is
computed again when the store is written. Nothing here knows how features are
computed, nor where an executor comes from.
"""

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, Field, ValidationError, model_validator
from tqdm import tqdm

from grisaille.arrays import ColumnRange, FloatArray
from grisaille.errors import GrisailleError
from grisaille.storage import npy
from grisaille.storage.files import AnyPath, atomic_path, local_copy, seal, sha256, stored_checksum, write_atomically

logger = logging.getLogger(__name__)

MANIFEST = "manifest.json"

_MEND = "`kedro run --pipelines feature_extraction` with the same --params makes it again, and nothing that is whole"


class FeatureStoreError(GrisailleError):
    """A store that is missing, unfinished or damaged."""


class Source(Protocol):
    """What can be stored: anything that says how large it is and computes ranges of its rows."""

    identity: dict[str, Any]
    rows: int
    columns: dict[str, int]
    dtype: np.dtype[Any]
    shard_rows: int

    def compute(self, ranges: Iterable[tuple[int, int]]) -> Iterator[tuple[int, Mapping[str, FloatArray]]]:
        """Yield the first row and {layer: values} of batches that together make up the ranges, in order."""

    def part(self, start: int, stop: int) -> "Source":
        """The same source, of which only these rows can be computed; it travels to other processes."""


def fingerprint(identity: Mapping[str, Any]) -> str:
    """16 hexadecimal digits that stand for an identity."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]


def identity_of_files(digests: Sequence[str]) -> dict[str, Any]:
    """The part of an identity that stands for the files of a collection, by their SHA-256, in order."""
    files = hashlib.sha256("\n".join(digests).encode()).hexdigest()
    return {"paintings": len(digests), "paintings_sha256": files}


class ShardedArray:
    """A matrix in row shards. Rows are copied out of a memory map that lives only as long as the copying.

    Keeping the maps open would let every page ever touched count as this process's memory.
    """

    def __init__(
        self, shards: list[tuple[AnyPath, str]], shard_rows: int, shape: tuple[int, int], dtype: np.dtype[Any]
    ) -> None:
        """Wrap the shards of one layer, each of `shard_rows` rows except the last, by file and checksum."""
        self._shards, self._shard_rows, self.shape, self.dtype = shards, shard_rows, shape, dtype

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
        shard_of = rows // self._shard_rows
        for shard in np.unique(shard_of).tolist():
            chosen = np.flatnonzero(shard_of == shard)
            first = shard * self._shard_rows
            path, checksum = self._shards[shard]
            shape = min(self._shard_rows, len(self) - first), self.shape[1]
            mapped = _open_shard(path, checksum, shape, self.dtype)
            local = rows[chosen] - first
            if _is_range(local) and _is_range(chosen):
                result[chosen[0] : chosen[-1] + 1] = mapped[local[0] : local[-1] + 1, columns]
            else:
                result[chosen] = mapped[local, columns]
        return result


def _is_range(rows: npt.NDArray[np.int64]) -> bool:
    return bool(np.all(np.diff(rows) == 1))


def _open_shard(path: AnyPath, checksum: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> FloatArray:
    """Map a shard; it is read through once a process, before anything of it is used."""
    local = local_copy(path, checksum)
    if sha256(local) != checksum:
        raise FeatureStoreError(f"the shard {path} is damaged: its checksum is not the one it was stored with. {_MEND}")
    try:
        mapped = npy.map_array(local)
    except npy.ArrayFileError as error:
        raise FeatureStoreError(f"the shard {path} is damaged: {error}. {_MEND}") from error
    if (mapped.shape, mapped.dtype) != (shape, dtype):
        raise FeatureStoreError(f"the shard {path} holds {mapped.shape} {mapped.dtype}, not {shape} {dtype}")
    return mapped


class FeatureStore(Mapping[str, ShardedArray]):
    """A finished store: layer name -> matrix.

    Attributes:
        folder: Where it lies.
        manifest: What it holds, and what determined it.
    """

    def __init__(self, folder: AnyPath) -> None:
        """Open a store.

        Raises:
            FeatureStoreError: If there is no manifest or a damaged one, or a file it lists is missing or of another
                size.
        """
        self.folder = folder
        self.manifest = _read_manifest(folder)
        for name, layer in self.manifest["layers"].items():
            for shard in layer["shards"]:
                path = folder / shard["file"]
                if not path.is_file() or path.stat().st_size != shard["bytes"]:
                    raise FeatureStoreError(f"the shard {path} of {name} is missing or cut short. {_MEND}")

    def __getitem__(self, layer: str) -> ShardedArray:
        """The matrix of a layer."""
        manifest, described = self.manifest, self.manifest["layers"][layer]
        shards = [(self.folder / shard["file"], shard["sha256"]) for shard in described["shards"]]
        shape = manifest["rows"], described["columns"]
        return ShardedArray(shards, manifest["shard_rows"], shape, np.dtype(manifest["dtype"]))

    def __iter__(self) -> Iterator[str]:
        """Names of the layers, in the order of the backbone."""
        return iter(self.manifest["layers"])

    def __len__(self) -> int:
        """Number of layers."""
        return len(self.manifest["layers"])

    @property
    def fingerprint(self) -> str:
        """The name of the folder."""
        return self.folder.name

    def damaged(self) -> list[AnyPath]:
        """The shards that do not hold what was stored; reads all of them, once a process."""
        listed = {self.folder / name: checksum for name, checksum in _checksums(self.manifest).items()}
        return [path for path, checksum in listed.items() if sha256(local_copy(path, checksum)) != checksum]


class _Shard(BaseModel):
    # A name and no path, so that no manifest leads out of its folder.
    file: str = Field(pattern=r"^[^/\\\x00]+\.npy$")
    bytes: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class _Layer(BaseModel):
    columns: int = Field(ge=1, lt=2**31)
    shards: list[_Shard]


class _Manifest(BaseModel, extra="allow"):
    identity: dict[str, Any]
    rows: int = Field(ge=0, lt=2**48)
    shard_rows: int = Field(ge=1, lt=2**48)
    dtype: Literal["float16", "float32"]
    layers: dict[str, _Layer]

    @model_validator(mode="after")
    def _shards_make_up_the_rows(self) -> "_Manifest":
        needed = -(-self.rows // self.shard_rows)
        for name, layer in self.layers.items():
            if len(layer.shards) != needed:
                raise ValueError(f"{name} has {len(layer.shards)} shards and needs {needed}")
            for number, shard in enumerate(layer.shards):
                rows = min(self.shard_rows, self.rows - number * self.shard_rows)
                # Before the values stands a header; what says it is shorter lies about its rows.
                if shard.bytes <= rows * layer.columns * np.dtype(self.dtype).itemsize:
                    raise ValueError(f"{shard.file} is too short for {rows} rows")
        return self


def _read_manifest(folder: AnyPath) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        manifest = _Manifest.model_validate_json(path.read_bytes(), strict=True).model_dump()
    except FileNotFoundError:
        raise FeatureStoreError(f"no finished feature store in {folder}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise FeatureStoreError(f"the manifest {path} is damaged: {where}: {first['msg']}. {_MEND}") from error
    # Stores of earlier releases have none.
    digest = manifest.pop("digest", None)
    if digest is not None and digest != fingerprint(manifest):
        raise FeatureStoreError(f"the manifest {path} is damaged: its checksum is another. {_MEND}")
    return manifest


def _checksums(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Name of a shard -> its checksum."""
    return {shard["file"]: shard["sha256"] for layer in manifest["layers"].values() for shard in layer["shards"]}


def write(root: AnyPath, source: Source, executor: Executor | None = None) -> FeatureStore:
    """Store what is missing of a source.

    Args:
        root: Folder of all stores.
        source: What to store. Shards that an earlier run finished are not computed again.
        executor: Compute and write the missing shards, where there are any; they must reach the same folder.

    Returns:
        The finished store.
    """
    folder = root / fingerprint(source.identity)
    folder.mkdir(parents=True, exist_ok=True)
    starts = range(0, source.rows, source.shard_rows)
    ranges = [(start, min(start + source.shard_rows, source.rows)) for start in starts]
    try:
        listed: dict[str, str] | None = _checksums(_read_manifest(folder))
    except FeatureStoreError:
        listed = None
    missing = [rows for rows in ranges if not _is_stored(folder, source, rows, listed or {})]
    if not missing:
        logger.info("features are stored already: %s", folder)
    elif listed is not None:
        text = "%d of %d shards are damaged or missing and computed again: %s"
        logger.warning(text, len(missing), len(ranges), folder)
    elif len(missing) < len(ranges):
        logger.info("going on with shard %d of %d in %s", len(ranges) - len(missing) + 1, len(ranges), folder)
    if missing:
        done = source.rows - sum(stop - start for start, stop in missing)
        with tqdm(total=source.rows, initial=done, desc="extracting features", unit=" paintings") as progress:
            if executor is None:
                _write_shards(folder, source, missing, progress)
            else:
                _hand_out_shards(folder, source, missing, executor, progress)
    if missing or listed is None:
        _write_manifest(folder, source, starts)
    return FeatureStore(folder)


def _hand_out_shards(
    folder: AnyPath, source: Source, missing: list[tuple[int, int]], executor: Executor, progress: Any
) -> None:
    tasks = {executor.submit(write_shard, folder, source.part(*rows), rows): rows for rows in missing}
    for task in as_completed(tasks):
        task.result()
        start, stop = tasks[task]
        progress.update(stop - start)


def write_shard(folder: AnyPath, source: Source, rows: tuple[int, int]) -> None:
    """Compute and write one shard, unless somebody has done so already.

    Args:
        folder: Of the store.
        source: Which rows of can be computed.
        rows: First row, and one past the last.
    """
    if not _is_stored(folder, source, rows, {}):
        _write_shards(folder, source, [rows], tqdm(disable=True))


def _write_shards(folder: AnyPath, source: Source, missing: list[tuple[int, int]], progress: Any) -> None:
    batches = source.compute(missing)
    # One shard is written while the next is computed.
    with ThreadPoolExecutor(1) as writer:
        written: Future[Any] = writer.submit(bool)
        for start, stop in missing:
            shard = {name: np.empty((stop - start, width), source.dtype) for name, width in source.columns.items()}
            filled = start
            while filled < stop:
                first, batch = next(batches)
                for name, values in batch.items():
                    shard[name][first - start : first - start + len(values)] = values
                    filled = first + len(values)
                progress.update(filled - first)
            written.result()
            written = writer.submit(_save, folder, start, shard)
        written.result()


def _shard(folder: AnyPath, layer: str, start: int) -> AnyPath:
    return folder / f"{layer}-{start:08d}.npy"


def _save(folder: AnyPath, start: int, shard: Mapping[str, FloatArray]) -> None:
    for layer, values in shard.items():
        path = _shard(folder, layer, start)
        # A run that was killed between the layers has left some.
        if not _is_whole(path, values.shape, values.dtype):
            with atomic_path(path) as temporary:
                with temporary.open("wb") as file:
                    np.save(file, values, allow_pickle=False)
                seal(path, temporary)


def _is_stored(folder: AnyPath, source: Source, rows: tuple[int, int], listed: Mapping[str, str]) -> bool:
    """Whether a range of rows is there for every layer, as it was written."""
    start, stop = rows
    paths = {_shard(folder, layer, start): width for layer, width in source.columns.items()}
    return all(
        _is_whole(path, (stop - start, width), source.dtype, listed.get(path.name)) for path, width in paths.items()
    )


def _is_whole(path: AnyPath, shape: tuple[int, ...], dtype: np.dtype[Any], listed: str | None = None) -> bool:
    """Whether a shard is as it was written, by its seal or its manifest, whichever of these is not damaged itself."""
    for checksum in filter(None, {listed, stored_checksum(path)}):
        with suppress(FeatureStoreError, FileNotFoundError):
            _open_shard(path, checksum, shape, dtype)
            return True
    return False


def _write_manifest(folder: AnyPath, source: Source, starts: Iterable[int]) -> None:
    manifest = {
        "identity": source.identity,
        "rows": source.rows,
        "shard_rows": source.shard_rows,
        "dtype": source.dtype.name,
        "layers": {
            name: {"columns": width, "shards": [_describe(_shard(folder, name, start)) for start in starts]}
            for name, width in source.columns.items()
        },
    }
    digest = {"digest": fingerprint(manifest)}
    write_atomically(folder / MANIFEST, lambda file: file.write(json.dumps(manifest | digest, indent=1).encode()))


def _describe(path: AnyPath) -> dict[str, Any]:
    # A local shard was hashed as it was written; to read another again would mean to fetch it.
    checksum = sha256(path) if isinstance(path, Path) else stored_checksum(path) or sha256(path)
    return {"file": path.name, "bytes": path.stat().st_size, "sha256": checksum}
