"""The procedural painter behind the demo, and its datasets."""
