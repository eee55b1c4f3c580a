"""Names of the likenesses."""

from collections.abc import Collection

# The mixture of all likenesses, and the likeness of given vectors.
MIXTURE, VECTORS = "mixture", "vectors"
LIKENESSES = ("composition", "style", "colour", MIXTURE, VECTORS)


def leading(likenesses: Collection[str]) -> str:
    """The likeness that artists are compared by: composition, or else the given vectors."""
    return "composition" if "composition" in likenesses else VECTORS


def chosen(likeness: str | None, known: Collection[str]) -> str:
    """Resolve the name of a likeness.

    Args:
        likeness: Its name; None means the mixture, or `leading` without a mixture.
        known: The available likenesses.

    Raises:
        ValueError: If it is not available.
    """
    first = MIXTURE if MIXTURE in known else leading(known)
    name = first if likeness is None else likeness
    if name not in known:
        raise ValueError(f"likeness={name} is not available; there are {', '.join(known)}")
    return name
