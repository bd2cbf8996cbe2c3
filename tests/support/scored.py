"""The dependencies of a graph by the names of hosts and programs, and how they compare with the declared ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from support.traffic import USES, Uses

from cmdb.store import Store

FORWARD = ("gate", "forward 10.78.0.1:8443")
UNSEEN = ("short", "short, closed by the server", "monitoring")
"""Cases in which a dependency of the program is not always to be seen."""


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """An edge of the graph: a program (none: the host itself) uses a program, or an endpoint nobody answers at."""

    source: tuple[str, str]
    target: tuple[str, str]
    type: str
    evidence: str
    confidence: float
    first_seen: str | None
    last_seen: str | None

    @property
    def ends(self) -> tuple[str, str, str, str]:
        """Host and program, host and program."""
        return (*self.source, *self.target)


def found(store: Store) -> list[Found]:
    """Every dependency and contact there is now, but for those that were read in a configuration."""
    rows = {row["id"]: row for row in store.find(None, first=5000)}
    inside = {e.source: e.target for e in store.edges(list(rows), "out", ["RUNS_ON"])}

    def at(ci: str) -> tuple[str, str]:
        name = str(rows[ci]["name"])
        if rows[ci]["class"] == "Service":
            return str(rows[inside[ci]]["name"]), name
        return (name, "") if rows[ci]["class"] == "Host" else ("", name)

    edges = store.edges(list(rows), "out", ["DEPENDS_ON", "USES", "COMMUNICATES_WITH"])
    said = ((e, e.evidence) for e in edges if e.evidence["kind"] != "configuration")
    return [
        Found(at(e.source), at(e.target), e.type, p["kind"], p["confidence"], p.get("first_seen"), p.get("last_seen"))
        for e, p in said
    ]


def wanted(one: Uses) -> list[tuple[str, str, str, str]]:
    """The edges that a declared dependency is: one, or two where a port is passed on; a host's without an agent."""
    if one.case == "behind DNAT":
        return [(one.host, one.program, *FORWARD), (*FORWARD, one.on, one.server)]
    if one.case == "no agent":
        return [(one.host, one.program, "", f"tcp://{one.at}")]
    if one.case == "client without an agent":
        return [(one.host, "", one.on, one.server)]
    return [(one.host, one.program, one.on, one.server)]


@dataclass(frozen=True, slots=True)
class Score:
    """How the found compare with the declared, case by case: (declared, found, found as the host's contact)."""

    cases: dict[str, tuple[int, int, int]]
    missed: tuple[Uses, ...]
    invented: tuple[Found, ...]

    def __str__(self) -> str:
        rows = [f"{case:<28}{all_:>9}{whole:>7}{part:>10}" for case, (all_, whole, part) in self.cases.items()]
        sure = [numbers for case, numbers in self.cases.items() if case not in UNSEEN]
        all_, whole = (sum(one[n] for one in sure) for n in (0, 1))
        precision = whole / (whole + len(self.invented)) if whole else 0
        return "\n".join([
            "", f"{'dependencies':<28}{'declared':>9}{'found':>7}{'by host':>10}", *rows,
            f"recall {whole / all_:.1%} of what lasts, precision {precision:.1%}, invented {len(self.invented)}",
        ])  # fmt: skip


def score(edges: Sequence[Found], declared: Iterable[Uses] = USES, contacts: Iterable[tuple[str, str]] = ()) -> Score:
    """Compare; `contacts` are (host, endpoint) that hosts have besides."""
    programs = {e.ends for e in edges if e.type in ("DEPENDS_ON", "USES")}
    hosts = {(e.source[0], *e.target) for e in edges if e.type == "COMMUNICATES_WITH"}
    true = {edge for one in declared for edge in wanted(one)}
    brief = {(one.host, one.on, one.server) for one in declared} | {(host, "", at) for host, at in contacts}
    # Two connections of one program to one other are one dependency.
    each = {tuple(wanted(one)): one for one in declared}
    cases: dict[str, tuple[int, int, int]] = {}
    for edges_, one in each.items():
        all_, whole, part = cases.get(one.case, (0, 0, 0))
        there = programs.issuperset(edges_)
        by_host = not there and (one.host, one.on, one.server) in hosts
        cases[one.case] = all_ + 1, whole + there, part + by_host
    return Score(
        cases,
        tuple(one for edges_, one in each.items() if not programs.issuperset(edges_) and one.case not in UNSEEN),
        tuple(
            e for e in edges
            if e.ends not in true and not (e.type == "COMMUNICATES_WITH" and (e.source[0], *e.target) in brief)
        ),
    )  # fmt: skip
