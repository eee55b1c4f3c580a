"""What paintings are alike in, by name."""

from collections.abc import Collection

# Of all that are made of pictures, and of vectors that were given.
MIXTURE, VECTORS = "mixture", "vectors"
LIKENESSES = ("composition", "style", "colour", MIXTURE, VECTORS)


def leading(likenesses: Collection[str]) -> str:
    """The likeness that artists are compared by: composition, or else the vectors that were given."""
    return "composition" if "composition" in likenesses else VECTORS


def chosen(likeness: str | None, known: Collection[str]) -> str:
    """The likeness that is meant.

    Args:
        likeness: Its name; None takes the mixture, or where there is none `leading`.
        known: Those that are made.

    Raises:
        ValueError: If that was not made.
    """
    first = MIXTURE if MIXTURE in known else leading(known)
    meant = first if likeness is None else likeness
    if meant not in known:
        raise ValueError(f"likeness={meant} was not made; there are {', '.join(known)}")
    return meant
