"""The decision report: one HTML page for screen and paper, by itself, without scripts and references."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from cmdb_graphql.pictures import words
from cmdb_graphql.pictures.decision import Decision
from cmdb_graphql.pictures.ladder import layout
from cmdb_graphql.pictures.measure import FONT
from cmdb_graphql.pictures.radius import DEGREES, SERVICE, Hit, Radius
from cmdb_graphql.pictures.svg import DARK, LIGHT, svg

MOST_ROWS = 15
"""Impacted CIs in the table; the ladder has all of them, folded, and the answer itself each one."""

SHORT = 24
"""Characters of a cell that is kept in one line: a time, a role, a class."""
COLUMNS = 4
"""Hops with a column of their own: so wide a picture can still be read on paper."""


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
@page{{size:A4 landscape;margin:10mm}}
@media print{{body{{font-size:9pt;line-height:1.3;margin:0;padding:0;max-width:none;print-color-adjust:exact}}
.picture svg.ladder{{max-height:165mm}} tr,.picture{{break-inside:avoid}} h2{{break-after:avoid;margin-top:10px}}
.verdict{{margin:6px 0}}}}
"""


def page(decision: Decision) -> str:
    """The whole page; the same decision gives the same text.

    What is decided by comes first, so that it is the first sheet of paper; the picture, which must not be cut, and who
    is hit are the second.
    """
    title = f"{decision.number} {decision.title}"
    yes = decision.approvable
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
        '<div class="two">',
        _section("The change", _table((), decision.facts)),
        _section("Risk", _table((), decision.risk)),
        "</div>",
        _section("Conflicts", _conflicts(decision)),
        _section("Availability, in percent", _availability(decision)),
        _section("Approvals", _approvals(decision)),
        _section("What it touches", f'<div class="picture">{svg(layout(decision.radius, most_columns=COLUMNS))}</div>'),
        _section("Who is hit, and why", _hits(decision.radius)),
        "</body></html>",
    ]) + "\n"  # fmt: skip


def _safe(text: str) -> str:
    return escape(words.clean(text))


def _section(title: str, content: str) -> str:
    return f"<section><h2>{title}</h2>{content}</section>" if content else ""


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
    columns = ("Service", "Target", "Before", "During the change", "After", "Method")
    rows = [(one.service, one.target, one.before, one.during, one.after, one.method) for one in decision.availability]
    hit = {one.name for one in (*decision.radius.hits, *decision.radius.at_risk) if one.cls == SERVICE}
    more = len(hit - {one.service for one in decision.availability})
    rest = (
        f'<p class="quiet">and {more:,} more that {"is" if more == 1 else "are"} hit, not computed</p>' if more else ""
    )
    return (_table(columns, rows) or '<p class="quiet">No service with figures is touched.</p>') + rest


def _approvals(decision: Decision) -> str:
    rows = [(one.role, one.state, one.who, one.at, one.reason) for one in decision.approvals]
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
