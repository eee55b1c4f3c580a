"""Kedro's settings for this project; there is no logic here."""

from grisaille.framework.catalog import ProjectContext
from grisaille.framework.config import RunConfigLoader
from grisaille.framework.hooks import RecipeHook, ReportHook, RunLockHook, RunManifestHook
from grisaille.framework.stages import StageHook
from grisaille.framework.tracking import TrackingHook

_stages = StageHook()
# Kedro calls the last hook first, so a run is tracked after its manifest is written.
HOOKS = (TrackingHook(), RecipeHook(), ReportHook(), RunLockHook(), RunManifestHook(_stages), _stages)

# TrackingHook calls kedro-mlflow itself if it is installed.
DISABLE_HOOKS_FOR_PLUGINS = ("kedro_mlflow",)

# Its catalog saves atomically, writes stamps, and compares them before a run.
CONTEXT_CLASS = ProjectContext

# It passes the session's chunks to the pipelines.
CONFIG_LOADER_CLASS = RunConfigLoader

# An environment that sets one key of a group keeps the others.
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "merge_strategy": {"parameters": "soft", "globals": "soft"},
}
