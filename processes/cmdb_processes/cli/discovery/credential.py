"""How to be let in, from a file that only its owner reads. Nothing secret is ever taken from the command line.

A file holds one line, a community of version 1 or 2c, or lines of `key = value` for a user of version 3.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from cmdb.errors import Invalid, Misconfigured, NotAuthenticated
from cmdb_agents.transports.snmp import Target, User

KEYS = ("user", "auth", "auth_key", "privacy", "privacy_key")
MOST_BYTES = 4_096


def target(reference: str, folder: Path, address: str, port: int, version: Literal["1", "2c"]) -> Target:
    """A target with the credential of a reference: a file's path, or its name in the credentials folder."""
    text = _text(_file(reference, folder))
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if len(lines) == 1 and "=" not in lines[0]:
        return Target(address, port, version, lines[0])
    told = {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in lines)}
    if unknown := sorted(set(told) - set(KEYS)):
        # Not its value: a line that went wrong may hold the secret.
        raise Invalid(f"a line is none of {', '.join(KEYS)} ({len(unknown)} such)", where=reference)
    if not told:
        raise Invalid(
            "is empty: one line with a community, or lines with user, auth_key and privacy_key", where=reference
        )
    user = User(
        told.get("user", ""), told.get("auth", "SHA-256"), told.get("auth_key", ""), told.get("privacy", "AES-128"),
        told.get("privacy_key", ""),
    )  # fmt: skip
    return Target(address, port, "3", "", user)


def _file(reference: str, folder: Path) -> Path:
    named = folder / reference
    for place in (named, Path(reference)):
        if place.is_file():
            return place
    raise NotAuthenticated(
        f"there is no credential file {reference!r}, here or in {folder}: a community or key is written into a file"
        " (chmod 600), never into the command"
    )


def _text(file: Path) -> str:
    try:
        if file.stat().st_mode & 0o077:
            raise Misconfigured(f"{file} can be read by others: chmod 600 {file}")
        return file.read_bytes()[:MOST_BYTES].decode()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"the credential file {file} cannot be read ({type(error).__name__})") from error
