"""A process that has imported what every command imports, and runs each command it is given in a fork of itself.

Importing takes most of the time of a short command. Nothing of this project is imported here, and no operation of
TensorFlow runs before a fork. A line in is a request in JSON; a line out is the exit status.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import sys
import threading
from typing import Any, NoReturn

IMPORTED = (
    "kedro.framework.cli.cli",
    "kedro.framework.session",
    "kedro_datasets.pandas",
    "keras",
    "matplotlib.pyplot",
    "pyarrow.parquet",
    "scipy.stats",
)


def prepare() -> None:
    """Import what takes long."""
    # What reads the environment as it is imported finds it as the project sets it; a copy of the project has its own.
    importlib.import_module("grisaille")
    del sys.modules["grisaille"]
    for module in IMPORTED:
        importlib.import_module(module)
    # Nobody is to look for rubbish among these: looking at an object copies it.
    gc.collect()
    gc.freeze()


def become(request: dict[str, Any]) -> NoReturn:
    """Run a module as a program, in its folder, with its own streams and environment."""
    for stream, path, mode in ((0, "stdin", os.O_RDONLY), (1, "stdout", os.O_WRONLY), (2, "stderr", os.O_WRONLY)):
        os.dup2(os.open(request[path], mode), stream)
    sys.stdin = open(0, encoding="utf-8")
    os.environ.clear()
    os.environ.update(request["environment"])
    if "SABOTEUR_FOLDER" in os.environ:
        importlib.import_module("saboteur")
    os.chdir(request["folder"])
    sys.path[0] = request["folder"]
    sys.argv = [request["module"], *request["arguments"]]
    status = 0
    try:
        runpy.run_module(request["module"], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
        status = 1
    # What Python does at its end, but for taking all objects apart: it would copy the memory that is shared till then.
    threading._shutdown()  # type: ignore[attr-defined]  # joins the threads, and has no public name
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)


def main() -> None:
    """Serve until there is nobody to ask."""
    # Nothing but answers is to be said where answers are read.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    prepare()
    for line in sys.stdin:
        process = os.fork()
        if not process:
            become(json.loads(line))
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


if __name__ == "__main__":
    main()
