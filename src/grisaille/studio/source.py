"""The collection that answers: always a whole run, and the newest once that is ready."""

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

# Seconds between two looks for a newer run.
_EVERY = 2.0
# Pictures whose points are remembered: some kilobytes each.
_REMEMBERED = 1000


class ForgottenPictureError(GrisailleError):
    """A picture was sent before, and its points are no longer known."""


class Source:
    """Which collection answers now, and the points of pictures that were sent.

    A question takes `collection` once and is answered by it, whatever comes meanwhile. Of a picture its points are
    kept, never the picture.

    Attributes:
        collection: The one that answers.
        models: Whether pictures that are sent can be answered; `failed` comes with a `reason`.
    """

    def __init__(self, opened: Callable[[], Collection], follow: bool = True) -> None:
        """Open the collection.

        Args:
            opened: Opens the newest run, or the one that is asked for.
            follow: Whether newer runs take its place.
        """
        self.collection, self.models, self.reason = opened(), "loading", ""
        self._opened, self._follow = opened, follow
        self._sent: OrderedDict[tuple[str, str], EmbeddedPicture] = OrderedDict()
        self._lock, self._stopped, self._woken = threading.Lock(), threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="studio-source", daemon=True)

    models: Models

    def start(self) -> None:
        """Load the models, and follow newer runs, in a thread of its own."""
        self._thread.start()

    def wake(self) -> None:
        """The first page is out: the models may have the processor now."""
        self._woken.set()

    def stop(self) -> None:
        """End the thread; what it is loading is finished first."""
        self._stopped.set()
        self._woken.set()

    def _work(self) -> None:
        # Loading TensorFlow keeps the interpreter busy, for which the first page would have to wait.
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
            # What a run is writing just now may be read in the next moment; until then the older one answers.
            logger.warning("a newer run cannot be read yet: %s", error)
            return
        with self._lock:
            logger.info("the run %s answers now, in place of %s", newer.run, self.collection.run)
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
        """Embed a picture, or a part of it, and remember its points.

        Returns:
            What it is called from now on, and the picture.

        Raises:
            GrisailleError: If it is no picture.
            ValueError: If there is no such part.
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
        """A picture that was sent before.

        Raises:
            ForgottenPictureError: If it is not known any more.
        """
        with self._lock:
            found = self._sent.get((collection.run, name))
            if found is None:
                raise ForgottenPictureError(
                    "this picture was sent to another run or too long ago, and pictures are not kept: send it again"
                )
            self._sent.move_to_end((collection.run, name))
            return found

    def state(self) -> dict[str, Any]:
        """Which run answers, and whether models are loaded."""
        return {"run": self.collection.run, "models": self.models, "reason": self.reason}
