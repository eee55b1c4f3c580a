"""Fewer bytes a painting: codes that distances can be told from, and what people would use instead. Arrays only."""

# Likenesses that there are codes of.
CODED = ("composition", "style")
