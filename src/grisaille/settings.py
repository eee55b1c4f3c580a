"""Kedro's settings for this project; there is no logic here."""

from grisaille.framework.catalog import ProjectContext
from grisaille.framework.config import RunConfigLoader
from grisaille.framework.hooks import RecipeHook, ReportHook, RunLockHook, RunManifestHook

HOOKS = (RecipeHook(), ReportHook(), RunLockHook(), RunManifestHook())

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
