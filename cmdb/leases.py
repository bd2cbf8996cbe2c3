"""Leases: a CI whose sources have fallen silent is stale after its class's lease, and retired after another. Pure.

Moments are ISO 8601 UTC. A source whose last word is not known is not silent: nothing is taken for lost unproven.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from cmdb.claims import PERSON, holds, source_of
from cmdb.moments import after
from cmdb.words import Lease

DAY = 24.0
State = Literal["fresh", "stale", "over"]


@dataclass(frozen=True, slots=True)
class Held:
    """A live CI with the scopes that claim it; `stale_since` is when a sweep found it stale."""

    id: str
    cls: str
    parent: str | None
    scopes: Collection[str]
    stale_since: str | None = None


def silent(scope: str, seen: Mapping[str, str], lease: Lease, now: str) -> bool:
    """Whether a scope has not spoken for a lease. People do not repeat themselves, so their word does not age."""
    last = seen.get(scope)
    return source_of(scope) != PERSON and last is not None and after(last, lease.stale_days * DAY) < now


def state(ci: Held, seen: Mapping[str, str], lease: Lease, now: str) -> State:
    """What is to become of a CI: it is over a lease after it was found stale, not after its source fell silent.

    So a server that was down itself finds everything stale at first, and nothing is retired before agents could report.
    """
    holding = [scope for scope in ci.scopes if holds(scope)]
    if not holding or not all(silent(scope, seen, lease, now) for scope in holding):
        return "fresh"
    if ci.stale_since is not None and after(ci.stale_since, (lease.retire_days - lease.stale_days) * DAY) < now:
        return "over"
    return "stale"
