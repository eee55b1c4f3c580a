"""Kedro's settings for this project; there is no logic here."""

from grisaille.catalog import ProjectContext
from grisaille.hooks import FeatureIdentityHook, MissingInputsHook, ReportHook, RunLockHook, RunManifestHook
from grisaille.run_parameters import RunConfigLoader

HOOKS = (FeatureIdentityHook(), MissingInputsHook(), ReportHook(), RunLockHook(), RunManifestHook())

# Files are saved whole, and checked before they are loaded.
CONTEXT_CLASS = ProjectContext

# Pipelines are built from the parameters of the run (`chunks`, `comparisons`).
CONFIG_LOADER_CLASS = RunConfigLoader

# An environment that sets one key of a group keeps the others.
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "merge_strategy": {"parameters": "soft", "globals": "soft"},
}
