"""PgBouncer: the servers its databases are on; format: pgbouncer.org/config.html."""

from __future__ import annotations

from cmdb_agents.configuration import Configuration, Named, Parsed, Pool, parsed
from cmdb_agents.configurations.postgresql import conninfo


def parse(text: str) -> Parsed:
    """The hosts of each line of [databases]; several of one database are tried in turn, so one of them is enough."""
    alone: list[Named] = []
    pools: list[Pool] = []
    section = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            section = line
        elif section.lower() == "[databases]" and line[:1] not in (";", "#") and "=" in line:
            members = tuple(dict.fromkeys(conninfo(line.partition("=")[2])))
            pools += [Pool(members)] if len(members) > 1 else []
            alone += members if len(members) == 1 else ()
    return parsed(alone, pools)


PGBOUNCER = Configuration(
    name="pgbouncer",
    programs=("pgbouncer",),
    places=("/etc/pgbouncer/pgbouncer.ini", "/etc/pgbouncer/databases.ini"),
    parse=parse,
)
