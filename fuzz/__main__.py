"""All targets, one after another: `python -m fuzz --seconds 3600`. What is found lies in `fuzz/findings/`."""

import argparse
import hashlib
import re
import subprocess
import sys
from pathlib import Path

from fuzz.targets import SEEDS, SHARES

_HERE = Path(__file__).parent
_PROJECT = _HERE.parent
# Seconds and megabytes after which an input counts as a finding, and the longest input in bytes. The seconds are those
# of the clock, so that a busy machine must be forgiven some.
_LIMITS = ["-timeout=120", "-rss_limit_mb=3000", "-max_len=65536"]


def _corpus(target: str) -> Path:
    """The target's folder of inputs, with the seeds in it; what earlier runs found interesting stays."""
    folder = _HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    for seed in SEEDS[target]():
        (folder / hashlib.sha1(seed, usedforsecurity=False).hexdigest()).write_bytes(seed)
    return folder


def _fuzz(target: str, seconds: int) -> int:
    """Run one target and tell how it went; the exit status is libFuzzer's."""
    corpus, findings = _corpus(target), _HERE / "findings"
    findings.mkdir(exist_ok=True)
    before = len(list(corpus.iterdir()))
    command = [
        *(sys.executable, "-m", "fuzz.one", target, str(corpus)),
        *(f"-max_total_time={seconds}", "-print_final_stats=1", f"-artifact_prefix={findings}/{target}-", *_LIMITS),
    ]
    with (findings / f"{target}.log").open("w") as log:
        status = subprocess.run(command, cwd=_PROJECT, stderr=log, stdout=log, check=False).returncode
    said = (findings / f"{target}.log").read_text(errors="replace")
    executed = re.findall(r"number_of_executed_units:\s*(\d+)", said)
    reached = re.findall(r"cov: (\d+) ft: (\d+)", said)
    print(
        f"{target}: {executed[-1] if executed else '?'} executions in {seconds} s, "
        f"{reached[0][0] if reached else '?'} to {reached[-1][0] if reached else '?'} branches, "
        f"{before} to {len(list(corpus.iterdir()))} inputs, {'nothing found' if not status else f'see {log.name}'}",
        flush=True,
    )
    return status


def main() -> int:
    """Share the time among the targets; 1 if any found something."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=3600, help="for all targets together")
    parser.add_argument("--only", choices=SEEDS, help="one target")
    given = parser.parse_args()
    shares = {given.only: 1.0} if given.only else SHARES
    sys.path.insert(0, str(_PROJECT / "tests"))
    return int(any([_fuzz(target, int(given.seconds * share)) for target, share in shares.items()]))


if __name__ == "__main__":
    sys.exit(main())
