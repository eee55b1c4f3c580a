"""The page that a person who knows art but no Python can read, and its five main lines."""
