"""What the tables of docs/performance.md and docs/findings.md come from: `make bench`, benchmarks/codes.py."""
