# Thin names for plain commands.
.PHONY: install dev run test lint bench bench-small lock schema neo4j-lock clean
PYTHON ?= python3
BIN := .venv/bin

install: .venv/server  ## the server and the agent, into .venv
dev: .venv/dev         ## and what building and testing needs

.venv/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	touch $@

.venv/server: requirements/server.txt pyproject.toml .venv/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/server.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv/dev: requirements/dev.txt .venv/server
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@

run: install  ## Neo4j, server and an agent for this host, in the foreground
	$(BIN)/epicentre up

test: dev  ## everything, on the real Neo4j
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: dev  ## ratios, each against a peer or limit measured in the same run
	$(BIN)/python benchmarks

bench-small: dev  ## the same at small sizes, in less than a minute
	$(BIN)/python benchmarks --small

schema: dev  ## write graphql/schema.graphql anew
	$(BIN)/python -m cmdb_processes.cli.server.schema > graphql/schema.graphql

lock:  ## lock the dependencies anew; needs uv
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet --extra build --extra server --extra ssh --extra snmp --extra fast --extra bench --extra dev pyproject.toml -o requirements/dev.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet --extra build --extra server --extra ssh --extra snmp pyproject.toml -c requirements/dev.txt -o requirements/server.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet pyproject.toml -c requirements/dev.txt -o requirements/agent.txt

clean:
	rm -rf .venv
