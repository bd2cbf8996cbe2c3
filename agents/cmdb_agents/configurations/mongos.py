"""The router of a sharded MongoDB cluster: its configuration servers; format: mongos.conf."""

from __future__ import annotations

from cmdb_agents.configuration import Configuration, Parsed, Pool, address, majority, parsed
from cmdb_agents.configurations.mongodb import settings

PORT = 27019


def parse(text: str) -> Parsed:
    """The members in `configDB`: any of them tells what the router must know, a majority can change it."""
    hosts = settings(text).get("configdb", "").rpartition("/")[2].split(",")
    members = tuple(dict.fromkeys(one for host in hosts if (one := address(host, PORT))))
    return parsed((), [Pool(members, full=majority(len(members)))] if members else [])


MONGOS = Configuration(name="mongos", programs=("mongos",), places=("/etc/mongos.conf",), parse=parse)
