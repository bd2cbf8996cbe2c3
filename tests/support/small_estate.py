"""A small estate in which ids are names, evaluated by the definition: an oracle that shares no code with ours."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cmdb_processes.change.nouns import CI, Group, Hit, Impact, Link, Planned, Severity
from cmdb_processes.change.window import Window

T0 = datetime(2027, 1, 10, 22, tzinfo=UTC)


def window(start: float = 0, hours: float = 2) -> Window:
    """So many hours after T0, so long."""
    return Window(T0 + timedelta(hours=start), T0 + timedelta(hours=start + hours))


def change(number: str, *cis: str, start: float = 0, hours: float = 2, who: Collection[str] = ()) -> Planned:
    """An approved change at these CIs."""
    about = tuple(CI(c, c) for c in cis)
    return Planned(number, f"work on {cis[0]}", about, window(start, hours), frozenset(who), committed=True)


@dataclass(frozen=True)
class Estate:
    """What each CI needs: groups of (members, how many of them); `critical`: the services, with their criticality."""

    needs: Mapping[str, tuple[tuple[tuple[str, ...], int], ...]]
    critical: Mapping[str, str]

    def ci(self, name: str) -> CI:
        """By name."""
        return CI(name, name, "BusinessService" if name in self.critical else "Host", self.critical.get(name, ""))

    def down(self, failed: Collection[str]) -> frozenset[str]:
        """The greatest fixpoint: down is what failed, or has a group with too few members that are not down."""
        down = set(failed)
        while True:
            new = {c for c, gs in self.needs.items() if any(sum(m not in down for m in g) < k for g, k in gs)} - down
            if not new:
                return frozenset(down)
            down |= new

    def reach(self, failed: Collection[str]) -> frozenset[str]:
        """All that depends on the failed, however little."""
        found = set(failed)
        while new := {c for c, gs in self.needs.items() if any(m in found for g, _ in gs for m in g)} - found:
            found |= new
        return frozenset(found)

    def impact(self, failed: Collection[str]) -> Impact:
        """The answer, with everything that is at risk."""
        down, reach = self.down(failed), self.reach(failed)
        hits = [Hit(self.ci(c), Severity.DOWN) for c in sorted(down - set(failed))]
        for name in sorted(reach - down):
            spare = [sum(m not in down for m in g) - k for g, k in self.needs[name]]
            had = [len(g) - k for g, k in self.needs[name]]
            if any(now == 0 < before for now, before in zip(spare, had, strict=True)):
                hits.append(Hit(self.ci(name), Severity.AT_RISK))
        at = [(c, g, k) for c in sorted(reach & self.needs.keys()) for g, k in self.needs[c]]
        links = {Link("DEPENDS_ON", self.ci(c), self.ci(m)) for c, g, _ in at for m in g}
        groups = tuple(Group(self.ci(c), tuple(map(self.ci, g)), k) for c, g, k in at if len(g) > 1)
        return Impact(tuple(map(self.ci, sorted(failed))), tuple(hits), tuple(sorted(links)), groups)


def estate(critical: Mapping[str, str] | None = None, **needs: str) -> Estate:
    """Written as people do: estate(shop="1 of web-1, web-2; db")."""
    read = {name.replace("_", "-"): tuple(map(_group, text.split(";"))) for name, text in needs.items()}
    return Estate(read, critical or {})


def _group(text: str) -> tuple[tuple[str, ...], int]:
    count, of, members = text.strip().partition(" of ")
    if not of:
        return (count,), 1
    return tuple(m.strip() for m in members.split(",")), int(count)
