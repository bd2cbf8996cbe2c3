"""Priority as a matrix of impact and urgency: data, with the presets of well-known tools. Pure.

Impact is computed from what the graph says is reached, urgency from what is left of the target; who wants another
priority says why, and the computed one stays beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from cmdb.errors import DeclarationError, Invalid, UnknownName


@dataclass(frozen=True, slots=True)
class Matrix:
    """Priorities by impact (rows) and urgency (columns), both from the highest level to the lowest.

    `priorities` name the numbers in the cells, from the most pressing to the least. Tools count in both directions:
    what is most pressing is said by that order alone, never by a number's size. A higher impact or urgency never
    presses less.
    """

    name: str
    impacts: tuple[str, ...]
    urgencies: tuple[str, ...]
    cells: tuple[tuple[int, ...], ...]
    priorities: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.cells or len(self.cells) != len(self.impacts):
            raise DeclarationError(f"matrix {self.name} needs a row for each impact")
        if any(len(row) != len(self.urgencies) for row in self.cells):
            raise DeclarationError(f"matrix {self.name} needs a cell for each urgency in every row")
        if len(set(self.priorities)) != len(self.priorities):
            raise DeclarationError(f"matrix {self.name} names a priority twice")
        if strange := {cell for row in self.cells for cell in row} - set(self.priorities):
            raise DeclarationError(f"matrix {self.name} has cells {sorted(strange)} that are none of its priorities")
        columns = tuple(zip(*self.cells, strict=True))
        for line in (*self.cells, *columns):
            if any(self.rank(higher) > self.rank(lower) for higher, lower in pairwise(line)):
                raise DeclarationError(f"matrix {self.name} presses less where impact or urgency is higher: {line}")

    def at(self, impact: str, urgency: str) -> int:
        """The priority, in the matrix's own numbers."""
        return self.cells[_index(self.impacts, impact, "impact")][_index(self.urgencies, urgency, "urgency")]

    def rank(self, priority: int) -> int:
        """1 for the most pressing: what queues are sorted by and rules compare."""
        if priority not in self.priorities:
            known = ", ".join(map(str, self.priorities))
            raise UnknownName(
                f"there is no priority {priority}; known, most pressing first, are {known}", where="priority"
            )
        return self.priorities.index(priority) + 1


def _index(levels: tuple[str, ...], level: str, what: str) -> int:
    if level not in levels:
        raise UnknownName(f"there is no {what} {level!r}; known, highest first, are {', '.join(levels)}", where=what)
    return levels.index(level)


SERVICENOW = Matrix(
    "servicenow",
    ("high", "medium", "low"),
    ("high", "medium", "low"),
    ((1, 2, 3), (2, 3, 4), (3, 4, 5)),
    (1, 2, 3, 4, 5),
)
ITOP = Matrix(
    "itop",
    ("department", "service", "person"),
    ("critical", "high", "medium", "low"),
    ((1, 1, 2, 4), (1, 2, 3, 4), (2, 3, 3, 4)),
    (1, 2, 3, 4),
)
GLPI = Matrix(
    "glpi",  # counts upwards: 5 is very high, both for levels and for the result
    ("very high", "high", "medium", "low", "very low"),
    ("very high", "high", "medium", "low", "very low"),
    ((5, 5, 4, 3, 2), (5, 4, 4, 3, 2), (4, 4, 3, 2, 2), (3, 3, 2, 2, 1), (2, 2, 2, 1, 1)),
    (5, 4, 3, 2, 1),
)
PRESETS = {matrix.name: matrix for matrix in (SERVICENOW, ITOP, GLPI)}

CRITICALITIES = ("critical", "high", "medium", "low")
DEGREES = ("down", "degraded")


@dataclass(frozen=True, slots=True)
class Reached:
    """A service that the graph says is reached: its criticality as declared (None: nobody said), and how it is."""

    name: str
    criticality: str | None
    degree: str

    @property
    def severity(self) -> int:
        """0 is the worst; a service of unknown criticality counts as medium, being degraded as one step less."""
        known = self.criticality if self.criticality in CRITICALITIES else "medium"
        return CRITICALITIES.index(known) + (0 if self.degree == "down" else 1)

    def __str__(self) -> str:
        how = f"criticality {self.criticality}" if self.criticality else "criticality unknown, taken as medium"
        return f"{self.name} is {self.degree} ({how})"


@dataclass(frozen=True, slots=True)
class Computed:
    """A level and the sentence that explains it."""

    level: str
    because: str


def impact(
    levels: tuple[str, ...], reached: Iterable[Reached], users: int = 0, raise_at: tuple[int, ...] = (100, 1000)
) -> Computed:
    """The impact: that of the worst service down or degraded, one level up for each of `raise_at` that `users` meet.

    Services that are merely at risk do not count. Nothing reached and no users is the lowest level.
    """
    hit = sorted((one for one in reached if one.degree in DEGREES), key=lambda one: (one.severity, one.name))
    index = min(hit[0].severity, len(levels) - 1) if hit else len(levels) - 1
    raised = min(index, sum(users >= least for least in raise_at))
    because = str(hit[0]) if hit else "no service is down or degraded"
    if len(hit) > 1:
        because += f" and {len(hit) - 1} more"
    if users:
        because += f"; {users:,} users" + (f", which raises it by {raised}" if raised else "")
    return Computed(levels[index - raised], because)


def urgency(
    levels: tuple[str, ...], left: int | None, within: tuple[int, ...] = (3600, 14_400, 28_800, 86_400)
) -> Computed:
    """The urgency: by the business seconds `left` of the target (None: nothing is promised) against rising limits."""
    if left is None:
        return Computed(levels[-1], "no target is promised")
    index = min(sum(left > limit for limit in within), len(levels) - 1)
    said = f"{left // 3600} h {left // 60 % 60} min of the target are left" if left > 0 else "the target is used up"
    return Computed(levels[index], said)


@dataclass(frozen=True, slots=True)
class Priority:
    """What holds and what was computed; they differ only by an override, which names who and why."""

    value: int
    computed: int
    impact: Computed
    urgency: Computed
    override_by: str = ""
    override_reason: str = ""

    @property
    def justified(self) -> bool:
        """Whether it is the matrix's or has a reason: what assessments count."""
        return self.value == self.computed or bool(self.override_reason)


def decide(matrix: Matrix, how_bad: Computed, how_soon: Computed, before: Priority | None = None) -> Priority:
    """The priority as computed now; an override of before stays until the computed value meets it."""
    computed = matrix.at(how_bad.level, how_soon.level)
    if before is None or not before.override_reason or before.value == computed:
        return Priority(computed, computed, how_bad, how_soon)
    return replace(before, computed=computed, impact=how_bad, urgency=how_soon)


def override(matrix: Matrix, priority: Priority, value: int, by: str, reason: str) -> Priority:
    """Another priority than the computed one, with the reason; giving the computed one takes the override back."""
    matrix.rank(value)
    if value == priority.computed:
        return replace(priority, value=value, override_by="", override_reason="")
    if len(reason.strip()) < 3:
        raise Invalid(f"is missing: say why it is {value} and not {priority.computed} as computed", where="reason")
    return replace(priority, value=value, override_by=by, override_reason=reason.strip())
