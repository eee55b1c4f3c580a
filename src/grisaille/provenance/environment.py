"""The environment that results depend on, besides inputs and settings: code, packages, machine and threads."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from grisaille.provenance.recipes import changes

# Floating-point sums depend on the number of threads that share them.
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
# They also depend on the instructions that libraries choose by processor, unless these are set.
VARIABLES = (*THREADS, "OPENBLAS_CORETYPE", "TF_ENABLE_ONEDNN_OPTS", "TF_DETERMINISTIC_OPS", "KERAS_BACKEND")


def describe(project: Path) -> dict[str, Any]:
    """Describe the environment of this process as plain JSON values.

    Args:
        project: The folder of the project.

    Returns:
        `code` (see there), `machine`, `threads` (variables that set the number of threads and the instructions used),
        `packages`.
    """
    known = Path("/proc/cpuinfo")
    model = re.search(r"model name\s*: (.+)", known.read_text("utf-8")) if known.is_file() else None
    machine = {
        "system": platform.platform(),
        "processor": model[1] if model else platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "python": platform.python_version(),
    }
    threads = {name: os.environ[name] for name in VARIABLES if name in os.environ}
    return {"code": code(project), "machine": machine, "threads": threads, "packages": _packages()}


def code(project: Path) -> dict[str, Any] | None:
    """The checked-out commit, and whether the work tree is clean; None outside a git repository."""
    command = ("git", "status", "--porcelain=v2", "--branch")
    try:
        lines = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        return None
    commit = re.fullmatch(r"# branch\.oid (\w+)", lines[0])
    return commit and {"commit": commit[1], "clean": all(line.startswith("# ") for line in lines)}


@cache
def _packages() -> dict[str, str]:
    return dict(sorted({str(found.name).lower(): found.version for found in distributions() if found.name}.items()))


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Yield the differences between two environments, one line each, any of which may change results."""
    for part in ("code", "machine", "threads", "packages"):
        for name, old, new in changes(before[part] or {}, now[part] or {}):
            yield f"{part}: {name} was {old}, is {new}"
    for when, found in {"was": before["code"], "is": now["code"]}.items():
        if not (found and found["clean"]):
            yield f"code: there {when} no commit without local changes"
