"""Where a figure was taken: processor, memory, versions and the day."""

import datetime
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil


def described() -> dict[str, Any]:
    """The machine and the versions, as a result keeps them."""
    return {
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "memory_gb": round(psutil.virtual_memory().total / 1e9),
            "system": f"{platform.system()} {platform.machine()}",
        },
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("tensorflow", "keras", "numpy", "kedro", "scikit-learn")},
        "date": datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat(),
    }


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
