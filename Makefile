# Two commands do everything: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --quiet --disable-pip-version-check

.PHONY: demo dashboard test torture lint lock derived pictures clean

demo: $(VENV)/run.stamp
	$(BIN)/sparkify demo

dashboard: $(VENV)/dashboard.stamp
	test -e demo/sparkify.duckdb || $(BIN)/sparkify demo
	$(BIN)/sparkify dashboard --warehouse duckdb:///demo/sparkify.duckdb

test: $(VENV)/dev.stamp
	# Compiled once, for the hundreds of processes that tests start, also where Python is told not to write it down.
	$(BIN)/python -m compileall -q src tests
	# One worker more than CI has cores: tests also wait, for signals, locks, browsers and stores that stall.
	$(BIN)/python -m pytest -n 3 --dist worksteal -q

# A million bent files, then stopped processes, full disks, little memory. FILES= and SEED= may be given; each part
# prints its seed first and sums up in its last line.
torture: $(VENV)/dev.stamp
	failed=0; \
	$(BIN)/python -m tests.torture.files $(if $(FILES),--files $(FILES)) $(if $(SEED),--seed $(SEED)) || failed=1; \
	$(BIN)/python -m tests.torture.processes $(if $(SEED),--seed $(SEED)) || failed=1; \
	exit $$failed

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/sqlfluff lint --processes 2 src/sparkify/sql
	$(BIN)/mypy

# The packages of the lock, with their hashes, then this checkout without touching the network.
$(VENV)/run.stamp: requirements/run.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes -r requirements/run.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/dashboard.stamp: requirements/dashboard.txt $(VENV)/run.stamp
	$(PIP) install --require-hashes -r requirements/dashboard.txt
	touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/run.stamp
	$(PIP) install --require-hashes -r requirements/dev.txt
	touch $@

# Newer versions of everything, written down with hashes and without the address of an index.
lock:
	$(BIN)/python -m pip install --quiet pip-tools
	for name in run dashboard dev; do \
		$(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras \
			--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header \
			--output-file requirements/$$name.txt requirements/$$name.in || exit 1; \
	done

# The data dictionary and the catalogue of queries follow from the SQL; look at the diff before you commit.
derived: $(VENV)/dev.stamp
	$(BIN)/python -m scripts.write_derived

# The README's pictures, from the simulator's data; look at them before you commit them.
pictures: $(VENV)/dev.stamp
	$(BIN)/python -m scripts.pictures

clean:
	rm -rf $(VENV) demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
