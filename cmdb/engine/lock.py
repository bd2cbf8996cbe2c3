"""The lock file: exactly which jars make the embedded Neo4j."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cmdb.errors import DeclarationError

PATH = Path(__file__).with_name("neo4j.lock")


@dataclass(frozen=True, slots=True)
class Jar:
    """One locked artifact of a Maven repository; `size` in bytes, `sha256` in hexadecimal."""

    group: str
    artifact: str
    version: str
    classifier: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """Its file name."""
        return f"{self.artifact}-{self.version}{f'-{self.classifier}' if self.classifier else ''}.jar"

    @property
    def path(self) -> str:
        """Its place in a repository of the Maven 2 layout."""
        return f"{self.group.replace('.', '/')}/{self.artifact}/{self.version}/{self.name}"


def parse(text: str) -> tuple[Jar, ...]:
    """Read lock lines: `group:artifact:version[:classifier] bytes sha256`; # starts a comment."""
    jars = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            try:
                coordinates, size, sha256 = line.split()
                group, artifact, version, *classifier = coordinates.split(":")
                jars.append(Jar(group, artifact, version, "".join(classifier), int(size), sha256))
            except ValueError as error:
                raise DeclarationError(f"neo4j.lock line {number} is not `g:a:v bytes sha256`: {line!r}") from error
    return tuple(jars)


@cache
def locked() -> tuple[Jar, ...]:
    """The jars of the checked-in lock file."""
    return parse(PATH.read_text())


def digest(jars: tuple[Jar, ...]) -> str:
    """A short name for exactly these jars."""
    return hashlib.sha256("\n".join(sorted(jar.sha256 for jar in jars)).encode()).hexdigest()[:16]
