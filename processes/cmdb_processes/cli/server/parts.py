"""What takes long to import, in one place, so that it can be loaded while Neo4j starts."""

from cmdb_graphql.app import create_app
from cmdb_graphql.serve import Server
from cmdb_processes.cli.server import compose

__all__ = ["Server", "compose", "create_app"]
