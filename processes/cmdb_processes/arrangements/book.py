"""Everything arranged, as one noun that answers change and incident as of any moment. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from cmdb.words import Principal
from cmdb_processes import approvals
from cmdb_processes.arrangements.nouns import (
    Freeze,
    Frozen,
    MaintenanceWindow,
    Meeting,
    Ruling,
    StandIn,
    Team,
    Work,
    may_override,
)
from cmdb_processes.arrangements.scope import About
from cmdb_processes.arrangements.strategy.nouns import Strategy, in_force
from cmdb_processes.timing.hours import Calendar
from cmdb_processes.timing.spans import Span


@dataclass(frozen=True)
class Book:
    """What is in force, and the CIs that were asked about, by id; read one with `reading.book`."""

    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    windows: tuple[MaintenanceWindow, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    teams: tuple[Team, ...] = ()
    stand_ins: tuple[StandIn, ...] = ()
    meetings: tuple[Meeting, ...] = ()
    cis: Mapping[str, About] = field(default_factory=dict)
    strategies: tuple[Strategy, ...] = ()
    changes: tuple[Work, ...] = ()

    def strategy(self, process: str) -> Strategy | None:
        """The strategy of a process that is in force; None: nobody approved one."""
        return in_force(self.strategies, process)

    def freezes_at(self, span: Span, cis: Collection[str]) -> tuple[Frozen, ...]:
        """The freezes that meet a span and hold for any of the CIs, each occurrence, in order of time."""
        found = []
        for freeze in self.freezes:
            hit = tuple(ci for ci in sorted(cis) if freeze.scope.holds(self.about(ci)))
            found += [Frozen(freeze, one, hit) for one in (freeze.window.within(span) if hit else ())]
        return tuple(sorted(found, key=lambda one: (one.span, one.freeze.number)))

    def windows_of(self, cis: Collection[str]) -> Mapping[str, tuple[MaintenanceWindow, ...]]:
        """The maintenance windows of each CI that has any: a change of it belongs inside one of them."""
        found = {ci: tuple(one for one in self.windows if ci in one.cis) for ci in sorted(cis)}
        return {ci: windows for ci, windows in found.items() if windows}

    def expected(self, ci: str, at: int) -> MaintenanceWindow | None:
        """The maintenance window of a CI that is open at a moment: what happens then is no incident."""
        now = Span(at, at + 1)
        return next((one for one in self.windows if ci in one.cis and one.window.within(now)), None)

    def delegates(self, role: str, now: int) -> tuple[approvals.Delegation, ...]:
        """Who stands in for whom in a role (a seat, or "@team") at a moment, as the shared approvals take it."""
        return tuple(one.as_approval for one in self.stand_ins if one.role == role and one.holds(now))

    @property
    def groups(self) -> approvals.Groups:
        """Members by the name of a team."""
        return {team.name: team.members for team in reversed(self.teams)}  # of two of one name, the older

    def on_duty(self, name: str, now: int) -> frozenset[str]:
        """A team's members and, for those away, who stands in at a moment."""
        members = frozenset(self.groups.get(name, ()))
        away = [one for one in self.stand_ins if one.role == f"@{name}" and one.by in members and one.holds(now)]
        return (members - {one.by for one in away}) | {one.to for one in away}

    def groups_of(self, person: str) -> tuple[Team, ...]:
        """The teams somebody is in."""
        return tuple(team for team in self.teams if person in team.members)

    def groups_for(self, ci: str) -> tuple[Team, ...]:
        """The teams that support a CI, who names it most exactly first: by id, tag, class, place, everything."""
        about = self.about(ci)
        found = [(team.scope.exactness(about), team.number, team) for team in self.teams if team.scope.holds(about)]
        return tuple(team for _, _, team in sorted(found, key=lambda one: one[:2]))

    def calendars_for(self, cis: Collection[str]) -> tuple[Calendar, ...]:
        """The calendars by which those work who support the CIs, each once."""
        names = dict.fromkeys(team.calendar for ci in sorted(cis) for team in self.groups_for(ci))
        return tuple(self.calendars[name] for name in names if name in self.calendars)

    def may_override(self, freeze: Freeze, who: Principal) -> bool:
        """Whether a person may have a change done in spite of a freeze."""
        return may_override(freeze, who, self.teams)

    def ruling_of(self, change: str) -> tuple[Meeting, Ruling] | None:
        """What a board decided last of a change."""
        found = [(m, r) for m in self.meetings for r in m.rulings if r.number == change]
        return max(found, key=lambda pair: (pair[0].span, pair[0].number), default=None)

    def about(self, ci: str) -> About:
        return self.cis.get(ci) or About(ci)
