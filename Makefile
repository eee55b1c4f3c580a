# Every target sets up what it needs: a virtual environment in .venv, nothing outside the project.
PYTHON ?= python3
BIN := .venv/bin

.DELETE_ON_ERROR:
.PHONY: help demo test lint types contracts unit bench fuzz lock clean

help:  ## what can be made
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/'

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "grisaille needs Python 3.10 to 3.13; $(PYTHON) is $$($(PYTHON) --version). Try make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

demo: .venv/installed  ## the whole project on a synthetic gallery, in under three minutes
	$(BIN)/kedro run --env demo

test: lint types contracts unit  ## everything that is checked

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/installed
	$(BIN)/mypy

contracts: .venv/installed
	$(BIN)/lint-imports

unit: .venv/installed
	$(BIN)/pytest

bench: .venv/installed  ## docs/performance.md; PAINTINGS=folder BASELINES=program TORCH_PYTHON=python, where you have them
	$(BIN)/python -m benchmarks $(if $(PAINTINGS),--paintings $(PAINTINGS)) $(if $(BASELINES),--baselines $(BASELINES)) \
	  $(if $(TORCH_PYTHON),--torch-python $(TORCH_PYTHON)) $(ONLY)

# Not in the lock: there are wheels for Linux alone, and nobody else needs it.
fuzz: .venv/installed  ## hostile files by the million, an hour of them; SECONDS=60 for less, TARGET=ingestion for one kind
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'atheris~=3.0'
	$(BIN)/python -m fuzz --seconds $(or $(SECONDS),3600) $(if $(TARGET),--only $(TARGET))

lock: .venv/installed  ## pin the newest versions that pyproject.toml allows
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --upgrade --all-extras --no-emit-index-url \
	  --no-header --no-annotate pyproject.toml --output-file requirements.lock

clean:  ## remove the virtual environment and the demo's data
	rm -rf .venv data/demo
