"""The root of the project's exceptions, and two helpers for their messages."""

import difflib
from collections.abc import Iterable


class GrisailleError(Exception):
    """An error whose message is written for the user. Commands print it without a traceback."""


def suggestion(name: str, known: Iterable[str], prefix: str = "") -> str:
    """Suggest the known name closest to a misspelt one, or list all of them if none is close.

    Args:
        name: The name as it was given.
        known: The names that exist.
        prefix: Text before the suggested name.
    """
    known = list(known)
    similar = difflib.get_close_matches(name, known, 1)
    return f"did you mean {prefix}{similar[0]}?" if similar else f"there are {', '.join(known)}"


def counted(number: int, noun: str) -> str:
    """A number and its noun, in the plural unless the number is 1: `1 painting`, `1,200 paintings`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
