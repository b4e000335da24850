# Prompt Flow: every command there is. Only Python 3.11 or newer and make are needed beforehand.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run datasette test check browser bench screenshots lock clean help

help: ## Say what there is.
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

run: PORT ?= 8501
run: $(VENV)/installed ## Start the app on http://127.0.0.1:8501 (another port: make run PORT=8600).
	@echo "Prompt Flow: http://127.0.0.1:$(PORT)"
	@$(BIN)/streamlit run promptflow/server.py --server.address=127.0.0.1 --server.port=$(PORT) --server.headless=true

datasette: PORT ?= 8001
datasette: $(VENV)/installed ## Serve the lineage alone, read-only, on http://127.0.0.1:8001 (links: STUDIO=http://127.0.0.1:8501).
	@$(BIN)/python -m promptflow.questions --port $(PORT) $(if $(STUDIO),--studio $(STUDIO))

test: $(VENV)/installed-dev ## Run every test that needs no browser and no key.
	$(BIN)/python -m pytest

check: $(VENV)/installed-dev ## Check format, lint, types and import floors.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

browser: $(VENV)/installed-dev ## Drive the app in a real Chromium (Debian: apt-get install chromium).
	$(BIN)/python -m pytest -m browser tests/browser

bench: $(VENV)/installed-dev ## Measure; each benchmark prints one JSON line.
	@for bench in benchmarks/bench_*.py; do PYTHONPATH=. $(BIN)/python $$bench || exit 1; done

screenshots: $(VENV)/installed-dev ## Take the pictures in docs/, and others to look at, anew.
	PYTHONPATH=. $(BIN)/python tests/browser/screenshots.py

lock: $(VENV)/installed-dev ## Compile the pins anew from requirements.in and requirements-dev.in.
	$(BIN)/uv pip compile --universal --python-version 3.11 --no-annotate --no-header --upgrade \
		requirements.in -o requirements.txt
	$(BIN)/uv pip compile --universal --python-version 3.11 --no-annotate --no-header --upgrade \
		requirements-dev.in -o requirements-dev.txt

clean: ## Remove the virtual environment and the caches; the ledger and the pictures stay.
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# A stamp is written only after a whole install, so a broken one is done again.
$(VENV)/installed: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Prompt Flow needs Python 3.11 or newer; set PYTHON=/path/to/python3.11."; exit 1; }
	$(PYTHON) -m venv $(VENV)
