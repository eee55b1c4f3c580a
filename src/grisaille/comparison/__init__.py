"""Comparison of stored runs: their figures side by side, and their differences. Nothing here starts a run."""
