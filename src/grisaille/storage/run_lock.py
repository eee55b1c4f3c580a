"""One run at a time in a local storage. Remote storage has no lock that a killed run would release."""

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
    """Another run is writing to the same storage."""


class StorageError(GrisailleError, RuntimeError):
    """The storage cannot be written to."""


class RunLock:
    """The lock of a storage. The operating system releases it when its holder dies."""

    def __init__(self, root: Path) -> None:
        """Take the folder of the storage; nothing is locked yet."""
        self.root, self._holder, self._lock = root, root / HOLDER, FileLock(root / LOCK)

    def acquire(self) -> None:
        """Take the lock, and write down who holds it; on a file system without locks, only warn.

        Raises:
            AnotherRunError: If another run holds it; there is no waiting.
            StorageError: If the storage is not a folder and cannot become one, or is read-only.
            DiskFullError: If the disk is full.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(blocking=False)
        except NotImplementedError:
            # Some mounted drives have no locks, which should not prevent a single user from running.
            logger.warning("%s does not support locks: start one run at a time", self.root)
            return
        except Timeout:
            try:
                holder = self._holder.read_text("utf-8")
            except OSError:  # it has not written it yet, or is about to end
                holder = "a process that has just begun or just ended"
            raise AnotherRunError(
                f"another run is writing to {self.root}: {holder}. Wait until it has ended; "
                "both would write the same files"
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
        """Release the lock."""
        self._holder.unlink(missing_ok=True)
        self._lock.release()
