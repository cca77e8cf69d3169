# `make demo` and `make test` do all the set-up. Needs Python >= 3.10, make and git.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
WORKERS ?= 2
PYTEST = $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: demo live test test-all lint build-check bench bench-live lock clean
.DELETE_ON_ERROR:

## grade the bundled sample class and say where the report is
demo: $(READY)
	$(BIN)/autograder grade cnn2_mnist tests/golden/cnn2_mnist/class -o demo-report --workers $(WORKERS) || [ $$? -eq 1 ]

## draw a digit and watch every layer of a trained network respond; needs npm
live: $(READY)
	$(BIN)/autograder live keras_gaps --export live-page --open

## the tests that run in a few minutes
test: $(READY)
	$(PYTEST) -m "not slow" $(ARGS)

## all tests: real training of every golden submission as well
test-all: $(READY)
	$(PYTEST) $(ARGS)

## style, types, and the import contracts that hold the trust line
lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

## no drift between masters and what students get; stub 0, reference full marks
build-check: $(READY)
	$(BIN)/autograder build --check

## seconds per submission, side by side with `otter run`
bench: $(READY)
	$(BIN)/python tests/bench/overhead.py

## milliseconds from stroke to picture, in the page and in JupyterLab; needs npm and Chromium
bench-live: $(READY)
	$(BIN)/python tests/bench/live.py

## resolve requirements.in for all Python versions
lock: $(READY)
	$(PIP) uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-emit-index-url \
	  --no-emit-package keras-autograder --custom-compile-command "make lock" requirements.in -o requirements.lock

clean:
	rm -rf $(VENV) demo-report live-page build *.egg-info

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' \
	  || { echo "Python 3.10 to 3.13 is needed, this is $$($(PYTHON) -V 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "No virtual environment can be made. On Debian or Ubuntu: sudo apt install python3-venv"; exit 1; }
	@echo "Installing the locked dependencies into $(VENV) (about 2.5 GB, once) ..."
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@
