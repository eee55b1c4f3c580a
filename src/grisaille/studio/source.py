"""The collection that answers: always a complete run, replaced by a newer one once that is loaded."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Literal

from grisaille.api import Collection, EmbeddedPicture
from grisaille.errors import GrisailleError
from grisaille.lookalikes.parts import Box

logger = logging.getLogger(__name__)

Models = Literal["loading", "ready", "failed"]

# Seconds between checks for a newer run.
_EVERY = 2.0
# Number of uploaded pictures whose embeddings are remembered, some kilobytes each.
_REMEMBERED = 1000


class ForgottenPictureError(GrisailleError):
    """An uploaded picture whose embeddings are no longer remembered."""


class Source:
    """The current collection, and the embeddings of uploaded pictures.

    A request reads `collection` once and is answered by it, even if a newer run replaces it meanwhile. Uploaded
    pictures are not kept, only their embeddings.

    Attributes:
        collection: The collection that answers.
        models: Whether uploads can be answered: `loading`, `ready`, or `failed` with a `reason`.
    """

    def __init__(self, opened: Callable[[], Collection], follow: bool = True) -> None:
        """Open the collection.

        Args:
            opened: Opens the newest run, or a given one.
            follow: Whether newer runs replace it.
        """
        self.collection, self.models, self.reason = opened(), "loading", ""
        self._opened, self._follow = opened, follow
        self._sent: OrderedDict[tuple[str, str], EmbeddedPicture] = OrderedDict()
        self._lock, self._stopped, self._woken = threading.Lock(), threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="studio-source", daemon=True)

    models: Models

    def start(self) -> None:
        """Load the models, and watch for newer runs, in a background thread."""
        self._thread.start()

    def wake(self) -> None:
        """Start loading the models: the first page has been sent."""
        self._woken.set()

    def stop(self) -> None:
        """End the thread after it has finished loading."""
        self._stopped.set()
        self._woken.set()

    def _work(self) -> None:
        # Loading TensorFlow blocks the interpreter, so it waits for the first page.
        self._woken.wait(_EVERY)
        self._load(self.collection)
        while self._follow and not self._stopped.wait(_EVERY):
            self._renew()

    def _renew(self) -> None:
        try:
            if self.collection.is_newest():
                return
            newer = self._opened()
            newer.warm()
            self._load(newer)
        except Exception as error:
            # The newer run may still be writing; until it can be read, the older one answers.
            logger.warning("a newer run cannot be read yet: %s", error)
            return
        with self._lock:
            logger.info("the run %s now answers instead of %s", newer.run, self.collection.run)
            self.collection = newer

    def _load(self, collection: Collection) -> None:
        try:
            collection.load_models()
        except Exception as error:
            logger.exception("the models cannot be loaded")
            self.models, self.reason = "failed", str(error)
        else:
            self.models = "ready"

    def send(self, collection: Collection, data: bytes, part: Box | None) -> tuple[str, EmbeddedPicture]:
        """Embed a picture, or a part of it, and remember the embeddings.

        Returns:
            Its name for later requests, and the embedded picture.

        Raises:
            GrisailleError: If the data is not a picture.
            ValueError: If the part is not valid.
        """
        name = hashlib.sha256(data + repr(part).encode()).hexdigest()[:32]
        try:
            return name, self.sent(collection, name)
        except ForgottenPictureError:
            placed = collection.embed(data, part)
        with self._lock:
            self._sent[collection.run, name] = placed
            while len(self._sent) > _REMEMBERED:
                self._sent.popitem(last=False)
        return name, placed

    def sent(self, collection: Collection, name: str) -> EmbeddedPicture:
        """An uploaded picture by its name.

        Raises:
            ForgottenPictureError: If it is no longer remembered.
        """
        with self._lock:
            picture = self._sent.get((collection.run, name))
            if picture is None:
                raise ForgottenPictureError(
                    "this picture was sent to another run or too long ago, and pictures are not stored: send it again"
                )
            self._sent.move_to_end((collection.run, name))
            return picture

    def state(self) -> dict[str, Any]:
        """The current run, and whether the models are loaded."""
        return {"run": self.collection.run, "models": self.models, "reason": self.reason}
