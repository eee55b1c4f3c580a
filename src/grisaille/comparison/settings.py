"""Differences between runs before any measurement: settings and execution environment."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from grisaille.provenance.recipes import leaves

# Parts of a manifest that describe the environment of a run.
_SURROUNDINGS = ("weights", "code", "machine", "threads", "packages")


def differing(groups: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, list[str]]]:
    """Yield the settings that differ between runs.

    Args:
        groups: The parameter groups of each run.

    Yields:
        Dotted name, and the value in each run as JSON, text without quotation marks; a dash if a run lacks the setting.
    """
    flattened = [dict(leaf for item in plain.items() for leaf in leaves(*item)) for plain in groups]
    for name in sorted(set().union(*flattened)):
        values = [json.dumps(flat[name], ensure_ascii=False) if name in flat else "\N{EN DASH}" for flat in flattened]
        if len(set(values)) > 1:
            yield name, [value.strip('"') for value in values]


def surroundings(manifests: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, list[str]]]:
    """Yield differences of the CNN, the code, the machine, its threads and the packages, as `differing` does."""
    return differing([{part: each[part] for part in _SURROUNDINGS if each.get(part)} for each in manifests])
