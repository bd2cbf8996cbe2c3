"""Write the pages of docs/ that are made from what is declared; a house test fails when they are stale.

python deploy/write_docs.py
"""

from __future__ import annotations

from collections.abc import Mapping
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
from cmdb.words import Attribute, CIClass

DOCS = Path(__file__).parents[1] / "docs"


def reference() -> str:
    """The list of classes, and every relation."""
    lines = [
        "# Classes and relations", "",
        "Made by `deploy/write_docs.py` from `cmdb/classes/`. An edge goes from the dependent to its dependency;"
        " a failure travels the other way: `hard` takes the dependent down, `soft` degrades it, `never` leaves it.",
        "", "| class | meaning |", "| --- | --- |",
    ]  # fmt: skip
    lines += [f"| [{c.name}](classes/{page_of(c)}) | {c.sentence} |" for c in catalogue().classes.values()]
    lines += ["", "## Relations", "", "`CI` stands for any class.", ""]
    lines += ["| relation | from | to | cardinality | failure | meaning |", "| --- | --- | --- | --- | --- | --- |"]
    lines += [
        f"| `{r.name}` | {', '.join(r.sources)} | {', '.join(r.targets)} | {r.cardinality.value} | {r.failure.value}"
        f" | {r.sentence} |"
        for r in catalogue().relations.values()
    ]
    return "\n".join(lines) + "\n"


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
    kinds = [c.name for c in catalogue().classes.values() if c.kind_of == cls.name]
    lines = [f"# {cls.name}", "", cls.sentence, ""]
    if cls.kind_of:
        lines += [f"A kind of [{cls.kind_of}]({cls.kind_of}.md): it has that one's attributes and labels too.", ""]
    if kinds:
        lines += [f"Kinds of it: {', '.join(f'[{k}]({k}.md)' for k in kinds)}.", ""]
    lines += ["## Identity", "", "Recognised by, strongest first:", ""]
    lines += [f"{n}. {rule.name} (`{'`, `'.join(rule.keys)}`)" for n, rule in enumerate(cls.identity, 1)]
    lines += [
        "", "## Life", "",
        f"States: {', '.join(cls.lifecycle.states)}. Owner: {cls.owner.replace('_', ' ')}. Without a claim it is stale"
        f" after {cls.lease.stale_days} days and retired after {cls.lease.retire_days}; the history of a retired one"
        f" is kept for {cls.retention_days} days.",
        "", "## Attributes", "", "| attribute | type | unit | meaning |", "| --- | --- | --- | --- |",
    ]  # fmt: skip
    lines += [f"| `{a.name}` | {a.type} | {a.unit or ''} | {a.sentence}{_notes(a)} |" for a in cls.attributes]
    lines += ["", "## Relations", "", "| relation | direction | other end | failure |", "| --- | --- | --- | --- |"]
    lines += [
        f"| `{r.name}` | {'depends on' if out else 'needed by'} | {', '.join(r.targets if out else r.sources)}"
        f" | {r.failure.value} |"
        for r, out in catalogue().relations_of(cls.name)
    ]
    lines += ["", "## Ask", "", "```graphql", example(cls), "```"]
    return "\n".join(lines) + "\n"


def _notes(attribute: Attribute) -> str:
    notes = [" Required."] if attribute.required else []
    notes += [" Volatile: not versioned."] if attribute.volatile else []
    notes += [f" Precedence: {' > '.join(attribute.precedence)}."] if attribute.precedence else []
    return "".join(notes)


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
`startsWith`, `gt`, `null`, …) and `related`: the edges there are now, up to three inside each other. `prefix` and
`suffix` take any case; `startsWith` is exact and is looked up by index.

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


if __name__ == "__main__":
    (DOCS / "classes").mkdir(parents=True, exist_ok=True)
    for one in (DOCS / "classes").glob("*.md"):
        one.unlink()
    for each in catalogue().classes.values():
        (DOCS / "classes" / page_of(each)).write_text(class_page(each))
    (DOCS / "reference.md").write_text(reference())
    (DOCS / "settings.md").write_text(settings())
    (DOCS / "questions.md").write_text(questions())
