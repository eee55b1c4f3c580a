"""The configuration of a session: its parameters, checked, and the names of the chunks, which shape the pipelines.

Kedro builds pipelines without handing them parameters. Every session makes a configuration loader before that, so
the loader of this project leaves itself here; where there is no session (`kedro registry list`), the base
environment is read. A hook would not do: Kedro-Viz runs without them.
"""

import difflib
import glob
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import click
from kedro.config import OmegaConfigLoader
from kedro.framework.project import pipelines, settings
from kedro.utils import find_kedro_project
from omegaconf import OmegaConf

from grisaille.likenesses.names import MIXTURE
from grisaille.parameters import Autoencoder, Parameters, mixed, plain
from grisaille.parameters import messages as parameter_errors
from grisaille.storage import AnyPath, as_path, expanded

_newest: "RunConfigLoader | None" = None
# Parameter groups that the registered pipelines were built from.
_shape: dict[str, Any] = {}

# What comes from outside -> the parameter that says where it lies.
SOURCES = {
    "raw_paintings": "paintings_folder",
    "raw_artists": "artists_file",
    "raw_works": "paintings_file",
    "raw_vectors": "features_file",
}


class WrongParameterError(click.ClickException):
    """A parameter that cannot be meant. On the command line it ends the run in one line and with status 1."""


# Parameters that name a file or folder: whole groups stand for themselves, members behind a dot.
_PATHS = (*SOURCES.values(), "backbone.model_file", "backbone.weights")
# Of `backbone.weights`, what is no path.
_NO_PATHS = ("imagenet", "random")


class RunConfigLoader(OmegaConfigLoader):
    """Kedro's configuration loader, which pipelines can ask for the parameters of the session it was made for.

    It checks all of them, also those of pipelines that are not run: Kedro checks what the nodes of a run ask for, and
    what is wrong with the others would be found out hours later.

    `--params storage=folder` stores everything there: Kedro has no other way to set a global of `globals.yml`. It is
    no parameter of a pipeline, so that results do not depend on where they lie.

    `${parameter:name,otherwise}` in the catalog is a parameter, whether it was given by `--params` or by a file, and
    `otherwise` where it is null; Kedro's `runtime_params` passes over files.

    A path that is not absolute begins in the project where a file of `conf/` gives it, and in the current folder where
    a command does.
    """

    def __init__(
        self, conf_source: str, env: str | None = None, runtime_params: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        """As `OmegaConfigLoader`."""
        given = _from(Path.cwd(), runtime_params or {}, "storage")
        storage = given.pop("storage", None)
        super().__init__(conf_source, env, given, **kwargs)
        self._project = _project_of(Path(conf_source))
        # What `autoencoder.retrain=auto` and `features.keep=auto` come to; nobody knows before the catalog is there.
        self.refits, self.large = True, False
        if storage is not None:
            self["globals"] = {**self["globals"], "storage": str(storage)}
        global _newest  # noqa: PLW0603 - create_pipeline() has no other way to learn of its session
        _newest = self

    @staticmethod
    def _initialise_filesystem_and_protocol(conf_source: str) -> tuple[Any, Any]:
        shared, protocol = OmegaConfigLoader._initialise_filesystem_and_protocol(conf_source)
        own: Any = type(shared)(*shared.storage_args, **shared.storage_options, skip_instance_cache=True)
        # Kedro reads the folder as a part of a pattern, in which brackets would stand for single characters.
        own.glob = partial(_glob_below, own.glob, Path(conf_source).as_posix())
        return own, protocol

    def __getitem__(self, key: str) -> Any:
        """As `OmegaConfigLoader`'s.

        Raises:
            WrongParameterError: If a parameter is misspelt, of the wrong type, out of bounds, or would be ignored.
        """
        if key == "parameters":
            return self.groups
        if key == "catalog":
            return self._catalog()
        return self._resolved(key)

    def _resolved(self, key: str) -> Any:
        """As `OmegaConfigLoader` resolves a key."""
        # The loader made last answers for globals, and others may have been made since.
        self._register_globals_resolver()
        return super().__getitem__(key)

    def _catalog(self) -> dict[str, Any]:
        groups = self.groups

        def parameter(name: str, otherwise: Any) -> Any:
            given = groups.get(name)
            return otherwise if given is None else str(given)

        OmegaConf.register_new_resolver("parameter", parameter, replace=True)
        catalog: dict[str, Any] = self._resolved("catalog")
        for entry, name in SOURCES.items():
            given, described = parameter(name, None), catalog.get(entry, {})
            if given is not None and given not in described.values():
                raise WrongParameterError(
                    f"{name}={given} would be ignored: in this environment {entry} is a {described.get('type')}; leave "
                    f"out {'--env' if self.env else 'that entry of the catalog'} or the parameter"
                )
        return catalog

    @cached_property
    def groups(self) -> dict[str, Any]:
        """All parameters, read and checked once: every pipeline asks for some."""
        given = _from(self._project, self._resolved("parameters"))
        _refuse_unknown(self, given)
        self._check_globals()
        try:
            parameter_errors.check(given)
        except parameter_errors.ParameterError as error:
            raise WrongParameterError(str(error)) from None
        return given

    def _check_globals(self) -> None:
        for name, given in dict(self["globals"]).items():
            if name != "storage" and difflib.get_close_matches(name, ["storage"], 1, cutoff=0.8):
                raise WrongParameterError(f"{parameter_errors.unknown(name, given, ['storage'])} (globals.yml)")
            if name == "storage" and not (isinstance(given, str) and given and not given.startswith("~")):
                raise WrongParameterError(f"storage={given} is not allowed; it must be a path, without ~ (globals.yml)")
            if name == "storage" and {*"{}"} & {*(stored := given if "://" in given else str(self._project / given))}:
                raise WrongParameterError(
                    f"nothing can be stored in {stored}: Kedro's dataset factories read {{ and }} as placeholders; "
                    "choose a folder without them by --params storage=/path/to/folder"
                )

    def storage(self, project: Path) -> AnyPath:
        """Where everything is stored; what is relative is so to the project."""
        self._check_globals()
        given = str(self["globals"]["storage"])
        return as_path(given) if "://" in given else project / given


def _glob_below(find: Callable[[str], list[str]], folder: str, pattern: str) -> list[str]:
    """What a pattern finds that begins with a folder's name, which is none."""
    rest = pattern.removeprefix(folder)
    return find(pattern if rest == pattern else glob.escape(folder) + rest)


def _from(folder: Path, given: Mapping[str, Any], *more: str) -> dict[str, Any]:
    """Parameters whose paths are absolute: those that are not begin in a folder.

    Args:
        folder: Which one.
        given: The parameters.
        *more: Names of others that are paths.
    """
    made = dict(given)
    for name in (*_PATHS, *more):
        group, _, member = name.rpartition(".")
        if not group:
            made |= {member: _absolute(folder, made[member])} if member in made else {}
        elif isinstance(made.get(group), Mapping) and member in made[group]:
            made[group] = {**made[group], member: _absolute(folder, made[group][member])}
    return made


def _absolute(folder: Path, value: Any) -> Any:
    if not isinstance(value, str) or not value.strip() or "://" in value or value in _NO_PATHS:
        return value
    return str(folder / expanded(value))


def find_project(start: Path) -> Path | None:
    """The project that a folder is, or lies in: Kedro's mark of one is a file that an installed package goes without.

    Args:
        start: The folder.
    """
    configured = (folder for folder in (start, *start.parents) if (folder / settings.CONF_SOURCE / "base").is_dir())
    return find_kedro_project(start) or next(configured, None)


def _project_of(conf_source: Path) -> Path:
    """The project that a folder of configuration belongs to, which may lie elsewhere."""
    beside = conf_source.absolute().parent
    return beside if find_kedro_project(beside) == beside else find_project(Path.cwd()) or beside


def _refuse_unknown(loader: OmegaConfigLoader, given: dict[str, Any]) -> None:
    """What nothing asks for is misspelt; inside of groups their models see to it.

    A file may hold names of its own, for others to refer to, unless they look like one of ours.

    Raises:
        WrongParameterError: If there is such a name.
    """
    if "storage" in given:
        raise WrongParameterError(
            f"storage={given['storage']} is no parameter: write it into globals.yml instead of parameters.yml, or say "
            "--params storage=..."
        )
    known = list(Parameters.model_fields)
    for name, value in given.items():
        asked_for = name in (loader.runtime_params or {})
        if name not in known and (asked_for or difflib.get_close_matches(name, known, 1, cutoff=0.8)):
            raise WrongParameterError(parameter_errors.unknown(name, value, known))


def likenesses() -> list[str]:
    """The likenesses that the session makes or reads, without their mixture."""
    given = {"likenesses": shaping("likenesses"), "features_file": shaping("features_file")}
    return list(Parameters.model_validate(given).made)


def embedded() -> list[str]:
    """The likenesses that the session makes or reads embeddings of: those above, and their mixture."""
    made = likenesses()
    return [*made, *([MIXTURE] if len(mixed(made)) > 1 else [])]


def chunks() -> list[str]:
    """The names of the session's chunks, in the order of the configuration; null takes a name away.

    There are none where no CNN looks at the paintings.
    """
    if "composition" not in likenesses():
        return []
    return [str(name) for name, chunk in shaping("chunks").items() if chunk is not None]


def shaping(group: str) -> Any:
    """A parameter group of the session, for pipelines whose nodes depend on it.

    Args:
        group: Its name.
    """
    _shape[group] = _group(group)
    return _shape[group]


def refits() -> bool:
    """Whether the session fits encoders, and does not keep those of an earlier run (`autoencoder.retrain`)."""
    _shape["refits"] = _refits()
    return bool(_shape["refits"])


def keeps() -> str:
    """What the session keeps of the features: everything, codes or embeddings (`features.keep`)."""
    _shape["keeps"] = _keeps()
    return str(_shape["keeps"])


def _keeps() -> str:
    keep = str(_group("features")["keep"])
    if keep != "auto":
        return keep
    # Codes keep Hellinger's distances alone.
    coded = _newest is not None and _newest.large and Autoencoder(**_group("autoencoder")).made_for == "hellinger"
    return "codes" if coded else "everything"


def _refits() -> bool:
    retrain = _group("autoencoder").get("retrain", "always")
    return _newest is None or _newest.refits if retrain == "auto" else retrain == "always"


def _group(name: str) -> Any:
    project = find_project(Path.cwd()) if _newest is None else None
    if project:
        RunConfigLoader(str(project / settings.CONF_SOURCE), **settings.CONFIG_LOADER_ARGS)
    given = {} if _newest is None else _newest.groups
    return plain(given.get(name, Parameters.model_fields[name].default))


def rebuild_pipelines_of_another_shape() -> None:
    """Have Kedro build the pipelines again if they were built from other parameters than this session's.

    Kedro keeps the pipelines of the first session of a process.
    """
    decided: dict[str, Callable[[], Any]] = {"refits": _refits, "keeps": _keeps}
    if any(decided.get(name, partial(_group, name))() != built for name, built in _shape.items()):
        pipelines.configure("grisaille.pipeline_registry")
