# Thin names for plain commands.
.PHONY: install run test lint bench lock neo4j clean
PYTHON ?= python3
BIN := .venv/bin

install: .venv/installed-server  ## the server and the agent, into .venv
dev: .venv/installed-dev

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; name it: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
