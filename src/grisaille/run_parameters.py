"""The parameters that shape pipelines: how many chunks there are and which comparisons are drawn.

Kedro builds pipelines without handing them parameters. Every session makes a configuration loader before that, so
the loader of this project leaves itself here; where there is no session (`kedro registry list`), the base
environment is read. A hook would not do: Kedro-Viz runs without them.
"""

import difflib
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from kedro.config import OmegaConfigLoader
from kedro.framework.project import settings
from kedro.utils import find_kedro_project

from grisaille.storage import AnyPath, place

_newest: "RunConfigLoader | None" = None


class RunConfigLoader(OmegaConfigLoader):
    """Kedro's configuration loader, which pipelines can ask for the parameters of the session it was made for.

    `--params storage=folder` stores everything there: Kedro has no other way to set a global of `globals.yml`. It is
    no parameter of a pipeline, so that results do not depend on where they lie.
    """

    def __init__(
        self, conf_source: str, env: str | None = None, runtime_params: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        """As `OmegaConfigLoader`."""
        given = dict(runtime_params or {})
        storage = given.pop("storage", None)
        super().__init__(conf_source, env, given, **kwargs)
        _refuse_unknown(self)
        # The newest loader answers for globals, and that was the one which knows what can be refused.
        self._register_globals_resolver()
        if storage is not None:
            self["globals"] = {**self["globals"], "storage": str(storage)}
        global _newest  # noqa: PLW0603 - create_pipeline() has no other way to learn of its session
        _newest = self

    @cached_property
    def groups(self) -> dict[str, Any]:
        """All parameters, read once: every pipeline asks for some."""
        return dict(self["parameters"])

    def storage(self, project: Path) -> AnyPath:
        """Where everything is stored; what is relative is so to the project."""
        given = str(self["globals"]["storage"])
        return place(given) if "://" in given else project / given


def _refuse_unknown(loader: OmegaConfigLoader) -> None:
    """What is given with `--params` and nothing asks for is misspelt; inside of groups their models see to it.

    Raises:
        ValueError: If there is such a name.
    """
    if not loader.runtime_params:
        return
    without = OmegaConfigLoader(
        loader.conf_source,
        env=loader.env,
        base_env=loader.base_env,
        default_run_env=loader.default_run_env,
        merge_strategy=loader.merge_strategy,
    )
    known = list(without["parameters"])
    for name in loader.runtime_params:
        if name not in known:
            similar = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {similar[0]}?" if similar else f"there are {', '.join(known)}"
            raise ValueError(f"--params {name}: there is no such parameter; {hint}")


def group(name: str) -> dict[str, Any]:
    """A parameter group of the session; empty where there is none of the name."""
    groups = _newest.groups if _newest is not None else _base(find_kedro_project(Path.cwd()))
    return dict(groups.get(name) or {})


def names(name: str) -> list[str]:
    """The names in a parameter group, in the order of the configuration; null takes a name away."""
    return [str(member) for member, given in group(name).items() if given is not None]


@cache
def _base(project: Any) -> dict[str, Any]:
    if project is None:
        return {}
    return dict(
        OmegaConfigLoader(str(Path(project) / settings.CONF_SOURCE), **settings.CONFIG_LOADER_ARGS)["parameters"]
    )
