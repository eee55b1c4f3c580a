"""Breaks the process that starts with this folder on PYTHONPATH, at a file event that the environment names.

An event is a file of a folder being opened for writing or renamed; they come in the same order every time. Python
imports a module of this name before anything else.
"""

import os
import re
import resource
import signal
import sys
import threading
import time

FOLDER = os.environ.get("SABOTEUR_FOLDER", "")
LOG = os.environ.get("SABOTEUR_LOG", "")
AT = int(os.environ.get("SABOTEUR_AT", "0"))
# before: killed before the event; half: what is renamed is cut in half, as if killed while it was written; later:
# killed some seconds after it; full: no byte can be written from then on.
HOW = os.environ.get("SABOTEUR_HOW", "before")
DELAY = float(os.environ.get("SABOTEUR_DELAY", "0"))

WRITING = os.O_WRONLY | os.O_RDWR
VERSION = re.compile(r"\d{4}-\d\d-\d\dT[\d.]+Z/")
events = 0


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def seen(event, arguments):
    """The path of an event that counts, and None of all others."""
    if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & WRITING):
        return None
    path = arguments[0]
    if not isinstance(path, str) or not path.startswith(FOLDER) or "/.lock" in path:
        return None
    return path


def watch(event, arguments):
    global events
    if event not in {"open", "os.rename"}:
        return
    path = seen(event, arguments)
    if path is None:
        return
    events += 1
    if LOG:
        name = re.sub(r"\.\d+\.partial$", "", VERSION.sub("", path[len(FOLDER) + 1 :]))
        with os.fdopen(os.open(LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "w") as log:
            log.write(f"{events} {time.monotonic():.3f} {'rename' if event == 'os.rename' else 'open'} {name}\n")
    if events != AT:
        return
    if HOW == "later":
        threading.Timer(DELAY, kill).start()
    elif HOW == "full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    else:
        if HOW == "half" and event == "os.rename":
            os.truncate(path, os.path.getsize(path) // 2)
        kill()


if FOLDER:
    sys.addaudithook(watch)
