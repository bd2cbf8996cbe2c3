"""epicentre impact: what breaks if these CIs stop, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cmdb.errors import Invalid
from cmdb_graphql.pictures import Hit, Radius, layout, svg, words
from cmdb_graphql.pictures.folding import alike
from cmdb_graphql.pictures.radius import children
from cmdb_processes.cli import asking, show
from cmdb_processes.cli import proposed as proposals
from cmdb_processes.cli.options import AsOf, Json

IMPACT = """
query Impact(
  $of: [ID!]!, $asOf: Moment, $proposed: ProposedInput, $alsoDown: [ID!], $degraded: [ID!], $context: Boolean! = true,
  $minutes: Float
) {
  impact(
    of: $of, asOf: $asOf, proposed: $proposed, alsoDown: $alsoDown, degraded: $degraded, context: $context
  ) {
    sequence at hash verdict truncated users seenLately
    of { id name class }
    items {
      ci { id name class } before degree hops reason line atRisk risk redundancy { rule needed left of }
      freshnessSeconds path { type from { name } to { id name } evidence { kind detail confidence } ageSeconds }
    }
    atRisk { id name class }
    risks { ci { id name class } reason line redundancy { rule needed left of } }
    services { id name }
    budgets(minutes: $minutes) {
      ci { id name } percent begin allowedMinutes usedMinutes leftMinutes windowMinutes share sentence
    }
    context { ci { id name class } degree }
    problems { ci { id name class } rule why }
    counts { class degree count }
  }
}
"""
Names = list[str] | None
NAMED = 3
"""Names told of a fold."""
SERVICES = 20
"""Services named in one line."""
BUDGETS = 10
"""Services of which it is told what is left of their allowed downtime, the least first; --json has all."""


def register(app: typer.Typer) -> None:
    """Offer the command."""
    app.command(
        epilog="Examples: epicentre impact neo4j; epicentre impact db-17 --also db-18 --json;"
        " epicentre impact hv-3 --depth 2 --expand; epicentre impact db-17 --svg db-17.svg;"
        " epicentre impact db-17 --as-of 2030-01-10T22:00Z; epicentre impact db-17 --already-down db-18;"
        " epicentre impact db-17 --proposed change.json; epicentre impact db-17 --minutes 180"
    )(impact)


def impact(
    name: Annotated[str, typer.Argument(help="A CI: its name, id, or the start of either.")],
    also: Annotated[Names, typer.Option(help="Another CI that fails at the same time.")] = None,
    as_of: AsOf = None,
    proposed: proposals.Proposed = None,
    already_down: Annotated[Names, typer.Option(help="A CI to take as down before, such as by another change.")] = None,
    already_degraded: Annotated[Names, typer.Option(help="A CI to take as degraded before.")] = None,
    without_outages: Annotated[
        bool, typer.Option("--without-outages", help="As if all was well before: present outages do not count.")
    ] = False,
    minutes: Annotated[
        float | None, typer.Option(help="It lasts so long: say what that takes of the downtime services are allowed.")
    ] = None,
    expand: Annotated[bool, typer.Option("--expand", help="Name each one; do not fold more than five alike.")] = False,
    depth: Annotated[int | None, typer.Option(min=1, help="Show so many hops; who is behind is counted.")] = None,
    table: Annotated[bool, typer.Option("--table", help="One row for each CI instead of a tree.")] = False,
    drawing: Annotated[
        Path | None, typer.Option("--svg", help="Also draw the impact ladder into a new file.", metavar="FILE")
    ] = None,
    json: Json = False,
) -> None:
    """Say what breaks if a CI stops (or several together), with the reason and the path."""
    if json and (table or expand or depth):
        raise Invalid("--json has the whole answer: leave out --table, --expand and --depth", where="--json")
    client = asking.client()
    past, steps = as_of is not None, proposals.read(client, proposed, as_of)

    def ids(names: Names) -> list[str]:
        return [asking.resolve(client, one, retired=past, as_of=as_of, proposed=steps)["id"] for one in names or ()]

    given = {
        "alsoDown": ids(already_down), "degraded": ids(already_degraded), "context": not without_outages,
        "minutes": minutes,
    }  # fmt: skip
    answer = client.ask(IMPACT, of=ids([name, *(also or [])]), asOf=as_of, proposed=steps, **given)["impact"]
    if drawing is not None:
        draw(answer, drawing)
    if json:
        show.emit(answer)
    else:
        render(answer, table=table, expand=expand, depth=depth)


def draw(answer: dict[str, Any], file: Path) -> None:
    """The ladder as a new file; nothing that is there is written over."""
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(svg(layout(Radius.of(answer))))
    except FileExistsError as error:
        raise Invalid(f"{file} is there already: name another", where="--svg") from error
    show.note(f"the ladder is in {file}")


def render(answer: dict[str, Any], *, table: bool = False, expand: bool = False, depth: int | None = None) -> None:
    """The answer as text: verdict, then a tree by witness path or a table, then counts and how sure it is."""
    radius = Radius.of(answer)
    show.out(answer["verdict"])
    if table:
        _table(radius, depth)
    else:
        _Tree(radius, expand=expand, depth=depth).show()
    _beside(answer)
    counts = ", ".join(f"{c['count']} {c['class']} {c['degree'].lower()}" for c in answer["counts"])
    show.out(f"{counts or 'nothing hit'}; taken at sequence {answer['sequence']}")
    if answer["truncated"]:
        show.out(f"CUT SHORT: {answer['truncated']}")


def _beside(answer: dict[str, Any]) -> None:
    """What was so before, what is wrong with declared redundancy, and whom it touches."""
    for one in answer["context"]:
        show.out(f"before: {one['ci']['name']} ({one['ci']['class']}) is {one['degree'].lower()} already")
    for problem in answer["problems"]:
        show.out(f"problem: {problem['ci']['name']}: {problem['rule']}: {problem['why']}")
    if answer["services"]:
        users = "" if answer["users"] is None else f", used by {answer['users']:,} people"
        names = [one["name"] for one in answer["services"]]
        behind = f" and {len(names) - SERVICES:,} more" if len(names) > SERVICES else ""
        show.out(f"services: {', '.join(names[:SERVICES])}{behind}{users}")
    _budgets(answer["budgets"])


def _budgets(found: Sequence[Mapping[str, Any]]) -> None:
    """What is left of the allowed downtime; of whom nothing is known and nothing would be used, in one line."""
    told = [one for one in found if one["usedMinutes"] is not None or one["windowMinutes"]]
    silent = [one["ci"]["name"] for one in found if one not in told]
    for budget in told[:BUDGETS]:
        show.out(budget["sentence"])
    if (more := len(told) - BUDGETS) > 0:
        show.out(f"+{more:,} more budget{'' if more == 1 else 's'}, less used up")
    if silent:
        behind = f" and {len(silent) - NAMED:,} more" if len(silent) > NAMED else ""
        show.out(f"budget: nothing known of what is used of {', '.join(silent[:NAMED])}{behind}")


def _table(radius: Radius, depth: int | None) -> None:
    hits = [hit for hit in radius.hits if depth is None or hit.hops <= depth]
    rows = [(show.headed(hit.degree), hit.name, hit.cls, hit.hops or "", words.told(hit)) for hit in hits]
    rows += [(show.headed(hit.degree), hit.name, hit.cls, "", hit.reason) for hit in radius.at_risk]
    show.table(("state", "ci", "class", "hops", "why"), rows, "nobody else is hit")
    if len(hits) < len(radius.hits):
        show.out(f"+{len(radius.hits) - len(hits):,} more behind {depth} {'hop' if depth == 1 else 'hops'}")


class _Tree:
    """Depth first, with a stack of our own: a chain may be longer than Python's."""

    def __init__(self, radius: Radius, *, expand: bool, depth: int | None) -> None:
        self._radius, self._expand, self._most = radius, expand, depth
        self._inner = children(radius)
        self._names: Mapping[str, str] = {hit.id: hit.name for hit in (*radius.failed, *radius.hits)}

    def show(self) -> None:
        """What stops, who goes with it, and who has nothing to spare any more."""
        for root in self._radius.failed:
            show.item(root.degree, words.label(root))
            self._under(root)
        for hit in self._radius.at_risk:
            show.item(hit.degree, f"{words.label(hit)}{show.separator()}{hit.reason}")

    def _under(self, root: Hit) -> None:
        left = [(1, group) for group in reversed(self._groups([root]))]
        while left:
            depth, group = left.pop()
            show.item(group[0].degree, self._line(group), depth)
            if self._most is None or depth < self._most:
                left += [(depth + 1, one) for one in reversed(self._groups(group))]
            elif behind := self._behind(group):
                show.item(words.worst(behind), f"+{len(behind):,} more behind: {words.several(behind)}", depth + 1)

    def _groups(self, parents: Sequence[Hit]) -> list[list[Hit]]:
        hits = [hit for parent in parents for hit in self._inner.get(parent.id, [])]
        return [[hit] for hit in hits] if self._expand else alike(hits, self._names)

    def _line(self, group: Sequence[Hit]) -> str:
        if len(group) == 1:
            return f"{words.label(group[0])}{show.separator()}{words.told(group[0])}"
        why = words.why_of(group, self._names)
        return f"{words.several(group)} ({words.some_names(group, NAMED)}){show.separator()}{why}"

    def _behind(self, group: Sequence[Hit]) -> list[Hit]:
        """Everybody further on."""
        found, left = list[Hit](), list(group)
        while left:
            inner = self._inner.get(left.pop().id, [])
            found += inner
            left += inner
        return found
