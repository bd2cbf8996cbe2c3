"""Reports from the wire: checked to the last value, refused by name and place."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.reports import host, network, report, service, services, sockets, uses, wire

from cmdb.errors import Invalid, TooLarge, UnknownName
from cmdb.ingest import MAX_ITEMS, MAX_LINKS, MAX_LIST, MAX_TEXT, parse
from cmdb.words import Item, Section, Snapshot

NEO4J, WEB = service("neo4j", 17687, "127.0.0.1"), service("web", 80)


GOOD = report(
    7, host(memory_bytes=1), network("10.0.0.5"), services(NEO4J, WEB), sockets(uses(WEB, "127.0.0.1:17687")),
    unchanged=[services().__class__("filesystems", True)],
)  # fmt: skip


def test_a_report_survives_the_wire() -> None:
    """What the agent means is what is read."""
    assert parse(orjson.dumps(wire(GOOD))) == GOOD
    assert parse(orjson.dumps(wire(GOOD))).unchanged == {"filesystems"}


def broken(path: str, value: Any) -> bytes:
    """The good report with one value replaced; a path like sections.host.items.0.key."""
    body: Any = wire(GOOD)
    *way, last = path.split(".")
    at = body
    for step in way:
        at = at[int(step)] if step.isdigit() else at[step]
    at[int(last) if last.isdigit() else last] = value
    return orjson.dumps(body)


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ("schema", 2, "$.schema"),
        ("seq", 0, "$.seq"),
        ("seq", True, "$.seq"),
        ("seq", 1.5, "$.seq"),
        ("node", "", "$.node"),
        ("node", "a b", "$.node"),
        ("extra", 1, "$"),
        ("taken_at", "yesterday", "$.taken_at"),
        ("sections.sockets.links.0.evidence.last_seen", "now", "$.sections.sockets.links[0].evidence.last_seen"),
        ("sections.host", {}, "$.sections.host.hash"),
        ("sections.host", {"complete": True}, "$.sections.host.hash"),
        ("sections.host", [], "$.sections.host"),
        ("sections", [], "$.sections"),
        ("sections.host.hash", "abc", "$.sections.host.hash"),
        ("sections.host.complete", "yes", "$.sections.host.complete"),
        ("sections.host.items", {}, "$.sections.host.items"),
        ("sections.host.items.0", None, "$.sections.host.items[0]"),
        ("sections.host.items.0.class", "Toaster", "$.sections.host.items[0].class"),
        ("sections.host.items.0.key", "other", "$.sections.host.items[0].key"),
        ("sections.host.items.0.attributes.colour", "red", "$.sections.host.items[0].attributes.colour"),
        ("sections.host.items.0.attributes.memory_bytes", "1", "$.sections.host.items[0].attributes.memory_bytes"),
        ("sections.host.items.0.attributes.memory_bytes", 2**63, "$.sections.host.items[0].attributes.memory_bytes"),
        ("sections.host.items.0.attributes.hostname", 5, "$.sections.host.items[0].attributes.hostname"),
        ("sections.services.items.0.attributes.listens", "x", "$.sections.services.items[0].attributes.listens"),
        ("sections.services.items.0.attributes.listens", ["x"], "$.sections.services.items[0].attributes.listens[0]"),
        ("sections.services.items.0.attributes.kind", None, "$.sections.services.items[0].attributes"),
        ("sections.services.items.1.key", "neo4j@17687", "$.sections.services.items[1]"),
        ("sections.network.items.1.attributes.address", "10.0.0", "$.sections.network.items[1].attributes.address"),
        ("sections.sockets.links.0.type", "LIKES", "$.sections.sockets.links[0].type"),
        ("sections.sockets.links.0.from", {"class": "IPAddress", "key": "eth0"}, "$.sections.sockets.links[0]"),
        ("sections.sockets.links.0.to.key", "nowhere", "$.sections.sockets.links[0].to.key"),
        ("sections.sockets.links.0.evidence.confidence", 2, "$.sections.sockets.links[0].evidence.confidence"),
        ("sections.sockets.links.0.evidence", None, "$.sections.sockets.links[0].evidence"),
    ],
)
def test_a_wrong_value_is_refused_by_its_place(path: str, value: Any, where: str) -> None:
    """The error names the JSON path, so the sender's developer need not search."""
    with pytest.raises(Invalid) as caught:
        parse(broken(path, value))
    assert caught.value.where == where


def test_unknown_words_say_which_are_known() -> None:
    """An unknown class lists the classes."""
    with pytest.raises(UnknownName, match="known are Account"):
        parse(broken("sections.host.items.0.class", "Toaster"))


@pytest.mark.parametrize("raw", [b"", b"{", b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe", b"null", b"[1]", b'"x"'])
def test_what_is_no_report_is_refused(raw: bytes) -> None:
    """Broken, absurdly deep or just something else: Invalid, never a crash."""
    with pytest.raises(Invalid):
        parse(raw)


def test_sizes_are_bounded() -> None:
    """Too long a text (in characters or bytes) and too long a list are refused as too large."""
    for path, value in (
        ("sections.host.items.0.attributes.hostname", "x" * (MAX_TEXT + 1)),
        ("sections.host.items.0.attributes.hostname", "€" * (MAX_TEXT // 2)),
        ("sections.services.items.0.attributes.listens", ["tcp://1.2.3.4:5"] * (MAX_LIST + 1)),
        ("sections.host.items.0.key", "x" * 513),
    ):
        with pytest.raises(TooLarge):
            parse(broken(path, value))
    assert parse(broken("sections.host.items.0.attributes.hostname", "x" * MAX_TEXT))


@pytest.mark.parametrize(("field", "most"), [("items", MAX_ITEMS), ("links", MAX_LINKS)])
def test_a_report_is_bounded_as_a_whole(field: str, most: int) -> None:
    """Spreading things over many sections gains nothing; nothing is built before the count."""
    body = wire(GOOD)
    body["sections"] |= {f"s{n}": {"hash": "0" * 64, "complete": True, field: [0] * (most // 2)} for n in range(3)}
    with pytest.raises(TooLarge, match=f"at most {most} {field}"):
        parse(orjson.dumps(body))


def test_links_of_a_full_report_join_what_is_in_it() -> None:
    """In a full and complete report an unknown end is refused; in a delta, or an incomplete one, it may be known."""
    ghost = uses(service("ghost", 1), "10.0.0.9:5432")
    full = report(1, host(), services(WEB), sockets(ghost))
    with pytest.raises(Invalid) as caught:
        parse(orjson.dumps(wire(full)))
    assert caught.value.where == "$.sections.sockets.links[0].from"
    assert parse(orjson.dumps(wire(report(1, host(), services(WEB, complete=False), sockets(ghost)))))
    assert parse(orjson.dumps(wire(report(1, sockets(ghost), unchanged=[host(), services()]))))


def test_of_a_field_given_twice_the_last_counts_each_time() -> None:
    """Front door and applier read the same."""
    once = orjson.dumps(wire(GOOD))
    twice = once[:-1] + b',"seq":8}'
    assert parse(twice).seq == parse(twice).seq == 8


def test_control_characters_never_enter() -> None:
    """Escape sequences and direction overrides are stripped from every text."""
    read = parse(broken("sections.host.items.0.attributes.hostname", "we\x1b[31mb\u202e1\n"))
    assert read.sections[0].items[0].attributes["hostname"] == "we[31mb1"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)
PATHS = ["schema", "seq", "sections", "sections.host", "sections.host.items", "sections.host.items.0",
         "sections.host.items.0.attributes", "sections.sockets.links.0", "sections.sockets.links.0.to",
         "sections.sockets.links.0.evidence", "sections.services.items.0.attributes.listens"]  # fmt: skip


@given(st.sampled_from(PATHS), JSON)
def test_whatever_stands_anywhere_the_answer_is_a_snapshot_or_invalid(path: str, value: Any) -> None:
    """No value in any place raises anything but Invalid."""
    try:
        raw = broken(path, value)
    except TypeError:  # an integer beyond 64 bits is no JSON number to orjson either
        return
    try:
        assert isinstance(parse(raw), Snapshot)
    except Invalid as error:
        assert error.message


@given(st.binary(max_size=300))
def test_any_bytes_are_a_snapshot_or_invalid(raw: bytes) -> None:
    """Noise is refused, never a crash."""
    with pytest.raises(Invalid):
        parse(raw)


def test_what_changes_all_the_time_is_checked_and_not_kept() -> None:
    """A container's restarts make no version of it with each report; a wrong value is refused all the same."""
    items = (Item("Container", "c1", "web", {"image": "web:1", "container_id": "c1", "restarts": 7}),)
    (section,) = parse(orjson.dumps(wire(report(1, Section("containers", False, items))))).sections
    assert "restarts" not in section.items[0].attributes and section.items[0].attributes["image"] == "web:1"
    wrong = (Item("Container", "c1", "web", {"image": "web:1", "container_id": "c1", "restarts": "often"}),)
    with pytest.raises(Invalid, match="expected int"):
        parse(orjson.dumps(wire(report(1, Section("containers", False, wrong)))))
