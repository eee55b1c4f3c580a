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


def computes_bfloat16() -> bool:
    """Whether the processor has instructions for bfloat16; where it has none, TensorFlow makes do without."""
    return any(flag.startswith(("amx_bf16", "avx512_bf16", "bf16")) for flag in _information("flags").split())


def _processor() -> str:
    return _information("model name") or platform.processor()


def _information(name: str) -> str:
    """What Linux says of its first processor; elsewhere nothing."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")
