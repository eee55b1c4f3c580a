"""Makes saved Keras models reproducible: equal models are equal files."""

import json
import re
import zipfile
from pathlib import Path
from typing import Any

# The earliest time in a ZIP archive.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
# Number of parts of a reference to a layer's output.
_REFERENCE = 3


def make_deterministic(path: Path) -> None:
    """Remove everything from a `.keras` file that differs between two saves of one model.

    This affects the date in the metadata and of each file in the archive, memory addresses by which the configuration
    refers to shared objects, and automatic names of layers and operations, which Keras numbers by process. Addresses
    and names are renumbered in order of appearance.

    Args:
        path: The file, rewritten in place.
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
    """Rename the automatic names of models, numbered within each model."""
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
        # Separately from the configuration, since a nested model has names of its own.
        layer["inbound_nodes"] = _with_names(layer["inbound_nodes"], names)
    return value | {part: _with_names(value[part], names) for part in ("input_layers", "output_layers")}


def _with_names(value: Any, names: dict[str, str]) -> Any:
    """Rename the layers in references to outputs of layers, [layer, node, tensor]."""
    if isinstance(value, dict):
        return {name: _with_names(item, names) for name, item in value.items()}
    if not isinstance(value, list):
        return value
    if len(value) == _REFERENCE and isinstance(value[0], str) and all(isinstance(item, int) for item in value[1:]):
        return [names.get(value[0], value[0]), *value[1:]]
    return [_with_names(item, names) for item in value]
