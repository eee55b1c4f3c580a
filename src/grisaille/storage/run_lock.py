"""One run at a time in a storage. Where files are not local there is no lock that a killed run would lose."""

import logging
import os
import socket
import sys
from datetime import datetime, timezone
from pathlib import Path

from filelock import FileLock, Timeout

from grisaille.errors import GrisailleError
from grisaille.storage.files import LOCK, write_atomically

logger = logging.getLogger(__name__)

HOLDER = f"{LOCK}.txt"


class AnotherRunError(GrisailleError, RuntimeError):
    """Somebody else is writing where this run would write."""


class StorageError(GrisailleError, RuntimeError):
    """Nothing can be written where this run would write."""


class RunLock:
    """The right to write to a storage. The operating system takes it back when its holder dies."""

    def __init__(self, root: Path) -> None:
        """Name the folder of the storage; nothing is taken yet."""
        self.root, self._holder, self._lock = root, root / HOLDER, FileLock(root / LOCK)

    def acquire(self) -> None:
        """Take the lock, and leave word of who holds it; where a file system has none, warn and go on.

        Raises:
            AnotherRunError: If another holds it, at once.
            StorageError: If the storage is no folder and cannot become one, or is not to be written to.
            DiskFullError: If there is no room for a line of text.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(blocking=False)
        except NotImplementedError:
            # Some mounted drives know no locks; who works alone there should not be kept from it.
            logger.warning("%s has no locks, so nothing keeps two runs apart: start one at a time", self.root)
            return
        except Timeout:
            try:
                holder = self._holder.read_text("utf-8")
            except OSError:  # it has not left word yet, or is about to go
                holder = "a process that has just begun or just ended"
            raise AnotherRunError(
                f"another run is writing to {self.root}: {holder}. Wait until it has ended; "
                "both would save to the same places"
            ) from None
        except OSError as error:
            raise StorageError(f"nothing can be stored in {self.root}: {error.strerror or error}") from error
        since = datetime.now(timezone.utc).isoformat(timespec="seconds")
        command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
        word = f"process {os.getpid()} on {socket.gethostname()} since {since} ({command})".encode("utf-8", "replace")
        try:
            write_atomically(self._holder, lambda file: file.write(word))
        except BaseException:
            self._lock.release()
            raise

    def release(self) -> None:
        """Give the lock back."""
        self._holder.unlink(missing_ok=True)
        self._lock.release()
