"""Compact codes that preserve distances, and the baselines they are compared with. Arrays only."""

# Likenesses that have stored codes.
CODED = ("composition", "style")
