"""What a node says, by sequence and never by arrival: fresh sections, their links, what they assert and retract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cmdb.endpoints import parse
from cmdb.plan import Said, ScopeState
from cmdb.reconcile.known import NOTHING_SAID, Known
from cmdb.shared import is_shared
from cmdb.words import Item, Link, Ref, Section, Snapshot


def fresh(snapshot: Snapshot, scopes: Mapping[str, ScopeState]) -> tuple[Section, ...]:
    """The sections newer than the newest complete body known; the others are late and change nothing."""
    return tuple(s for s in snapshot.sections if scopes.get(s.name, NOTHING_SAID).complete < snapshot.seq)


def stated_links(snapshot: Snapshot, scopes: Mapping[str, ScopeState]) -> dict[str, tuple[Said, ...]]:
    """Every section's links after this report: a complete section replaces what is older, an incomplete one adds."""
    links = {name: state.links for name, state in scopes.items()}
    for section in fresh(snapshot, scopes):
        merged = {_link_key(k): Said(snapshot.seq, k) for k in section.links}
        for said in links.get(section.name, ()):
            if said.seq > snapshot.seq or (not section.complete and _link_key(said.link) not in merged):
                merged[_link_key(said.link)] = said
        links[section.name] = tuple(merged[key] for key in sorted(merged))
    return links


def _link_key(link: Link) -> tuple[str, Ref, Ref]:
    return (link.type, link.source, link.target)


def endpoints_named(links: Mapping[str, tuple[Said, ...]]) -> frozenset[str]:
    """Every endpoint key that links point at: the store looks these up before edges can be planned."""
    targets = (said.link.target for all_said in links.values() for said in all_said)
    return frozenset(parse(target.key).key for target in targets if target.cls == "Endpoint")


def shared_named(links: Mapping[str, tuple[Said, ...]]) -> frozenset[Ref]:
    """Every shared thing that links point at: the store looks these up too."""
    return frozenset(
        said.link.target for all_said in links.values() for said in all_said if is_shared(said.link.target.cls)
    )


def scope_of(snapshot: Snapshot, section: str) -> str:
    """The scope in which a section of this node speaks."""
    return f"{snapshot.node}/{section}"


def effective(snapshot: Snapshot, section: Section, known: Known) -> Iterator[Item]:
    """The items of a fresh section that no later incomplete body has said better."""
    scope = scope_of(snapshot, section.name)
    for item in section.items:
        was = known.ci(item.ref)
        claim = was.claims.get(scope) if was is not None else None
        if claim is None or claim.seq is None or claim.seq <= snapshot.seq:
            yield item


def dropped(snapshot: Snapshot, section: Section, known: Known) -> Iterator[Ref]:
    """The children a complete section no longer asserts: not in it, and not said by a later incomplete body."""
    if not section.complete:
        return
    scope = scope_of(snapshot, section.name)
    said = {item.ref for item in section.items}
    for ref, ci in known.children.items():
        if scope in ci.claims and ref not in said and (ci.claims[scope].seq or 0) < snapshot.seq:
            yield ref
