"""From the bytes of a report to a checked Snapshot. Pure; whatever the bytes are, the answer is that or Invalid.

Every refusal names its place as a JSON path; sizes are bounded before anything is built from them. Control characters
are stripped, not refused: a device's odd name must not hide the device. Of a field given twice the last counts; the
applier reads the same bytes with this same function, so nobody ever sees the other one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import orjson

from cmdb import endpoints, shared
from cmdb.classes import catalogue
from cmdb.errors import Invalid, TooLarge, UnknownName
from cmdb.moments import iso_utc
from cmdb.words import (
    WIRE_SCHEMA,
    Attribute,
    CIClass,
    Evidence,
    Item,
    Link,
    Problem,
    Ref,
    Scalar,
    Section,
    Snapshot,
    Value,
)
from cmdb.words.ci_class import required, volatile
from cmdb.words.common import check_common

MAX_ITEMS = 20_000
MAX_LINKS = 50_000
MAX_SECTIONS = 64
MAX_TEXT = 8_192
"""Characters, and bytes of UTF-8."""

MAX_LIST = 1_000
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters and direction overrides: they forge log lines and terminals, so they never enter the graph."""

_HASH = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")


def parse(raw: bytes) -> Snapshot:
    """Read one report. Malformed JSON is Invalid at `body`; a wrong value is Invalid at its JSON path."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Invalid(f"not JSON: {error.msg} at byte {error.pos}", where="body") from error
    top = _object(body, "$")
    _only(top, {"schema", "report_id", "node", "boot_id", "seq", "taken_at", "sections"}, "$")
    if top.get("schema") != WIRE_SCHEMA:
        raise Invalid(f"this server reads schema {WIRE_SCHEMA}, not {top.get('schema')!r}", where="$.schema")
    sections = _object(top.get("sections"), "$.sections")
    if len(sections) > MAX_SECTIONS:
        raise TooLarge(f"at most {MAX_SECTIONS} sections, not {len(sections)}", where="$.sections")
    hashes = {name: _section_hash(name, value) for name, value in sections.items()}
    _bounded(sections)
    whole = tuple(
        _section(name, value, f"$.sections.{name}") for name, value in sections.items() if set(value) != {"hash"}
    )
    if len(whole) == len(sections) and all(section.complete for section in whole):
        _closed(whole)
    return Snapshot(
        report_id=_matching(top, "report_id", _ID),
        node=_matching(top, "node", _ID),
        boot_id=_matching(top, "boot_id", _ID),
        seq=_integer(top, "seq"),
        taken_at=_time(top.get("taken_at"), "$.taken_at"),
        sections=whole,
        hashes=hashes,
    )


def _bounded(sections: Mapping[str, Mapping[str, Any]]) -> None:
    for field, most in (("items", MAX_ITEMS), ("links", MAX_LINKS), ("problems", MAX_LIST)):
        lists = [value[field] for value in sections.values() if isinstance(value.get(field), list)]
        if (count := sum(map(len, lists))) > most:
            raise TooLarge(f"a report has at most {most} {field}, not {count}", where="$.sections")


def _closed(sections: Iterable[Section]) -> None:
    """In a report that says everything, links join what is in it; in a delta the ends may be known from before."""
    there = {item.ref for section in sections for item in section.items}
    for section in sections:
        for n, link in enumerate(section.links):
            for end, ref in (("from", link.source), ("to", link.target))[link.by_server :]:
                if ref.cls != "Endpoint" and not shared.is_shared(ref.cls) and ref not in there:
                    raise Invalid(
                        f"there is no {ref.cls} {ref.key!r} in this report",
                        where=f"$.sections.{section.name}.links[{n}].{end}",
                    )


# --- JSON shapes -------------------------------------------------------------------------------------------


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Invalid(f"expected an object, not {_kind(value)}", where=where)
    return value


def _array(value: Any, where: str, most: int) -> list[Any]:
    if not isinstance(value, list):
        raise Invalid(f"expected a list, not {_kind(value)}", where=where)
    if len(value) > most:
        raise TooLarge(f"at most {most} entries, not {len(value)}", where=where)
    return value


def _kind(value: Any) -> str:
    names: dict[type, str] = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "a number"}
    return "nothing" if value is None else names.get(type(value), "a number")


def _only(value: Mapping[str, Any], known: set[str], where: str) -> None:
    if not known.issuperset(value):
        unknown = sorted(set(value) - known)
        raise Invalid(f"unknown field {unknown[0][:80]!r}; known are {', '.join(sorted(known))}", where=where)


def _text(value: Any, where: str, most: int = MAX_TEXT) -> str:
    if not isinstance(value, str):
        raise Invalid(f"expected text, not {_kind(value)}", where=where)
    if len(value) > most or (not value.isascii() and len(value.encode()) > MAX_TEXT):
        raise TooLarge(f"at most {most} characters and {MAX_TEXT} bytes, not {len(value)}", where=where)
    return value if value.isprintable() else _CONTROL.sub("", value)


def _time(value: Any, where: str) -> str:
    text = _text(value, where, 40)
    if not _TIME.fullmatch(text):
        raise Invalid("expected a time like 2026-11-01T12:00:00Z", where=where)
    return text


def _matching(top: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    text = _text(top.get(name), f"$.{name}")
    if not pattern.fullmatch(text):
        raise Invalid("expected 1 to 100 letters, digits or _ . : -", where=f"$.{name}")
    return text


def _integer(top: Mapping[str, Any], name: str) -> int:
    value = top.get(name)
    if type(value) is not int or not 0 < value < 2**53:
        raise Invalid("expected a whole number from 1", where=f"$.{name}")
    return value


# --- a section ---------------------------------------------------------------------------------------------


def _section_hash(name: str, value: Any) -> str:
    where = f"$.sections.{name[:40]}"
    if not _NAME.fullmatch(name):
        raise Invalid("a section's name is snake_case with at most 32 characters", where=where)
    text = _object(value, where).get("hash")
    if not isinstance(text, str) or not _HASH.fullmatch(text):
        raise Invalid("expected a SHA-256 in hexadecimal", where=f"{where}.hash")
    return text


def _section(name: str, body: dict[str, Any], where: str) -> Section:
    _only(body, {"hash", "complete", "items", "links", "problems"}, where)
    if not isinstance(body.get("complete"), bool):
        raise Invalid("expected true or false", where=f"{where}.complete")
    items = tuple(
        _item(_object(one, f"{where}.items[{n}]"), f"{where}.items[{n}]")
        for n, one in enumerate(_array(body.get("items", []), f"{where}.items", MAX_ITEMS))
    )
    seen: set[Ref] = set()
    for n, item in enumerate(items):
        if item.ref in seen:
            raise Invalid(f"{item.cls} {item.key!r} is there twice", where=f"{where}.items[{n}]")
        seen.add(item.ref)
    links = tuple(
        _link(_object(one, f"{where}.links[{n}]"), f"{where}.links[{n}]")
        for n, one in enumerate(_array(body.get("links", []), f"{where}.links", MAX_LINKS))
    )
    problems = tuple(
        _problem(one, f"{where}.problems[{n}]")
        for n, one in enumerate(_array(body.get("problems", []), f"{where}.problems", MAX_LIST))
    )
    return Section(name, body["complete"], items, links, problems)


def _problem(one: Any, where: str) -> Problem:
    fields = _object(one, where)
    _only(fields, {"what", "why"}, where)
    return Problem(_text(fields.get("what"), f"{where}.what"), _text(fields.get("why"), f"{where}.why"))


def _known(lookup: Callable[[str], Any], name: Any, where: str) -> Any:
    try:
        return lookup(_text(name, where, 100))
    except UnknownName as error:
        raise UnknownName(error.message, where=where) from error


def _item(one: dict[str, Any], where: str) -> Item:
    _only(one, {"class", "key", "name", "attributes"}, where)
    cls = _known(catalogue().cls, one.get("class"), f"{where}.class")
    if cls.name == "Endpoint":
        raise Invalid("an endpoint is found by links to it, it is not reported", where=f"{where}.class")
    if cls.name != "Host" and not catalogue().is_local(cls.name):
        raise Invalid(f"a node reports what is inside itself, and a {cls.name} is not", where=f"{where}.class")
    key = _ref({"class": cls.name, "key": one.get("key")}, where).key
    if (cls.name == "Host") != (key == "self"):
        raise Invalid("a node reports itself as Host 'self' and no other host", where=f"{where}.key")
    given = _object(one.get("attributes", {}), f"{where}.attributes")
    attributes = values(cls, given, f"{where}.attributes", whole=True)
    # What changes all the time is checked and not kept: it would make a version of its CI with each report.
    for changing in volatile(cls):
        attributes.pop(changing, None)
    return Item(cls.name, key, _text(one.get("name"), f"{where}.name", 512), attributes)


def values(cls: CIClass, given: Mapping[str, Any], where: str, *, whole: bool) -> dict[str, Value]:
    """Attributes of a class as a person or an import gives them, checked; null is left out.

    `whole`: everything that the class requires must be there.
    """
    checked: dict[str, Value] = {}
    for name_, value in given.items():
        place = f"{where}.{str(name_)[:80]}"
        attribute = cls.attribute(name_)
        if attribute is None:
            known = ", ".join(a.name for a in cls.attributes)
            raise UnknownName(f"{cls.name} has no such attribute; known are {known}", where=place)
        if value is not None:
            checked[name_] = checked_value(attribute, value, place)
    missing = [name_ for name_ in required(cls) if name_ not in checked]
    if whole and missing:
        raise Invalid(f"{cls.name} needs {missing[0]}", where=where)
    _addresses(cls.name, checked, where)
    _common(checked, where)
    return checked


def _common(checked: Mapping[str, Value], where: str) -> None:
    try:
        check_common(checked)
    except Invalid as error:
        raise Invalid(error.message.partition(": ")[2], where=f"{where}.{error.where}") from error


def name(given: Any, where: str) -> str:
    """A name or key of 1 to 512 characters."""
    text = _text(given, where, 512)
    if not text.strip():
        raise Invalid("is missing: it has 1 to 512 characters", where=where)
    return text


def moment(given: Any, where: str) -> str:
    """A time with its zone, as ISO 8601 in UTC with milliseconds, so that texts compare as times do."""
    text = _time(given, where)
    try:
        return iso_utc(text)
    except ValueError as error:
        raise Invalid("expected a time like 2026-11-01T12:00:00Z", where=where) from error


def checked_value(attribute: Attribute, value: Any, where: str) -> Value:
    """A value of the attribute's type."""
    match attribute.type:
        case "string":
            return attribute.one_form(_text(value, where))
        case "datetime":
            return _time(value, where)
        case "strings":
            entries = _array(value, where, MAX_LIST)
            return tuple(_text(v, f"{where}[{n}]") for n, v in enumerate(entries))
        case _:
            return _scalar(attribute, value, where)


_PYTHON: dict[str, tuple[type, ...]] = {"int": (int,), "float": (float, int), "boolean": (bool,)}


def _scalar(attribute: Attribute, value: Any, where: str) -> Scalar:
    # type(), not isinstance(): to Python true is an int, to the person who reads the graph it is not.
    if type(value) not in _PYTHON[attribute.type]:
        raise Invalid(f"expected {attribute.type}, not {_kind(value)}", where=where)
    if isinstance(value, int) and abs(value) >= 2**63:
        raise Invalid("the number does not fit 64 bits", where=where)
    scalar: Scalar = float(value) if attribute.type == "float" else value  # 3 is a float where one is declared
    return scalar


def _addresses(cls: str, attributes: Mapping[str, Value], where: str) -> None:
    """Addresses must be real ones here: everything behind relies on it."""
    address = attributes.get("address")
    if cls == "IPAddress" and isinstance(address, str):
        _address(address, f"{where}.address")
    listens = attributes.get("listens")
    for n, key in enumerate(listens if isinstance(listens, tuple) else ()):
        _endpoint(key, f"{where}.listens[{n}]")


def _address(text: str, where: str) -> str:
    key = _endpoint(f"tcp://[{text}]:1" if ":" in text else f"tcp://{text}:1", where)
    return endpoints.parse(key).address


def _endpoint(key: str, where: str) -> str:
    try:
        return endpoints.parse(key).key
    except Invalid as error:
        raise Invalid(error.message.partition(": ")[2], where=where) from error


def _ref(one: Any, where: str) -> Ref:
    fields = _object(one, where)
    _only(fields, {"class", "key"}, where)
    cls = _known(catalogue().cls, fields.get("class"), f"{where}.class")
    key = _text(fields.get("key"), f"{where}.key", 512)
    if not key:
        raise Invalid("a key has between 1 and 512 characters", where=f"{where}.key")
    if cls.name == "Endpoint":
        return Ref(cls.name, _endpoint(key, f"{where}.key"))
    ref = Ref(cls.name, key)
    if shared.is_shared(cls.name):
        _shared(ref, f"{where}.key")
    return ref


def _shared(ref: Ref, where: str) -> None:
    try:
        shared.parse(ref)
    except Invalid as error:
        raise Invalid(error.message.partition(": ")[2], where=where) from error


def _link(one: dict[str, Any], where: str) -> Link:
    _only(one, {"type", "from", "to", "evidence"}, where)
    relation = _known(catalogue().relation, one.get("type"), f"{where}.type")
    source, target = _ref(one.get("from"), f"{where}.from"), _ref(one.get("to"), f"{where}.to")
    evidence_ = evidence(one.get("evidence"), f"{where}.evidence")
    if (link := Link(relation.name, source, target, evidence_)).by_server and target.cls == "Service":
        return replace(link, source=Ref(source.cls, _address(source.key, f"{where}.from.key")))
    if not catalogue().joins(relation, source.cls, target.cls):
        allowed = f"{' or '.join(relation.sources)} to {' or '.join(relation.targets)}"
        raise Invalid(f"{relation.name} goes from {allowed}, not {source.cls} to {target.cls}", where=where)
    return link


def evidence(one: Any, where: str) -> Evidence:
    fields = _object(one, where)
    _only(fields, {"kind", "detail", "confidence", "first_seen", "last_seen"}, where)
    confidence = fields.get("confidence")
    if isinstance(confidence, bool) or not isinstance(confidence, int | float) or not 0 <= confidence <= 1:
        raise Invalid("expected a number from 0 to 1", where=f"{where}.confidence")
    times = {k: fields.get(k) for k in ("first_seen", "last_seen")}
    return Evidence(
        _text(fields.get("kind"), f"{where}.kind", 40),
        _text(fields.get("detail"), f"{where}.detail", 400),
        float(confidence),
        **{k: None if v is None else _time(v, f"{where}.{k}") for k, v in times.items()},
    )
