"""In what runs differ before anything is measured: their settings, and where they ran."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from grisaille.provenance.recipes import leaves

# Parts of a manifest that say where a run ran.
_SURROUNDINGS = ("weights", "code", "machine", "threads", "packages")


def differing(groups: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, list[str]]]:
    """Dotted name, and value in each run, of every setting that is not the same in all.

    Args:
        groups: Of each run, its parameter groups.

    Yields:
        Values as JSON, text without quotation marks; a dash stands for a setting that a run does not have.
    """
    found = [dict(leaf for item in plain.items() for leaf in leaves(*item)) for plain in groups]
    for name in sorted(set().union(*found)):
        values = [json.dumps(flat[name], ensure_ascii=False) if name in flat else "\N{EN DASH}" for flat in found]
        if len(set(values)) > 1:
            yield name, [value.strip('"') for value in values]


def surroundings(manifests: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, list[str]]]:
    """The same of the CNN, the code, the machine, its threads and the packages."""
    return differing([{part: found[part] for part in _SURROUNDINGS if found.get(part)} for found in manifests])
