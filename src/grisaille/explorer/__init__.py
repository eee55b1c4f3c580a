"""The map of a collection: where every painting lies, and one page to walk in."""
