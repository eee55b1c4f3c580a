"""What is printed, on terminals that know fewer letters than artists' names have."""

import sys
from contextlib import suppress


def print_any_letter() -> None:
    """Spell out what standard output cannot show, in place of an error at the end of a run."""
    # A notebook's takes every letter, and has no such method.
    with suppress(AttributeError):
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
