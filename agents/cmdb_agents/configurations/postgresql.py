"""PostgreSQL: the server a standby follows, and the certificate a server shows; format: postgresql.conf."""

from __future__ import annotations

import re
from collections.abc import Callable

from cmdb_agents.configuration import Configuration, Named, Parsed, Pool, address, parsed, url

_SETTING = re.compile(r"^\s*([a-z_.]+)\s*(?:=|\s)\s*('(?:[^']|'')*'|[^#\s]+)", re.MULTILINE | re.IGNORECASE)
_DEBIAN = re.compile(r"/etc/postgresql/([^/]+/[^/]+)/")
_WORD = re.compile(r"(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|\S+)")


def parse(text: str) -> Parsed:
    """Whom `primary_conninfo` names, and `ssl_cert_file`; the last line of a setting counts.

    A standby whose primary is gone goes on answering what is only read, and may be promoted: it is degraded.
    """
    settings = _settings(text)
    certificate = settings.get("ssl_cert_file", "")
    upstream = tuple(dict.fromkeys(conninfo(settings.get("primary_conninfo", ""))))
    shown = certificate.startswith("/") and settings.get("ssl", "off") in ("on", "true", "yes", "1")
    return parsed((), [Pool(upstream, soft=True)] if upstream else [], [certificate] if shown else [])


def idle(path: str, text: str, there: Callable[[str], bool]) -> bool:
    """Whether it follows nobody: only a server that finds standby.signal in its data folder is a standby.

    `primary_conninfo` stays in the files of one that was promoted. Where nobody may look, it counts.
    """
    settings = _settings(text)
    debian = _DEBIAN.match(path)
    beside = f"/var/lib/postgresql/{debian[1]}" if debian else path.rpartition("/")[0]
    folder = settings.get("data_directory", beside)
    return "primary_conninfo" in settings and there(f"{folder}/PG_VERSION") and not there(f"{folder}/standby.signal")


def _settings(text: str) -> dict[str, str]:
    return {name.lower(): value.strip("'").replace("''", "'") for name, value in _SETTING.findall(text)}


def conninfo(text: str) -> list[Named]:
    """The hosts of a libpq connection string, as words or as a URL."""
    if "://" in text:
        return url(text)
    words = {name: value.strip("'") for name, value in _WORD.findall(text)}
    return hosts(words.get("hostaddr") or words.get("host", ""), words.get("port", "5432"))


def hosts(names: str, port: str) -> list[Named]:
    """The hosts of a comma list, each with its own port or the one that all have; sockets of the host are left out."""
    ports = port.split(",")
    listed = [h.strip() for h in names.split(",")]
    found = [
        address(f"[{h}]" if ":" in h else h, _port(ports[min(n, len(ports) - 1)]))
        for n, h in enumerate(listed)
        if h and not h.startswith(("/", "@"))
    ]
    return [one for one in found if one]


def _port(text: str) -> int:
    return int(text) if text.strip().isdecimal() else 5432


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
    idle=idle,
)  # fmt: skip
