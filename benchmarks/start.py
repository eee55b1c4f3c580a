"""How long one waits for the first word, against a Kedro project with nothing in it."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.tools import Given, seconds

PROJECT = Path(__file__).resolve().parents[1]
_REPEATS = 7
_FILES = {
    "pyproject.toml": '[tool.kedro]\npackage_name = "bare"\nproject_name = "bare"\nkedro_init_version = "1.7.0"\n',
    "src/bare/__init__.py": "",
    "src/bare/settings.py": "",
    "src/bare/pipeline_registry.py": (
        "from kedro.framework.project import find_pipelines\n\n\n"
        "def register_pipelines():\n    return find_pipelines()\n"
    ),
    "src/bare/__main__.py": (
        "from kedro.framework.cli.utils import find_run_command\n"
        "from kedro.framework.project import configure_project\n\n"
        'configure_project("bare")\n'
        'find_run_command("bare")()\n'
    ),
    "conf/base/catalog.yml": "",
    "conf/local/.gitkeep": "",
    ".telemetry": "consent: false\n",
}


def measure(given: Given) -> dict[str, Any]:
    """Shortest seconds of either command here and there, in turn."""
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder)
        for name, text in _FILES.items():
            (bare / name).parent.mkdir(parents=True, exist_ok=True)
            (bare / name).write_text(text)
        for title, arguments in {
            "kedro registry list": ("kedro", "registry", "list"),
            "grisaille --help": (None, "--help"),
        }.items():
            ours, theirs = [], []
            for _ in range(_REPEATS):
                ours.append(_wait(PROJECT, "grisaille", arguments))
                theirs.append(_wait(bare, "bare", arguments))
            results[title] = {"seconds": min(ours), "bare": min(theirs), "of_bare": min(ours) / min(theirs)}
    return results | {"targets": {"of_bare": 1.5}}


def _wait(project: Path, package: str, arguments: tuple[str | None, ...]) -> float:
    module, *rest = arguments
    command = [sys.executable, "-m", module or package, *(argument for argument in rest if argument)]
    environment = {"PYTHONPATH": str(project / "src"), "PATH": "/usr/bin:/bin"}
    return seconds(lambda: subprocess.run(command, cwd=project, env=environment, check=True, stdout=subprocess.DEVNULL))
