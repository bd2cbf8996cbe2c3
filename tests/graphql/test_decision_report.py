"""The decision report: one page by itself with everything an approver looks at."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from support.answers import HOSTILE, answer, ci, database, estate, hit

from cmdb.errors import Invalid
from cmdb_graphql.pictures import Decision, layout, page, svg
from cmdb_graphql.pictures.page import COLUMNS, MOST_ROWS


def given(**more: Any) -> dict[str, Any]:
    """A change that two conflicts block."""
    return {
        "number": "CHG-42", "title": "Patch db-17", "state": "awaiting approval", "verdict": "2 conflicts",
        "approvable": False, "evidence": "0f" * 32, "sequence": 4711, "assessed_at": "2030-01-10T09:00:00Z",
        "impact": database(), "facts": [("Window", "Sat 22:00 to 23:30 Europe/Vienna")], "risk": [("Impact", "high")],
        "conflicts": [
            {"kind": "implementer", "what": "ben is booked until 22:30", "blocks": False},
            {"kind": "freeze", "what": "year-end freeze until 15 January"},
        ],
        "availability": [{"service": "Checkout", "target": "99.95", "before": "99.97", "during": "0"}],
        "approvals": [{"role": "technical", "state": "approved", "who": "cleo", "at": "2030-01-09T10:00Z"}],
        **more,
    }  # fmt: skip


class Read(HTMLParser):
    """What a browser makes of it: elements, attributes, and the text of each table row."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.attributes, self.rows, self.text = set[str](), set[str](), list[list[str]](), ""
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        """Its end."""
        self._inside = self._inside and tag not in {"td", "th"}

    def handle_data(self, data: str) -> None:
        """A text."""
        self.text += data
        if self._inside:
            self.rows[-1][-1] += data


def test_everything_an_approver_looks_at_is_on_the_page() -> None:
    """Verdict, facts, risk, ladder, blockers first, availability, approvals, who is hit, and the hash they bind to."""
    decision = Decision.of(given())
    text = page(decision)
    read = Read(text)
    assert "✕ Blocked: 2 conflicts" in read.text and decision.evidence in read.text
    assert svg(layout(decision.radius, most_columns=COLUMNS)) in text
    for row in (
        ["Window", "Sat 22:00 to 23:30 Europe/Vienna"], ["Impact", "high"],
        ["Checkout", "99.95", "99.97", "0", "", ""], ["technical", "approved", "cleo", "2030-01-09T10:00Z", ""],
        ["✕ down", "Checkout", "BusinessService", "needs orders-api, which is down"],
    ):  # fmt: skip
        assert row in read.rows
    assert "and 1 more that is hit, not computed" in read.text
    kinds = [row[1] for row in read.rows if row[0] in {"✕ blocks", "! to know"}]
    assert kinds == ["freeze", "implementer"]
    assert text == page(Decision.of(given()))


def test_nothing_is_fetched_and_nothing_runs() -> None:
    """Also when every text of it is hostile: no element, no attribute, no reference comes from data."""
    evil = HOSTILE + "\"' onload=alert(1) <img src=//evil>"
    text = page(Decision.of(given(
        number=evil, title=evil, state=evil, verdict=evil, assessed_at=evil, facts=[(evil, evil)], risk=[(evil, evil)],
        impact=answer([ci(evil, evil)], [hit(evil + "2", evil, evil)], verdict=evil, truncated=evil),
        conflicts=[{"kind": evil, "what": evil}], approvals=[{"role": evil, "state": evil, "who": evil}],
        availability=[{"service": evil, "method": evil}],
    )))  # fmt: skip
    read, harmless = Read(text), Read(page(Decision.of(given())))
    assert read.tags <= harmless.tags and read.attributes <= harmless.attributes
    assert read.tags.isdisjoint({"script", "img", "link", "iframe", "a", "object"})
    assert "alert('&')</script>???" in read.text and "url(" not in text
    assert text.encode()


def test_thousands_of_hits_are_told_in_a_page() -> None:
    """The first rows by weight, then a count: business services come first."""
    text = page(Decision.of(given(impact=estate())))
    rows = [row for row in Read(text).rows if row[0] in {"✕ down", "◐ degraded", "▲ at risk"}]
    assert len(rows) == MOST_ROWS and {row[2] for row in rows} == {"BusinessService"}
    assert f"and {5060 - MOST_ROWS:,} more: 1,630 Service, 900 Application, 800 VirtualMachine" in text
    assert len(text.encode()) < 150_000


def test_an_approvable_change_says_so_and_says_what_there_is_not() -> None:
    """No conflict, no figures, no approvals are words, not empty tables."""
    bare = given(approvable=True, verdict="nothing stands against it", conflicts=[], availability=[], approvals=[])
    text = Read(page(Decision.of(bare))).text
    assert "✓ Approvable: nothing stands against it" in text
    for sentence in ("None.", "Nobody has voted yet.", "No service with figures is touched."):
        assert sentence in text


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"evidence": "0f"}, "evidence: expected 64 hexadecimal digits"),
        ({"approvable": True}, "approvable: CHG-42 cannot be approvable while a conflict blocks it"),
        ({"approvals": [{"rule": "x"}]}, "approvals: is not as declared: .*'rule'"),
    ],
)
def test_a_decision_that_contradicts_itself_is_refused(wrong: dict[str, Any], why: str) -> None:
    """With the part that is wrong and why."""
    with pytest.raises(Invalid, match=why):
        Decision.of(given(**wrong))


def test_a_part_that_is_missing_is_named() -> None:
    """Not the traceback of a dict."""
    plain = given()
    del plain["evidence"]
    with pytest.raises(Invalid, match="evidence: is missing from the decision"):
        Decision.of(plain)
