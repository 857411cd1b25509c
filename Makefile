# The way in for people: `make help` lists what there is. Every path is relative, so that a path with blanks works.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

APPS := .cache/apps
AXE := .cache/axe
PYTEST := .venv/bin/python -m pytest
CLUSTER := .venv/bin/python -m tests.cluster
# Tests wait more than they compute: two workers a core, and not so many that they get into each other's way.
WORKERS := $(shell cores=$$(nproc); echo $$((cores < 4 ? 2 * cores : 8)))
COMPILE := CUSTOM_COMPILE_COMMAND="make constraints" .venv/bin/python -m piptools compile --quiet --generate-hashes \
	--strip-extras --allow-unsafe --no-emit-options

.PHONY: help setup demo test test-cluster lint bench soak constraints clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup: .venv/.filled ## Fill .venv, so that .venv/bin/torpor works
	@echo ".venv/bin/torpor is ready."

demo: .venv/.filled ## Set up and show Torpor with three small apps
	@PATH="$$PWD/.venv/bin:$$PATH" .venv/bin/torpor demo

test: .venv/.filled-dev $(APPS)/.filled ## Set up and run the tests (some ten minutes; more at first)
	@.ci/need-programs chromium curl haproxy ip nginx npm prometheus promtool wrk
	@$(MAKE) --no-print-directory $(AXE)/.filled || true
	@$(CLUSTER) programs
	@status=0; $(PYTEST) -n $(WORKERS) --ignore tests/cluster || status=$$?; $(PYTEST) tests/cluster || status=$$?; exit $$status

test-cluster: .venv/.filled-dev ## Only those on a real Kubernetes (root, Go, Debian)
	@$(CLUSTER) programs
	@$(PYTEST) tests/cluster

lint: .venv/.filled-dev ## Check style, types and who imports whom
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports

bench: .venv/.filled-dev ## Measure against other proxies and none (needs wrk and nginx; haproxy, caddy)
	@.ci/need-programs wrk nginx haproxy caddy
	@.venv/bin/python -m bench

soak: .venv/.filled-dev ## Run the long tests: more cycles, fuzzing, 1 GiB
	@.ci/need-programs haproxy ip
	@$(CLUSTER) programs
	@$(PYTEST) -m soak

constraints: .venv/.filled-dev ## Pin and hash the newest packages that pyproject.toml allows
	$(COMPILE) --upgrade --build-deps-for editable --output-file requirements.txt pyproject.toml
	$(COMPILE) --upgrade --build-deps-for editable --extra dev --constraint requirements.txt \
		--output-file requirements-dev.txt pyproject.toml
	$(COMPILE) --upgrade --output-file tests/apps/requirements.txt tests/apps/requirements.in

clean: ## Remove what make has made
	rm -rf .venv .cache .torpor build dist *.egg-info

.venv/.filled: requirements.txt pyproject.toml .ci/fill-venv
	@.ci/fill-venv .venv requirements.txt .
	@touch $@

.venv/.filled-dev: requirements-dev.txt .venv/.filled
	@.ci/fill-venv .venv requirements-dev.txt
	@touch $@

$(APPS)/.filled: tests/apps/requirements.txt .ci/fill-venv
	@.ci/fill-venv $(APPS) tests/apps/requirements.txt
	@touch $@

$(AXE)/.filled: tests/axe/package-lock.json
	@mkdir -p $(AXE) && cp tests/axe/package.json $< $(AXE)
	@cd $(AXE) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
