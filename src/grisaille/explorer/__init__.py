"""The map of a collection: positions of all paintings, and an interactive page."""
