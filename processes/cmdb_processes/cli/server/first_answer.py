"""What `epicentre up` prints about its own host: what was found, and what breaks if one of its services stops."""

from __future__ import annotations

import threading
import time
from typing import Any

from cmdb_graphql.client import HttpClient
from cmdb_processes.cli import show
from cmdb_processes.cli.impact import IMPACT, render

STATUS = "{ status { counts { class count } } agents(first: 100) { nodes { host } } }"
SERVICES = """
{ services(first: 100) { nodes { id name dependents(first: 1) { nodes { id } } parent { name } } } }
"""
PATIENCE = 60.0


def show_first(client: HttpClient, stop: threading.Event) -> None:
    """Wait for the agent's first report, then print counts, the first answer, and what to try next."""
    status = _reported(client, stop)
    if status is None:
        show.out("the agent has not reported yet; `epicentre agents list` shows when it has")
        return
    counts = ", ".join(f"{c['count']} {c['class']}" for c in status["counts"])
    show.out(f"found on this host: {counts}")
    service = _telling(client)
    if service is None:
        show.out("no service of this host depends on another yet; more is seen with every report")
        return
    show.out(f"\nwhat breaks if {service['name']} stops?")
    render(client.ask(IMPACT, of=[service["id"]])["impact"])
    show.out("\ntry next, in another terminal (with .venv/bin on your PATH):")
    show.out(f"  epicentre impact {service['name']}")
    show.out(f"  epicentre ci show {service['name']}")
    show.out("  epicentre ci list Service")


def _reported(client: HttpClient, stop: threading.Event) -> dict[str, Any] | None:
    """The status once a host is known: after the first report, or at once from the graph of an earlier start.

    An earlier start's answer is as old as it says; a new report is on its way and takes a cold Neo4j some seconds.
    """
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and not stop.is_set():
        answer = client.ask(STATUS)
        if any(agent["host"] for agent in answer["agents"]["nodes"]):
            found: dict[str, Any] = answer["status"]
            return found
        stop.wait(0.1)
    return None


def _telling(client: HttpClient) -> dict[str, Any] | None:
    """A service others depend on: Neo4j, which always runs here, or else the first there is."""
    needed = [s for s in client.ask(SERVICES)["services"]["nodes"] if s["dependents"]["nodes"]]
    return next((s for s in needed if s["name"] == "neo4j"), needed[0] if needed else None)
