"""What takes long to import and to build, in one place, so that it can be done while Neo4j starts."""

from cmdb_graphql.app import create_app
from cmdb_graphql.client import HttpClient
from cmdb_graphql.endpoint import prepare
from cmdb_graphql.serve import Server
from cmdb_processes.cli.server import compose, first_answer

__all__ = ["HttpClient", "Server", "compose", "create_app", "first_answer", "prepare"]
