"""Captions of paintings."""

from collections.abc import Mapping
from typing import Any


def caption(painting: Mapping[Any, Any], otherwise: str) -> str:
    """Title and date of a painting, to be shown with its artist.

    Args:
        painting: A row of the table of paintings; results of older versions lack `title` and `date`.
        otherwise: Replaces a missing title.
    """
    title, date = (painting.get(name, "") for name in ("title", "date"))
    return ", ".join(filter(None, (title, date))) if title else otherwise
