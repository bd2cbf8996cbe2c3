"""What the command line of every process shares: lists, history, notes, and links of records, as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer

from cmdb.words import RecordType
from cmdb_processes.cli import asking, show
from cmdb_processes.cli.options import Json

Number = Annotated[str, typer.Argument(help="The record's number.")]
CATEGORIES = ("TO_DO", "IN_PROGRESS", "WAITING", "DONE")
FIELDS = """
number state category rev model owner openedBy openedAt closedAt stateSince waiting legal flags cis { id name class }
"""
"""What every record has; a process adds its own."""
HISTORY = "history { at by command fromState toState reason waiting pauses flag } notes { at by text }"
LINKS = """
links(first: 100) { nodes { type ci { name class } record { number state } } }
linkedFrom(first: 100) { nodes { type record { number type state } } }
"""


def field(kind: RecordType) -> tuple[str, str]:
    """The names of the question for one record, and for the list."""
    head, *tail = kind.plural.split("_")
    return kind.name[0].lower() + kind.name[1:], head + "".join(part.capitalize() for part in tail)


def listed(kind: RecordType, selection: str, wanted: Mapping[str, Any], first: int, after: str | None) -> Any:
    """A page of a list; `wanted` is the filter, of which what is None or empty is left out."""
    _, plural = field(kind)
    document = (
        "query Records($filter: RecordFilter, $first: Int!, $after: String) "
        f"{{ {plural}(filter: $filter, first: $first, after: $after) "
        f"{{ total nodes {{ {FIELDS} {selection} }} pageInfo {{ hasNextPage endCursor }} }} }}"
    )
    given = {name: value for name, value in wanted.items() if value not in (None, [], ())}
    return asking.ask(document, filter=given, first=first, after=after)[plural]


def one(kind: RecordType, number: str, selection: str) -> Any:
    """One record whole: fields, history, notes and links."""
    singular, _ = field(kind)
    document = (
        f"query One($number: String!) {{ {singular}(number: $number) {{ {FIELDS} {selection} {HISTORY} {LINKS} }} }}"
    )
    return asking.ask(document, number=number)[singular]


def give(command: str, selection: str, given: Mapping[str, tuple[str, Any]]) -> Any:
    """Give a command: each argument as (GraphQL type, value), None is left out; the record as it is then."""
    said = {name: pair for name, pair in given.items() if pair[1] is not None}
    declared = ", ".join(f"${name}: {kind}" for name, (kind, _) in said.items())
    passed = ", ".join(f"{name}: ${name}" for name in said)
    document = f"mutation Give({declared}) {{ {command}({passed}) {{ {selection} }} }}"
    return asking.ask(document, **{name: value for name, (_, value) in said.items()})[command]


def print_page(page: Any, columns: Sequence[str], row: Callable[[Any], Sequence[Any]], json: bool, empty: str) -> None:
    """A page as a table or as JSON, and how to go on."""
    if json:
        show.emit(page["nodes"])
    else:
        show.table(columns, [row(node) for node in page["nodes"]], empty)
        if page["total"] > len(page["nodes"]):
            show.note(f"{len(page['nodes'])} of {page['total']}")
    show.more(page, "--after")


def describe(record: Any, title: str, facts: Sequence[tuple[str, Any]] = ()) -> None:
    """A record's head and facts: what every record has, then what its process adds."""
    show.out(f"{record['number']} {record['state'].upper()}: {title}")
    waits = record["waiting"] and f"for {record['waiting']} since {record['stateSince']}"
    show.facts(
        [
            ("  owner", record["owner"]),
            ("  about", [ci["name"] for ci in record["cis"]]),
            ("  opened", f"{record['openedAt']} by {record['openedBy']}"),
            ("  closed", record["closedAt"]),
            ("  waits", waits),
            *facts,
            ("  next", record["legal"]),
            ("  illegal", record["flags"]),
        ]
    )


def print_history(record: Any) -> None:
    """Steps and notes in the order of time; a flagged step says why."""
    steps = [(s["at"], f"{s['toState']}: {s['reason']}{_aside(s)}") for s in record["history"]]
    notes = [(n["at"], f"{n['by']} noted: {n['text']}") for n in record["notes"]]
    for at, text in sorted(steps + notes, key=lambda line: line[0]):
        show.out(f"  {at}  {text}")


def _aside(step: Any) -> str:
    aside = [f"waits for {step['waiting']}" + (", clocks pause" if step["pauses"] else "")] if step["waiting"] else []
    aside += [f"illegal: {step['flag']}"] if step["flag"] else []
    return f" ({'; '.join(aside)})" if aside else ""


def print_links(record: Any) -> None:
    """Links to and from, AFFECTS aside: those are what the record is about."""
    for link in record["links"]["nodes"]:
        if link["type"] != "AFFECTS":
            end = link["record"]["number"] if link["record"] else (link["ci"] or {"name": "a CI that is gone"})["name"]
            show.out(f"  {link['type'].lower().replace('_', ' ')} {end}")
    for link in record["linkedFrom"]["nodes"]:
        show.out(f"  {link['record']['number']} {link['type'].lower().replace('_', ' ')} it")


def register_notes(group: typer.Typer, kind: RecordType, example: str) -> None:
    """Give a process's group the commands `note`, `watch` and `unwatch`."""
    group.command("note", epilog=f"Example: epicentre {example} note {kind.prefix}-1 'the vendor called'")(_note(kind))
    group.command("watch", epilog=f"Example: epicentre {example} watch {kind.prefix}-1")(_simple(kind, "watch"))
    group.command("unwatch", epilog=f"Example: epicentre {example} unwatch {kind.prefix}-1")(_simple(kind, "unwatch"))


def _note(kind: RecordType) -> Callable[..., None]:
    def note(
        number: Number,
        text: Annotated[str, typer.Argument(help="What to note; it is never edited.")],
        json: Json = False,
    ) -> None:
        """Add a note."""
        document = (
            f"mutation Note($number: String!, $text: String!) {{ note{kind.name}(number: $number, text: $text) "
            "{ number rev notes { at by text } } }"
        )
        made = asking.ask(document, number=number, text=text)[f"note{kind.name}"]
        show.done(made, f"noted on {made['number']}", json)

    return note


def _simple(kind: RecordType, verb: str) -> Callable[..., None]:
    def do(number: Number, json: Json = False) -> None:
        made = asking.ask(
            f"mutation W($n: String!) {{ {verb}{kind.name}(number: $n) {{ number watchers }} }}", n=number
        )
        record = made[f"{verb}{kind.name}"]
        show.done(record, f"watched by: {', '.join(record['watchers']) or 'nobody'}", json)

    do.__doc__ = "Be told when it goes on." if verb == "watch" else "Be told no more when it goes on."
    return do
