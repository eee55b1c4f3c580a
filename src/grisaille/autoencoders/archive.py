"""Saved Keras models as bytes that depend on the model alone: equal models are equal files."""

import json
import zipfile
from pathlib import Path
from typing import Any

# The earliest time that a ZIP archive can hold.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def make_deterministic(path: Path) -> None:
    """Take out of a `.keras` file what differs each time one model is saved.

    That is the date, in its metadata and beside each file of the archive, and the addresses in memory by which its
    configuration refers to objects that several layers share; these are numbered in the order in which they appear.

    Args:
        path: The file, which is rewritten in place.
    """
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    metadata = json.loads(members["metadata.json"])
    metadata.pop("date_saved", None)
    members["metadata.json"] = json.dumps(metadata).encode()
    members["config.json"] = json.dumps(_numbered(json.loads(members["config.json"]), {})).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, _NO_TIME), content)


def _numbered(value: Any, known: dict[int, int]) -> Any:
    if isinstance(value, list):
        return [_numbered(item, known) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: known.setdefault(item, len(known) + 1) if name == "shared_object_id" else _numbered(item, known)
        for name, item in value.items()
    }
