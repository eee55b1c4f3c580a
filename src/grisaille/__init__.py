"""How much of the likeness between paintings survives when their CNN features shrink 392-fold."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from grisaille.api import Collection

# TensorFlow reads these once, at its first import, so they have to stand before it: quiet by default, and the
# same sums in the same order on every run (https://www.tensorflow.org/api_docs/python/tf/config/experimental).
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_DETERMINISTIC_OPS", "1")

__version__ = "0.1.0"


def open(
    where: str | Path = ".", env: str | None = None, run: str | None = None, pictures: str | Path | None = None
) -> Collection:
    """Open what a run has left.

    Args:
        where: A project's folder, or the folder that results are stored in.
        env: The project's configuration environment, such as `demo`.
        run: Name of the run; the newest that left embeddings unless given.
        pictures: The folder of the picture files, if it is no longer where the run read it.

    Examples:
        >>> import grisaille
        >>>
        >>> collection = grisaille.open(project, env="demo")
        >>> collection.similar("Ilse_Nebel_1", likeness="style", n=3)["rank"].tolist()
        [1, 2, 3]
        >>> collection.recommend(liked=["Ilse_Nebel_1", "Rosa_Punkt_2"], n=5)["rank"].tolist()
        [1, 2, 3, 4, 5]

    Raises:
        GrisailleError: If nothing is stored there.
    """
    from grisaille.api import Collection

    return Collection(where, env, run, pictures)
