"""A redundancy rule: which of a CI's dependencies back each other up, in one line that checks itself.

USES: 1 of db-1, db-2          one of these two is enough
FORMED_BY: 2 of a, b, c full 3 two keep it alive, all three make it whole
RUNS_ON: 3 of big*2, small     a member may weigh more
USES: 50%                      half of all there are by that relation, rounded up
USES: 1 of cache-1, cache-2 soft   without them it is degraded, not down
DEPENDS_ON: 1 of tcp://10.0.0.11:80, tcp://10.0.0.12:80   members by the address they were found at
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cmdb.errors import Invalid
from cmdb.words.check import UPPER

MOST_MEMBERS = 1_000
_RULE = re.compile(
    r"(?P<relation>[A-Z][A-Z0-9_]*)\s*:\s*(?P<needs>\d{1,6}%?)(?:\s+of\s+(?P<members>.+?))?"
    r"(?:\s+full\s+(?P<full>\d{1,6}%?))?(?P<soft>\s+soft)?"
)
_MEMBER = re.compile(r"(?P<name>[^\s,*](?:[^,*]*[^\s,*])?)(?:\*(?P<weight>\d{1,6}))?")


@dataclass(frozen=True, slots=True)
class Share:
    """How much of the members' weight: a number of 1 or more, or of 1 to 100 percent of all."""

    amount: int
    percent: bool = False

    def __post_init__(self) -> None:
        if self.amount < 1 or (self.percent and self.amount > 100):
            raise Invalid(f"{self} is not 1 or more, or 1% to 100%", where="redundancy")

    def of(self, total: int) -> int:
        """The weight that is needed: of a percentage ⌈p·total/100⌉, and 1 at least."""
        return max(1, -(-self.amount * total // 100)) if self.percent else self.amount

    def __str__(self) -> str:
        return f"{self.amount}{'%' * self.percent}"


@dataclass(frozen=True, slots=True)
class Redundancy:
    """One rule. `members` are ids, exact names or addresses with their weights; none: all there are by the relation.

    `full` None means as `needs`: then who has enough is undisturbed.
    """

    relation: str
    needs: Share
    full: Share | None = None
    soft: bool = False
    members: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        if not UPPER.fullmatch(self.relation):
            raise Invalid(f"{self.relation!r} is no relation's name", where="redundancy")
        names = [name for name, _ in self.members]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise Invalid(f"{twice} is named twice in {self}", where="redundancy")
        if wrong := next((name for name, weight in self.members if weight < 1), None):
            raise Invalid(f"{wrong} must weigh 1 or more in {self}", where="redundancy")
        if self.members:
            self._check(sum(weight for _, weight in self.members))
        elif self.full is not None and self.full.percent == self.needs.percent and self.full.amount < self.needs.amount:
            raise Invalid(f"{self}: whole with less than it needs to live", where="redundancy")

    def _check(self, total: int) -> None:
        least, full = self.needs.of(total), (self.full or self.needs).of(total)
        if least > total or full > total:
            raise Invalid(f"{self}: {max(least, full)} of {total} can never be there", where="redundancy")
        if full < least:
            raise Invalid(f"{self}: whole with less than it needs to live", where="redundancy")

    @classmethod
    def parse(cls, text: str) -> Redundancy:
        """Read a rule; Invalid says what it must look like."""
        found = _RULE.fullmatch(text.strip())
        if found is None:
            raise Invalid(
                f"{text[:200]!r} is no rule like USES: 1 of db-1, db-2*2 full 2 soft, or USES: 50%", where="redundancy"
            )
        full = found["full"]
        members = tuple(_member(part, text) for part in found["members"].split(",")) if found["members"] else ()
        if len(members) > MOST_MEMBERS:
            raise Invalid(f"a rule names at most {MOST_MEMBERS} members, not {len(members)}", where="redundancy")
        return cls(
            found["relation"], _share(found["needs"]), _share(full) if full else None, bool(found["soft"]), members
        )

    def __str__(self) -> str:
        named = ", ".join(f"{name}*{weight}" if weight != 1 else name for name, weight in self.members)
        parts = [
            f"{self.relation}: {self.needs}",
            f"of {named}" if named else "",
            f"full {self.full}" if self.full else "",
        ]
        return " ".join([part for part in parts if part] + ["soft"] * self.soft)


def _share(text: str) -> Share:
    return Share(int(text.rstrip("%")), text.endswith("%"))


def _member(part: str, text: str) -> tuple[str, int]:
    found = _MEMBER.fullmatch(part.strip())
    if found is None:
        raise Invalid(f"{part.strip()[:100]!r} in {text[:200]!r} is no member like db-1 or db-1*2", where="redundancy")
    return found["name"], int(found["weight"] or 1)
