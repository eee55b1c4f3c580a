"""Extensions of Kedro: catalog, hooks, configuration loader and runner."""
