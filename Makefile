# Every target sets up what it needs: a virtual environment in .venv, nothing outside the project.
PYTHON ?= python3
BIN := .venv/bin
# In a locale of another encoding pip would write the folder's name wrong into its scripts.
export PYTHONUTF8 := 1

.DELETE_ON_ERROR:
.PHONY: help install demo data viz docs test lint types contracts unit bench fuzz chaos mutants audit lock clean large

help:  ## what can be made
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/'

# A folder that was moved or copied has a virtual environment that leads elsewhere.
ifneq "$(shell cat .venv/installed 2>/dev/null)" "$(CURDIR)"
.PHONY: .venv/installed
endif

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "grisaille needs Python 3.10 to 3.13; $(PYTHON) is $$($(PYTHON) --version). Try make PYTHON=python3.11"; exit 1; }
	@echo "Installing what requirements.lock pins into .venv: some minutes, most of them for TensorFlow"
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@echo "$(CURDIR)" > $@

install: .venv/installed  ## a virtual environment in .venv, and nothing else

demo: .venv/installed  ## the whole project on a synthetic gallery, in under three minutes
	$(BIN)/kedro run --env demo

data: .venv/installed  ## the Kaggle set into data/01_raw; ARCHIVE=file.zip, where you have it already
	$(BIN)/python -m grisaille.kaggle $(if $(ARCHIVE),--archive $(ARCHIVE))

viz: .venv/installed  ## the pipeline as a page of its own, with the demo's tables and pictures, in build/
	test -e data/demo/08_reporting/report.html || $(BIN)/kedro run --env demo
	$(BIN)/python docs/build_viz.py

docs: .venv/installed  ## the docs site, in site/; with the pipeline's page if make viz was run before
	$(BIN)/mkdocs build

test: lint types contracts unit  ## everything that is checked; COVERAGE=95 asks that so many of 100 branches are taken

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/installed
	$(BIN)/mypy

contracts: .venv/installed
	$(BIN)/lint-imports

# A file's tests share what they have made. One process more than cores: tests wait for browsers and other processes, too.
unit: .venv/installed
	$(BIN)/pytest --numprocesses $$($(BIN)/python -c 'import os; print(min(os.cpu_count() + 1, 5))') --dist loadfile --no-loadscope-reorder \
	  $(if $(COVERAGE),--cov --cov-report=term --cov-fail-under=$(COVERAGE))

bench: .venv/installed  ## docs/performance.md; PAINTINGS=folder BASELINES=program TORCH_PYTHON=python MODEL=file, where you have them
	$(BIN)/python -m benchmarks $(if $(PAINTINGS),--paintings $(PAINTINGS)) $(if $(BASELINES),--baselines $(BASELINES)) \
	  $(if $(TORCH_PYTHON),--torch-python $(TORCH_PYTHON)) $(if $(MODEL),--model $(MODEL)) $(ONLY)

large: .venv/installed  ## run the project on N=100000 synthetic paintings; resumes; FOLDER=where its 40 GB go
	$(BIN)/python -m benchmarks.large $(or $(N),100000) $(if $(FOLDER),--folder $(FOLDER))

# Not in the lock: there are wheels for Linux alone, and nobody else needs it.
fuzz: .venv/installed  ## hostile files by the million, an hour of them; SECONDS=60 for less, TARGET=ingestion for one kind
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'atheris~=3.0'
	$(BIN)/python -m fuzz --seconds $(or $(SECONDS),3600) $(if $(TARGET),--only $(TARGET))

chaos: .venv/installed  ## kill 25 runs, fill the disk at every stage (root fills a small one, too): docs/chaos.md
	$(BIN)/python tests/chaos.py

# One process: what a mutant may take is measured in time.
mutants: .venv/installed  ## break the measures and the feature store in 2,400 small ways, and count which the tests notice
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'mutmut~=3.8'
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/mutmut run --max-children 1
	$(BIN)/python tests/mutants.py

# Strict: what cannot be looked up is not clean.
audit: .venv/installed  ## hold the pinned dependencies against the public list of known weaknesses; needs a network
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip-audit~=2.10'
	$(BIN)/pip-audit --strict --no-deps --disable-pip -r requirements.lock

# Without MLflow, which holds pyarrow back, whose version is in every Parquet file.
lock: .venv/installed  ## pin the newest versions that pyproject.toml allows
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --upgrade --no-emit-index-url \
	  --extra cluster --extra data --extra excel --extra docs --extra umap --extra dev \
	  --no-header --no-annotate pyproject.toml --output-file requirements.lock

clean:  ## remove the virtual environment and the demo's data
	rm -rf .venv data/demo
