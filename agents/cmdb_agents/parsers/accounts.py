"""User accounts of passwd(5) and group(5). Passwords and their hashes lie elsewhere and are never read."""

from __future__ import annotations

from cmdb_agents.transports.readings import Account


def accounts(passwd: str, group: str) -> tuple[Account, ...]:
    """Each account with the names of its groups."""
    names: dict[int, str] = {}
    members: dict[str, set[str]] = {}
    for row in (line.split(":") for line in group.splitlines()):
        if len(row) == 4 and row[2].isdigit():
            names[int(row[2])] = row[0]
            for member in row[3].split(","):
                members.setdefault(member.strip(), set()).add(row[0])
    found = {}
    for row in (line.split(":") for line in passwd.splitlines()):
        if len(row) >= 7 and row[2].isdigit() and row[3].isdigit() and row[0]:
            groups = members.get(row[0], set()) | {names.get(int(row[3]), row[3])}
            found[row[0]] = Account(row[0], int(row[2]), int(row[3]), row[5], row[6], tuple(sorted(groups)))
    return tuple(found[name] for name in sorted(found))
