"""When a service was down by what it needed then: from outages, dependencies and rules with their times."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cmdb.availability import downtime
from cmdb.availability.downtime import Dated, Lived, Ruled, Spell, lapses, possible
from cmdb.classes import catalogue
from cmdb.impact import Edge, State, States, model_of

RELATIONS = catalogue().relations


def edge(name: str, begin: int = 1, end: int | None = None, kind: str = "DEPENDS_ON") -> Dated:
    """shop>db is a dependency of the shop on the database."""
    source, target = name.split(">")
    return Dated(Edge(f"{name}@{begin}", kind, source, target), begin, end)


def down(lived: Lived, *of: str) -> dict[str, tuple[Spell, ...]]:
    """The spells of these."""
    return dict(lapses(of or ("shop",), lived, RELATIONS).spells)


def test_a_service_is_down_while_what_it_needs_is() -> None:
    """Two steps away too, until it was repaired, and without an end where it lasts; joined where they meet."""
    edges = [edge("shop>app"), edge("app>db"), edge("other>x")]
    assert down(Lived({"db": [(10, 20), (30, None)]}, edges)) == {"shop": ((10, 20), (30, None))}
    assert down(Lived({"db": [(10, 20)], "app": [(15, 25)]}, edges)) == {"shop": ((10, 25),)}
    assert down(Lived({"shop": [(10, 20)], "db": [(20, 22)]}, edges)) == {"shop": ((10, 22),)}


def test_of_who_needs_nothing_that_was_ever_down_nothing_is_known() -> None:
    """That is another thing than never having been down: there somebody looked."""
    edges = [edge("shop>db"), edge("news>db2"), edge("mail>disk", kind="USES")]
    assert down(Lived({"db": [(10, 20)], "disk": [(5, 6)]}, edges), "shop", "news", "mail") == {
        "shop": ((10, 20),), "mail": (),
    }  # fmt: skip


def test_redundancy_counts_as_it_was_then() -> None:
    """One of two takes nothing down while a rule says so; before it, and after a member left, it does."""
    edges = [edge("shop>a"), edge("shop>b", end=50)]
    rules = {"shop": [Ruled(20, None, ["DEPENDS_ON: 1 of a, b"])]}
    lived = Lived({"a": [(10, 12), (30, 32), (60, 62)], "b": [(31, 33)]}, edges, rules)
    assert down(lived) == {"shop": ((10, 12), (31, 32), (60, 62))}
    # A rule, and a dependency, that change in the midst of an outage end and begin it for who depends.
    assert down(Lived({"a": [(10, 60)]}, edges, rules)) == {"shop": ((10, 20), (50, 60))}
    assert down(Lived({"a": [(10, 60)]}, [edge("shop>a", 15, 40)])) == {"shop": ((15, 40),)}


def test_too_many_moments_are_cut_to_the_newest_and_said() -> None:
    """What was is then a lower bound."""
    spans = [(10 * n, 10 * n + 5) for n in range(1, downtime.MOST_MOMENTS)]
    found = lapses(["shop"], Lived({"db": spans}, [edge("shop>db")]), RELATIONS)
    assert found.short
    assert found.spells["shop"] == tuple(spans[-downtime.MOST_MOMENTS // 2 :])
    few = lapses(["shop"], Lived({"db": spans[:100]}, [edge("shop>db")]), RELATIONS)
    assert (few.short, few.spells["shop"]) == (False, tuple(spans[:100]))


SPELLS = st.tuples(st.integers(1, 15), st.integers(1, 6)).map(lambda pair: (pair[0], pair[0] + pair[1]))
NAMES = "shop", "a", "b", "c"
PAIRS = [(one, other) for one in NAMES for other in NAMES if one != other]


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(st.sampled_from(NAMES), SPELLS.map(lambda spell: [spell]), max_size=3),
    st.lists(st.tuples(st.sampled_from(PAIRS), st.sampled_from(["DEPENDS_ON", "USES"]), SPELLS), max_size=6),
    st.dictionaries(
        st.sampled_from(NAMES), st.tuples(SPELLS, st.sampled_from(["DEPENDS_ON: 1", "DEPENDS_ON: 50%"])), max_size=2
    ),
)
def test_every_moment_is_as_if_it_were_asked_alone(
    outages: dict[str, list[Spell]],
    links: list[tuple[tuple[str, str], str, tuple[int, int]]],
    said: dict[str, tuple[tuple[int, int], str]],
) -> None:
    """Also in circles: at each moment who is down is who is down in the model of that moment."""
    edges = [Dated(Edge(str(n), kind, *ends), *spell) for n, (ends, kind, spell) in enumerate(links)]
    rules = {ci: [Ruled(*spell, [rule])] for ci, (spell, rule) in said.items()}
    found = down(Lived(outages, edges, rules))
    for moment in range(25):
        there = [one.edge for one in edges if one.begin <= moment < (one.end or 99)]
        now = {ci: own[0].rules for ci, own in rules.items() if own[0].begin <= moment < (own[0].end or 99)}
        own = {ci: State.DOWN for ci, spans in outages.items() if any(b <= moment < (e or 99) for b, e in spans)}
        # What a rule alone takes down, nobody saw.
        alone = States(possible(model_of(there, RELATIONS, now)), own).of("shop") is State.DOWN
        assert alone == any(begin <= moment < (end or 99) for begin, end in found.get("shop", ())), moment
