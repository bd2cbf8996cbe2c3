"""What `epicentre up` prints about its own host: what was found, and what breaks if one of its services stops."""

from __future__ import annotations

import time
from typing import Any

from cmdb.stop import Stop
from cmdb_graphql.client import HttpClient
from cmdb_processes.cli import show
from cmdb_processes.cli.impact import IMPACT, render

STATUS = "{ status { counts { class count } } agents(first: 100) { nodes { host } } }"
SERVICES = """
{ services(first: 100) { nodes { id name key listens dependents(first: 1) { nodes { id } } parent { name } } } }
"""
PATIENCE = 60.0


def show_first(client: HttpClient, stop: Stop, neo4j: int) -> None:
    """Wait for the agent's first report, then print counts, the first answer, and what to try next.

    `neo4j` is the port of this server's own.
    """
    status = _reported(client, stop)
    if status is None:
        show.out("the agent has not reported yet; `epicentre agents list` shows when it has")
        return
    counts = ", ".join(f"{c['count']} {c['class']}" for c in status["counts"])
    show.out(f"found on this host: {counts}")
    services = client.ask(SERVICES)["services"]["nodes"]
    service = _telling(services, neo4j)
    if service is None:
        show.out("no service of this host depends on another yet; more is seen with every report")
        return
    show.out(f"\nwhat breaks if {service['name']} stops?")
    render(client.ask(IMPACT, of=[service["id"]])["impact"])
    show.out("\ntry next, in another terminal (with .venv/bin on your PATH):")
    called = _called(service, services)
    show.out(f"  epicentre impact {called}")
    show.out(f"  epicentre ci show {called}")
    show.out("  epicentre ci list Service")


def _reported(client: HttpClient, stop: Stop) -> dict[str, Any] | None:
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


def _telling(services: list[dict[str, Any]], neo4j: int) -> dict[str, Any] | None:
    """A service others depend on: our Neo4j, which always runs here, or else another, or the first there is."""
    needed = [one for one in services if one["dependents"]["nodes"]]
    return min(needed, key=lambda one: (not _listens(one, neo4j), one["name"] != "neo4j"), default=None)


def _called(service: dict[str, Any], services: list[dict[str, Any]]) -> str:
    """The shortest word that means this one and no other."""
    alone = sum(one["name"] == service["name"] for one in services) == 1
    word: str = service["name"] if alone else service["key"] if service["key"] != service["name"] else service["id"]
    return word


def _listens(service: dict[str, Any], port: int) -> bool:
    return any(where.endswith(f":{port}") for where in service["listens"] or ())
