"""The likenesses and their metrics."""
