"""How things lie on a disk: whole or not there, sealed with a checksum, and looked at before they are believed."""

from grisaille.storage.files import (
    LOCK,
    AnyPath,
    DiskFullError,
    expanded,
    is_damaged,
    local_copy,
    place,
    sealed_checksum,
    sha256,
    sweep,
    whole,
    write_whole,
)

__all__ = [
    "LOCK",
    "AnyPath",
    "DiskFullError",
    "expanded",
    "is_damaged",
    "local_copy",
    "place",
    "sealed_checksum",
    "sha256",
    "sweep",
    "whole",
    "write_whole",
]
