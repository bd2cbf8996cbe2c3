"""The collector at work: run what is due or asked for, tell the server, and wait; until told to stop."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Thread

from cmdb.errors import EpicentreError, Unavailable
from cmdb.stop import Stop
from cmdb_agents.discover.credentials import Credentials
from cmdb_agents.discover.folder import Folder
from cmdb_agents.discover.run import Gather, perform, prepare
from cmdb_agents.discover.send import Collector
from cmdb_agents.discover.targets import Target
from cmdb_agents.moments import iso
from cmdb_agents.outbox import Outbox

ROUTE = "/discoveries"
BEAT = 15.0
"""Seconds between two words with the server: how long `discover now` waits at most."""

MAX_TOLD = 20


def due(target: Target, last_run: str, now: float) -> bool:
    """Whether a target's interval is over and its window open. Pure."""
    if not target.every:
        return False
    moment = datetime.fromtimestamp(now, UTC)
    if not target.open_at(moment.hour * 60 + moment.minute):
        return False
    return not last_run or now - datetime.fromisoformat(last_run).timestamp() >= target.every


def tell(folder: Folder, collector: Collector, now: float) -> list[str]:
    """Tell the server the targets and what runs it has not heard of; which of the targets it asks for."""
    runs = folder.runs(unsent=True)[-MAX_TOLD:]
    targets = [
        {"name": t.name, "kind": t.kind, "every": t.every, "hosts": list(t.hosts)} for t in folder.targets().values()
    ]
    body = json.dumps({"runs": runs, "targets": targets}).encode()
    outbox, door = Outbox(folder.home.database), collector.door()
    try:
        # From the clock, so that a folder that was put back from a backup is not behind for ever.
        counter = outbox.next_counter(at_least=int(now * 1000))
    finally:
        outbox.close()
    signed = collector.signer.headers("POST", door.authority, door.path(ROUTE), body, created=int(now), counter=counter)
    answer = door.post(ROUTE, body, {"Content-Type": "application/json", **signed})
    if answer.status != 200:
        raise Unavailable(f"the server does not take the runs of this collector: {answer.message}")
    folder.sent([str(run["id"]) for run in runs])
    asked = answer.body.get("asked")
    return [name for name in asked if isinstance(name, str)] if isinstance(asked, list) else []


def keep_collecting(
    folder: Folder,
    credentials: Credentials,
    collector: Collector,
    stop: Stop,
    clock: Callable[[], float] = time.time,
    beat: float = BEAT,
    gather: Gather | None = None,
) -> None:
    """Work until `stop` is set. What goes wrong is said and tried again; nothing ends the collector."""
    asked: set[str] = set()
    running: dict[str, Thread] = {}
    while not stop.is_set():
        try:
            targets = folder.targets()
            running = {name: thread for name, thread in running.items() if thread.is_alive()}
            for name, target in targets.items():
                if name not in running and (name in asked or due(target, folder.last_run(name), clock())):
                    # Each by itself: a large or broken network must not keep a small one waiting.
                    work = Thread(target=_run, args=(folder, credentials, collector, target, clock, gather))
                    running[name] = work
                    asked.discard(name)
                    work.start()
            asked = (asked | set(tell(folder, collector, clock()))) & set(targets)
        except EpicentreError as error:
            _log(f"error {error.message}", clock())
        if not asked - set(running):
            stop.wait(beat)
    for thread in running.values():
        thread.join()


def _run(
    folder: Folder,
    credentials: Credentials,
    collector: Collector,
    target: Target,
    clock: Callable[[], float],
    gather: Gather | None,
) -> None:
    try:
        run, _ = perform(folder, prepare(folder, target, credentials, clock()), collector, clock, gather=gather)
    except EpicentreError as error:
        _log(f"target={target.name} error {error.message}", clock())
        return
    counts = " ".join(f"{name}={count}" for name, count in run.counts.items())
    _log(f"target={target.name} run={run.id} places={len(run.places)} {counts}", clock())


def _log(text: str, now: float) -> None:
    clean = "".join(c for c in text if c.isprintable())
    sys.stderr.write(f"{iso(now)} {clean}\n")
    sys.stderr.flush()
