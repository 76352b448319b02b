# What a person or a machine does with a checkout. `make` alone lists the targets.
#
# Nothing but Python 3.11 or newer and make is needed; everything else is installed into .venv.
# Another interpreter: `make run PYTHON=python3.12` (after `make clean`, if .venv was made with a different one).
# Settings come from the environment: `PORT=9000 make run`, see docs/configuration.md.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

# The first of these that is new enough.
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do \
  $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null && echo $$each && exit; done; echo python3)
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet
SCHEMATHESIS := schemathesis==4.32.5
BENCH_PEERS := sse-starlette==3.7.0 uvicorn uvloop httptools redis hiredis fastapi "celery[redis]" packaging "SQLAlchemy[asyncio]" "psycopg[binary]" PyJWT pillow
BENCH_NODE_PEERS := better-sse@0.16.1
SOURCES := pyproject.toml constraints.txt
# Node comes with the development tools; nothing of it is needed to run the service.
NPM := cd frontend && PATH="$(CURDIR)/$(VENV)/bin:$$PATH" npm --silent
NODE_MODULES := frontend/node_modules/installed

##@ Use

.PHONY: help
help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: install
install: $(VENV)/installed ## Install the service into .venv, with exact versions

.PHONY: run
run: install ## Start the service on http://127.0.0.1:8080/ (HOST, PORT and other settings from the environment)
	@exec $(PY) -m app

.PHONY: token
token: install ## Print an access token: make token USER=alice
	@exec $(PY) -m app token "$(USER)"

##@ Develop

.PHONY: dev
dev: $(VENV)/installed-dev ## Install what tests and linters need, too

.PHONY: test
test: dev ## Run the whole suite, two files at a time; arguments for pytest: make test ARGS="tests/unit -x"
	$(PY) -m pytest --numprocesses 2 --dist loadfile $(ARGS)

.PHONY: chaos
chaos: dev ## Kill, stop and empty everything in a fleet at work: make chaos JOBS=250 SEED=1 STORE=directory
	FAULT_JOBS=$(or $(JOBS),250) FAULT_SEED=$(or $(SEED),1) FAULT_STORE=$(or $(STORE),bucket) $(PY) -m pytest tests/faults $(ARGS)

.PHONY: test-diffusers
test-diffusers: build/diffusers/installed ## Run a tiny pipeline of diffusers on the processor; gets torch, some gigabytes
	build/diffusers/bin/python -m pytest tests/contract/test_diffusers_pipeline.py $(ARGS)

.PHONY: fuzz
fuzz: dev build/fuzz/installed ## Let schemathesis try every operation of a service: make fuzz SECONDS=600
	$(PY) -m benchmarks.fuzz build/fuzz/bin/schemathesis $(or $(SECONDS),120)

.PHONY: bench-hub
bench-hub: dev build/bench/load build/bench/floor ## Measure the delivery of events: make bench-hub PART=fanout SERVERS="service floor"
	$(PY) -m benchmarks.hub $(or $(PART),fanout) $(or $(SERVERS),service floor)

.PHONY: bench-jobs
bench-jobs: dev ## Measure what a job costs from its POST to its end: make bench-jobs COUNT=300 USERS=8
	$(PY) -m benchmarks.jobs $(or $(COUNT),300) $(or $(USERS),8)

.PHONY: bench
bench: dev build/bench/load build/bench/floor build/bench/peers ## Measure everything, beside others: make bench PARTS="fanout jobs listing"
	$(PY) -m benchmarks.run $(PARTS)

.PHONY: bench-peers
bench-peers: build/bench/peers ## Get what the hub is compared with into build/bench (Debian, as root)

.PHONY: lint
lint: dev ## Check style, types, and which package may import which
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports

.PHONY: format
format: dev ## Sort imports and format, in place
	$(PY) -m ruff check --select I --fix .
	$(PY) -m ruff format .

.PHONY: frontend
frontend: $(NODE_MODULES) ## Build the packages for web front ends
	@$(NPM) run build

.PHONY: frontend-check
frontend-check: $(NODE_MODULES) ## Check their types, tests, packaging and size
	@$(NPM) run check

.PHONY: lock
lock: ## Resolve the newest versions and write constraints.txt; use the oldest supported Python
	@$(check-python)
	rm -rf build/lock && mkdir -p build
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip --disable-pip-version-check --quiet install --upgrade --editable '.[dev,fast]'
	( sed '/^[^#]/,$$d' constraints.txt; \
	  { grep '^[^#].*;' constraints.txt; build/lock/bin/python -m pip freeze --exclude-editable; } | LC_ALL=C sort --ignore-case \
	) > build/constraints.txt
	mv build/constraints.txt constraints.txt
	rm -rf build/lock && rmdir --ignore-fail-on-non-empty build

.PHONY: clean
clean: ## Remove .venv, caches and build products (never .data, where the database is)
	rm -rf frontend/node_modules frontend/*/dist
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -not -path './.git/*' -exec rm -rf {} +

# The last line of a recipe leaves the stamp, so an installation that was interrupted is begun again.

define check-python
command -v $(PYTHON) > /dev/null || { \
  echo "There is no $(PYTHON) here. Install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }; \
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
  echo "Python 3.11 or newer is needed, and $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
    "Name another one: make PYTHON=/path/to/python3.11" >&2; exit 1; }; \
$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || { \
  echo "$(PYTHON) can't make virtual environments: install its venv module (on Debian and Ubuntu the package python3-venv)." \
    >&2; exit 1; }
endef

$(VENV)/made:
	@$(check-python)
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/installed: $(VENV)/made $(SOURCES)
	@echo "Installing into $(VENV); the first time this takes a minute." >&2
	@$(PIP) install --editable . --constraint constraints.txt
	@touch $@

$(VENV)/installed-dev: $(VENV)/made $(SOURCES)
	@echo "Installing into $(VENV), with the tools for tests; the first time this takes a minute." >&2
	@$(PIP) install --editable '.[dev,fast]' --constraint constraints.txt
	@touch $@ $(VENV)/installed

$(NODE_MODULES): $(VENV)/installed-dev frontend/package-lock.json
	@$(NPM) ci
	@touch $@

build/bench/%: benchmarks/c/%.c
	@mkdir -p $(@D)
	@$(CC) -O2 -Wall -Wextra -D_GNU_SOURCE -o $@ $<

# nginx is unpacked and not installed, so that no service starts; its temporary files are where it was built for.
build/bench/peers: Makefile
	@mkdir -p build/bench/debs build/bench/node /var/lib/nginx
	@cd build/bench/debs && apt-get download --quiet nginx libnginx-mod-nchan
	@for each in build/bench/debs/*.deb; do dpkg -x "$$each" build/bench/nginx; done
	@$(PYTHON) -m venv --clear build/bench/venv
	@build/bench/venv/bin/python -m pip --disable-pip-version-check --quiet install $(BENCH_PEERS)
	@npm --silent --prefix build/bench/node install $(BENCH_NODE_PEERS)
	@touch $@

build/diffusers/installed: pyproject.toml constraints.txt
	@$(check-python)
	@$(PYTHON) -m venv --clear build/diffusers
	@build/diffusers/bin/python -m pip --disable-pip-version-check --quiet install --constraint constraints.txt --editable '.[dev,diffusers]'
	@touch $@

build/fuzz/installed: Makefile
	@$(check-python)
	@$(PYTHON) -m venv --clear build/fuzz
	@build/fuzz/bin/python -m pip --disable-pip-version-check --quiet install '$(SCHEMATHESIS)'
	@touch $@
