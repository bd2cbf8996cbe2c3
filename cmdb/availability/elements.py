"""The XML elements of an Open-PSA file, each with its line, so that whatever is wrong can be named where it stands.

Entities are refused as they are declared, so no file can blow up or fetch anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers.expat import ExpatError, ParserCreate

from cmdb.errors import Invalid, TooLarge

MOST_BYTES = 64_000_000
DEEPEST = 100
"""Elements within elements; gates refer to gates by name, so formulas are flat."""


@dataclass(slots=True)
class Element:
    """One XML element and where it stands."""

    tag: str
    attributes: Mapping[str, str]
    line: int
    children: list[Element] = field(default_factory=list)

    def get(self, name: str) -> str:
        """An attribute that must be there."""
        if name not in self.attributes:
            raise wrong(self, f"needs the attribute {name!r}")
        return self.attributes[name]

    def walk(self) -> Iterator[Element]:
        """This element and all in it."""
        stack = [self]
        while stack:
            element = stack.pop()
            yield element
            stack += reversed(element.children)


def parsed(content: bytes) -> Element:
    """The root of a file. Raises Invalid for what is no Open-PSA XML, TooLarge above 64 MB."""
    if len(content) > MOST_BYTES:
        raise TooLarge(f"{len(content):,} bytes are more than {MOST_BYTES:,}")
    parser = ParserCreate()
    open_elements = [Element("", {}, 0)]

    def start(tag: str, attributes: dict[str, str]) -> None:
        element = Element(tag, attributes, parser.CurrentLineNumber)
        if len(open_elements) > DEEPEST:
            raise wrong(element, f"lies deeper than {DEEPEST} elements")
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def entity(name: str, *_: object) -> None:
        raise Invalid(f"declares the entity {name!r}; entities are not read", where=f"line {parser.CurrentLineNumber}")

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: open_elements.pop()
    parser.EntityDeclHandler = entity
    try:
        parser.Parse(content, True)
    except ExpatError as error:
        raise Invalid(f"no well-formed XML: {error}") from error
    root = open_elements[0].children[0]
    if root.tag != "opsa-mef":
        raise wrong(root, "should be <opsa-mef>: this is no Open-PSA file")
    return root


def body_of(element: Element) -> Element | None:
    """What is defined, without its label and attributes."""
    found = [child for child in element.children if child.tag not in ("label", "attributes")]
    if len(found) > 1:
        raise wrong(found[1], "is one definition too many")
    return found[0] if found else None


def wrong(element: Element, why: str) -> Invalid:
    """What to raise for an element: its line, its name and why."""
    return Invalid(f"<{element.tag}>: {why}", where=f"line {element.line}")
