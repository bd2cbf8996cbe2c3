"""epicentre group set, show, clear: which of a CI's dependencies back each other up, where no relation can know."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from cmdb.errors import Invalid, UnknownName
from cmdb.words import Redundancy, Share
from cmdb_processes.cli import asking, show
from cmdb_processes.cli.edit import SET, Name, Reason
from cmdb_processes.cli.options import Json

SHOW = """
query Groups($id: ID!) {
  ci(id: $id) { id name class rev redundancy dependencies(first: 100) { nodes { type to { id name condition } } } }
  impact(of: [$id]) { problems { ci { id } rule why } }
}
"""
Relation = Annotated[str, typer.Option(help="The relation to the dependencies, such as USES.")]


def register(app: typer.Typer) -> None:
    """Offer the commands."""
    group = typer.Typer(
        help="Redundancy: which dependencies back each other up.", no_args_is_help=True, rich_markup_mode=None
    )
    group.command(
        "set", epilog="Examples: epicentre group set shop --relation USES --needs 1 --member db-1 --member db-2;"
        " epicentre group set grid --relation RUNS_ON --needs 50% --full 100%"
    )(set_)  # fmt: skip
    group.command("show", epilog="Example: epicentre group show shop")(show_)
    group.command(epilog="Examples: epicentre group clear shop --relation USES; epicentre group clear shop")(clear)
    app.add_typer(group, name="group")


def set_(
    name: Name,
    relation: Relation,
    needs: Annotated[str, typer.Option(help="How much of them it needs to live: 1, 2, 50%.")],
    full: Annotated[str | None, typer.Option(help="How much to be undisturbed; as --needs, if left out.")] = None,
    soft: Annotated[bool, typer.Option("--soft", help="Without them it is degraded, not down.")] = False,
    member: Annotated[
        list[str] | None,
        typer.Option(metavar="CI[=WEIGHT]", help="One of them; may be repeated. All by the relation, if left out."),
    ] = None,
    add: Annotated[bool, typer.Option("--add", help="Beside the rules that are there, not instead of them.")] = False,
    reason: Reason = None,
    json: Json = False,
) -> None:
    """Say that some dependencies back each other up; other rules about the same relation give way."""
    client = asking.client()
    ci = _looked(client, name)
    members = [_member(client, text) for text in member or ()]
    weights = tuple((found["id"], weight) for found, weight in members)
    try:
        rule = Redundancy(relation, _share(needs), None if full is None else _share(full), soft, weights)
    except Invalid as wrong:
        raise Invalid(_by_name(wrong.message, {found["id"]: found["name"] for found, _ in members})) from wrong
    kept = [text for text in ci["redundancy"] or () if add or _relation(text) != relation]
    _write(client, ci, [*kept, str(rule)], reason, json)


def clear(
    name: Name,
    relation: Annotated[str | None, typer.Option(help="Only rules about this relation.")] = None,
    reason: Reason = None,
    json: Json = False,
) -> None:
    """Take rules back; each dependency counts again as its relation says."""
    client = asking.client()
    ci = _looked(client, name)
    have = ci["redundancy"] or []
    kept = [text for text in have if relation is not None and _relation(text) != relation]
    if len(kept) == len(have):
        about = f" about {relation}" if relation else ""
        raise UnknownName(f"{ci['name']} has no redundancy rule{about}")
    _write(client, ci, kept, reason, json)


def show_(name: Name, json: Json = False) -> None:
    """Show the redundancy rules of a CI, and what is wrong with them."""
    ci = _looked(asking.client(), name)
    if json:
        show.emit(ci)
        return
    show.out(f"{ci['name']} ({ci['class']})")
    if not ci["redundancy"]:
        show.out("  no rule: its dependencies count as their relations say")
    names = {edge["to"]["id"]: edge["to"]["name"] for edge in ci["dependencies"]["nodes"]}
    for text in ci["redundancy"] or ():
        show.out(f"  {_by_name(text, names)}")
        for problem in ci["problems"]:
            if problem["rule"] == text:
                show.out(f"    problem: {problem['why']}")


def _looked(client: Any, name: str) -> dict[str, Any]:
    """The CI with its rules, its dependencies and the problems of its own rules."""
    found = client.ask(SHOW, id=asking.resolve(client, name)["id"])
    ci: dict[str, Any] = found["ci"]
    own = [{"rule": p["rule"], "why": p["why"]} for p in found["impact"]["problems"] if p["ci"]["id"] == ci["id"]]
    return {**ci, "problems": own}


def _write(client: Any, ci: dict[str, Any], rules: list[str], reason: str | None, json: bool) -> None:
    """By a person's update of the attribute, on the revision that was looked at; then what is wrong with the rules."""
    given = {"attributes": {"redundancy": rules or None}, "reason": reason}
    done = client.ask(SET, id=ci["id"], rev=ci["rev"], **given)["done"]
    problems = _looked(client, ci["id"])["problems"]
    show.done({**done, "problems": problems}, f"{done['summary']} (sequence {done['sequence']})", json)
    if not json:
        for note in [*done["notes"], *(f"problem: {one['rule']}: {one['why']}" for one in problems)]:
            show.out(f"  {note}")


def _relation(rule: str) -> str:
    return rule.partition(":")[0].strip()


def _by_name(text: str, names: dict[str, str]) -> str:
    return re.sub(r"ci_[0-9a-z]+", lambda found: names.get(found[0], found[0]), text)


def _share(text: str) -> Share:
    if not re.fullmatch(r"\d{1,6}%?", text):
        raise Invalid(f"{text!r} is no number like 2 and no percentage like 50%", where="--needs")
    return Share(int(text.rstrip("%")), text.endswith("%"))


def _member(client: Any, text: str) -> tuple[dict[str, str], int]:
    name, sign, weight = text.rpartition("=")
    if not sign:
        return asking.resolve(client, text), 1
    if not weight.isdecimal():
        raise Invalid(f"{weight!r} is no weight: a whole number of 1 or more", where="--member")
    return asking.resolve(client, name), int(weight)
