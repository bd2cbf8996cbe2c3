"""PostgreSQL: the server a standby follows, and the certificate a server shows; format: postgresql.conf."""

from __future__ import annotations

import re

from cmdb_agents.configuration import Configuration, Named, Parsed, address, url

_SETTING = re.compile(r"^\s*([a-z_.]+)\s*(?:=|\s)\s*('(?:[^']|'')*'|[^#\s]+)", re.MULTILINE | re.IGNORECASE)
_WORD = re.compile(r"(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|\S+)")


def parse(text: str) -> Parsed:
    """Whom `primary_conninfo` names, and `ssl_cert_file`; the last line of a setting counts."""
    settings = {name.lower(): value.strip("'").replace("''", "'") for name, value in _SETTING.findall(text)}
    certificate = settings.get("ssl_cert_file", "")
    return Parsed(
        tuple(conninfo(settings.get("primary_conninfo", ""))),
        (certificate,)
        if certificate.startswith("/") and settings.get("ssl", "off") in ("on", "true", "yes", "1")
        else (),
    )


def conninfo(text: str) -> list[Named]:
    """The hosts of a libpq connection string, as words or as a URL."""
    if "://" in text:
        return url(text)
    words = {name: value.strip("'") for name, value in _WORD.findall(text)}
    hosts = [h for h in (words.get("hostaddr") or words.get("host", "")).split(",") if h and not h.startswith("/")]
    ports = words.get("port", "5432").split(",")
    found = [
        address(f"[{h}]" if ":" in h else h, int(ports[min(n, len(ports) - 1)] or 5432)) for n, h in enumerate(hosts)
    ]
    return [one for one in found if one]


POSTGRESQL = Configuration(
    name="postgresql",
    programs=("postgres", "postgresql", "postmaster"),
    places=(
        "/etc/postgresql/*/*/postgresql.conf", "/etc/postgresql/*/*/conf.d/*.conf",
        "/var/lib/postgresql/*/*/postgresql.auto.conf", "/var/lib/pgsql/data/postgresql.conf",
        "/var/lib/pgsql/data/postgresql.auto.conf", "/var/lib/pgsql/*/data/postgresql.conf",
        "/var/lib/pgsql/*/data/postgresql.auto.conf",
    ),
    parse=parse,
)  # fmt: skip
