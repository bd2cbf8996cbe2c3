"""MongoDB: whether a server is of a replica set; format: mongod.conf.

Which servers form a replica set stands in the database, not in a file. A member talks to the other members alone, and
to all of them (heartbeats, every two seconds); elections and acknowledged writes take the majority of the set.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from cmdb_agents.configuration import Configuration, Parsed, Pool, parsed

_SETTING = re.compile(r"^[ \t]*([A-Za-z.]+)[ \t]*[:=][ \t]*([^\s#][^#\n]*?)[ \t]*(?:#.*)?$", re.MULTILINE)


def parse(text: str) -> Parsed:
    """That it is of a set, unless that is part of a sharded cluster: then it talks to others than its set too."""
    said = settings(text)
    sharded = said.get("clusterrole") or "true" in (said.get("shardsvr"), said.get("configsvr"))
    of_a_set = said.get("replsetname") or said.get("replset")
    return parsed((), [Pool(needs=0, peers=True, seen=True)] if of_a_set and not sharded else [])


def settings(text: str) -> Mapping[str, str]:
    """The settings of a file, old form or YAML, each by the last part of its name in lower case."""
    return {name.rpartition(".")[2].lower(): value.strip("\"'") for name, value in _SETTING.findall(text)}


MONGODB = Configuration(
    name="mongodb", programs=("mongod",), places=("/etc/mongod.conf", "/etc/mongodb.conf"), parse=parse
)
