"""Where a Neo4j is reached."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Bolt:
    """Address and credentials of a Neo4j; the password is kept out of every repr."""

    uri: str
    user: str
    password: str = field(repr=False)
