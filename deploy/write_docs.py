"""Write the pages of docs/ that are made from what is declared; a house test fails when they are stale.

python deploy/write_docs.py
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    parse,
)

from cmdb.classes import catalogue
from cmdb.config import Settings
from cmdb.imports.schema import row_schema
from cmdb.projection.schema import proposed_schema
from cmdb.words import ANY, SOURCES, Attribute, Cardinality, CIClass, Failure, Needs, RelationType

DOCS = Path(__file__).parents[1] / "docs"


def reference() -> str:
    """The list of classes, and every relation."""
    lines = [
        "# Classes and relations", "",
        "Made by `deploy/write_docs.py` from `cmdb/classes/`. An edge goes from the dependent to its dependency;"
        " a failure travels the other way: `hard` takes the dependent down, `soft` degrades it, `never` leaves it."
        " Of several by one relation a CI needs each, unless they `share` the work (it is degraded while one is"
        " missing, down without any) or are `spare` to each other (one is enough). More in [Impact](impact.md).",
        "", "| class | meaning |", "| --- | --- |",
    ]  # fmt: skip
    lines += [f"| [{c.name}](classes/{page_of(c)}) | {c.sentence} |" for c in catalogue().classes.values()]
    lines += ["", "## Relations", "", "`CI` stands for any class.", ""]
    lines += [
        "| relation | from | to | dependents to dependencies | failure | meaning |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| `{r.name}` | {', '.join(r.sources)} | {', '.join(r.targets)} | {r.cardinality.value} | {carried(r)}"
        f" | {r.sentence} |"
        for r in catalogue().relations.values()
    ]
    return "\n".join(lines) + "\n"


SEVERAL = {Needs.ALL: "", Needs.SHARE: "; several share the work", Needs.SPARE: "; several are spare to each other"}
"""What several dependencies by one relation are to each other."""


def carried(relation: RelationType) -> str:
    """How failure travels along a relation, in words."""
    return relation.failure.value + SEVERAL[relation.needs]


def page_of(cls: CIClass) -> str:
    """The file name of a class's page."""
    return f"{cls.name}.md"


def example(cls: CIClass) -> str:
    """A question for the first ten of a class with its first attributes."""
    camel = [_camel(a.name) for a in cls.attributes[:4]]
    return f"{{\n  {_camel(cls.plural)}(first: 10) {{\n    nodes {{ id name status {' '.join(camel)} }}\n  }}\n}}"


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def class_page(cls: CIClass) -> str:
    """What a person who fills or reads a class has to know."""
    parts = [[f"# {cls.name}", "", cls.sentence], _kinds(cls), _identity(cls), _life(cls), _attributes(cls)]
    relations = catalogue().relations_of(cls.name)
    parts.append(["## It depends on", "", *_relations([r for r, out in relations if out], dependent=True)])
    parts.append(["## It is needed by", "", *_relations([r for r, out in relations if not out], dependent=False)])
    parts.append(["## Ask", "", "```console", f"$ epicentre ci list {cls.name}", "```", ""])
    parts[-1] += ["```graphql", example(cls), "```"]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _link(name: str) -> str:
    return "any class" if name == ANY else f"[{name}]({name}.md)"


def _kinds(cls: CIClass) -> list[str]:
    kinds = [c.name for c in catalogue().classes.values() if c.kind_of == cls.name]
    lines = [f"A kind of {_link(cls.kind_of)}: it has that one's attributes and labels too."] if cls.kind_of else []
    return lines + ([f"Kinds of it: {', '.join(map(_link, kinds))}."] if kinds else [])


def _identity(cls: CIClass) -> list[str]:
    lines = ["## Identity", ""]
    if cls.contained_by:
        lines += [f"It lives inside another CI (`{cls.contained_by}`, below) and is retired with it.", ""]
    lines += ["Recognised by, strongest first ([how](../identity.md)):", ""]
    return lines + [
        f"{n}. {rule.name} (`{'`, `'.join(rule.keys)}`){', upper and lower case told apart' if rule.exact else ''}"
        for n, rule in enumerate(cls.identity, 1)
    ]


def _life(cls: CIClass) -> list[str]:
    lease = cls.lease
    return [
        "## Life", "",
        f"- States: {', '.join(cls.lifecycle.states)}.",
        f"- Lease: stale after {_days(lease.stale_days)} without a word of the sources that claim it, retired after"
        f" {_days(lease.retire_days)}; what a person stated does not age.",
        f"- Retention: the history of a retired one is kept for {_days(cls.retention_days)}.",
        f"- Owner: {cls.owner.replace('_', ' ')}, who answers for the data.",
    ]  # fmt: skip


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"


def _attributes(cls: CIClass) -> list[str]:
    lines = ["## Attributes", ""]
    if not cls.attributes:
        return [*lines, "None but its name."]
    lines += [f"Where sources disagree, the first of these wins, unless said otherwise: {' > '.join(SOURCES)}.", ""]
    lines += ["| attribute | type | unit | meaning |", "| --- | --- | --- | --- |"]
    return lines + [f"| `{a.name}` | {a.type} | {a.unit or ''} | {a.sentence}{_notes(a)} |" for a in cls.attributes]


def _notes(attribute: Attribute) -> str:
    notes = [" Required."] if attribute.required else []
    notes += [" Found by search."] if attribute.search else []
    notes += [" Volatile: not versioned."] if attribute.volatile else []
    notes += [f" Precedence: {' > '.join(attribute.precedence)}."] if attribute.precedence else []
    return "".join(notes)


DEPENDENT = {Failure.HARD: "it goes down", Failure.SOFT: "it is degraded at worst", Failure.NEVER: "it goes on"}
"""What becomes of a dependent when its dependency is down."""
MANY = {  # to how many of the other end, seen from the dependent and from the dependency
    Cardinality.MANY_TO_MANY: ("any number", "any number"),
    Cardinality.MANY_TO_ONE: ("at most one", "any number"),
    Cardinality.ONE_TO_ONE: ("at most one", "at most one"),
}


def _relations(found: Sequence[RelationType], *, dependent: bool) -> list[str]:
    """A table of the relations at one of their ends; failure travels from the dependency to the dependent."""
    if not found:
        return ["Nothing."]
    head = "when that one is down" if dependent else "when it is down"
    lines = [f"| relation | other end | how many | {head} | meaning |", "| --- | --- | --- | --- | --- |"]
    for relation in found:
        becomes = DEPENDENT[relation.failure] if dependent else DEPENDENT[relation.failure].replace("it ", "that one ")
        many = MANY[relation.cardinality][0 if dependent else 1]
        ends = _ends(relation.targets if dependent else relation.sources)
        lines.append(
            f"| `{relation.name}` | {ends} | {many} | {becomes} ({relation.failure.value}){SEVERAL[relation.needs]} |"
            f" {relation.sentence} |"
        )
    return lines


def _ends(names: Sequence[str]) -> str:
    return ", ".join(map(_link, names))


def settings() -> str:
    """Every environment variable."""
    lines = [
        "# Settings", "",
        "Made by `deploy/write_docs.py` from `cmdb/config.py`. Each is an environment variable, read once at start.",
        "", "| variable | default | meaning |", "| --- | --- | --- |",
    ]  # fmt: skip
    folders = {"home": "`~/.local/share/epicentre`", "cache": "`~/.cache/epicentre`"}
    for name, field in Settings.model_fields.items():
        default = folders.get(name) or ("" if field.default is None else f"`{field.default}`")
        lines.append(f"| `EPICENTRE_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(lines) + "\n"


INTRODUCTION = """# Questions

Made by `deploy/write_docs.py` from `graphql/schema.graphql` and `graphql/operations/`: every question with an example
that a test runs. `epicentre query graphql/operations/search.graphql --var text=neo4j` asks one from the command line.

**No list is silently short.** A list is a page (`pageInfo` says whether more follow, `endCursor` is the next `after`),
stands beside a `truncated` that says why it was cut, or its description says why it is always whole.

**Filters** take `and`, `or`, `not`, comparisons of every attribute (`eq`, `in`, `contains`, `prefix`, `suffix`,
`startsWith`, `gt`, `null`, …) and `related`: the edges there are, up to three inside each other. `prefix` and
`suffix` take any case; `startsWith` is exact and is looked up by index. Where the class is open (`cis`, `counts`,
views, the `to` of `related`), `attributes: [{name: "osId", eq: "debian"}]` compares what any class declares.
What is absent is found by `null: true`; to compare with null, or with a `status` or `lifecycle` that there is not, is
refused. A cursor belongs to the order it was given in.

**Another state.** Most questions take `asOf`, a moment, and `proposed`, a state that is only proposed, on top of it:
[time](time.md) explains both. Whatever the answer names, at any depth, is of that state.

**Site and owner** in `counts`: the Site that a CI, or what it is inside of, is LOCATED_IN or PART_OF; the Person or
Organisation it is OWNED_BY, else that of what it is inside of; where the graph says nothing, what the enrolment token
of the reporting agent was bound to. What nobody said has the key null.

**Subscriptions** go over a WebSocket to `/graphql` by `graphql-transport-ws`, with `{"token": "epi_…"}` as the payload
of `connection_init`; at most 5 on a connection. `epicentre watch NAME` prints one.
"""


def operations() -> dict[str, str]:
    """An example by the field it asks; of several the one in the file named for it, else the first."""
    found: dict[str, str] = {}
    for file in sorted((DOCS.parent / "graphql" / "operations").glob("*.graphql")):
        for definition in parse(file.read_text()).definitions:
            if isinstance(definition, OperationDefinitionNode):
                for part in definition.selection_set.selections:
                    if isinstance(part, FieldNode) and (
                        part.name.value not in found or _camel(file.stem) == part.name.value
                    ):
                        found[part.name.value] = file.read_text().rstrip()
    return found


def class_lists() -> dict[str, CIClass]:
    """The list of each class by its field; the class's own page has the example."""
    return {_camel(c.plural): c for c in catalogue().classes.values()}


def questions() -> str:
    """Every question and subscription with an example."""
    schema, examples = build_schema((DOCS.parent / "graphql" / "schema.graphql").read_text()), operations()
    lines = [INTRODUCTION]
    for title, fields in (("Query", _fields(schema, "Query")), ("Subscription", _fields(schema, "Subscription"))):
        lines += [f"## {title}", ""]
        for name, field in fields.items():
            if name not in class_lists():
                lines += [f"### {name}", "", field.description or "", "", "```graphql", examples[name], "```", ""]
    lines += ["## Lists of classes", "", "Each takes the filter of its class; its page has an example.", ""]
    lines += [f"[{name}](classes/{page_of(cls)})" for name, cls in class_lists().items()]
    return "\n".join(lines) + "\n"


def _fields(schema: GraphQLSchema, name: str) -> Mapping[str, GraphQLField]:
    made = schema.type_map[name]
    assert isinstance(made, GraphQLObjectType)
    return made.fields


def pages() -> dict[str, str]:
    """Every page that is made, by its path under docs/."""
    classes = {f"classes/{page_of(each)}": class_page(each) for each in catalogue().classes.values()}
    schema = json.dumps(row_schema(catalogue()), indent=1) + "\n"
    return {
        **classes, "reference.md": reference(), "settings.md": settings(), "questions.md": questions(),
        "import-rows.schema.json": schema,
        "proposed.schema.json": json.dumps(proposed_schema(catalogue()), indent=1) + "\n",
    }  # fmt: skip


if __name__ == "__main__":
    (DOCS / "classes").mkdir(parents=True, exist_ok=True)
    for one in (DOCS / "classes").glob("*.md"):
        one.unlink()
    for path, text in pages().items():
        (DOCS / path).write_text(text)
