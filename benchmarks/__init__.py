"""What tables of docs/performance.md and docs/findings.md come from: `make bench`, and programs to call apart."""
