"""How things lie on a disk: whole or not there, sealed with a checksum, and looked at before they are believed."""

from grisaille.storage.files import (
    LOCK,
    AnyPath,
    DiskFullError,
    as_path,
    atomic_path,
    expanded,
    is_damaged,
    local_copy,
    remove_partials,
    sha256,
    stored_checksum,
    write_atomically,
)

__all__ = [
    "LOCK",
    "AnyPath",
    "DiskFullError",
    "as_path",
    "atomic_path",
    "expanded",
    "is_damaged",
    "local_copy",
    "remove_partials",
    "sha256",
    "stored_checksum",
    "write_atomically",
]
