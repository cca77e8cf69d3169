# `make demo` and `make test` do all the set-up. Needs Python >= 3.10, make, bash and git.
SHELL := bash
VENV := .venv
BIN := $(VENV)/bin
DEMO := $(VENV)/.demo
READY := $(VENV)/.ready
PEERS := .venv-peers
MODULES := frontend/node_modules/.package-lock.json
WORKERS ?= 2
N ?= 1000
TIMES ?= 10
SECONDS ?= 60
SIZE ?= full
PYTEST = $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder
# What `make lines` compares with: the last commit before the package got its present folders.
BASE ?= da818b9

# The environment's file `.made` names the Python that made it, with its version, and the lock. Where Python's version or
# the lock is another one now, the environment is made anew, so that nothing of the old one stays in it.
MADE := $(shell cat $(VENV)/.made 2> /dev/null)
PYTHON ?= $(or $(firstword $(MADE)),python3)
WANTED := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2> /dev/null) $(shell cksum < requirements.lock)
ifneq ($(wordlist 2,4,$(MADE)),$(strip $(WANTED)))
  STALE := stale
endif

# uv where it is there, pip otherwise. Both take hashes from the lock; pip's report is cut to a line per package.
UV := $(shell command -v uv)
ifdef UV
  NEW_VENV = $(UV) venv --quiet --python $(PYTHON) $(VENV)
  NEED_PIP = :
  PIP = $(UV) pip install --python $(BIN)/python
  BRIEFLY =
else
  NEW_VENV = $(PYTHON) -m venv $(VENV)
  NEED_PIP = $(BIN)/python -m pip --version &> /dev/null || $(BIN)/python -m ensurepip > /dev/null # uv's has none
  PIP = PYTHONUNBUFFERED=1 $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off
  BRIEFLY = | sed -n -e 's/^Collecting \([^ ]*\).*/  \1/p' -e 's/^Installing collected.*/Unpacking .../p'
endif
EDITABLE = --quiet --no-deps --no-build-isolation --editable .

.PHONY: demo live docs test test-all test-cgroup unit keras sandbox end_to_end browser cookbook kills ways determinism fuzz coverage lint frontend lint-js build-check bench bench-live bench-load bench-otter bench-selfcheck matrix lines catalogue lock wheel redteam redteam-peers clean stale
.DELETE_ON_ERROR:

## grade the bundled sample class and say where the report is
demo: $(DEMO)
	$(BIN)/autograder grade faces_finetuning tests/golden/faces_finetuning/class -o demo-report --workers $(WORKERS) || [ $$? -eq 1 ]

## draw a digit and watch every layer of a trained network respond
live: $(DEMO)
	$(BIN)/autograder live keras_gaps --export live-page --open

## all tests but the slow ones; those of tests/unit first, alone, so that they fail early
test: unit
	$(PYTEST) -m "not slow" --ignore tests/unit $(ARGS)

## all tests: real training of every golden submission as well
test-all: unit
	$(PYTEST) --ignore tests/unit $(ARGS)

## one tier of the tests; `make unit` takes less than a minute
unit keras sandbox end_to_end browser: $(READY)
	$(PYTEST) -m "not slow" tests/$@ $(ALSO) $(ARGS)
keras: ALSO = tests/fuzz
sandbox: ALSO = tests/redteam
end_to_end: ALSO = tests/golden tests/faults tests/cookbook

## build and grade the small exercises of the cookbook, with all their right and wrong tries; ARGS="-k unet" one of them
cookbook: $(READY)
	$(PYTEST) --dist load tests/cookbook $(ARGS)

## control groups, tried on a kernel of its own in QEMU; KERNEL= one of Linux, by default the newest in /boot
test-cgroup: $(READY)
	$(PYTEST) -m slow -rs tests/sandbox/test_cgroup.py $(ARGS)

## kill processes of a running grader at N random moments, run it again each time, and compare the grades
kills: $(READY)
	$(BIN)/python -m tests.faults.kills $(N)

## grade the sample classes with each kind of sandbox, and with and without sharing runs, and compare the files
ways: $(READY)
	$(PYTEST) -m slow tests/golden/test_ways.py tests/sandbox/test_evaluation.py $(ARGS)

## grade a training without a seed TIMES alone and TIMES on a busy machine, and compare the grades
determinism: $(READY)
	$(BIN)/python -m tests.faults.determinism $(TIMES)

## look for inputs that break what reads a stranger's bytes, SECONDS for each of TARGETS (all by default)
fuzz: $(VENV)/.atheris
	TF_CPP_MIN_LOG_LEVEL=3 PYTHONPATH=$< $(BIN)/python -m tests.fuzz.run $(SECONDS) $(TARGETS)

## which lines and branches the tests of `make test` do not reach
coverage: $(READY)
	$(PYTEST) -m "not slow" --cov --cov-report term $(ARGS)

## the unit tests on each Python from 3.10 to 3.13 that this machine has
matrix: $(READY)
	$(BIN)/python tools/matrix.py $(ARGS)

## style, types, and the import contracts that hold the trust line
lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@if command -v npm > /dev/null; then $(MAKE) --no-print-directory lint-js; \
	  else echo "npm is not installed: JavaScript was not linted, and its bundle was not compared with the sources."; fi

## bundle the scripts of the live network and the review page from frontend/ into the package; needs npm
frontend: $(MODULES)
	npm --prefix frontend run --silent build

## lint and type-check JavaScript, and compare its bundle with what the sources give; needs npm
lint-js: $(MODULES)
	npm --prefix frontend run --silent check

## the documentation as a site, in site/; a link that leads nowhere is an error
docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

## no drift between masters and what students get; stub 0, reference full marks
build-check: $(READY)
	$(BIN)/autograder build --check

## the package as one file in dist/, to hand out beside the notebooks, whose install line names it
wheel: $(READY)
	$(BIN)/uv build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir dist
	@ls dist/*.whl

## how fast a class is graded, beside `otter run` and `nbgrader autograde`, into bench.json; SIZE=smoke PARTS="plain recheck"
bench: $(READY)
	$(BIN)/python -m tests.bench.pace $(SIZE) $(PARTS)

## processor time of a student's first check, beyond Keras
bench-selfcheck: $(READY)
	$(BIN)/python -m tests.bench.selfcheck

## milliseconds from stroke to picture, in the page and in JupyterLab; needs Chromium
bench-live: $(READY)
	$(BIN)/python tests/bench/live.py

## whether a class gets the same grades beside 20 busy processes; takes some minutes
bench-load: $(READY)
	$(BIN)/python -m tests.bench.load

## Otter's kinds of assignments, graded by `otter run` and by this grader, and where they differ; takes some minutes
bench-otter: $(READY)
	$(BIN)/python -m tests.otter_agreement

## more than two hundred attacks, as root and as a normal user, with what each achieved; ARGS names attacks or groups,
## WAY how sandboxes are opened (forked, ahead or fresh)
redteam: $(READY)
	AUTOGRADER_SANDBOXES=$(WAY) $(BIN)/python -m tests.redteam $(ARGS)

## the same attacks on the grades and secrets of `otter run` and `nbgrader autograde`, in a sandbox
redteam-peers: $(PEERS)/.ready
	$(BIN)/python -m tests.redteam.peers $(PEERS) $(ARGS)

$(PEERS)/.ready: tests/redteam/peers.txt $(READY)
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(PEERS)
	$(BIN)/uv pip install --quiet --python $(PEERS)/bin/python --requirement $<
	@touch $@

## lines of Python code in autograder/, without blanks, comments and docstrings, at BASE and now
lines:
	@$(PYTHON) tools/count_lines.py $(BASE)

## bring the catalogue of messages up to date with the sources, and compile it
catalogue: $(READY)
	$(BIN)/python tools/catalogue.py

## write requirements.lock anew; ARGS=--upgrade takes the newest releases
lock: $(READY)
	$(BIN)/python tools/lock.py $(ARGS)

clean:
	rm -rf $(VENV) $(PEERS) demo-report live-page site build dist *.egg-info frontend/node_modules

# What grading needs: the lock without its last section.
$(DEMO): pyproject.toml $(STALE)
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' \
	  || { echo "Python 3.10 to 3.13 is needed, this is $$($(PYTHON) -V 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@[ -z "$(STALE)" ] || { rm -rf $(VENV) && $(NEW_VENV) && echo "$(PYTHON) $(WANTED)" > $(VENV)/.made; } \
	  || { echo "No virtual environment can be made. On Debian or Ubuntu: sudo apt install python3-venv"; exit 1; }
	@$(NEED_PIP)
	@echo "Installing what grading needs into $(VENV) (TensorFlow and about 100 packages, 2 GB, once) ..."
	@sed '/^# ==== dev/,$$d' requirements.lock > $(VENV)/demo.lock
	@set -o pipefail; $(PIP) --require-hashes -r $(VENV)/demo.lock $(BRIEFLY)
	@$(PIP) $(EDITABLE)
	@touch $@

$(READY): $(DEMO)
	@echo "Installing what building, testing and documenting need as well (about 100 packages, 1 GB, once) ..."
	@$(NEED_PIP)
	@set -o pipefail; $(PIP) --require-hashes -r requirements.lock $(BRIEFLY)
	@touch $@

# Not in the lock: no release of it is there for every Python.
$(VENV)/.atheris: tests/fuzz/requirements.txt $(READY)
	@$(NEED_PIP)
	$(PIP) --quiet --no-deps --require-hashes --target $@ -r $<
	@touch $@

$(MODULES): frontend/package-lock.json
	npm --prefix frontend ci
	@touch $@
