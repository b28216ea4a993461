# Each command does its own set-up, shows what it does, and is safe to run again.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONTROL := $(VENV)/.control-ready
DEV := $(VENV)/.dev-ready
CLOUDS := $(VENV)/.clouds-ready
UV := $(BIN)/uv --quiet
# What tools found, for machines: `pouw policy evidence add` takes it. Old results are gone before new ones are made.
RESULTS := build/results

.PHONY: help setup clouds up down test check reference lock clean

help: ## Show this list
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(CONTROL) ## Install the pouw command into .venv

clouds: $(CLOUDS) ## Install the SDKs of AWS, Azure, GCP and Docker, 900 MB: previews of cloud stacks need them

up: $(CONTROL) ## Bring a real network up on this machine and print its addresses
	@$(BIN)/pouw up

down: $(CONTROL) ## Take it away again: processes, mounts, interfaces, rules, state
	@$(BIN)/pouw down

test: $(DEV) ## Run every test: unit, engine, cluster
	@rm -f $(foreach stage,unit engine cluster,$(RESULTS)/$(stage).xml)
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "not engine and not cluster" --junit-xml $(RESULTS)/unit.xml
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "engine and not cluster" --junit-xml $(RESULTS)/engine.xml
	@$(BIN)/python -m pytest -m cluster --junit-xml $(RESULTS)/cluster.xml

check: $(DEV) ## Lint, format, types, and scans of images and workflows
	@mkdir -p $(RESULTS)
	@rm -f $(foreach file,lint.json types.txt images.sarif workflows.sarif,$(RESULTS)/$(file))
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check --quiet --output-format json --output-file $(RESULTS)/lint.json . || $(BIN)/ruff check .
	@set -o pipefail; $(BIN)/mypy | tee $(RESULTS)/types.txt
	@$(BIN)/hadolint --format sarif Dockerfile* > $(RESULTS)/images.sarif || $(BIN)/hadolint Dockerfile*
	@$(BIN)/zizmor --quiet --offline --format sarif .github/workflows > $(RESULTS)/workflows.sarif
	@$(BIN)/zizmor --quiet --offline .github/workflows

reference: $(DEV) ## Generate the reference pages from the code
	@$(BIN)/python -m tools.reference

lock: $(DEV) ## Resolve the requirement files anew
	@tools/lock

clean: ## Remove the environment and build leavings; caches and networks stay
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

# PYTHONDONTWRITEBYTECODE would leave provider packages uncompiled and double every preview, so they are compiled here,
# and so is our own code, which a preview starts in five to fifteen processes.
$(VENV)/.uv-ready: requirements/bootstrap.lock
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON): not found; install Python 3.11 or newer, or set PYTHON=" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON): too old; pouw needs Python 3.11 or newer; set PYTHON=" >&2; exit 1; }
	@echo "Setting up $(VENV)"
	@tools/attempt "a Python environment" $(PYTHON) -m venv $(VENV)
	@tools/attempt "the installer" $(BIN)/python -m pip install --quiet --retries 2 --timeout 20 --disable-pip-version-check --require-hashes -r requirements/bootstrap.lock
	@touch $@

$(CONTROL): requirements/control.lock pyproject.toml $(VENV)/.uv-ready
	@echo "Installing the control side"
	@tools/attempt "the control side" $(UV) pip install --compile-bytecode --require-hashes -r requirements/control.lock
	@tools/attempt "pouw itself" $(UV) pip install --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q infra node policies pouw stacks
	@touch $@

$(CLOUDS): $(foreach cloud,aws azure gcp docker,requirements/$(cloud).lock) $(CONTROL)
	@echo "Installing the SDKs of the clouds"
	@$(UV) pip install --compile-bytecode --no-deps --require-hashes $(foreach cloud,aws azure gcp docker,-r requirements/$(cloud).lock)
	@touch $@

$(DEV): requirements/dev.lock $(CONTROL)
	@echo "Installing what tests and checks need"
	@tools/attempt "tests and checks" $(UV) pip install --compile-bytecode --require-hashes -r requirements/dev.lock
	@touch $@
