"""What `mutmut run` left in mutants/, as a table a module, and the mutants that no test noticed.

`make mutants` runs both; docs/mutants.md says why each survivor lives.
"""

import json
import re
from collections import Counter
from pathlib import Path

from mutmut.stats import status_by_exit_code

from helpers import PROJECT

COLUMNS = ("killed", "timeout", "survived", "no tests")


def verdicts(meta: Path) -> dict[str, str]:
    """Mutant -> what became of it."""
    codes = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
    return {name: status_by_exit_code[code] for name, code in codes.items()}


def table(found: dict[str, dict[str, str]]) -> list[str]:
    """A row a module and one of all, in Markdown; a mutant that runs out of time is noticed."""
    rows = ["| module | mutants | killed | out of time | survived | no test | noticed |", "|---|" + "---:|" * 6]
    whole: Counter[str] = Counter()
    counts = {module: Counter(mutants.values()) for module, mutants in found.items()}
    for count in counts.values():
        whole += count
    for module, count in {**counts, "all": whole}.items():
        if unknown := set(count) - set(COLUMNS):
            raise SystemExit(f"{module}: some mutants are {', '.join(sorted(unknown))}")
        noticed = (count["killed"] + count["timeout"]) / count.total()
        numbers = " | ".join(str(count[column]) for column in COLUMNS)
        rows.append(f"| {module} | {count.total()} | {numbers} | {noticed:.1%} |")
    return rows


def main() -> None:
    """Print the table, and after it the survivors."""
    folder = PROJECT / "mutants" / "src" / "grisaille"
    found = {path.relative_to(folder).as_posix(): verdicts(path) for path in sorted(folder.rglob("*.py.meta"))}
    found = {path.removesuffix(".py.meta"): mutants for path, mutants in found.items() if mutants}
    print("\n".join(table(found)))
    for mutants in found.values():
        for name, verdict in mutants.items():
            if verdict not in {"killed", "timeout"}:
                print(re.sub(r"^grisaille\.", "", name), verdict)


if __name__ == "__main__":
    main()
