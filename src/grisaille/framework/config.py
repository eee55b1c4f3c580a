"""The configuration of a session: validated parameters, and the names of the chunks, which shape the pipelines.

Kedro builds pipelines without passing them parameters. Every session first creates a configuration loader, so the
project's loader registers itself here. Without a session (`kedro registry list`), the base environment is read. A hook
would not suffice, since Kedro-Viz runs without hooks.
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

# External source -> the parameter for its location.
SOURCES = {
    "raw_paintings": "paintings_folder",
    "raw_artists": "artists_file",
    "raw_works": "paintings_file",
    "raw_vectors": "features_file",
}


class WrongParameterError(click.ClickException):
    """An invalid parameter. On the command line it ends the run with one line and status 1."""


# Parameters that name files or folders: whole groups, or members after a dot.
_PATHS = (*SOURCES.values(), "backbone.model_file", "backbone.weights")
# Values of `backbone.weights` that are not paths.
_NO_PATHS = ("imagenet", "random")


class RunConfigLoader(OmegaConfigLoader):
    """Kedro's configuration loader, from which pipelines can get the parameters of the current session.

    It validates all parameters, including those of pipelines that do not run. Kedro validates only those that the run's
    nodes use, so other errors would surface hours later.

    `--params storage=folder` sets the storage; Kedro has no other way to set a global of `globals.yml`. It is not a
    parameter of any pipeline, so results do not depend on their location.

    `${parameter:name,otherwise}` in the catalog is a parameter, given by `--params` or in a file, or `otherwise` if it
    is null; Kedro's `runtime_params` ignores files.

    A relative path in a file of `conf/` is relative to the project; one on the command line, to the current folder.
    """

    def __init__(
        self, conf_source: str, env: str | None = None, runtime_params: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        """Takes the arguments of `OmegaConfigLoader`."""
        given = _from(Path.cwd(), runtime_params or {}, "storage")
        storage = given.pop("storage", None)
        super().__init__(conf_source, env, given, **kwargs)
        self._project = _project_of(Path(conf_source))
        # Results of `autoencoder.retrain=auto` and `features.keep=auto`, known once the catalog exists.
        self.refits, self.large = True, False
        if storage is not None:
            self["globals"] = {**self["globals"], "storage": str(storage)}
        global _newest  # noqa: PLW0603 - create_pipeline() has no other access to its session
        _newest = self

    @staticmethod
    def _initialise_filesystem_and_protocol(conf_source: str) -> tuple[Any, Any]:
        shared, protocol = OmegaConfigLoader._initialise_filesystem_and_protocol(conf_source)
        own: Any = type(shared)(*shared.storage_args, **shared.storage_options, skip_instance_cache=True)
        # Kedro uses the folder in a glob pattern, in which brackets would match single characters.
        own.glob = partial(_glob_below, own.glob, Path(conf_source).as_posix())
        return own, protocol

    def __getitem__(self, key: str) -> Any:
        """See `OmegaConfigLoader`.

        Raises:
            WrongParameterError: If a parameter is misspelt, of the wrong type, out of bounds, or has no effect.
        """
        if key == "parameters":
            return self.groups
        if key == "catalog":
            return self._catalog()
        return self._resolved(key)

    def _resolved(self, key: str) -> Any:
        """Resolve a key like `OmegaConfigLoader`."""
        # The newest loader resolves globals, so register this one again.
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
                    f"{name}={given} would be ignored: in this environment {entry} is a {described.get('type')}; "
                    f"remove {'--env' if self.env else 'that entry of the catalog'} or the parameter"
                )
        return catalog

    @cached_property
    def groups(self) -> dict[str, Any]:
        """All parameters, read and validated once."""
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
                    "choose a folder without braces with --params storage=/path/to/folder"
                )

    def storage(self, project: Path) -> AnyPath:
        """The storage; a relative path is relative to the project."""
        self._check_globals()
        given = str(self["globals"]["storage"])
        return as_path(given) if "://" in given else project / given


def _glob_below(find: Callable[[str], list[str]], folder: str, pattern: str) -> list[str]:
    """Glob a pattern below a folder whose name is taken literally."""
    rest = pattern.removeprefix(folder)
    return find(pattern if rest == pattern else glob.escape(folder) + rest)


def _from(folder: Path, given: Mapping[str, Any], *more: str) -> dict[str, Any]:
    """Make paths in parameters absolute.

    Args:
        folder: The base of relative paths.
        given: The parameters.
        *more: Names of other parameters that are paths.
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
    """The project at or above a folder. Kedro marks projects by a file that an installed package lacks.

    Args:
        start: The folder.
    """
    configured = (folder for folder in (start, *start.parents) if (folder / settings.CONF_SOURCE / "base").is_dir())
    return find_kedro_project(start) or next(configured, None)


def _project_of(conf_source: Path) -> Path:
    """The project that a configuration folder belongs to, even if it is elsewhere."""
    beside = conf_source.absolute().parent
    return beside if find_kedro_project(beside) == beside else find_project(Path.cwd()) or beside


def _refuse_unknown(loader: OmegaConfigLoader, given: dict[str, Any]) -> None:
    """Refuse unknown top-level parameters, which are probably misspelt; models check the members of groups.

    A file may define other names for references, unless they resemble a parameter.

    Raises:
        WrongParameterError: If there is an unknown name.
    """
    if "storage" in given:
        raise WrongParameterError(
            f"storage={given['storage']} is not a parameter: write it to globals.yml instead of parameters.yml, or use "
            "--params storage=..."
        )
    known = list(Parameters.model_fields)
    for name, value in given.items():
        asked_for = name in (loader.runtime_params or {}) and not _is_of_a_file(loader, name)
        if name not in known and (asked_for or difflib.get_close_matches(name, known, 1, cutoff=0.8)):
            raise WrongParameterError(parameter_errors.unknown(name, value, known))


def _is_of_a_file(loader: OmegaConfigLoader, name: str) -> bool:
    """Whether a file defines this parameter, as for a pipeline of somebody's own."""
    places = (loader.base_env, loader.env or loader.default_run_env)
    files = (file for place in places for file in (Path(loader.conf_source) / place).rglob("parameters*.y*ml"))
    return any(name in OmegaConf.load(file) for file in files)


def command(words: str) -> str:
    """A command for the session's environment: `grisaille serve --env demo`."""
    env = _newest.env if _newest is not None else None
    return f"`{words}`" if env in {None, "local"} else f"`{words} --env {env}`"


def likenesses() -> list[str]:
    """The likenesses that the session makes or reads, without the mixture."""
    given = {"likenesses": shaping("likenesses"), "features_file": shaping("features_file")}
    return list(Parameters.model_validate(given).made)


def embedded() -> list[str]:
    """The likenesses whose embeddings the session makes or reads, with the mixture."""
    made = likenesses()
    return [*made, *([MIXTURE] if len(mixed(made)) > 1 else [])]


def chunks() -> list[str]:
    """Names of the session's chunks, in the order of the configuration; null removes a chunk.

    Empty if the session uses no CNN.
    """
    if "composition" not in likenesses():
        return []
    return [str(name) for name, chunk in shaping("chunks").items() if chunk is not None]


def shaping(group: str) -> Any:
    """A parameter group of the session, for pipelines whose nodes depend on it.

    Args:
        group: Name of the group.
    """
    _shape[group] = _group(group)
    return _shape[group]


def refits() -> bool:
    """Whether the session fits encoders instead of keeping earlier ones (`autoencoder.retrain`)."""
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


def rebuild_pipelines_of_another_shape() -> bool:
    """Make Kedro rebuild the pipelines if they were built from other parameters than this session's.

    Kedro caches the pipelines of the first session in a process.

    Returns:
        Whether they will be rebuilt.
    """
    decided: dict[str, Callable[[], Any]] = {"refits": _refits, "keeps": _keeps}
    other = any(decided.get(name, partial(_group, name))() != built for name, built in _shape.items())
    if other:
        pipelines.configure("grisaille.pipeline_registry")
    return other
