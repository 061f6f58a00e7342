# Every target sets up what it needs, from nothing but Python 3.13, make and (for the tests)
# Node 20. Nothing outside this folder is written.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
PYTHON_BIN := .venv/bin/python
ENVS = python="$$(scripts/find-python)" && "$$python" -m scripts.envs
export SAM_CLI_TELEMETRY := 0
# Hundreds of commands are run; without bytecode each would compile what it imports again.
export PYTHONDONTWRITEBYTECODE :=
# As many as the cores that are expected: the functions of a stack wait two seconds for DynamoDB.
WORKERS := -n 2 --dist loadgroup
# What `make smoke` is told, as its options.
SMOKE_ARGS = $(if $(REGION),--region $(REGION)) $(if $(PROFILE),--profile $(PROFILE)) \
	$(if $(OTHER_PROFILE),--other-profile $(OTHER_PROFILE)) $(if $(DOMAIN),--domain $(DOMAIN)) \
	$(if $(CERTIFICATE),--certificate $(CERTIFICATE)) $(if $(NETWORK),--network $(NETWORK)) \
	$(if $(ALONGSIDE),--alongside) $(if $(REMOVE),--remove $(REMOVE)) $(if $(YES),--yes)
# Temporary files too: whatever a program leaves behind, `make clean` removes.
export TMPDIR := $(CURDIR)/build/tmp
$(shell mkdir -p build/tmp)

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: demo
demo: ## start the local stack, tour it, stop it (no AWS account, no Docker)
	@$(ENVS) uv dev ministack sam
	@exec $(PYTHON_BIN) -m tokenvend_local demo

.PHONY: up
up: ## start the local stack with the demo in it, and leave it running
	@$(ENVS) uv dev ministack sam
	@exec $(PYTHON_BIN) -m tokenvend_local up

.PHONY: down
down: ## stop what `make up` started
	@$(ENVS) dev
	@exec $(PYTHON_BIN) -m tokenvend_local down

.PHONY: logs
logs: ## what the functions of `make up` have logged, and how many errors there are
	@$(ENVS) dev
	@exec $(PYTHON_BIN) -m tokenvend_local logs

.PHONY: check
check: ## format, lint, types, direction of imports, template, policies, pinned lists
	@$(ENVS) uv dev sam checkov parliament node
	@$(PYTHON_BIN) -m scripts.check

.PHONY: test
test: ## every test that needs no root
	@$(ENVS) uv dev ministack sam runtime node sbom parliament mutants docs
	@$(PYTHON_BIN) -m pytest --ignore=tests/system -m "not long" $(WORKERS) $(PYTEST_ARGS)

.PHONY: test-system
test-system: ## whole runs: the demo from its command line, a browser and spin as they come
	@$(ENVS) uv dev ministack sam node docs django
	@scripts/system-packages
	@$(PYTHON_BIN) -m scripts.toolchains
	@$(PYTHON_BIN) -m pytest tests/system $(WORKERS) --no-loadscope-reorder $(PYTEST_ARGS)

.PHONY: build
build: ## the deployable artifact (sam build)
	@$(ENVS) uv dev sam
	@$(PYTHON_BIN) -m tokenvend_local build

.PHONY: deploy
deploy: ## preflight, build, deploy to your AWS account, apply, and a look at what runs
	@$(ENVS) uv dev sam
	@exec $(PYTHON_BIN) -m tokenvend_deploy $(DEPLOY_ARGS)

.PHONY: smoke
smoke: ## prove on an AWS account of yours what no local stack can; PROFILE=… REGION=… (not yet run on AWS)
	@$(ENVS) uv dev sam sbom
	@exec $(PYTHON_BIN) -m tokenvend_smoke $(SMOKE_ARGS)

.PHONY: release
release: ## the artefact that is deployed without Python or SAM; writes build/release
	@$(ENVS) uv dev sam sbom
	@exec $(PYTHON_BIN) -m tokenvend_deploy.release

.PHONY: client
client: ## the client library as a wheel and as a Lambda layer; writes build/client
	@$(ENVS) uv dev
	@$(PYTHON_BIN) -m scripts.client

.PHONY: bench
bench: ## how fast, side by side with the usual way; writes build/bench.json
	@$(ENVS) uv dev ministack sam runtime
	@$(PYTHON_BIN) -m benchmarks

.PHONY: bench-check
bench-check: ## compare build/bench.json with the goals; fails where one is missed
	@test -f build/bench.json || $(MAKE) bench
	@$(ENVS) dev
	@$(PYTHON_BIN) -m benchmarks.check

.PHONY: simulate
simulate: ## thirty days in minutes; writes build/simulation.json and plots in build/simulation
	@$(ENVS) dev
	@$(PYTHON_BIN) -m simulation

.PHONY: model
model: ## the lease and the refresh journal, every interleaving, checked by spin
	@$(ENVS) dev
	@scripts/system-packages
	@$(PYTHON_BIN) -m models

.PHONY: faults
faults: ## faults on the local stack with real workers; writes build/faults.md
	@$(ENVS) uv dev ministack sam
	@$(PYTHON_BIN) -m pytest tests/faults $(PYTEST_ARGS)
	@echo "build/faults.md: fault, what callers saw, exchanges made; docs/faults.md is the same."

.PHONY: load
load: ## whole flows under sustained concurrency, checked as they run; writes build/load.json
	@$(ENVS) uv dev ministack sam
	@$(PYTHON_BIN) -m load $(LOAD_ARGS)

.PHONY: soak
soak: ## a quarter of an hour with the schedule as it is; writes build/soak.json
	@$(ENVS) uv dev ministack sam
	@$(PYTHON_BIN) -m soak $(SOAK_ARGS)

.PHONY: fuzz
fuzz: ## hostile input for every parser and entry; writes build/fuzz.json
	@$(ENVS) uv dev fuzz
	@$(PYTHON_BIN) -m fuzzing $(FUZZ_ARGS)

.PHONY: mutants
mutants: ## small changes of the library, and whether a test notices; writes build/mutants.txt
	@$(ENVS) uv dev mutants
	@$(PYTHON_BIN) -m scripts.mutants $(MUTANTS)

.PHONY: docs
docs: ## the documents as a site that needs no network; writes build/docs/site
	@$(ENVS) uv dev docs node
	@$(PYTHON_BIN) -m scripts.site

.PHONY: lock
lock: ## pin the requirements again (UPGRADE=1 takes the newest)
	@scripts/lock $(if $(UPGRADE),--upgrade)

.PHONY: clean
clean: ## remove all that these commands made
	@if [ -x $(PYTHON_BIN) ]; then $(PYTHON_BIN) -m tokenvend_local down; fi
	@rm -rf build .aws-sam .venv .venvs tests/node/node_modules tests/node_clients/node_modules \
	  .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
