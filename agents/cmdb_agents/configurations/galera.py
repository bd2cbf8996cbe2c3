"""Galera (MariaDB, MySQL, Percona XtraDB Cluster): the nodes of the cluster; format: the Galera documentation.

A node that does not see more than half of its cluster refuses queries (weighted quorum, weights being 1 each).
"""

from __future__ import annotations

import re

from cmdb_agents.configuration import Configuration, Parsed, Pool, address, parsed

_SETTING = re.compile(r"^[ \t]*([a-z_-]+)[ \t]*=[ \t]*(.*?)[ \t]*$", re.MULTILINE | re.IGNORECASE)
PORT = 4567
"""Where nodes find each other."""


def parse(text: str) -> Parsed:
    """The nodes of `wsrep_cluster_address`, unless `wsrep_on` is off; the last line of a setting counts."""
    settings = {name.lower().replace("-", "_"): value.strip("\"'") for name, value in _SETTING.findall(text)}
    scheme, _, rest = settings.get("wsrep_cluster_address", "").partition("://")
    if scheme != "gcomm" or settings.get("wsrep_on", "on").lower() in ("off", "0"):
        return Parsed()
    nodes = rest.partition("?")[0].split(",")
    members = tuple(dict.fromkeys(one for node in nodes if (one := address(node, PORT))))
    return parsed((), [Pool(members, needs=0, peers=True)] if members else [])


GALERA = Configuration(
    name="galera",
    programs=("mariadbd", "mysqld", "mariadb", "mysql"),
    places=(
        "/etc/my.cnf", "/etc/my.cnf.d/*.cnf", "/etc/mysql/my.cnf", "/etc/mysql/conf.d/*.cnf",
        "/etc/mysql/mysql.conf.d/*.cnf", "/etc/mysql/mariadb.conf.d/*.cnf",
    ),
    parse=parse,
)  # fmt: skip
