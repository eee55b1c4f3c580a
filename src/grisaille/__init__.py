"""How much of the likeness between paintings survives when their CNN features shrink 392-fold."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from grisaille.api import Collection

# TensorFlow reads these at its first import, so they are set here: quiet logs, and deterministic operations
# (https://www.tensorflow.org/api_docs/python/tf/config/experimental).
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_DETERMINISTIC_OPS", "1")

__version__ = "0.1.0"


def open(
    where: str | Path = ".", env: str | None = None, run: str | None = None, pictures: str | Path | None = None
) -> Collection:
    """Open the results of a run.

    Args:
        where: A project's folder, or the storage of the results.
        env: The project's configuration environment, such as `demo`.
        run: Name of the run. Default: the newest run with embeddings.
        pictures: The folder of the picture files, if it has moved since the run.

    Examples:
        >>> import grisaille
        >>>
        >>> collection = grisaille.open(project, env="demo")
        >>> collection.similar("Ilse_Nebel_1", likeness="style", n=3)["rank"].tolist()
        [1, 2, 3]
        >>> collection.recommend(liked=["Ilse_Nebel_1", "Rosa_Punkt_2"], n=5)["rank"].tolist()
        [1, 2, 3, 4, 5]

    Raises:
        GrisailleError: If there are no results.
    """
    from grisaille.api import Collection

    return Collection(where, env, run, pictures)
