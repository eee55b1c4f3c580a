"""What stands below the picture of a painting."""

from collections.abc import Mapping
from typing import Any


def caption(painting: Mapping[Any, Any], otherwise: str) -> str:
    """A painting's title and date, to stand beside its artist.

    Args:
        painting: A row of the table of paintings; results of older versions have no `title` and no `date`.
        otherwise: For a painting without a title.
    """
    title, date = (painting.get(name, "") for name in ("title", "date"))
    return ", ".join(filter(None, (title, date))) if title else otherwise
