"""Breaks the process that imports it, at a file event that the environment names.

An event is a file of a folder being opened for writing or renamed.
"""

import os
import re
import resource
import signal
import sys
import threading
import time
from pathlib import Path

FOLDER = os.environ["SABOTEUR_FOLDER"]
LOG = os.environ["SABOTEUR_LOG"]
AT = os.environ.get("SABOTEUR_AT", "")
# before: killed before the event; half: what is renamed is cut in half, as if killed while it was written; later:
# killed some seconds after it; full: no byte can be written from then on.
HOW = os.environ.get("SABOTEUR_HOW", "before")
DELAY = float(os.environ.get("SABOTEUR_DELAY", "0"))

WRITING = os.O_WRONLY | os.O_RDWR
# What changes from run to run: the version, and the process in the name of a temporary file.
VARYING = re.compile(r"\d{4}-\d\d-\d\dT[\d.]+Z/|\.\d+\.partial(?=/|$)")


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def described(event, arguments):
    """An event that counts in words; None of all others."""
    if event not in {"open", "os.rename"}:
        return None
    if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & WRITING):
        return None
    path = arguments[0]
    if not isinstance(path, str) or not path.startswith(FOLDER) or "/.lock" in path:
        return None
    return f"{'open' if event == 'open' else 'rename'} {VARYING.sub('', path[len(FOLDER) + 1 :])}"


def watch(event, arguments):
    words = described(event, arguments)
    if words is None:
        return
    with Path(LOG).open("a") as log:
        log.write(f"{time.monotonic():.3f} {words}\n")
    if words != AT:
        return
    if HOW == "later":
        threading.Timer(DELAY, kill).start()
    elif HOW == "full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    else:
        if HOW == "half" and event == "os.rename":
            halve(Path(arguments[0]))
        kill()


def halve(path):
    """Leave half of a file, or half of a folder's files."""
    if path.is_file():
        os.truncate(path, path.stat().st_size // 2)
        return
    files = sorted(path.iterdir())
    for file in files[len(files) // 2 :]:
        file.unlink()


sys.addaudithook(watch)
