"""epicentre ci, search, path, query: look at the graph."""

from __future__ import annotations

import json as json_module
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cmdb.errors import Invalid, UnknownName
from cmdb_graphql.pictures import words
from cmdb_processes.cli import asking, filters, show
from cmdb_processes.cli import proposed as proposals
from cmdb_processes.cli.options import AsOf, Json

Name = Annotated[str, typer.Argument(help="A CI: its name, id, or the start of either.")]

LIST = """
query List(
  $first: Int!, $filter: KINDFilter, $after: String, $retired: Boolean!, $asOf: Moment, $proposed: ProposedInput
) {
  found: ROOT(
    first: $first, filter: $filter, after: $after, includeRetired: $retired, asOf: $asOf, proposed: $proposed
  ) {
    totalCount truncated pageInfo { hasNextPage endCursor }
    nodes { id name class status lifecycle parent { name } lastSeen }
  }
}
"""
"""KIND is a class and ROOT the question for all of it, as the schema names them."""
ABOUT_LIFE = frozenset({"lifecycle", "status"})
"""Who asks by one of these has said whether retired CIs are meant."""
SHOW = """
query Show($id: ID!, $asOf: Moment, $proposed: ProposedInput) {
  ci(id: $id, asOf: $asOf, proposed: $proposed) {
    id asOf name class status lifecycle rev key firstSeen lastSeen expiresAt tags extra parent { id name } __typename
    mergedInto { id name }
    children(first: 100) { truncated nodes { id name class } pageInfo { hasNextPage endCursor } }
    dependencies(first: 50) { ...Edges }
    dependents(first: 50) { ...Edges }
    claims { scope since trace }
  }
}
fragment Edges on DependencyConnection {
  truncated nodes { type from { id name class } to { id name class } evidence { kind detail confidence } ageSeconds }
  pageInfo { hasNextPage endCursor }
}
"""
FIELDS = "query Fields($name: String!) { __type(name: $name) { fields { name type { kind ofType { kind } } } } }"
LACKS = "query Lacks($asOf: Moment) { cis(first: 1, asOf: $asOf) { truncated } }"
"""What the past of a moment lacks."""
SEARCH = """
query Search($text: String!, $first: Int!, $after: String, $asOf: Moment, $proposed: ProposedInput) {
  search(text: $text, first: $first, after: $after, asOf: $asOf, proposed: $proposed) {
    truncated nodes { id name class parent { name } lastSeen }
    pageInfo { hasNextPage endCursor }
  }
}
"""
PATH = """
query Path($from: ID!, $to: ID!, $asOf: Moment, $proposed: ProposedInput) {
  path(from: $from, to: $to, asOf: $asOf, proposed: $proposed) {
    id type since ageSeconds lastSeen
    from { id name class } to { id name class } evidence { kind detail confidence firstSeen }
  }
}
"""
PATHS = """
query Paths($from: ID!, $to: ID!, $first: Int!, $asOf: Moment, $proposed: ProposedInput) {
  paths(from: $from, to: $to, first: $first, asOf: $asOf, proposed: $proposed) {
    truncated
    nodes { hops edges {
      id type since ageSeconds lastSeen
      from { id name class } to { id name class } evidence { kind detail confidence firstSeen }
    } }
  }
}
"""


def register(app: typer.Typer) -> None:
    """Offer the commands."""
    group = typer.Typer(help="List and show configuration items.", no_args_is_help=True, rich_markup_mode=None)
    group.command(
        "list",
        epilog="Examples: epicentre ci list Service --name neo; epicentre ci list Host --filter os_id=debian;"
        " epicentre ci list --filter lifecycle=retired; epicentre ci list Host --include-retired;"
        " epicentre ci list Host --as-of 2030-01-10T22:00Z; epicentre ci list Host --proposed change.json",
    )(list_)
    group.command(
        "show",
        epilog="Examples: epicentre ci show neo4j; epicentre ci show neo4j --json; epicentre ci show web1 --as-of 17;"
        " epicentre ci show new:web-3 --proposed change.json",
    )(show_)
    app.add_typer(group, name="ci")
    app.command(
        epilog="Examples: epicentre search neo; epicentre search 127.0.0; epicentre search web --as-of 17;"
        " epicentre search web --proposed change.json"
    )(search)
    app.command(
        epilog="Examples: epicentre path epicentre neo4j; epicentre path epicentre neo4j --ways 3;"
        " epicentre path epicentre neo4j --as-of 17; epicentre path epicentre neo4j --proposed change.json"
    )(path)
    app.command(epilog="Examples: epicentre query question.graphql; echo '{me{name}}' | epicentre query -")(query)


def list_(
    cls: Annotated[str | None, typer.Argument(metavar="CLASS", help="Only this class, such as Service.")] = None,
    name: Annotated[str | None, typer.Option(help="Only names that start with this.")] = None,
    filter: Annotated[  # noqa: A002  # the option's name
        list[str] | None, typer.Option(help="Only with this attribute=value of the class; may be repeated.")
    ] = None,
    first: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 100,
    after: Annotated[str | None, typer.Option(help="The cursor the page before ended with.")] = None,
    include_retired: Annotated[
        bool, typer.Option("--include-retired", help="Also retired ones; a filter on lifecycle or status finds them.")
    ] = False,
    as_of: AsOf = None,
    proposed: proposals.Proposed = None,
    json: Json = False,
) -> None:
    """List CIs by name: the live ones, unless others are asked for."""
    client = asking.client()
    parts: list[dict[str, Any]] = [{"name": {"prefix": name}}] if name else []
    root, known = filters.known(client, cls)
    parts += [filters.condition(known, text) for text in filter or ()]
    retired = include_retired or any(part.keys() & ABOUT_LIFE for part in parts)
    text = LIST.replace("KIND", cls or "CI").replace("ROOT", root)
    asked = {"first": first, "filter": {"and": parts}, "after": after, "retired": retired, "asOf": as_of}
    answer = client.ask(text, **asked, proposed=proposals.read(client, proposed, as_of))["found"]
    if json:
        show.emit(answer)
        show.more(answer, "--after")
        return
    rows = [
        (n["name"], n["class"], (n["parent"] or {}).get("name"), *([n["lifecycle"]] if retired else []), n["id"])
        for n in answer["nodes"]
    ]
    columns = ("NAME", "CLASS", "ON", *(["LIFECYCLE"] if retired else []), "ID")
    show.table(columns, rows, "no such CI" if retired else "no such live CI; --include-retired looks among all")
    if answer.get("truncated"):
        show.out(f"CUT SHORT: {answer['truncated']}")
    if answer["pageInfo"]["hasNextPage"]:
        show.note(f"{len(rows)} of {answer['totalCount']}")
    show.more(answer, "--after")


def show_(name: Name, as_of: AsOf = None, proposed: proposals.Proposed = None, json: Json = False) -> None:
    """Show one CI: its attributes, what it depends on, what depends on it, and why it is one CI."""
    client = asking.client()
    steps = proposals.read(client, proposed, as_of)
    found = asking.resolve(client, name, retired=True, as_of=as_of, proposed=steps)["id"]
    ci = client.ask(SHOW, id=found, asOf=as_of, proposed=steps)["ci"]
    if ci is None:
        lacks = client.ask(LACKS, asOf=as_of)["cis"]["truncated"]
        raise UnknownName(f"{name} was not known at {as_of}" + (f", or is no longer: {lacks}" if lacks else ""))
    ci["attributes"] = _attributes(client, ci, steps)
    if json:
        show.emit(ci)
        return
    show.short(ci["children"])
    base = ("name", "class", "status", "lifecycle", "id", "key", "rev", "firstSeen", "lastSeen", "expiresAt", "tags")
    known = [(k, ci[k]) for k in base if k != "lifecycle" or ci[k] != ci["status"]]
    free = [(f"extra:{name}", value) for name, value in ci["extra"].items()]
    into = f"{one['name']} ({one['id']})" if (one := ci["mergedInto"]) else None
    around = [("on", (ci["parent"] or {}).get("name")), ("merged into", into)]
    show.facts([*known, *around, *ci["attributes"].items(), *free])
    for title, key, end in (("depends on", "dependencies", "to"), ("needed by", "dependents", "from")):
        edges = ci[key]["nodes"]
        if edges:
            show.out(f"\n{title}:")
        for edge in edges:
            other, why = edge[end], edge["evidence"]
            seen = words.ago(edge["ageSeconds"])
            show.out(f"  {edge['type']} {other['name']} ({other['class']}): {why['kind']} {why['detail']}, {seen}")
        if ci[key]["pageInfo"]["hasNextPage"]:
            show.out(f"  more than these {len(edges)} follow")
    traces = [c["trace"] for c in ci["claims"] if c["trace"]]
    if traces:
        show.out(f"\nidentity: {traces[0]['reason']}")


def _attributes(client: Any, ci: dict[str, Any], proposed: dict[str, Any] | None) -> dict[str, Any]:
    """The declared attributes of the CI's own class: asked by the schema, so a new one needs no change here."""
    known = client.ask(FIELDS, name=ci["__typename"])["__type"]["fields"]
    base = {f["name"] for f in client.ask(FIELDS, name="CI")["__type"]["fields"]}
    own = [f["name"] for f in known if f["name"] not in base]
    chosen = f"... on {ci['__typename']} {{ {' '.join(own)} }}"
    given = "$id: ID!, $asOf: Moment, $proposed: ProposedInput"
    text = f"query One({given}) {{ ci(id: $id, asOf: $asOf, proposed: $proposed) {{ {chosen} }} }}"
    answer = client.ask(text, id=ci["id"], asOf=ci.get("asOf"), proposed=proposed)["ci"]
    return {k: v for k, v in answer.items() if v is not None}


def search(
    text: Annotated[str, typer.Argument(help="The start of any word of a name, an address, …; *.org: the end.")],
    first: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 20,
    after: Annotated[str | None, typer.Option(help="The cursor the page before ended with.")] = None,
    as_of: AsOf = None,
    proposed: proposals.Proposed = None,
    json: Json = False,
) -> None:
    """Find live CIs by what you remember of them."""
    client = asking.client()
    state = {"asOf": as_of, "proposed": proposals.read(client, proposed, as_of)}
    page = client.ask(SEARCH, text=text, first=first, after=after, **state)["search"]
    found = page["nodes"]
    if json:
        show.emit(found)
    else:
        rows = [(n["name"], n["class"], (n["parent"] or {}).get("name"), n["id"]) for n in found]
        show.table(("NAME", "CLASS", "ON", "ID"), rows, f"nothing found for {text!r}")
    show.short(page)
    show.more(page, "--after")
    if not found:
        raise typer.Exit(1)


def path(
    start: Annotated[str, typer.Argument(metavar="FROM", help="The dependent.")],
    end: Annotated[str, typer.Argument(metavar="TO", help="The dependency.")],
    as_of: AsOf = None,
    ways: Annotated[int, typer.Option(min=1, max=10, help="How many different ways, the shortest first.")] = 1,
    proposed: proposals.Proposed = None,
    json: Json = False,
) -> None:
    """Show the shortest chains of dependencies between two CIs, each hop with its evidence and age."""
    client = asking.client()
    past, steps = as_of is not None, proposals.read(client, proposed, as_of)
    one, other = (asking.resolve(client, name, retired=past, as_of=as_of, proposed=steps) for name in (start, end))
    state = {"asOf": as_of, "proposed": steps}
    ends = {"from": one["id"], "to": other["id"]}
    asked, name, more = (PATHS, "paths", {"first": ways}) if ways > 1 else (PATH, "path", {})
    told = client.ask(asked, **ends, **more, **state)[name]
    chains = [way["edges"] for way in told["nodes"]] if ways > 1 else [told] if told else []
    if json:
        show.emit(told)
    elif not chains:
        back = client.ask(PATH, **{"from": other["id"], "to": one["id"]}, **state)["path"]
        hint = f"; but {other['name']} depends on {one['name']}" if back else ""
        show.out(f"{one['name']} does not depend on {other['name']} within 8 hops{hint}")
    for number, chain in enumerate(() if json else chains, start=1):
        if ways > 1:
            show.out(f"way {number}: {len(chain)} hop{'s' * (len(chain) > 1)}")
        _tell(chain)
    if ways > 1 and told["truncated"] and not json:
        show.out(told["truncated"])
    if not chains:
        raise typer.Exit(1)


def _tell(chain: list[dict[str, Any]]) -> None:
    for number, hop in enumerate(chain, start=1):
        why = f"{hop['evidence']['kind']} {hop['evidence']['detail']}, {words.ago(hop['ageSeconds'])}"
        show.out(f"{number}. {hop['from']['name']} {hop['type']} {hop['to']['name']}: {why}")


def query(
    file: Annotated[str, typer.Argument(help="File with a GraphQL document; - reads it from stdin.")],
    var: Annotated[list[str] | None, typer.Option(help="A variable, name=value; JSON values are understood.")] = None,
) -> None:
    """Ask any GraphQL question; the answer's data is printed as JSON."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text()
    except OSError as error:
        raise Invalid(f"{file} cannot be read ({error.strerror})") from error
    show.emit(asking.ask(text, **dict(_variable(one) for one in var or [])))


def _variable(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Invalid(f"{text!r} is not name=value", where="--var")
    try:
        return name, json_module.loads(value)
    except ValueError:
        return name, value
