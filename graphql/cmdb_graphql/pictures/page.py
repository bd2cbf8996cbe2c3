"""The decision report: one HTML page for screen and paper, by itself, without scripts and references."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from cmdb_graphql.pictures import words
from cmdb_graphql.pictures.decision import Decision
from cmdb_graphql.pictures.ladder import Ladder, layout
from cmdb_graphql.pictures.measure import FONT
from cmdb_graphql.pictures.radius import DEGREES, SERVICE, Hit, Radius
from cmdb_graphql.pictures.svg import DARK, LIGHT, svg

MOST_ROWS = 15
"""Impacted CIs in the table; the ladder has all of them, folded, and the answer itself each one."""

SHORT = 24
"""Characters of a cell that is kept in one line: a time, a role, a class."""
COLUMNS = 4
"""Hops with a column of their own: so wide a picture can still be read on paper."""

READABLE, WIDTH, TALLEST = 0.45, 725, 240
"""The least scale of a picture on paper: letters of 3.7 points; the width of a sheet in px, and its height in mm."""


def _theme(theme: dict[str, str]) -> str:
    return ";".join(f"--{name}:{value}" for name, value in theme.items())


STYLE = f"""
:root{{color-scheme:light dark;{_theme(dict(LIGHT))}}}
@media screen and (prefers-color-scheme:dark){{:root{{{_theme(dict(DARK))}}}}}
body{{font:13px/1.4 {FONT};color:var(--ink);background:var(--page);max-width:1280px;margin:16px auto;padding:0 16px}}
h1{{font-size:20px;margin:0}} h2{{font-size:14px;margin:18px 0 4px;border-bottom:1px solid var(--rule)}}
p{{margin:4px 0}} .quiet{{color:var(--quiet)}} code{{overflow-wrap:anywhere}}
.verdict{{font-weight:700;padding:8px 12px;border:2px solid;border-radius:6px;margin:10px 0}}
.yes{{color:var(--up);background:var(--up-fill)}} .no{{color:var(--down);background:var(--down-fill)}}
.two{{display:grid;grid-template-columns:repeat(auto-fit,minmax(320px,1fr));column-gap:28px}}
table{{border-collapse:collapse;width:100%}} td,th{{text-align:left;vertical-align:top;padding:2px 10px 2px 0}}
td,th,p,h1{{overflow-wrap:anywhere}} th{{color:var(--quiet);font-weight:400;white-space:nowrap}}
.short{{white-space:nowrap}}
tbody tr{{border-top:1px solid var(--stopped-fill)}} .picture svg.ladder{{width:100%;height:auto}}
@page{{size:A4;margin:9mm}}
@media print{{html,body{{height:278mm}} body{{display:flex;flex-direction:column;margin:0;padding:0;max-width:none}}
body{{font-size:8pt;line-height:1.25;print-color-adjust:exact}} h1{{font-size:14pt}}
h2{{font-size:9pt;break-after:avoid;margin-top:7px}} .verdict{{margin:5px 0;padding:5px 10px}} .two{{column-gap:16px}}
td,th{{padding:1px 6px 1px 0}} tr,.touched{{break-inside:avoid}} .annex{{display:none}}
.touched{{flex:1 1 auto;display:flex;flex-direction:column}}
.picture{{flex:1 1 0;min-height:var(--least)}} .picture svg.ladder{{height:100%}}}}
"""


def page(decision: Decision) -> str:
    """The whole page; the same decision gives the same text.

    On paper it is one sheet: the picture takes what room the words leave, and says who is hit, so the table of them is
    for the screen. Only where the words leave no room for a picture that can be read does it go on a second sheet.
    """
    title = f"{decision.number} {decision.title}"
    yes = decision.approvable
    ladder = layout(decision.radius, most_columns=COLUMNS)
    picture = f'<div class="picture" style="--least:{_least(ladder)}mm">{svg(ladder)}</div>'
    return "\n".join([
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>{_safe(title)}</title><style>{STYLE}</style></head><body>",
        f"<header><h1>{_safe(title)}</h1>",
        f'<p class="quiet">{_safe(decision.state)}; assessed {_safe(decision.assessed_at)} on the graph at sequence'
        f' {decision.sequence}</p><p class="quiet">evidence SHA-256 <code>{decision.evidence}</code>; approvals bind'
        " to this hash: they fall when the graph inside the radius moves or the change is edited</p></header>",
        f'<p class="verdict {"yes" if yes else "no"}">{"✓ Approvable" if yes else "✕ Blocked"}:'
        f" {_safe(decision.verdict)}</p>",
        '<div class="two"><div>',
        _section("The change", _table((), decision.facts)),
        _section("Availability, in percent", _availability(decision)),
        "</div>",
        _section("Risk", _table((), decision.risk)),
        "</div>",
        _section("Conflicts", _conflicts(decision)),
        _section("Approvals", _approvals(decision)),
        _section("What it touches", picture, "touched"),
        _section("Who is hit, and why", _hits(decision.radius), "annex"),
        "</body></html>",
    ]) + "\n"  # fmt: skip


def _least(ladder: Ladder) -> int:
    """Millimetres of height, 96 px to an inch, below which its words could not be read on paper."""
    return min(TALLEST, round(ladder.height * min(READABLE, WIDTH / ladder.width) * 25.4 / 96))


def _safe(text: str) -> str:
    return escape(words.clean(text))


def _section(title: str, content: str, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f"<section{named}><h2>{title}</h2>{content}</section>" if content else ""


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows under headings; without headings the first cell names the row."""
    head = "".join(f'<th scope="col">{name}</th>' for name in columns)
    body = []
    for row in rows:
        first, *rest = row
        named = _cell(first) if columns else f'<th scope="row">{_safe(first)}</th>'
        body.append(f"<tr>{named}{''.join(map(_cell, rest))}</tr>")
    if not body:
        return ""
    return f"<table>{f'<thead><tr>{head}</tr></thead>' if head else ''}<tbody>{''.join(body)}</tbody></table>"


def _cell(text: str) -> str:
    """A cell; a short one is kept in one line, since long ones beside it would squeeze it letter by letter."""
    return f"<td{' class=short' if len(text) <= SHORT else ''}>{_safe(text)}</td>"


def _conflicts(decision: Decision) -> str:
    ordered = sorted(decision.conflicts, key=lambda one: not one.blocks)
    rows = [("✕ blocks" if one.blocks else "! to know", one.kind, one.what) for one in ordered]
    return _table(("", "Kind", "What"), rows) or "<p>None.</p>"


def _availability(decision: Decision) -> str:
    columns = ("Service", "Target", "Before", "During", "After", "Method")
    rows = [(one.service, one.target, one.before, one.during, one.after, one.method) for one in decision.availability]
    hit = {one.name for one in (*decision.radius.hits, *decision.radius.at_risk) if one.cls == SERVICE}
    more = len(hit - {one.service for one in decision.availability})
    rest = (
        f'<p class="quiet">and {more:,} more that {"is" if more == 1 else "are"} hit, not computed</p>' if more else ""
    )
    return (_table(columns, rows) or '<p class="quiet">No service with figures is touched.</p>') + rest


def _approvals(decision: Decision) -> str:
    """Votes that fell together fell for one reason, which may be long: it is said once."""
    before = ["", *(one.reason for one in decision.approvals)]
    rows = [
        (one.role, one.state, one.who, one.at, "as above" if one.reason and one.reason == last else one.reason)
        for one, last in zip(decision.approvals, before, strict=False)
    ]
    return _table(("Role", "State", "Who", "When", "Reason"), rows) or "<p>Nobody has voted yet.</p>"


def _hits(radius: Radius) -> str:
    """The picture's twin in text: business services first, then the worst and nearest."""
    order = sorted((*radius.hits, *radius.at_risk), key=_order)
    rows = [(_degree(hit), hit.name, hit.cls, words.why(hit)) for hit in order[:MOST_ROWS]]
    more = len(order) - len(rows)
    rest = f'<p class="quiet">and {more:,} more: {_safe(words.several(order[MOST_ROWS:]))}</p>' if more else ""
    return (_table(("", "CI", "Class", "Why"), rows) or "<p>Nothing else known here.</p>") + rest


def _order(hit: Hit) -> tuple[bool, int, int, str, str]:
    return hit.cls != SERVICE, DEGREES.index(hit.degree), hit.hops, hit.name, hit.id


def _degree(hit: Hit) -> str:
    sign = words.SIGNS[hit.degree]
    return f"{sign.drawn} {sign.said}"
