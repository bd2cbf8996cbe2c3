"""The decision report: one page by itself with everything an approver looks at."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from support.answers import HOSTILE, answer, ci, database, estate, hit

from cmdb.errors import Invalid
from cmdb_graphql.pictures import Decision, layout, page, svg
from cmdb_graphql.pictures.page import COLUMNS, MOST_ROWS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


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


FELL = "the graph has moved: " + "; ".join(f"orders on orders-{n} is now reached (down)" for n in range(12))


def test_votes_that_fell_together_say_why_once() -> None:
    """A reason may be long; the next vote with the same one says so, and one without a reason says nothing."""
    votes = [{"role": role, "state": "fell", "who": role, "reason": FELL} for role in ("technical", "financial")]
    rows = Read(page(Decision.of(given(approvals=[*votes, {"role": "business", "state": "waiting"}])))).rows
    said = [row[-1] for row in rows if row[0] in {"technical", "financial", "business"}]
    assert said == [FELL, "as above", ""]


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here to print with (Debian: apt install chromium)")
@pytest.mark.parametrize(
    ("impact", "services", "sheets"), [(database(), 10, 1), (estate(), 3, 1), (estate(), 10, 2)],
    ids=["few", "thousands", "thousands and many words"],
)  # fmt: skip
def test_a_browser_prints_it_on_one_sheet(impact: dict[str, Any], services: int, sheets: int, tmp_path: Path) -> None:
    """The ladder takes what the words leave, and a sheet of its own before it is too small to read."""
    risk = [
        (f"term {n}: moderate", "and what it is measured by, in so many words that it takes two lines")
        for n in range(11)
    ]
    figures = [{"service": f"Business service {n}", "before": "99.97", "after": "99.97"} for n in range(services)]
    votes = [{"role": r, "state": "fell", "who": r, "at": "2030-01-09T10:00Z", "reason": FELL} for r in ("a", "b", "c")]
    more = {"risk": risk, "approvals": votes} if services == 10 else {"risk": risk[:8]}
    file, printed = tmp_path / "report.html", tmp_path / "report.pdf"
    file.write_text(page(Decision.of(given(impact=impact, availability=figures, **more))))
    subprocess.run(
        [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
         "--no-pdf-header-footer", f"--print-to-pdf={printed}", file.as_uri()],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    assert len(re.findall(rb"/Type\s*/Page\b", printed.read_bytes())) == sheets


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
