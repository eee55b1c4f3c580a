"""What all exceptions of this project have in common."""

import difflib
from collections.abc import Iterable


class GrisailleError(Exception):
    """Raised on purpose: its message is meant for the user, who needs no traceback."""


def suggestion(name: str, known: Iterable[str], prefix: str = "") -> str:
    """The known name most like a misspelt one, or all of them where none is like it.

    Args:
        name: As it was given.
        known: The names that exist.
        prefix: Put before the name that is suggested.
    """
    known = list(known)
    similar = difflib.get_close_matches(name, known, 1)
    return f"did you mean {prefix}{similar[0]}?" if similar else f"there are {', '.join(known)}"
