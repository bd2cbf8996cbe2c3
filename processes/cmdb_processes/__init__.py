"""The ITSM processes and the command line: clients of GraphQL, every one."""
