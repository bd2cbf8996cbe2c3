"""Print the whole GraphQL schema, the processes' part included."""

import sys

from cmdb_graphql.schema import text
from cmdb_processes.cli.server.processes import processes

if __name__ == "__main__":
    sys.stdout.write(text(processes()))
