"""The page that a person who knows art but no Python can read, and the few lines that a run ends with."""
