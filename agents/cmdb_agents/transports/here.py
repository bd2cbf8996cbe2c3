"""The transport to this machine: the direct one on Linux, elsewhere what psutil gives."""

from __future__ import annotations

import sys

from cmdb_agents.transports.readings import Transport


def here() -> Transport:
    """The best reader of the machine this runs on."""
    if sys.platform.startswith("linux"):
        from cmdb_agents.transports.local import Local

        return Local()
    from cmdb_agents.transports.portable import Portable

    return Portable()
