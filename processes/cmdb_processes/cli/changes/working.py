"""epicentre change schedule, start, finish, back-out, verify, close: the work, and what became of it."""

from __future__ import annotations

from typing import Annotated

import typer

from cmdb_processes.change.closing import calibrated
from cmdb_processes.change.earlier import predicted
from cmdb_processes.cli import asking, show
from cmdb_processes.cli.changes import text
from cmdb_processes.cli.changes.text import Number
from cmdb_processes.cli.options import Json

Tested = Annotated[bool | None, typer.Option("--tested/--test-failed", help="Whether its test passed.")]


def register(group: typer.Typer) -> None:
    """Offer the commands."""
    group.command(epilog="Example: epicentre change schedule CHG-1")(schedule)
    group.command(epilog="Example: epicentre change start CHG-1")(start)
    group.command(epilog="Example: epicentre change finish CHG-1 --tested")(finish)
    group.command("back-out", epilog="Example: epicentre change back-out CHG-1 --reason 'it does not start'")(back_out)
    group.command(epilog="Example: epicentre change review CHG-1 (exit 2 when not all that was planned was seen)")(
        review
    )
    group.command(epilog="Example: epicentre change close CHG-1 --outcome success --objective-met")(close)
    group.command(epilog="Example: epicentre change calibration")(calibration)


def schedule(number: Number, json: Json = False) -> None:
    """Put an approved change into the calendar; it is assessed once more."""
    text.told(text.do("scheduleChange", number), json, "next, in its window: epicentre change start {number}")


def start(number: Number, json: Json = False) -> None:
    """Begin the work: refused outside its window, and when anything has moved since the approvals."""
    text.told(text.do("startChange", number), json, "next: epicentre change finish {number}")


def finish(number: Number, tested: Tested = None, json: Json = False) -> None:
    """Say that the work is over; what discovery has seen of the plan is told."""
    text.told(
        text.do("finishChange", number, tested=("Boolean", tested)), json, "next: epicentre change close {number}"
    )


def back_out(
    number: Number, reason: Annotated[str, typer.Option(help="Why, in one line.")], json: Json = False
) -> None:
    """Go the way back."""
    text.told(text.do("backOutChange", number, reason=("String!", reason)), json)


def review(number: Number, json: Json = False) -> None:
    """Hold what discovery saw by now against the plan; exit code 2 when something is missing or was not planned."""
    change = text.do("verifyChange", number)
    text.told(change, json, "next: epicentre change close {number}")
    if any(step["judged"] in {"missing", "unauthorised"} for step in change["observedSteps"]):
        raise typer.Exit(2)


def close(
    number: Number,
    outcome: Annotated[
        str | None, typer.Option(help="success, partial, failed or backed out; default: by the facts.")
    ] = None,
    lessons: Annotated[str | None, typer.Option(help="What was learnt; needed unless it is a plain success.")] = None,
    objective_met: Annotated[
        bool | None, typer.Option("--objective-met/--objective-missed", help="Whether it did what it was wanted for.")
    ] = None,
    json: Json = False,
) -> None:
    """Close a change with its outcome, by the facts or with what was learnt."""
    given = {
        "outcome": ("String", outcome), "lessons": ("String", lessons), "objectiveMet": ("Boolean", objective_met),
    }  # fmt: skip
    text.told(text.do("closeChange", number, **given), json)


def calibration(json: Json = False) -> None:
    """How right predictions were: over the closed changes whose CIs did fail, precision and recall by class."""
    looked = predicted(asking.client().ask)
    found = calibrated(looked.rows)
    scores = {"all": found.whole, **found.by_class}
    if json:
        rows = {name: {"precision": s.precision, "recall": s.recall, "hit": s.hit, "falseAlarm": s.false_alarm,
                       "missed": s.missed} for name, s in scores.items()}  # fmt: skip
        missed = [{"change": number, "ci": ci.name, "class": ci.class_} for number, ci in found.missed]
        show.emit({"changes": found.changes, "scores": rows, "missed": missed, "cut": looked.cut})
        return
    show.out(found.sentence)
    if looked.cut:
        show.out(f"  {looked.cut}")
    if found.changes:
        rows_ = [(name, s.hit, s.false_alarm, s.missed, *map(_percent, (s.precision, s.recall)))
                 for name, s in scores.items()]  # fmt: skip
        show.table(("CLASS", "HIT", "FALSE ALARM", "MISSED", "PRECISION", "RECALL"), rows_)
    for number, ci in found.missed:
        show.out(f"  {number} did not predict that {ci.name} ({ci.class_}) breaks: is an edge missing?")


def _percent(share: float | None) -> str:
    return "unknown" if share is None else f"{100 * share:.0f} %"
