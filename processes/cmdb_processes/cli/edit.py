"""epicentre ci create, set, retire, link, unlink, override, merge, split: what a person does to the graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from cmdb.errors import AmbiguousName, UnknownName
from cmdb_graphql.client import HttpClient
from cmdb_processes.cli import asking, filters, show
from cmdb_processes.cli.options import Json, Rev

Name = Annotated[str, typer.Argument(help="A CI: its name, id, or the start of either.")]
Reason = Annotated[str | None, typer.Option(help="Why, in one line; it is kept in the journal.")]
Sets = Annotated[
    list[str] | None,
    typer.Argument(metavar="ATTRIBUTE=VALUE", help="Values; lists with commas; free ones as extra:NAME=VALUE."),
]
Type = Annotated[str, typer.Argument(metavar="RELATION", help="The relation, such as DEPENDS_ON.")]
From = Annotated[str, typer.Argument(metavar="FROM", help="The dependent.")]
To = Annotated[str, typer.Argument(metavar="TO", help="The dependency.")]

RESULT = "{ sequence summary notes ci { id name class status rev } }"
CREATE = f"""
mutation Create($class: String!, $name: String!, $attributes: JSON, $parent: ID, $key: String, $tags: [String!],
                $extra: JSON, $reason: String) {{
  done: createCi(class: $class, name: $name, attributes: $attributes, parent: $parent, key: $key, tags: $tags,
                 extra: $extra, reason: $reason) {RESULT}
}}
"""
SET = f"""
mutation Set($id: ID!, $rev: Int, $attributes: JSON, $name: String, $extra: JSON, $reason: String) {{
  done: updateCi(id: $id, rev: $rev, attributes: $attributes, name: $name, extra: $extra, reason: $reason) {RESULT}
}}
"""
RETIRE = f"""
mutation R($id: ID!, $rev: Int, $reason: String) {{
  done: retireCi(id: $id, rev: $rev, reason: $reason) {RESULT}
}}
"""
LINK = f"""
mutation L($type: String!, $from: ID!, $to: ID!, $reason: String) {{
  done: linkCis(type: $type, from: $from, to: $to, reason: $reason) {RESULT}
}}
"""
UNLINK = LINK.replace("linkCis", "unlinkCis")
OVERRIDE = f"""
mutation O($id: ID!, $attribute: String!, $value: JSON, $until: String!, $rev: Int, $reason: String) {{
  done: overrideAttribute(id: $id, attribute: $attribute, value: $value, until: $until, rev: $rev, reason: $reason)
    {RESULT}
}}
"""
MERGE = f"""
mutation M($winner: ID!, $loser: ID!, $reason: String!) {{
  done: mergeCis(winner: $winner, loser: $loser, reason: $reason) {RESULT}
}}
"""
GONE = """
query Gone($name: String!) {
  cis(first: 20, includeRetired: true, filter: {name: {eq: $name}, status: {eq: "retired"}}) {
    nodes { id name class status }
  }
}
"""
SPLIT = f"mutation S($id: ID!, $reason: String) {{ done: splitCi(id: $id, reason: $reason) {RESULT} }}"


def register(app: typer.Typer) -> None:
    """Offer the commands in the group `ci`, beside those that look."""
    group = next(one.typer_instance for one in app.registered_groups if one.name == "ci")
    assert group is not None
    offers: dict[Callable[..., None], str] = {
        create: "epicentre ci create Host spare7 serial=J6RN4N1 vendor=Dell extra:cost=900 --tag env:prod",
        set_: "epicentre ci set web1 model=R640 --rev 4; epicentre ci set web1 model= extra:owner=ops",
        retire: "epicentre ci retire web1 --reason 'sold'",
        link: "epicentre ci link shop DEPENDS_ON payment --reason 'by contract'",
        unlink: "epicentre ci unlink shop DEPENDS_ON payment",
        override: "epicentre ci override web1 os_version=12 --until 2030-01-31T00:00:00Z",
        merge: "epicentre ci merge web1 web1-old --reason 'one machine, reinstalled'",
        split: "epicentre ci split web1-old --reason 'two machines after all'",
    }
    for function, example in offers.items():
        group.command(function.__name__.rstrip("_"), epilog=f"Examples: {example}")(function)


def say(done: dict[str, Any], json: bool) -> None:
    """What a command came to, with its notes."""
    show.done(done, f"{done['summary']} ({done['ci']['id']}, sequence {done['sequence']})", json)
    for note in () if json else done["notes"]:
        show.out(f"  {note}")


def _values(client: Any, cls: str, sets: list[str] | None) -> dict[str, Any]:
    _, kinds = filters.known(client, cls)
    return dict(filters.value(kinds, text) for text in sets or () if not text.startswith(filters.FREE))


def _extra(sets: list[str] | None) -> dict[str, Any]:
    return dict(filters.free(text) for text in sets or () if text.startswith(filters.FREE))


def create(
    cls: Annotated[str, typer.Argument(metavar="CLASS", help="Its class, such as Host.")],
    name: Annotated[str, typer.Argument(help="What people call it.")],
    sets: Sets = None,
    parent: Annotated[str | None, typer.Option(help="The CI it is inside of: name or id.")] = None,
    key: Annotated[str | None, typer.Option(help="Its key there, as an agent would report it.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag, such as env:prod; may be repeated.")] = None,
    reason: Reason = None,
    json: Json = False,
) -> None:
    """Write down a CI that no source knows yet; what is known already is refused and named."""
    client = asking.client()
    inside = asking.resolve(client, parent)["id"] if parent else None
    given = {"attributes": _values(client, cls, sets), "parent": inside, "key": key, "reason": reason}
    beside = {"tags": tag, "extra": _extra(sets)}
    say(client.ask(CREATE, **{"class": cls}, name=name, **given, **beside)["done"], json)


def set_(name: Name, sets: Sets = None, rev: Rev = None, reason: Reason = None, json: Json = False) -> None:
    """Write values onto a CI; `attribute=` takes your own value back. A better source stays in effect, as is said."""
    client = asking.client()
    ci = asking.resolve(client, name)
    values = _values(client, ci["class"], sets)
    new = values.pop("name", None)
    given = {"attributes": values, "name": new, "extra": _extra(sets), "reason": reason}
    say(client.ask(SET, id=ci["id"], rev=rev, **given)["done"], json)


def retire(name: Name, rev: Rev = None, reason: Reason = None, json: Json = False) -> None:
    """Retire a CI with all that is inside it. If an agent still sees it, its next report revives it."""
    client = asking.client()
    say(client.ask(RETIRE, id=asking.resolve(client, name)["id"], rev=rev, reason=reason)["done"], json)


def link(start: From, relation: Type, end: To, reason: Reason = None, json: Json = False) -> None:
    """Say that one CI depends on another."""
    _between(LINK, start, relation, end, reason, json)


def unlink(start: From, relation: Type, end: To, reason: Reason = None, json: Json = False) -> None:
    """Take a hand-made link back, or refuse what a server alone says of a client; what an agent sees itself goes on."""
    _between(UNLINK, start, relation, end, reason, json)


def _between(document: str, start: str, relation: str, end: str, reason: str | None, json: bool) -> None:
    client = asking.client()
    ends = {"from": asking.resolve(client, start)["id"], "to": asking.resolve(client, end)["id"]}
    say(client.ask(document, type=relation, **ends, reason=reason)["done"], json)


def override(
    name: Name,
    value: Annotated[str, typer.Argument(metavar="ATTRIBUTE=VALUE", help="The value; nothing behind =: none.")],
    until: Annotated[str, typer.Option(help="When it ends, ISO 8601 with a time zone.")],
    rev: Rev = None,
    reason: Reason = None,
    json: Json = False,
) -> None:
    """Let one value win over every source until a moment."""
    client = asking.client()
    ci = asking.resolve(client, name)
    ((attribute, text),) = _values(client, ci["class"], [value]).items()
    given = {"attribute": attribute, "value": text, "until": until, "rev": rev, "reason": reason}
    say(client.ask(OVERRIDE, id=ci["id"], **given)["done"], json)


def merge(
    winner: Annotated[str, typer.Argument(help="The CI that stays: name or id.")],
    loser: Annotated[str, typer.Argument(help="The CI that becomes one with it.")],
    reason: Annotated[str, typer.Option(help="Why they are one thing; it is kept with the merge.")],
    json: Json = False,
) -> None:
    """Say that two CIs are one thing; `split` undoes it."""
    client = asking.client()
    ids = {"winner": asking.resolve(client, winner)["id"], "loser": asking.resolve(client, loser)["id"]}
    say(client.ask(MERGE, **ids, reason=reason)["done"], json)
    if not json:
        show.out(f"undo it with: epicentre ci split {ids['loser']}")


def split(
    ci: Annotated[str, typer.Argument(metavar="CI", help="The CI that was merged away: its id, or its name of then.")],
    reason: Reason = None,
    json: Json = False,
) -> None:
    """Undo a merge: each claim goes back with its edges, as it is said now."""
    client = asking.client()
    say(client.ask(SPLIT, id=_merged_away(client, ci), reason=reason)["done"], json)


def _merged_away(client: HttpClient, ci: str) -> str:
    """The id of what was merged away under that name; of several, the candidates."""
    if ci.startswith(("ci_", "mg_")):
        return ci
    found = client.ask(GONE, name=ci)["cis"]["nodes"]
    if not found:
        raise UnknownName(f"no CI called {ci!r} was merged away", where="CI")
    if len(found) > 1:
        told = [(one["id"], one["class"], one["name"], one["status"]) for one in found]
        raise AmbiguousName(f"{len(found)} retired CIs are called {ci!r}; name the id of one:", candidates=told)
    return str(found[0]["id"])
