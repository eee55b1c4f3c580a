"""Where Kedro is extended: its catalog, hooks, configuration loader and runner."""
