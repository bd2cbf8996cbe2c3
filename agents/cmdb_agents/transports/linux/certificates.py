"""Certificates that this machine's services show, and those at the usual places; never a private key."""

from __future__ import annotations

from dataclasses import replace

from cmdb_agents.parsers.x509 import first
from cmdb_agents.transports.hand import Hand
from cmdb_agents.transports.reader import Reader
from cmdb_agents.transports.readings import Certificate
from cmdb_agents.transports.settings import places, settings

MAX_CERTIFICATES, MAX_FILE = 500, 2**18
USUAL = (
    "/etc/letsencrypt/live/*/cert.pem", "/etc/ssl/*.pem", "/etc/ssl/*.crt", "/etc/ssl/certs/*.pem",
    "/etc/ssl/local/*", "/etc/pki/tls/certs/*.crt", "/etc/pki/tls/certs/*.pem", "/etc/pki/tls/*.crt",
    "/etc/kubernetes/pki/*.crt", "/etc/kubernetes/pki/etcd/*.crt", "/etc/nginx/ssl/*", "/etc/nginx/certs/*",
    "/etc/haproxy/certs/*", "/etc/haproxy/ssl/*", "/etc/apache2/ssl/*", "/etc/httpd/ssl/*",
    "/var/lib/postgresql/*/*/server.crt", "/var/lib/pgsql/data/server.crt",
)  # fmt: skip
_BUNDLES = ("ca-bundle", "ca-certificates", "tls-ca-bundle", "ca.pem")
"""Files that hold whom this machine trusts, not what it shows."""


def read(hand: Hand) -> tuple[Certificate, ...]:
    """Each certificate once; of several files with it the one that a configuration names counts."""
    users: dict[str, set[str]] = {}
    for setting in settings(hand, "certificates"):
        for path in setting.parsed.certificates:
            for file in _files(hand, path if path.startswith("/") else f"{setting.path.rpartition('/')[0]}/{path}"):
                users.setdefault(file, set()).update(setting.programs[:1])
    usual = [p for p in places(hand, USUAL) if not hand.link(p) or "letsencrypt" in p]
    candidates = [*users, *(p for p in usual if p not in users and not p.rpartition("/")[2].startswith(_BUNDLES))]
    if len(candidates) > MAX_CERTIFICATES:
        hand.trouble("certificates", f"certificate files after the first {MAX_CERTIFICATES}", "truncated")
    found: dict[str, Certificate] = {}
    for path in candidates[:MAX_CERTIFICATES]:
        if one := _certificate(hand, path, path in users):
            known = found.get(one.fingerprint, one)
            both = {*known.users, *users.get(path, ())}
            found[one.fingerprint] = replace(known, users=tuple(sorted(both)))
    return tuple(sorted(found.values(), key=lambda c: c.path))


def _files(hand: Hand, path: str) -> list[str]:
    folder = [f"{path.rstrip('/')}/{name}" for name in hand.names(path) if name.endswith((".pem", ".crt"))]
    return folder or [path]


def _certificate(hand: Hand, path: str, named: bool) -> Certificate | None:
    try:
        found = first(hand.raw(path, MAX_FILE))
    except PermissionError:
        hand.trouble("certificates", path[:200], "permission denied", root_helps=True)
        return None
    except ValueError as error:
        hand.trouble("certificates", path[:200], str(error)[:200], hides=False)
        return None
    except OSError as error:
        if named:
            hand.trouble("certificates", path[:200], error.strerror or "cannot be read", hides=False)
        return None
    if found is None:
        return None
    return Certificate(
        path, found.fingerprint, found.subject, found.issuer, found.serial, found.not_before, found.not_after,
        found.names, found.key_type,
    )  # fmt: skip


CERTIFICATES = Reader("certificates", "certificates", read, every=600)
