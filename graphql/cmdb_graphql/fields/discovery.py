"""Runs of collectors: what was found, changed, gone or wrong, what waits for a person, and who has no agent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import strawberry

from cmdb.discoveries import MET, Discoveries, RunTold, TargetTold, is_loopback, latest, reconciled, sighted, waits
from cmdb.errors import Unavailable
from cmdb.words import Role
from cmdb_graphql.context import Info, blocking, command, computed, question, readable_by, whole
from cmdb_graphql.pages import Connection
from cmdb_graphql.pages import held as page
from cmdb_graphql.types import CI, After, First, make


@readable_by(Role.VIEWER)
@strawberry.type(description="A target that a collector has: what it looks at, and how often.")
class DiscoveryTarget:
    """A target."""

    collector: str = strawberry.field(description="The collector's id.")
    name: str = strawberry.field(description="The target's name.")
    kind: str = strawberry.field(description="How it is looked at: ssh, snmp.")
    every: int = strawberry.field(description="Seconds between runs; 0 when it is run by hand.")
    hosts: list[str] = strawberry.field(
        description="The networks, addresses and names it lists.", metadata=whole("a target lists them all")
    )


@readable_by(Role.VIEWER)
@strawberry.type(description="A part of a run.")
class DiscoveryPhase:
    """A phase."""

    name: str = strawberry.field(description="What was done.")
    seconds: float = strawberry.field(description="How long it took.")


@readable_by(Role.VIEWER)
@strawberry.type(description="Something that a run did not look at, and why.")
class DiscoverySkipped:
    """Left out."""

    what: str = strawberry.field(description="The host as the target names it.")
    why: str = strawberry.field(description="The reason.")


@readable_by(Role.VIEWER)
@strawberry.type(description="The key of a host on the way to a place, by fingerprint.")
class DiscoveryShownKey:
    """A key."""

    at: str = strawberry.field(description="Address and port of the host.")
    pinned: str = strawberry.field(description="The fingerprint of the key that was pinned.")
    shown: str = strawberry.field(description="The fingerprint of the key that it showed; another means: nothing sent.")


@readable_by(Role.VIEWER)
@strawberry.type(description="One place of a run: an address that was looked at.")
class DiscoveryPlace:
    """A place."""

    address: str = strawberry.field(description="The address.")
    name: str = strawberry.field(description="The name it was resolved from, else what the machine calls itself.")
    node: str = strawberry.field(description="Under which id its reports come.")
    ended: str = strawberry.field(
        description="seen, silent, not let in, stopped (host key), locked, broken, or unsent."
    )
    why: str = strawberry.field(description="The reason, where it was not simply seen.")
    seconds: float = strawberry.field(description="How long the look took.")
    received: int = strawberry.field(description="Bytes it answered.")
    new: bool = strawberry.field(description="Whether no run of the target had seen it before.")
    gone: bool = strawberry.field(description="Whether the run before had seen it and this one has not.")
    changed: int = strawberry.field(description="How many sections of its report had changed.")
    unseen: list[str] = strawberry.field(
        description="What could not be seen there, and why.", metadata=whole("twenty lines at most are told")
    )
    host_keys: list[DiscoveryShownKey] = strawberry.field(
        description="By SSH: the keys of its jump hosts and its own, or the one at which the look stopped.",
        metadata=whole("ten at most are told"),
    )
    unreconciled: bool = strawberry.field(description="Whether its report waits for a person's word.")


@readable_by(Role.VIEWER)
@strawberry.type(description="One run of a collector over one of its targets.")
class DiscoveryRun:
    """A run."""

    told: strawberry.Private[RunTold]
    waiting: strawberry.Private[frozenset[str]]
    id: strawberry.ID = strawberry.field(description="Its id.")
    collector: str = strawberry.field(description="The collector's id.")
    target: str = strawberry.field(description="The target's name.")
    kind: str = strawberry.field(description="How it looked: ssh, snmp.")
    started_at: str = strawberry.field(description="When it began, ISO 8601 UTC.")
    ended_at: str = strawberry.field(description="When it ended, ISO 8601 UTC.")
    found: int = strawberry.field(description="Places seen for the first time.")
    changed: int = strawberry.field(description="Places known before whose report had changed.")
    gone: int = strawberry.field(description="Places that the run before had seen and this one has not.")
    errors: int = strawberry.field(description="Places that answered and could not be used, and hosts left out.")
    unreconciled: int = strawberry.field(description="Places whose report waits for a person's word.")
    phases: list[DiscoveryPhase] = strawberry.field(
        description="What it did, and how long each part took.", metadata=whole("a run has a handful")
    )

    @computed("Every place it looked at, in the order of the target.")
    async def places(self, first: First = 50, after: After = None) -> Connection[DiscoveryPlace]:
        """A page of places."""
        rows: list[Mapping[str, Any]] = self.told.fields["places"]
        return page(rows, first, after, self._place, lambda one: str(one["node"]))

    @computed("What the target names and the run did not look at.")
    async def skipped(self, first: First = 50, after: After = None) -> Connection[DiscoverySkipped]:
        """A page of what was left out."""
        rows: list[Mapping[str, Any]] = self.told.fields["skipped"]
        return page(rows, first, after, lambda one: DiscoverySkipped(**one), lambda one: str(one["what"]))

    def _place(self, one: Mapping[str, Any]) -> DiscoveryPlace:
        keys = [DiscoveryShownKey(**key) for key in one.get("host_keys", ())]  # runs did not always have them
        return DiscoveryPlace(**{**one, "host_keys": keys}, unreconciled=waits(one, self.waiting))


@readable_by(Role.VIEWER)
@strawberry.type(description="An address that was noticed on the network, and who speaks for its host.")
class CoveredAddress:
    """An address and its cover."""

    host_id: strawberry.Private[str | None]
    address: str = strawberry.field(description="The address.")
    noticed: str = strawberry.field(description="How it was noticed.")
    cover: str = strawberry.field(description="agent, look (seen from outside only), or none.")

    @computed("The host that has the address, if one is known.")
    async def host(self, info: Info) -> CI | None:
        """The CI."""
        row = await info.context.loaders.ci.load(self.host_id) if self.host_id else None
        return None if row is None else make(row)


def kept(info: Info) -> Discoveries:
    kept = info.context.services.discoveries
    if kept is None:
        raise Unavailable("this server keeps no runs of collectors")
    return kept


@question(Role.VIEWER)
async def discovery_targets(info: Info, first: First = 50, after: After = None) -> Connection[DiscoveryTarget]:
    """What collectors look at."""
    rows = await blocking(kept(info).targets)
    return page(rows, first, after, _target, lambda one: f"{one.name}/{one.collector}")


def _target(one: TargetTold) -> DiscoveryTarget:
    return DiscoveryTarget(
        collector=one.collector, name=one.name, kind=one.kind, every=one.every, hosts=list(one.hosts)
    )


@question(Role.VIEWER, arguments={"target": "Only runs of the target of this name."})
async def discovery_runs(
    info: Info, target: str | None = None, first: First = 50, after: After = None
) -> Connection[DiscoveryRun]:
    """Runs of collectors, newest first."""
    rows = await blocking(kept(info).runs, target)
    waiting = await _waiting(info)
    return page(rows, first, after, lambda one: _shown(one, waiting), lambda one: f"{one.collector}/{one.id}")


@question(Role.VIEWER, arguments={"id": "The run's id."})
async def discovery_run(info: Info, id: strawberry.ID) -> DiscoveryRun:  # noqa: A002
    """One run of a collector, with all its places."""
    return _shown(await blocking(kept(info).run, str(id)), await _waiting(info))


async def _waiting(info: Info) -> frozenset[str]:
    return frozenset(kept.node for kept in await blocking(info.context.services.inbox.held))


def _shown(one: RunTold, waiting: frozenset[str]) -> DiscoveryRun:
    fields = one.fields
    return DiscoveryRun(
        told=one, waiting=waiting, id=strawberry.ID(one.id), collector=one.collector, target=fields["target"],
        kind=fields["kind"], started_at=fields["started_at"], ended_at=fields["ended_at"], found=fields["found"],
        changed=fields["changed"], gone=fields["gone"], errors=fields["errors"],
        unreconciled=len(reconciled(one, waiting)), phases=[DiscoveryPhase(**p) for p in fields["phases"]],
    )  # fmt: skip


@question(Role.VIEWER)
async def discovery_coverage(info: Info, first: First = 50, after: After = None) -> Connection[CoveredAddress]:
    """Addresses that the newest run of each target noticed or a host met on its links, those without an agent first."""
    noticed = sighted(latest(await blocking(kept(info).runs, None)))
    for address in await blocking(info.context.services.store.met):
        noticed.setdefault(address, MET)
    # Every host has a loopback address of its own, so it says nothing of who was looked at.
    known = sorted(address for address in noticed if not is_loopback(address))
    owners = await blocking(info.context.services.store.speakers, known) if known else {}
    rows = [_covered(address, how, owners.get(address)) for address, how in noticed.items()]
    rows.sort(key=lambda one: (("none", "look", "agent").index(one.cover), one.address))
    return page(rows, first, after, lambda one: one, lambda one: one.address)


def _covered(address: str, how: str, owner: tuple[str, list[str]] | None) -> CoveredAddress:
    host, nodes = owner or (None, [])
    looked = bool(nodes) or (is_loopback(address) and how.endswith(": seen"))
    cover = "agent" if any(":" not in node for node in nodes) else "look" if looked else "none"
    return CoveredAddress(host_id=host, address=address, noticed=how, cover=cover)


@command(
    Role.ENGINEER, arguments={"collector": "The collector's id.", "target": "A target that the collector has told of."}
)
async def discover_now(info: Info, collector: strawberry.ID, target: str) -> bool:
    """Ask a collector to run one of its own targets when it next reports; it hears the name and nothing else."""
    await blocking(kept(info).ask, str(collector), target, info.context.principal.name)
    return True
