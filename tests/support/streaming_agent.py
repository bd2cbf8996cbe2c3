"""A real agent on a machine that never stands still: it reports every second, until it is killed.

    python streaming_agent.py HOME RECORDING LOG

Every body is written to LOG before it is sent, and every acknowledgement after it came.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
import time
from dataclasses import replace
from pathlib import Path

from cmdb_agents.agent import Agent
from cmdb_agents.front_door import Answer
from cmdb_agents.home import Home
from cmdb_agents.transports.readings import Machine
from cmdb_agents.transports.recorded import Recorded


class Restless:
    """A recorded machine whose processes and sockets come and go."""

    def __init__(self, path: Path, rng: random.Random) -> None:
        self._machine, self._rng = Recorded(path).read(), rng

    def read(self) -> Machine:
        """The machine with some of its sockets hidden and one process's account changed."""
        kept = tuple(s for s in self._machine.sockets if self._rng.random() < 0.8)
        user = self._rng.choice(["root", "app", "nobody"])
        processes = tuple(replace(p, user=user) if n == 1 else p for n, p in enumerate(self._machine.processes))
        return replace(self._machine, sockets=kept, processes=processes)


def main(home: str, recording: str, log_path: str) -> None:
    """Report until killed, or until the file STOP lies beside the log."""
    stop = Path(log_path).with_name("STOP")
    with Path(log_path).open("a", buffering=1) as log, Home(Path(home)).lock():
        agent = Agent(Home(Path(home)), Restless(Path(recording), random.Random()), deadline=10.0)
        post = agent.door.post

        def logged(route: str, body: bytes, headers: dict[str, str]) -> Answer:
            plain = gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body
            log.write(json.dumps({"sent": json.loads(plain)}) + "\n")
            answer = post(route, body, headers)
            if answer.status in {200, 202}:
                log.write(json.dumps({"acknowledged": json.loads(plain)["report_id"]}) + "\n")
            return answer

        agent.door.post = logged  # type: ignore[method-assign]  # the outermost edge, only listened to
        while not stop.exists():
            agent.cycle()
            # Each look at this machine is a change to keep, of a quarter of a second of processor time: much faster,
            # and a test of kills works off its backlog for most of the time.
            time.sleep(1.0)
        while agent.outbox.waiting() is not None:  # what was left when the last server died
            agent.cycle()
            time.sleep(0.2)


if __name__ == "__main__":
    main(*sys.argv[1:])
