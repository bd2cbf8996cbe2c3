"""The impact ladder: what is drawn, in which words, and that it always fits."""

from __future__ import annotations

import os
import random
import re
import xml.etree.ElementTree as Xml
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.answers import DAY, HOSTILE, LONG, Answer, answer, ci, database, estate, hit, hypervisor

from cmdb_graphql.pictures import Ladder, Radius, layout, svg
from cmdb_graphql.pictures.folding import MOST_BOXES, MOST_COLUMNS, MOST_ROWS, boxes
from cmdb_graphql.pictures.ladder import BOX_W, LARGE, PAD, SMALL
from cmdb_graphql.pictures.measure import clip, width, wrap
from cmdb_graphql.pictures.svg import DARK, LIGHT

GOLDEN = Path(__file__).parent / "ladders"
SHOWN = Path(__file__).parents[2] / "docs" / "impact-ladder.svg"
SVG = "{http://www.w3.org/2000/svg}"
CASES = int(os.environ.get("EPICENTRE_TEST_CASES", "20"))
SCENARIOS = {"database": database, "hypervisor": hypervisor, "estate": estate}


def drawn(given: Answer) -> Ladder:
    """The ladder of an answer."""
    return layout(Radius.of(given))


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_same_answer_is_the_same_picture_to_the_byte(name: str) -> None:
    """As it was looked at and found good; EPICENTRE_GOLDEN=write draws it again after a change that is meant."""
    text, file = svg(drawn(SCENARIOS[name]())), SHOWN if name == "database" else GOLDEN / f"{name}.svg"
    if os.environ.get("EPICENTRE_GOLDEN") == "write":
        file.write_text(text)
    assert text == file.read_text()
    assert len(text.encode()) < 150_000


def fits(ladder: Ladder) -> None:
    """No text is wider than its box, no box touches another or the border, and no more than sixty are there."""
    assert len(ladder.places) <= MOST_BOXES
    for place in ladder.places:
        assert all(width(line, LARGE, bold=True) <= BOX_W - 2 * PAD for line in place.name)
        assert all(width(line, SMALL) <= BOX_W - 2 * PAD for line in place.reason)
        assert width(place.head, SMALL, bold=True) + width(place.cls, SMALL) + 18 <= BOX_W - 2 * PAD
        assert place.x >= 0 and place.x + place.w <= ladder.width and place.y + place.h <= ladder.height
    by_column = sorted(ladder.places, key=lambda place: (place.x, place.y))
    assert all(a.x < b.x or a.y + a.h <= b.y for a, b in pairwise(by_column))


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """Any forest of hits over two CIs that stop, with odd names, classes, ages and parents that are not there."""
    chance = random.Random(draw(st.integers(0, 2**32)))  # a seed: drawn one by one, the parts would take seconds
    names, items = ["a", "b"], []
    for n in range(draw(st.integers(0, 300))):
        name = f"{chance.choice(['n', HOSTILE, LONG, 'é', ''])}{n}"
        cls = chance.choice(["Service", "Server", "BusinessService", f"Class{chance.randrange(60)}"])
        degree, age = chance.choice(["DOWN", "DEGRADED"]), chance.choice([1.0, 8 * DAY])
        items.append(hit(name, cls, chance.choice(names[-30:]), degree, chance.randint(1, 40), age=age))
        names.append(chance.choice([name, name, "nobody"]))
    risks = [item["ci"] for item in items if chance.random() < 0.1]
    return answer([ci("a"), ci("b", "Server")], items, [*risks, ci("alone")])


@given(answers())
@settings(max_examples=CASES, deadline=None)
def test_every_hit_is_in_one_box_and_every_box_fits(given: Answer) -> None:
    """Also with hostile names: nobody is left out without being counted, and the text is well-formed XML."""
    radius = Radius.of(given)
    focus = radius.focus()
    made, _ = boxes(radius, radius.way(focus) if focus else ())
    counted = Counter(hit.id for box in made for hit in box.hits)
    assert counted == Counter(hit.id for hit in (*radius.failed, *radius.hits, *radius.at_risk))
    assert max(Counter(box.column for box in made).values()) <= MOST_ROWS
    ladder = layout(radius)
    fits(ladder)
    assert Xml.fromstring(svg(ladder)).tag == f"{SVG}svg"
    assert svg(ladder) == svg(layout(Radius.of(given)))


def test_more_than_five_alike_are_one_box_with_their_number() -> None:
    """Five stay apart; a sixth folds them; another degree, class or reason is another box; the path stays apart."""
    five = [hit(f"job-{n}", "Service", "db") for n in range(5)]
    assert len(drawn(answer([ci("db")], five)).places) == 6
    others = [hit("worse", "Service", "db", "DEGRADED"), hit("host", "Server", "db", reason="because")]
    seven = [*five, hit("job-5", "Service", "db"), hit("job-6", "Service", "db"), *others]
    told = {place.name[0]: place for place in drawn(answer([ci("db")], seven)).places}
    assert set(told) == {"db", "host", "7 Service", "worse"}
    fold = told["7 Service"]
    assert (fold.degree, fold.head, fold.reason) == ("DOWN", "DOWN", ("needs db, which is down",))
    assert "job-1, job-2" in fold.whole


def test_children_of_a_fold_fold_with_it() -> None:
    """Twelve machines with a service each are two boxes beside the bold path, and the reason names nobody."""
    ladder = drawn(hypervisor())
    assert {"11 VirtualMachine", "11 Service"} <= {place.name[0] for place in ladder.places}
    (services,) = [place for place in ladder.places if place.name[0] == "11 Service"]
    assert services.whole.endswith("runs on one of these, which is down; 1 of them unseen for 12 days")


def test_what_finds_no_room_is_counted_with_its_worst_state() -> None:
    """Forty classes of dependents: the column ends with who is not drawn."""
    items = [hit(f"c-{n}", f"Class{n:02}", "db", "DEGRADED" if n < 30 else "DOWN") for n in range(40)]
    last = drawn(answer([ci("db")], items)).places[-1]
    assert (last.name, last.degree, last.cls) == (("+17 more",), "DEGRADED", "")
    assert last.reason == ("1 Class03, 1 Class04, 1 Class05", "and 14 more")


def test_the_path_to_the_worst_business_service_is_bold_from_end_to_end() -> None:
    """Also where another is asked for by its id; the lines of it as well."""
    radius = Radius.of(database())
    assert [place.name[0] for place in layout(radius).places if place.bold] == [
        "db-17", "orders", "orders-api", "Checkout",
    ]  # fmt: skip
    other = layout(radius, "ci_reporting")
    assert [place.name[0] for place in other.places if place.bold] == ["db-17", "orders", "reporting"]
    assert sum(line.bold for line in other.lines) == 2


def test_a_way_not_seen_for_days_is_dashed_and_says_so() -> None:
    """Seven days; one second less is not."""
    for age, old in ((7 * DAY, True), (7 * DAY - 1, False)):
        ladder = drawn(answer([ci("db")], [hit("app", "Application", "db", age=age)]))
        assert [line.dashed for line in ladder.lines] == [old]
        assert ("unseen for 7 days" in " ".join(ladder.places[1].reason)) is old
        assert any(note.startswith("dashed") for note in ladder.notes) is old


def test_a_chain_of_thousands_shows_both_its_ends() -> None:
    """The hops in the middle share a column, so the far end is seen."""
    chain = [hit(f"s{n + 1}", "Service", f"s{n}", hops=n + 1) for n in range(3000)]
    ladder = drawn(answer([ci("s0")], chain))
    assert len(ladder.headings) == MOST_COLUMNS + 1
    assert [text for _, text in ladder.headings][5:8] == ["5 hops", "6 to 2,996 hops", "2,997 hops"]
    assert (ladder.places[0].name, ladder.places[-1].name) == (("s0",), ("s3000",))


def test_at_risk_is_a_kind_of_its_own() -> None:
    """Neither hidden nor called degraded; who is hit besides says it in its own box."""
    ladder = drawn(answer([ci("db")], [hit("app", "Application", "db", "DEGRADED")], [ci("pool"), ci("app")]))
    assert [(place.head, place.name[0]) for place in ladder.places] == [
        ("STOPPED", "db"), ("DEGRADED", "app"), ("AT RISK", "pool"),
    ]  # fmt: skip
    assert "no redundancy left" in " ".join(ladder.places[1].reason)


def test_who_cannot_see_it_is_told_in_one_sentence() -> None:
    """A title and a description; the answer that is cut short says so on the picture."""
    root = Xml.fromstring(svg(drawn(estate())))
    assert root.findtext(f"{SVG}title") == "If it stops, things happen."
    said = root.findtext(f"{SVG}desc") or ""
    assert said.startswith("2 stopped, 3,502 down, 1,498 degraded, 60 at risk over 8 hops; bold: core-1 > server-")
    assert any("CUT SHORT" in (text.text or "") for text in root.iter(f"{SVG}text"))


def test_a_hostile_name_is_text_and_nothing_else() -> None:
    """No element and no attribute comes from a name, and what would be obeyed is a question mark."""
    text = svg(drawn(hypervisor()))
    kinds = {"svg", "title", "desc", "style", "rect", "text", "path", "g", "circle"}
    assert {one.tag.removeprefix(SVG) for one in Xml.fromstring(text).iter()} == kinds
    assert "DOWN &lt;script&gt;alert(&#x27;&amp;&#x27;)&lt;/script&gt;??? (Web&lt;b&gt;)" in text
    assert text.encode().decode() == text


def test_where_hops_share_a_column_the_path_is_read_downwards() -> None:
    """The nearest stand above, the path's first among equals: the bold boxes are in the order of the failure."""
    names = ["db", "cluster", "shop", "api", "site", "page", "app", "sales"]
    chain = [hit(name, "Service", on, hops=n) for n, (on, name) in enumerate(pairwise(names), start=1)]
    beside = [hit("aside", "Server", "cluster", hops=2), hit("all", "Host", "shop", hops=3), chain.pop()]
    ladder = layout(Radius.of(answer([ci("db")], [*chain, *beside])), most_columns=4)
    columns = sorted((place.x, place.y, place.name[0]) for place in ladder.places)
    assert [name for *_, name in columns if name in names] == names


def test_viewers_that_know_neither_variables_nor_themes_show_its_colours() -> None:
    """Every colour of the light theme is written out before what only some viewers understand."""
    (style,) = (one.text or "" for one in Xml.fromstring(svg(drawn(estate()))).iter(f"{SVG}style"))
    plain, _, dark = style.partition("@media")
    assert "var(" not in style and set(re.findall("#[0-9a-f]{6}", plain)) == set(LIGHT.values())
    assert set(re.findall("#[0-9a-f]{6}", dark)) == set(DARK.values())


def contrast(one: str, other: str) -> float:
    """By WCAG 2.2: of two colours #rrggbb."""

    def luminance(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_everybody_can_read_it_in_both_themes(theme: dict[str, str]) -> None:
    """Text has a contrast of 4.5 to what is behind it, lines and frames have 3 (WCAG 2.2 AA)."""
    for kind in ("stopped", "down", "degraded", "at-risk", "up"):
        fill = theme[f"{kind}-fill"]
        assert min(contrast(theme[ink], fill) for ink in ("ink", "quiet", kind)) >= 4.5, kind
        assert contrast(theme[kind], theme["page"]) >= 4.5, kind
    assert min(contrast(theme[ink], theme["page"]) for ink in ("ink", "quiet")) >= 4.5
    assert contrast(theme["rule"], theme["page"]) >= 3


@given(st.text(max_size=200), st.floats(30, 300))
@settings(max_examples=CASES * 3, deadline=None)
def test_clipped_text_is_never_wider_than_asked(text: str, most: float) -> None:
    """Of any characters, in any number of lines, and what fits is left as it is."""
    assert width(clip(text, most, 13), 13) <= most
    assert all(width(line, 11) <= most for line in wrap(text, most, 11, 2))
    assert clip(text, width(text, 13), 13) == text
