"""An optional file that users may provide."""

import hashlib
from copy import copy
from typing import Any, Generic, NoReturn, TypeVar

import fsspec
from kedro.io.core import AbstractDataset, DatasetError, get_protocol_and_path

from grisaille.storage import expanded

Loaded = TypeVar("Loaded")
Same = TypeVar("Same", bound="GivenFileDataset[Any]")


class GivenFileDataset(AbstractDataset[NoReturn, Loaded], Generic[Loaded]):
    """``GivenFileDataset`` is the base of datasets of one file: a requested file must exist, the fallback is
    optional.
    """  # noqa: D205 - the first sentence of a Kedro dataset names the class, and does not fit on a line

    #: Name of the content in messages, and the parameter for the file.
    WHAT: str
    PARAMETER: str

    def __init__(
        self,
        *,
        filepath: str | None,
        fallback: str,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Configure the file.

        Args:
            filepath: The requested file, or None.
            fallback: The file to read if none is requested.
            fs_args: Passed to the filesystem.
            metadata: Ignored by Kedro; read by plugins.
        """
        self._asked_for = filepath is not None
        self._protocol, self._filepath = get_protocol_and_path(expanded(filepath or fallback))
        self._filesystem = fsspec.filesystem(self._protocol, **(fs_args or {}))
        self.metadata = metadata

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "protocol": self._protocol, "required": self._asked_for}

    def _read(self) -> bytes | None:
        """The content of the file; None if an optional file is missing.

        Raises:
            DatasetError: If the requested file does not exist.
        """
        if self._filesystem.isfile(self._filepath):
            data: bytes = self._filesystem.cat_file(self._filepath)
            return data
        if self._asked_for:
            raise DatasetError(
                f"there is no {self.WHAT} at {self._filepath}; name yours with --params {self.PARAMETER}"
            )
        return None

    def at(self: Same, path: str) -> Same:
        """The same dataset with another file."""
        other = copy(self)
        other._asked_for = True
        other._protocol, other._filepath = get_protocol_and_path(expanded(path))
        return other

    def fingerprint(self) -> str:
        """A string that changes with the file; constant for a missing one."""
        if not self._filesystem.isfile(self._filepath):
            return "none"
        return hashlib.sha256(self._filesystem.cat_file(self._filepath)).hexdigest()[:16]

    def save(self, data: NoReturn) -> NoReturn:
        """Refuse, since the file is read-only."""
        raise DatasetError(f"{type(self).__name__} is read-only")

    def _exists(self) -> bool:
        return bool(self._filesystem.isfile(self._filepath)) or not self._asked_for
