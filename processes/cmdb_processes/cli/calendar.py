"""epicentre calendar: freezes, maintenance windows, hours, the board, free slots, and the calendar file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from cmdb.errors import Invalid
from cmdb_processes.arrangements.records import CALENDAR, FREEZE, MAINTENANCE, MEETING
from cmdb_processes.cli import asking, records, show
from cmdb_processes.cli.arranging import meetings
from cmdb_processes.cli.options import Json
from cmdb_processes.timing.windows import duration as seconds_of

Name = Annotated[str, typer.Argument(help="What people call it.")]
Zone = Annotated[str, typer.Option(help="The time zone of the times, such as Europe/Berlin.")]
Start = Annotated[str, typer.Option(help="When it begins, a local time of the zone: 2026-12-18T18:00.")]
End = Annotated[str, typer.Option(help="When it is over: a local time, or how long it takes: PT8H.")]
Rule = Annotated[str | None, typer.Option(help="How it recurs: 'FREQ=WEEKLY;BYDAY=SU'.")]
CIs = Annotated[list[str] | None, typer.Option("--ci", help="A CI it is for; may be repeated.")]
_WINDOW = "name zone start end rule why until"
_SCOPE = "everything classes tags sites"
KINDS = {
    "freezes": (FREEZE, f"{_WINDOW} {_SCOPE}"),
    "windows": (MAINTENANCE, _WINDOW),
    "meetings": (MEETING, "name start end place"),
    "hours": (CALENDAR, "name zone weekly"),
}
SLOTS = """
query Slots($cis: [String!]!, $duration: String!, $start: String, $end: String, $zone: String, $most: Int) {
  freeSlots(cis: $cis, duration: $duration, start: $start, end: $end, zone: $zone, most: $most) {
    free lookedAt slots { start end sentence businessSeconds blockers }
  }
}
"""


def register(app: typer.Typer) -> None:
    """Offer the commands."""
    group = typer.Typer(
        help="When: freezes, windows, hours, the board, free slots.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("list", epilog="Example: epicentre calendar list windows")(list_)
    group.command("show", epilog="Example: epicentre calendar show FRZ-1")(show_)
    group.command(
        epilog="Example: epicentre calendar freeze 'Year end' --zone Europe/Berlin --start 2026-12-18T18:00"
        " --end 2027-01-04T06:00 --why 'the books are closed' --everything"
    )(freeze)
    group.command(
        epilog="Example: epicentre calendar window nights --ci web-1 --zone Europe/Berlin --start 2026-12-01T22:00"
        " --end PT8H --rule FREQ=DAILY"
    )(window)
    group.command(
        epilog="Example: epicentre calendar hours office --zone Europe/Berlin --workdays 08:00-17:00 --country DE"
    )(hours)
    meetings.register(group)
    group.command(epilog="Example: epicentre calendar end FRZ-1 --reason 'the books were closed early'")(end)
    group.command(
        epilog="Example: epicentre calendar slots --ci db-1 --duration 2h --zone Europe/Berlin (exit 1: none is free)"
    )(slots)
    group.command(epilog="Example: epicentre calendar ics calendar.ics --ci db-1")(ics)
    app.add_typer(group, name="calendar")


def list_(
    kind: Annotated[str, typer.Argument(help="freezes, windows, meetings or hours.")] = "freezes",
    ended: Annotated[bool, typer.Option("--ended", help="Those that are over instead.")] = False,
    first: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 25,
    after: Annotated[str | None, typer.Option(help="The last of the page before.")] = None,
    json: Json = False,
) -> None:
    """List what is in force, newest first."""
    if kind not in KINDS:
        raise Invalid(f"{kind!r} is none of {', '.join(KINDS)}", where="KIND")
    declared, fields = KINDS[kind]
    categories = ["DONE"] if ended else ["TO_DO", "IN_PROGRESS"]
    page = records.listed(declared, fields, {"categories": categories}, first, after)
    columns = ("NUMBER", "STATE", "NAME", "START", "END", "FOR")
    records.print_page(page, columns, _row, json, f"no {kind}")


def _row(row: Any) -> tuple[Any, ...]:
    end = f"{row.get('end') or ''} {row.get('rule') or ''}".strip()
    return row["number"], row["state"], row["name"], row.get("start"), end, _for(row)


def _for(row: Any) -> str:
    named = [*(ci["name"] for ci in row["cis"]), *(row.get("classes") or ()), *(row.get("tags") or ())]
    named += row.get("sites") or ()
    return "everything" if row.get("everything") else ", ".join(named)


def show_(number: records.Number, json: Json = False) -> None:
    """Show a freeze, window, meeting or hours with its history."""
    kind, fields = _kind(number)
    record = records.one(kind, number, fields)
    if json:
        show.emit(record)
        return
    facts = [
        (f"  {name}", record.get(name)) for name in ("zone", "weekly", "start", "end", "rule", "why", "until", "place")
    ]
    records.describe(record, record["name"], [*facts, ("  for", _for(record))])
    records.print_history(record)


def _kind(number: str) -> Any:
    prefix = number.partition("-")[0]
    found = next((pair for pair in KINDS.values() if pair[0].prefix == prefix), None)
    if found is None:
        raise Invalid(f"{number!r} is no number like {', '.join(f'{k.prefix}-1' for k, _ in KINDS.values())}")
    return found


def freeze(
    name: Name, zone: Zone, start: Start, end: End,
    why: Annotated[str, typer.Option(help="Why; those whose changes wait read it.")],
    everything: Annotated[bool, typer.Option("--everything", help="It holds for every CI.")] = False,
    ci: CIs = None,
    cls: Annotated[list[str] | None, typer.Option("--class", help="A class it holds for; may be repeated.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag it holds for; may be repeated.")] = None,
    site: Annotated[list[str] | None, typer.Option(help="A site, room or rack it holds for.")] = None,
    override: Annotated[list[str] | None, typer.Option(help="Who may override it: account, @team or role.")] = None,
    rule: Rule = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Declare a time in which nothing is changed."""
    client = asking.client()
    cis, sites = _ids(client, ci), _ids(client, site)
    given = {
        "name": name, "zone": zone, "start": start, "end": end, "why": why, "rule": rule, "everything": everything,
        "classes": cls, "tags": tag, "sites": sites, "overrideBy": override,
    }  # fmt: skip
    _declare("declareFreeze", given, cis, json)


def window(
    name: Name, ci: Annotated[list[str], typer.Option(help="A service or CI it is for; may be repeated.")],
    zone: Zone, start: Start, end: End, rule: Rule = None,
    why: Annotated[str | None, typer.Option(help="Why it is there.")] = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Declare when work on CIs is expected."""
    given = {"name": name, "zone": zone, "start": start, "end": end, "rule": rule, "why": why}
    _declare("declareMaintenanceWindow", given, _ids(asking.client(), ci), json)


_TYPES = {
    "everything": "Boolean", "classes": "[String!]", "tags": "[String!]", "sites": "[String!]",
    "overrideBy": "[String!]", "name": "String!", "zone": "String!", "start": "String!", "end": "String!",
}  # fmt: skip


def _declare(command: str, given: dict[str, Any], cis: list[str], json: bool) -> None:
    typed = {name: (_TYPES.get(name, "String"), value) for name, value in given.items()}
    if command == "declareFreeze":
        typed["why"] = ("String!", given["why"])
    made = records.give(command, "number name state until", {**typed, "cis": ("[ID!]", cis)})
    until = f" until {made['until']}" if made["until"] else ""
    show.done(made, f"{made['number']} {made['name']} is in force{until}", json)


def hours(
    name: Name, zone: Zone,
    workdays: Annotated[str | None, typer.Option(help="Monday to Friday: '08:00-12:00 13:00-17:00'.")] = None,
    weekly: Annotated[list[str] | None, typer.Option(help="Or a day's hours: 'sat 09:00-12:00'; repeated.")] = None,
    country: Annotated[str | None, typer.Option(help="Whose holidays are off: AT, DE, FR, GB-ENG or US.")] = None,
    holiday: Annotated[list[str] | None, typer.Option(help="One more: '12-24 Christmas Eve'; repeated.")] = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Declare the hours that a team works; holidays are written out."""
    given = {
        "name": ("String!", name), "zone": ("String!", zone), "workdays": ("String", workdays),
        "weekly": ("[String!]", weekly), "country": ("String", country), "holidayRules": ("[String!]", holiday),
    }  # fmt: skip
    made = records.give("declareCalendar", "number name zone weekly holidays { day }", given)
    told = f"{len(made['weekly'])} days a week in {made['zone']}, {len(made['holidays'])} holidays"
    show.done(made, f"{made['number']} {made['name']}: {told}", json)


def end(
    number: records.Number,
    reason: Annotated[str | None, typer.Option(help="Why, in one line.")] = None,
    json: Json = False,
) -> None:
    """End a freeze, a window or hours, or call a meeting off."""
    commands = {"FRZ": "endFreeze", "MW": "endMaintenanceWindow", "CAB": "cancelCab", "CAL": "endCalendar"}
    kind, _ = _kind(number)
    command = commands[kind.prefix]
    made = records.give(command, "number state", {"number": ("String!", number), "reason": ("String", reason)})
    show.done(made, f"{made['number']} is {made['state']}", json)


def slots(
    ci: Annotated[list[str], typer.Option(help="A CI that is worked on; may be repeated.")],
    duration: Annotated[str, typer.Option(help="How long it takes: 2h, 90m, 1d or PT2H.")],
    start: Annotated[str | None, typer.Option(help="Not before this; now, if left out.")] = None,
    end: Annotated[str | None, typer.Option(help="Over by this; 30 days later, if left out.")] = None,
    zone: Annotated[str, typer.Option(help="The time zone of the times said and told.")] = "UTC",
    most: Annotated[int, typer.Option(min=1, max=20, help="How many.")] = 3,
    json: Json = False,
) -> None:
    """When could it be worked on? Exit code 1: no slot is free, and the nearest are told with what blocks them."""
    ids = _ids(asking.client(), ci)
    found = asking.ask(SLOTS, cis=ids, duration=_iso(duration), start=start, end=end, zone=zone, most=most)["freeSlots"]
    if json:
        show.emit(found)
    else:
        for slot in found["slots"]:
            busy = f", {slot['businessSeconds'] // 60} min of business hours" if slot["businessSeconds"] else ""
            show.out(f"{slot['start']}  {slot['sentence']}{busy}")
    if not found["free"]:
        raise typer.Exit(1)


def _iso(text: str) -> str:
    made = text.upper()
    made = made if made.startswith("P") else f"P{made}" if made.endswith("D") else f"PT{made}"
    try:
        seconds_of(made)
    except Invalid as error:
        raise Invalid(f"{text!r} is no duration like 2h, 90m, 1d or PT2H30M", where="--duration") from error
    return made


def ics(
    file: Annotated[Path, typer.Argument(help="Where to write it; - is stdout.")],
    ci: CIs = None,
    kind: Annotated[list[str] | None, typer.Option(help="changes, freezes, windows or meetings.")] = None,
    start: Annotated[str | None, typer.Option(help="From when, with an offset; 30 days ago, if left out.")] = None,
    end: Annotated[str | None, typer.Option(help="Until when; a year from now, if left out.")] = None,
) -> None:
    """Write changes, freezes, windows and meetings as a calendar file."""
    client = asking.client()
    times = {name: value for name, value in (("start", start), ("end", end)) if value is not None}
    query = urlencode({"ci": _ids(client, ci), "kind": kind or [], **times}, doseq=True)
    text = b"".join(client.lines(f"/calendar.ics?{query}"))
    if str(file) == "-":
        sys.stdout.write(text.decode())
    else:
        file.write_bytes(text)
        show.note(f"{text.count(b'BEGIN:VEVENT')} events in {file}")


def _ids(client: Any, names: list[str] | None) -> list[str]:
    return [asking.resolve(client, name)["id"] for name in names or ()]
