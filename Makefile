# What a contributor runs. Needs Python 3.11 or newer and make; the rest is installed into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# with-contenv is no shell that shellcheck knows by its first line
scripts = $(shell grep -rlE --exclude-dir=cache '^\#!$(1)$$' .ci templates)
DOCKERFILES = $(shell find images examples -name Dockerfile)
EXAMPLES := $(wildcard examples/*)

# CI measures coverage (`make test COVERAGE=1`) with Python 3.14; with older ones, it doubles the time. Below
# `fail_under` in pyproject.toml, it fails.
MEASURED := $(if $(COVERAGE),--cov --cov-report=term:skip-covered --cov-report=html:build/coverage)

# In a few seconds less than 90, without what takes long; CI and whoever writes ALL=1 leave nothing out.
THOROUGH := $(ALL)$(COVERAGE)$(IMAGE_MATRIX_TEST_REGISTRY)
FAST := $(if $(THOROUGH),-m "not e2e and not cluster",-m "not e2e and not cluster and not slow" --hypothesis-profile=quick)

.DEFAULT_GOAL := help
.PHONY: help render test e2e pinned cluster demo lint bench docs pictures pins clean

help: ## Say what there is to run
	@sed -n 's/^\([a-z]*\):.* ## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

render: $(INSTALLED) ## Write everything that follows from matrix.yaml, and from those of examples/
	@$(BIN)/image-matrix render
	@for folder in $(EXAMPLES); do $(BIN)/image-matrix -C $$folder -q render || exit 1; done

# The tests run also where lint finds something, so that one run says all.
test: $(INSTALLED) ## Lint and fast tests; ALL=1: slow ones too; with IMAGE_MATRIX_TEST_REGISTRY: all, end to end
	@mkdir -p build
	@status=0; \
	$(MAKE) --no-print-directory lint || status=$$?; \
	$(BIN)/pytest $(FAST) --numprocesses=logical --dist=worksteal $(MEASURED) --junitxml=build/tests.xml $(PYTEST_OPTIONS) || status=$$?; \
	$(MAKE) --no-print-directory e2e || status=$$?; \
	$(MAKE) --no-print-directory cluster || status=$$?; \
	$(if $(THOROUGH),,echo 'left out: the slow tests (`make test ALL=1` runs them)';) \
	exit $$status

# They share one engine: the tests of a file run one after the other, since they build on each other, and two files at
# the same time, since most of them wait. `eval "$$(.ci/engine up)"` starts an engine and names its registry.
e2e: $(INSTALLED)
ifdef IMAGE_MATRIX_TEST_REGISTRY
	@$(BIN)/pytest -m e2e --numprocesses=2 --dist=loadfile --junitxml=build/e2e.xml $(PYTEST_OPTIONS)
else
	@echo 'left out: the end-to-end tests (no engine; `eval "$$(.ci/engine up)"` starts one)'
endif

# Those whose builder may be another one, on the BuildKit that the workflow pins and a new buildx.
ON_PINNED := $(patsubst %,tests/e2e/test_%.py,builders shared_buildkit provenance rootless_buildkit notebook_builds context dated)

pinned: $(INSTALLED) ## Some end-to-end tests again, on the BuildKit that the workflow pins
	@settings=$$(.ci/buildkit up) || exit 1; \
	eval "$$settings"; \
	status=0; \
	$(BIN)/pytest -m e2e $(ON_PINNED) --junitxml=build/pinned.xml $(PYTEST_OPTIONS) || status=$$?; \
	.ci/buildkit down; \
	exit $$status

# One after the other: they share one cluster. `eval "$$(.ci/cluster up)"` starts one.
cluster: $(INSTALLED)
ifdef IMAGE_MATRIX_TEST_CLUSTER
	@$(BIN)/pytest -m cluster tests/cluster --junitxml=build/cluster.xml $(PYTEST_OPTIONS)
else
	@echo 'left out: the tests in a Kubernetes cluster (no cluster; `eval "$$(.ci/cluster up)"` starts one)'
endif

demo: $(INSTALLED) ## From an edit of a matrix to a user's pod in a Kubernetes cluster, step by step (minutes)
ifdef IMAGE_MATRIX_TEST_CLUSTER
	@$(BIN)/python -m tests.cluster.demo
else
	@echo 'needs a cluster and an engine: eval "$$(.ci/engine up)"; eval "$$(.ci/cluster up)"'; exit 3
endif

# Its parts run at the same time; GNU make 4 keeps the lines of each together. All run, so that one run says all.
LINT := lint-format lint-types lint-layers lint-yaml lint-scripts lint-dockerfiles lint-generated
TOGETHER := --jobs=4 --keep-going $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
.PHONY: $(LINT)

lint: $(INSTALLED) ## Formatting, lint, types, shell scripts, Dockerfiles, generated files
	@$(MAKE) --no-print-directory $(TOGETHER) $(LINT)

lint-format:
	@$(BIN)/ruff format --quiet --check . || { echo 'run: $(BIN)/ruff format .'; exit 1; }
	@$(BIN)/ruff check --quiet .

lint-types:
	@$(BIN)/mypy --no-error-summary

lint-layers:
	@layers=$$($(BIN)/lint-imports --cache-dir build/import-linter 2>&1) || { echo "$$layers"; exit 1; }

lint-yaml:
	@$(BIN)/yamllint --strict .

lint-scripts:
	@$(BIN)/shellcheck --external-sources $(call scripts,(/usr)?/bin/(env )?(ba)?sh)
	@$(BIN)/shellcheck --shell=bash $(call scripts,.*with-contenv bash)
	@$(BIN)/shellcheck --shell=sh $(call scripts,.*with-contenv sh)

lint-dockerfiles:
	@$(BIN)/hadolint --config .hadolint.yaml $(DOCKERFILES)

lint-generated:
	@$(BIN)/image-matrix check
	@for folder in $(EXAMPLES); do $(BIN)/image-matrix -C $$folder -q check || exit 1; done
	@$(BIN)/python -m tools.reference --check

bench: $(INSTALLED) ## Print the tables of measurements (minutes)
	@$(BIN)/python -m bench

docs: $(INSTALLED) ## Write the generated parts of docs/
	@$(BIN)/python -m tools.reference

pictures: $(INSTALLED) ## Make the pictures of README.md whose content has changed; needs Chromium
	@$(BIN)/python -m tools.pictures

clean: ## Remove .venv and build
	rm -rf $(VENV) build

# Every version and hash that development, CI and the tests' environments use, for all platforms.
PINS := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header --upgrade

pins: $(INSTALLED) ## Pin what development and the tests' environments need, at its newest
	@$(PINS) --generate-hashes --extra dev --output-file requirements-dev.txt pyproject.toml
	@mkdir -p build
	@$(PINS) --constraint requirements-dev.txt --output-file build/locked.txt pyproject.toml
	@echo hatchling | $(PINS) --constraint requirements-dev.txt --output-file build/backend.txt -
	@$(BIN)/python -m tools.pins build/locked.txt build/backend.txt
	@for name in $(basename $(wildcard tests/environments/*.in)); do \
	$(PINS) --generate-hashes --output-file "$$name.txt" "$$name.in" || exit 1; done

$(INSTALLED): pyproject.toml requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo 'installing into $(VENV)'
	@$(PIP) --require-hashes --requirement requirements-dev.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q generator  # as pip does for what is not editable
	@touch $@
