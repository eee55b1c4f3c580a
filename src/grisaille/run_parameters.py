"""The parameters that shape pipelines: how many chunks there are and which comparisons are drawn.

Kedro builds pipelines before it hands parameters to nodes. A run leaves its parameters here as soon as it has read
them; where there is no run (`kedro registry list`), those of the base environment are read.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kedro.config import OmegaConfigLoader
from kedro.framework.project import settings
from kedro.utils import find_kedro_project

_of_this_run: Mapping[str, Any] | None = None


def remember(parameters: Mapping[str, Any]) -> None:
    """Keep the parameters of the run that is about to build its pipelines."""
    global _of_this_run  # noqa: PLW0603 - Kedro gives create_pipeline() no other way to learn of its run
    _of_this_run = parameters


def names(group: str) -> list[str]:
    """The names in a parameter group, in the order of the configuration; null takes a name away."""
    parameters = _of_this_run if _of_this_run is not None else _base()
    return [str(name) for name, given in (parameters.get(group) or {}).items() if given is not None]


def _base() -> Mapping[str, Any]:
    project = find_kedro_project(Path.cwd())
    if project is None:
        return {}
    loader = OmegaConfigLoader(str(Path(project) / settings.CONF_SOURCE), **settings.CONFIG_LOADER_ARGS)
    parameters: Mapping[str, Any] = loader["parameters"]
    return parameters
