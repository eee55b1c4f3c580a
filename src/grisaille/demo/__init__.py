"""The procedural painter of the demo, and its datasets."""
