"""Provenance of results: recipes, the stamps that carry them, manifests of runs, and the environment of a run."""
