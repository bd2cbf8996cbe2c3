"""Run as a program by the kill test: an agent that reports without pause, of a machine that keeps changing.

python reporting_loop.py HOME RECORDING
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

from cmdb_agents.agent import Agent
from cmdb_agents.home import Home
from cmdb_agents.transports.readings import Machine
from cmdb_agents.transports.recorded import Recorded


class Restless:
    """Changes the kernel's name at every third look."""

    def __init__(self, path: Path) -> None:
        self._machine, self._looks = Recorded(path).read(), 0

    def read(self) -> Machine:
        """The machine as it is now."""
        self._looks += 1
        kernel = f"{os.getpid()}-{self._looks // 3}"
        return replace(self._machine, platform=replace(self._machine.platform, kernel=kernel))


def main(home: str, recording: str) -> None:
    """Report until killed, for a minute at most."""
    place = Home(Path(home))
    with place.lock():
        agent = Agent(place, Restless(Path(recording)), deadline=5)
        print("ready", flush=True)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            agent.cycle()


if __name__ == "__main__":
    main(*sys.argv[1:])
