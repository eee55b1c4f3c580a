"""Run the benchmarks and write what came out: `python -m benchmarks --help`, or `make bench`."""

import argparse
import json
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks import machine, page
from benchmarks.tools import Given, Skipped

ALL = (
    "start",
    "silhouettes",
    "extraction",
    "forward",
    "precision",
    "raw_evaluation",
    "profiles",
    "growth",
    "memory",
    "additions",
    "explorer",
    "studio",
    "scale",
    "sampling",
    "cluster",
)


def main() -> None:
    """Every benchmark in a process of its own, so that none finds what another left in memory."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *ALL], help=f"which; all unless given: {', '.join(ALL)}")
    parser.add_argument("--paintings", type=Path, help="a folder of at least 1,024 paintings")
    parser.add_argument("--baselines", type=Path, help="a program of baselines (see docs/performance.md)")
    parser.add_argument("--torch-python", type=Path, help="a Python that has PyTorch")
    parser.add_argument("--model", type=Path, help="a saved CNN with VGG16's two layers, quicker than VGG16")
    parser.add_argument("--output", type=Path, default=Path("docs"), help="folder of performance.json and .md")
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    options = parser.parse_args()
    given = Given(options.paintings, options.baselines, options.torch_python, options.model)
    if options.alone:
        Path(options.alone).write_text(json.dumps(_measure(options.names[0], given)))
        return
    stored = options.output / "performance.json"
    results: dict[str, Any] = json.loads(stored.read_text()) if stored.exists() else {}
    for name in options.names or ALL:
        print(f"benchmarks: {name}", flush=True)
        found = _in_a_process(name)
        if "skipped" in found:
            print(f"  skipped: {found['skipped']}")
        results[name] = found | machine.described()
        # After each: the whole takes the better part of an hour.
        stored.write_text(json.dumps(results, indent=1) + "\n")
        page.write(results, options.output)


def _in_a_process(name: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "result.json")
        given = [argument for argument in sys.argv[1:] if argument not in ALL]
        subprocess.run([sys.executable, "-m", "benchmarks", name, *given, "--alone", str(file)], check=True)
        found: dict[str, Any] = json.loads(file.read_text())
    return found


def _measure(name: str, given: Given) -> dict[str, Any]:
    try:
        found: dict[str, Any] = import_module(f"benchmarks.{name}").measure(given)
    except Skipped as reason:
        return {"skipped": str(reason)}
    return found


if __name__ == "__main__":
    main()
