"""What the installed command starts: the command line, or one sentence where only a part of it was installed."""

from __future__ import annotations

import sys

OURS = ("cmdb", "cmdb_agents", "cmdb_graphql", "cmdb_processes")


def main() -> None:
    """Run the command line. The agent's own installation has this command too, and nothing that it needs."""
    try:
        from cmdb_processes.cli.main import main as run
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] in OURS:
            raise
        sys.stderr.write(f"epicentre: {more(missing)}\n")
        sys.exit(5)
    run()


def more(missing: ModuleNotFoundError) -> str:
    """What to install."""
    return (
        f"this needs more than was installed ({missing.name} is missing): pip install 'epicentre[server]' for a server"
        " and the command line, 'epicentre[ssh]' or 'epicentre[snmp]' for a collector; epicentre-agent needs none of it"
    )
