"""epicentre change: propose, assess, approve or reject, with the blast radius before your eyes."""

from __future__ import annotations

import json as json_module
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from cmdb.errors import Invalid, UnknownName
from cmdb_graphql.client import HttpClient
from cmdb_processes.change import RECORD, rules
from cmdb_processes.change.lifecycle import LIFECYCLE
from cmdb_processes.change.questions import IMPACT
from cmdb_processes.cli import asking, records, show

Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]
Number = Annotated[str, typer.Argument(help="The change, such as CHG-1.")]
_FIELDS = """
    number state rev title plan backout test windowStart windowEnd verdict
    evidenceHash evidenceSequence approvals rejection openedBy openedAt cis { id name class }
"""
_WHOLE = f"{_FIELDS} history {{ at by command fromState toState reason }}"
SHOW = f"query Change($number: String!) {{ changeRequest(number: $number) {{ {_WHOLE} evidence }} }}"
LIST = f"""
query Changes($state: String, $first: Int!, $after: String) {{
  changeRequests(state: $state, first: $first, after: $after) {{
    nodes {{ {_FIELDS} }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}
"""
PROPOSE = f"""
mutation Propose($cis: [ID!]!, $title: String!, $window: String!, $plan: String!, $backout: String!, $test: String!) {{
  proposeChange(cis: $cis, title: $title, window: $window, plan: $plan, backout: $backout, test: $test) {{ {_WHOLE} }}
}}
"""


def _mutation(name: str, arguments: str = "", given: str = "") -> str:
    return f"mutation Do($number: String!{arguments}) {{ {name}(number: $number{given}) {{ {_WHOLE} }} }}"


def register(app: typer.Typer) -> None:
    """Offer the commands."""
    group = typer.Typer(help="Changes: propose, assess, approve.", no_args_is_help=True, rich_markup_mode=None)
    group.command(
        epilog="Example: epicentre change propose --title 'Upgrade neo4j' --ci neo4j"
        " --window 2027-01-10T22:00+01:00/PT2H --plan 'stop, upgrade, start'"
        " --backout 'old jars' --test 'impact answers'"
    )(propose)
    group.command(epilog="Example: epicentre change assess CHG-1")(assess)
    group.command(
        "show", epilog="Example: epicentre change show CHG-1 (exit 0 approved and nothing in the way, else 2)"
    )(show_)
    group.command("list", epilog="Example: epicentre change list --state assessed")(list_)
    group.command(epilog="Example: epicentre change approve CHG-1 --as-role technical")(approve)
    group.command(epilog="Example: epicentre change reject CHG-1 --reason 'quarter end'")(reject)
    group.command(epilog="Example: epicentre change withdraw CHG-1")(withdraw)
    records.register_notes(group, RECORD, "change")
    app.add_typer(group, name="change")


def propose(
    title: Annotated[str, typer.Option(help="What is to be changed, in one line.")],
    ci: Annotated[list[str], typer.Option(help="A CI that will be worked on; may be repeated.")],
    window: Annotated[str, typer.Option(help="start/end or start/duration, ISO 8601 with a time zone.")],
    plan: Annotated[str, typer.Option(help="How it will be done.")],
    backout: Annotated[str, typer.Option(help="How it will be undone if it fails.")],
    test: Annotated[str, typer.Option(help="How one will know that it worked.")],
    json: Json = False,
) -> None:
    """Propose a change."""
    client = asking.client()
    cis = [asking.resolve(client, name)["id"] for name in ci]
    made = client.ask(PROPOSE, cis=cis, title=title, window=window, plan=plan, backout=backout, test=test)
    _print(made["proposeChange"], json, "next: epicentre change assess {number}")


def assess(number: Number, json: Json = False) -> None:
    """Take the blast radius of its CIs together and freeze it as evidence."""
    _print(asking.ask(_mutation("assessChange"), number=number)["assessChange"], json)


def approve(
    number: Number,
    as_role: Annotated[str, typer.Option(help="financial, technical or business; each by another person.")],
    json: Json = False,
) -> None:
    """Approve in one role, on the evidence as assessed."""
    text = _mutation("approveChange", ", $role: String!", ", asRole: $role")
    _print(asking.ask(text, number=number, role=as_role)["approveChange"], json)


def reject(
    number: Number, reason: Annotated[str, typer.Option(help="Why; the requester reads it.")], json: Json = False
) -> None:
    """Reject a change, with the reason."""
    text = _mutation("rejectChange", ", $reason: String!", ", reason: $reason")
    _print(asking.ask(text, number=number, reason=reason)["rejectChange"], json)


def withdraw(number: Number, json: Json = False) -> None:
    """Take a change back."""
    _print(asking.ask(_mutation("withdrawChange"), number=number)["withdrawChange"], json)


def show_(number: Number, json: Json = False) -> None:
    """Show a change: verdict, what is in its way, who would be hit, history. Exit code 0 when it may go ahead."""
    client = asking.client()
    change = client.ask(SHOW, number=number)["changeRequest"]
    evidence = json_module.loads(change["evidence"]) if change["evidence"] else None
    blockers = _blockers(client, change, evidence)
    if json:
        show.emit({**change, "evidence": evidence, "blockers": blockers, "missing": _missing(change)})
    else:
        _describe(change, blockers)
        for item in evidence["items"] if evidence else ():
            show.item(item["degree"], f"{item['ci']['name']} ({item['ci']['class']}): {item['reason']}", 1)
        for step in change["history"]:
            show.out(f"  {step['at']}  {step['toState']}: {step['reason']}")
    if change["state"] != "approved" or blockers:
        raise typer.Exit(2)


def _blockers(client: HttpClient, change: dict[str, Any], evidence: dict[str, Any] | None) -> list[str]:
    """What stands in its way now; the radius is asked again, as an approval would."""
    current = None
    if evidence is not None and change["state"] in {"assessed", "approved"}:
        with suppress(UnknownName):
            current = client.ask(IMPACT, of=[root["id"] for root in evidence["of"]])["impact"]
    now = datetime.now(UTC).isoformat()
    return rules.blockers(change["state"], change["windowEnd"], evidence, current, now)


def _missing(change: dict[str, Any]) -> list[str]:
    given = {text.split(" ")[0] for text in change["approvals"] or ()}
    return [role for role in rules.ROLES if role not in given] if change["state"] == "assessed" else []


def list_(
    state: Annotated[str | None, typer.Option(help="Only this state: proposed, assessed, approved, …")] = None,
    first: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 50,
    after: Annotated[str | None, typer.Option(help="The last change of the page before.")] = None,
    json: Json = False,
) -> None:
    """List changes, newest first."""
    if state not in {None, *(known.name for known in LIFECYCLE.states)}:
        states = ", ".join(known.name for known in LIFECYCLE.states)
        raise Invalid(f"there is no state {state!r}; known are {states}", where="--state")
    page = asking.ask(LIST, state=state, first=first, after=after)["changeRequests"]
    found = page["nodes"]
    if json:
        show.emit(found)
    else:
        rows = [(c["number"], c["state"], c["windowStart"], c["openedBy"], c["title"]) for c in found]
        show.table(("CHANGE", "STATE", "WINDOW", "BY", "TITLE"), rows, "no changes")
    show.more(page, "--after")


def _print(change: dict[str, Any], json: bool, hint: str = "") -> None:
    if json:
        show.emit(change)
        return
    _describe(change)
    show.out(change["history"][-1]["reason"])
    if hint:
        show.out(hint.format(number=change["number"]))


def _describe(change: dict[str, Any], blockers: Sequence[str] = ()) -> None:
    given = [rules.Approval.parse(text) for text in change["approvals"] or ()]
    evidence = None
    if change["evidenceHash"]:
        evidence = f"{change['evidenceHash'][:16]} at sequence {change['evidenceSequence']}"
    show.out(f"{change['number']} {change['state'].upper()}: {change['title']}")
    show.facts(
        [
            ("  verdict", change["verdict"]),
            ("  works on", [ci["name"] for ci in change["cis"]]),
            ("  window", f"{change['windowStart']} to {change['windowEnd']}"),
            ("  by", change["openedBy"]),
            ("  evidence", evidence),
            ("  approved", [f"{one.role} by {one.by}" for one in given]),
            ("  missing", _missing(change)),
            ("  blocked by", "; ".join(blockers)),
            ("  rejected", change["rejection"]),
        ]
    )
