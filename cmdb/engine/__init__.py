"""The embedded Neo4j: the real Community server as a child process, fetched by a lock file."""

from cmdb.engine.bolt import Bolt
from cmdb.engine.server import Engine

__all__ = ["Bolt", "Engine"]
