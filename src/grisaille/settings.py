"""Kedro's settings for this project; there is no logic here."""

from grisaille.framework.catalog import ProjectContext
from grisaille.framework.config import RunConfigLoader
from grisaille.framework.hooks import RecipeHook, ReportHook, RunLockHook, RunManifestHook
from grisaille.framework.stages import StageHook
from grisaille.framework.tracking import TrackingHook

_stages = StageHook()
# Kedro calls the last first: a run is tracked when its manifest is written.
HOOKS = (TrackingHook(), RecipeHook(), ReportHook(), RunLockHook(), RunManifestHook(_stages), _stages)

# The hook that tracks runs calls it, where it is installed.
DISABLE_HOOKS_FOR_PLUGINS = ("kedro_mlflow",)

# Files are saved whole, stamped, and compared before they are loaded.
CONTEXT_CLASS = ProjectContext

# Pipelines are built from the chunks of the session.
CONFIG_LOADER_CLASS = RunConfigLoader

# An environment that sets one key of a group keeps the others.
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "merge_strategy": {"parameters": "soft", "globals": "soft"},
}
