"""Recipes: everything that determines a result. This module does not know where results and recipes are stored.

A recipe holds one *step* for a dataset and one for every dataset upstream. A step holds the parameter groups of the
node that made the dataset, with their values, and the checksum of the dataset.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, TypeAlias

from pydantic import TypeAdapter

from grisaille.parameters import Parameters, plain

# dataset -> {"parameters": {group: settings}, "checksum": hexadecimal digits or None}
Recipe: TypeAlias = dict[str, dict[str, Any]]

# Settings that affect only speed, or how much of its work a killed run loses. `retrain` decides whether encoders are
# fitted; their content counts by its checksum.
HARMLESS = frozenset({"backbone.batch_size", "backbone.shard_rows", "autoencoder.retrain"})
# Locations of files and folders, whose content counts by its checksum.
LOCATIONS = frozenset({"backbone.model_file", "paintings_folder", "artists_file", "paintings_file", "features_file"})
# Datasets and groups that a node only validates.
IRRELEVANT = frozenset({("features", "chunks")})
# Settings that count for these datasets only: those that name paintings do not affect features.
_NAMING = {
    "ingestion.aliases": {"paintings", "unmatched_works"},
    "ingestion.columns": {"paintings", "unmatched_works", "vectors_embeddings"},
}
# Tag of nodes that use the encoders of an earlier run unchanged.
KEEPS = "keeps_encoders"
# Prefix of datasets that read the earlier version of a result.
KNOWN = "known_"
_SHOWN = 3


@dataclass(frozen=True)
class Difference:
    """A setting with another value than before.

    Attributes:
        name: Dotted name of the parameter.
        then: The value that the result was made with.
        now: The requested value.
        datasets: The datasets that were made with the former value.
    """

    name: str
    then: Any
    now: Any
    datasets: tuple[str, ...]

    def __str__(self) -> str:
        """The difference in the notation of `--params`."""
        then, now = (json.dumps(value, ensure_ascii=False).strip('"') for value in (self.then, self.now))
        return f"{self.name}={then}, not {now}"


def complete(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Convert parameters to plain values, and add the defaults of missing settings.

    Args:
        parameters: Dotted name of a group, or of a member of one -> settings.
    """
    return {name: plain(_adapter(name).validate_python(plain(value))) for name, value in parameters.items()}


@cache
def _adapter(group: str) -> TypeAdapter[Any]:
    annotation: Any = Parameters.model_fields[group].annotation if group in Parameters.model_fields else Any
    return TypeAdapter(annotation)


def encoders(node: Any) -> list[str]:
    """The encoders that a node reads."""
    return [name for name in node.inputs if name.endswith("_encoder")]


def is_parameter(name: str) -> bool:
    """Whether a node's input is a parameter."""
    return name == "parameters" or name.startswith("params:")


def replace(parameters: dict[str, Any], name: str, value: Any) -> None:
    """Set a setting by its dotted name."""
    *groups, last = name.split(".")
    for group in groups:
        parameters = parameters.setdefault(group, {})
    parameters[last] = value


def lookup(parameters: Mapping[str, Any], name: str) -> Any:
    """A group or a member of one by its dotted name; None if it does not exist."""
    value: Any = parameters
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yield dotted name, former and present value of every setting that differs; None means missing."""
    old, new = (dict(leaf for item in settings.items() for leaf in leaves(*item)) for settings in (before, now))
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield name, old.get(name), new.get(name)


def leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield dotted name and value of every setting below a name."""
    if isinstance(value, Mapping) and value:
        for key, member in value.items():
            yield from leaves(f"{name}.{key}", member)
    else:
        yield name, value


def settings_of(recipe: Recipe) -> dict[str, dict[str, list[str]]]:
    """All relevant settings of a recipe: dotted name -> value as JSON -> datasets that were made with it."""
    settings: dict[str, dict[str, list[str]]] = {}
    for dataset, step in recipe.items():
        for name, setting in _settings(json.dumps(step["parameters"])):
            if _counts(name, dataset):
                settings.setdefault(name, {}).setdefault(setting, []).append(dataset)
    return settings


def _counts(name: str, dataset: str) -> bool:
    """Whether a setting affects a dataset of which it is a parameter."""
    return not any(name.startswith(naming) and dataset not in named for naming, named in _NAMING.items())


# Dozens of nodes have the same parameters, and completing these takes most of the time.
@lru_cache(maxsize=256)
def _settings(parameters: str) -> list[tuple[str, str]]:
    """Dotted name and JSON value of every setting of a step."""
    groups = complete(json.loads(parameters)).items()
    return [(name, json.dumps(setting)) for group, value in groups for name, setting in leaves(group, value)]


def differences(
    recipe: Recipe, parameters: Mapping[str, Any], ignored: frozenset[str] = HARMLESS | LOCATIONS
) -> list[Difference]:
    """The settings in which a recipe differs from the requested parameters.

    Args:
        recipe: Recipe of a result.
        parameters: All parameters of a run, completed.
        ignored: Settings that do not count.
    """
    # Keys of free groups, such as names of artists, may hold dots, so no name is taken apart.
    now = dict(leaf for group in parameters.items() for leaf in leaves(*group))
    known = settings_of(recipe)
    changed = [
        Difference(name, json.loads(then), value, tuple(datasets))
        for name, values in known.items()
        for then, datasets in values.items()
        if json.loads(then) != (value := now.get(name, lookup(parameters, name))) and name not in ignored
    ]
    return changed + [found for found in _added(recipe, now, known) if found.name not in ignored]


def _added(recipe: Recipe, now: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[Difference]:
    """The settings that a recipe does not have: only groups with free keys, such as `comparisons`, gain any."""
    datasets: dict[str, list[str]] = {}
    for dataset, step in recipe.items():
        for group in step["parameters"]:
            datasets.setdefault(group, []).append(dataset)
    for name, value in now.items():
        if value is None or value == {} or any(name == other or name.startswith(f"{other}.") for other in known):
            continue
        for group, members in datasets.items():
            own = tuple(dataset for dataset in members if _counts(name, dataset))
            if own and name.startswith(f"{group}."):
                yield Difference(name, None, value, own)


def sentence(found: Sequence[Difference]) -> str:
    """The first differences in one sentence."""
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return "; ".join(map(str, found[:_SHOWN])) + more


def conflict(recipes: Mapping[str, Recipe]) -> tuple[str, str, str] | None:
    """Two results that were made from different versions of one dataset, and that dataset; None if there are none.

    Args:
        recipes: Recipes of results that are used together, by name.
    """
    known: dict[str, tuple[str, str]] = {}
    for result, recipe in recipes.items():
        for dataset, step in recipe.items():
            if step["checksum"]:
                first, checksum = known.setdefault(dataset, (result, step["checksum"]))
                if checksum != step["checksum"]:
                    return first, result, dataset
    return None
