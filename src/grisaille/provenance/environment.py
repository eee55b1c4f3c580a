"""What a run's results depend on besides its inputs and settings: the code, the packages, the machine, its threads.

What was run is not known here.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

# Sums of floating point numbers depend on how many threads share them.
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
# Instructions that libraries choose by the processor, unless they are told.
INSTRUCTIONS = ("OPENBLAS_CORETYPE", "TF_ENABLE_ONEDNN_OPTS", "TF_DETERMINISTIC_OPS", "KERAS_BACKEND")


def describe(project: Path) -> dict[str, Any]:
    """Where this process runs, as plain JSON values.

    Args:
        project: The folder of the project.

    Returns:
        `code` (commit, and whether the tree is clean; None without git), `machine`, `threads`, `packages`.
    """
    return {"code": code(project), "machine": machine(), "threads": threads(), "packages": packages()}


def code(project: Path) -> dict[str, Any] | None:
    """The commit that is checked out, and whether nothing differs from it; None where git knows of none."""
    commit, changes = _git(project, "rev-parse", "HEAD"), _git(project, "status", "--porcelain")
    return None if commit is None or changes is None else {"commit": commit, "clean": not changes}


def _git(project: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=project, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return None if done.returncode else done.stdout.strip()


def machine() -> dict[str, Any]:
    """The operating system, the processor, how many of its cores this process may use, and Python's version."""
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "accelerators": _accelerators(),
        "python": platform.python_version(),
    }


def _processor() -> str:
    known = Path("/proc/cpuinfo")
    lines = known.read_text("utf-8").splitlines() if known.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _accelerators() -> list[str]:
    # What was not imported was not used, and importing takes seconds.
    tensorflow = sys.modules.get("tensorflow")
    return [] if tensorflow is None else [device.name for device in tensorflow.config.list_physical_devices("GPU")]


def threads() -> dict[str, str]:
    """The variables of the environment that decide how many threads share the work, and by which instructions."""
    return {name: os.environ[name] for name in (*THREADS, *INSTRUCTIONS) if name in os.environ}


@lru_cache(maxsize=1)
def packages() -> dict[str, str]:
    """Every installed package with its version, sorted by name."""
    return dict(sorted({str(found.name).lower(): found.version for found in distributions() if found.name}.items()))


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs between two descriptions, a line each; results may differ with it."""
    lines = []
    for part in ("machine", "threads", "packages"):
        old, new = before.get(part) or {}, now.get(part) or {}
        for name in sorted({*old, *new}):
            if part == "machine" and name == "accelerators":
                continue  # known only when a process has used them
            if old.get(name) != new.get(name):
                lines.append(f"{name}: {_told(old.get(name))} then, {_told(new.get(name))} now")
    return [*_of_code(before.get("code"), now.get("code")), *lines]


def _told(value: Any) -> str:
    return "none" if value is None else str(value)


def _of_code(before: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> list[str]:
    if before is None or now is None:
        return ["the code: git knows of no commit, so nobody can tell whether it is the same"]
    lines = []
    if before["commit"] != now["commit"]:
        lines.append(f"the code: commit {before['commit'][:12]} then, {now['commit'][:12]} now")
    if not before["clean"]:
        lines.append("the code: the run's tree was not clean, so its commit does not say all")
    if not now["clean"]:
        lines.append("the code: the tree is not clean now")
    return lines
