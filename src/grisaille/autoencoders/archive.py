"""Saved Keras models as bytes that depend on the model alone: equal models are equal files."""

import json
import re
import zipfile
from pathlib import Path
from typing import Any

# The earliest time that a ZIP archive can hold.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
# Parts of a reference to the output of a layer.
_REFERENCE = 3


def make_deterministic(path: Path) -> None:
    """Take out of a `.keras` file what differs each time one model is saved.

    That is the date, in its metadata and beside each file of the archive; the addresses in memory by which its
    configuration refers to objects that several layers share; and the names that Keras gives to layers and operations
    without one, which count all models of a process. These are numbered in the order in which they appear.

    Args:
        path: The file, which is rewritten in place.
    """
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    metadata = json.loads(members["metadata.json"])
    metadata.pop("date_saved", None)
    members["metadata.json"] = json.dumps(metadata).encode()
    members["config.json"] = json.dumps(_renamed(_numbered(json.loads(members["config.json"]), {}))).encode()
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


def _renamed(value: Any) -> Any:
    """Models of which every name that Keras made up is numbered within its model."""
    if isinstance(value, list):
        return [_renamed(item) for item in value]
    if not isinstance(value, dict):
        return value
    value = {name: _renamed(item) for name, item in value.items()}
    if not {"layers", "input_layers", "output_layers"} <= set(value):
        return value
    names: dict[str, str] = {}
    for layer in value["layers"]:
        made_up = re.fullmatch(r"([a-z0-9_]*?[a-z])(_\d+)?", layer["name"])
        kind = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", layer["class_name"]).lower()
        if made_up and made_up[1] == kind:
            new = f"{kind}_{len(names)}"
            names[layer["name"]] = layer["name"] = layer["config"]["name"] = new
    for layer in value["layers"]:
        # Not in its configuration: a model within the model has names of its own.
        layer["inbound_nodes"] = _with_names(layer["inbound_nodes"], names)
    return value | {part: _with_names(value[part], names) for part in ("input_layers", "output_layers")}


def _with_names(value: Any, names: dict[str, str]) -> Any:
    """References to outputs of layers, [layer, node, tensor], in which the layers have other names."""
    if isinstance(value, dict):
        return {name: _with_names(item, names) for name, item in value.items()}
    if not isinstance(value, list):
        return value
    if len(value) == _REFERENCE and isinstance(value[0], str) and all(isinstance(item, int) for item in value[1:]):
        return [names.get(value[0], value[0]), *value[1:]]
    return [_with_names(item, names) for item in value]
