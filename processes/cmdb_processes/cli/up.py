"""epicentre up, down, status: the whole server as one command."""

from __future__ import annotations

import json as json_module
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmdb.errors import EpicentreError, Misconfigured, Unavailable
from cmdb_processes.cli import show
from cmdb_processes.cli.company.folder import is_example
from cmdb_processes.cli.options import Json
from cmdb_processes.cli.server.lock import held

if TYPE_CHECKING:
    from cmdb.config import Settings


def register(app: typer.Typer) -> None:
    """Offer the commands."""
    app.command(epilog="Examples: epicentre up; epicentre up --detach; EPICENTRE_HOME=/srv/cmdb epicentre up")(up)
    app.command(epilog="Example: epicentre down")(down)
    app.command(epilog="Examples: epicentre status; epicentre status --json (exit 0 running, 4 not)")(status)


def up(
    detach: Annotated[bool, typer.Option("--detach", help="Run in the background; `epicentre down` stops it.")] = False,
    agent: Annotated[bool, typer.Option(help="Also run an agent that reports this host.")] = True,
) -> None:
    """Start Neo4j, the server and an agent for this host; stay until Ctrl-C, which stops them all."""
    from cmdb.config import load  # late: most commands need no settings

    settings = load()
    if is_example(settings.home):  # an agent would report this host into a company that is made up
        raise Misconfigured(
            f"{settings.home} is the example's, and `epicentre demo` starts it: unset EPICENTRE_HOME for a real server"
        )
    if detach:
        _detach(settings, agent)
        return
    from cmdb_processes.cli.server.run import Run  # late: the other commands need none of the server

    try:
        Run(settings, agent=agent).serve()
    except KeyboardInterrupt:
        show.out("stopped before it was ready")
        raise typer.Exit(130) from None


def _detach(settings: Settings, agent: bool) -> None:
    from cmdb_processes.cli.server.folder import private_folder

    private_folder(settings.home / "logs")
    log = settings.home / "logs" / "server.log"
    if running(settings) is not None:
        raise Misconfigured(f"a server already runs on {settings.home}; `epicentre down` stops it")
    program = Path(sys.executable).with_name("epicentre")
    with log.open("ab") as output:
        start = output.tell()
        child = subprocess.Popen(
            [sys.executable, str(program), "up", "--agent" if agent else "--no-agent"],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    for _ in range(6000):  # ten minutes: a first start downloads
        if child.poll() is not None:
            break
        if (settings.home / "ready").exists() and running(settings) == child.pid:
            break
        time.sleep(0.1)
    sys.stdout.write(log.read_bytes()[start:].decode(errors="replace"))
    if child.poll() is not None:
        raise Misconfigured(f"the server ended while starting; its output is above and in {log}")
    show.out(f"running in the background as {child.pid}; output goes to {log}; `epicentre down` stops it")


def running(settings: Settings) -> int | None:
    """The process id of the server on this data folder, if one is alive."""
    try:
        pid = int(json_module.loads((settings.home / "server.json").read_text())["pid"])
        os.kill(pid, 0)
    except (OSError, ValueError, KeyError):
        return None
    return pid


def down() -> None:
    """Stop the server on this data folder and wait until it is gone. Stopping what does not run is no error."""
    from cmdb.config import load  # late: most commands need no settings

    settings = load()
    if not held(settings.home):
        show.out(f"no server runs on {settings.home}")
        return
    told = None
    for _ in range(PATIENCE):
        pid = running(settings)
        if pid not in {None, told}:  # one that is only starting says later who it is
            assert pid is not None
            os.kill(pid, signal.SIGTERM)
            told = pid
        if not held(settings.home):  # the last thing a server lets go of, after its Neo4j: another may start now
            show.out("stopped")
            return
        time.sleep(0.1)
    what = "still starting" if told is None else f"(process {told}) still stopping"
    raise Unavailable(f"the server is {what} after {PATIENCE // 10} s; look again with `epicentre status`")


PATIENCE = 900
"""Tenths of a second: a server that stops gives half a minute to the commands under way, and to its Neo4j."""


def status(json: Json = False) -> None:
    """Say whether a server runs here, where, and how it does."""
    from cmdb.config import load  # late: most commands need no settings

    settings = load()
    facts: dict[str, Any] = {"home": str(settings.home), "running": False}
    pid = running(settings)
    if pid is not None:
        facts |= json_module.loads((settings.home / "server.json").read_text()) | {"running": True}
        try:
            facts |= _inside()
        except EpicentreError as error:
            facts["problem"] = error.message
    if json:
        show.emit(facts)
    else:
        show.facts(
            [
                (k, v if not isinstance(v, dict) else ", ".join(f"{n} {c}" for c, n in v.items()))
                for k, v in facts.items()
            ]
        )
    if pid is None or "problem" in facts:
        raise typer.Exit(4)


def _inside() -> dict[str, Any]:
    from cmdb_processes.cli import asking

    found: dict[str, Any] = asking.ask("{ status { sequence queued held quarantined counts { class count } } }")[
        "status"
    ]
    found["counts"] = {c["class"]: c["count"] for c in found["counts"]}
    return {name: value for name, value in found.items() if value is not None}  # a reader is not told of the queue
