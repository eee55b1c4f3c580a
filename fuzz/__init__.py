"""Coverage-guided fuzzing of everything that reads files which others have made; `make fuzz` runs it."""
