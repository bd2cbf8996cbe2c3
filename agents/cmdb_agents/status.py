"""How an agent is doing, as `epicentre-agent status` tells it: what was accepted, what waits, what went wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cmdb_agents.agent import Cost
from cmdb_agents.home import Home
from cmdb_agents.outbox import Outbox


def found(home: Home) -> dict[str, Any]:
    """What the folder knows, ready for JSON; Misconfigured before there is an enrolment."""
    enrolled = home.whose()
    outbox = Outbox(home.database)
    waiting, (reports, size) = outbox.waiting(), outbox.spooled()
    status = {
        "url": enrolled.url,
        "node": enrolled.node,
        "home": str(home.path),
        "last_accepted": json.loads(outbox.fact("last_accepted", "null")),
        "last_report": json.loads(outbox.fact("last_cycle", "null")),
        "waiting": None if waiting is None else {"seq": waiting.seq, "reports": reports, "bytes": size},
        "dropped": int(outbox.fact("dropped", "0")),
        "refused": int(outbox.fact("refused", "0")),
        "quarantine": outbox.quarantine(),
        "clock_offset_seconds": int(outbox.fact("clock_offset", "0")),
        "clock": told_clock(outbox),
    }
    outbox.close()
    return status


def lines(status: dict[str, Any]) -> Iterator[str]:
    """The same for people, but for what could not be seen."""
    accepted, last, waiting = status["last_accepted"], status["last_report"], status["waiting"]
    yield f"node:     {status['node']} at {status['url']} (folder {status['home']})"
    yield f"accepted: {'report {seq} at {at}'.format(**accepted) if accepted else 'none yet'}"
    if last:
        yield f"last try: {last['outcome']} at {last['at']}: {last['message']}"
        yield f"cost:     {Cost(**last['cost'])}"
    if waiting:
        yield f"waiting:  {_reports(waiting['reports'])} from {waiting['seq']} on, {waiting['bytes']} bytes"
    if status["dropped"]:
        yield f"dropped:  {_reports(status['dropped'])} that did not fit while the server was away"
    if status["clock"]:
        yield f"clock:    {status['clock']}"
    if status["refused"]:
        yield f"refused:  {_reports(status['refused'])}; the last: {status['quarantine'][-1]['reason']}"


def _reports(number: int) -> str:
    return f"{number} report" if number == 1 else f"{number} reports"


def told_clock(outbox: Outbox) -> str:
    """How this clock stands to the server's; nothing where the server takes it for right."""
    offset = int(outbox.fact("clock_offset", "0"))
    if not offset:
        return ""
    size, unit = next(one for one in ((86_400, "days"), (60, "minutes"), (1, "seconds")) if abs(offset) >= one[0])
    way = "behind" if offset > 0 else "ahead of"
    return f"{abs(offset) // size} {unit} {way} the server's, by which requests are signed; put this machine's right"
