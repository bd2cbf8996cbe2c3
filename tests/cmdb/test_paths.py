"""The k shortest simple paths: all of them, in order, against plain enumeration."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from cmdb.impact.paths import Hop, Paths, k_shortest

NODES = "abcdefg"


def every(edges: list[Hop], source: str, target: str, max_hops: int) -> list[tuple[str, ...]]:
    """Every simple path, by length and edge ids."""
    out: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for edge, start, end in edges:
        out[start].append((edge, end))
    found: list[tuple[str, ...]] = []

    def walk(at: str, taken: tuple[str, ...], seen: frozenset[str]) -> None:
        if at == target:
            found.append(taken)
        elif len(taken) < max_hops:
            for edge, end in out[at]:
                if end not in seen:
                    walk(end, (*taken, edge), seen | {end})

    walk(source, (), frozenset({source}))
    return sorted(found, key=lambda path: (len(path), path))


@given(
    st.lists(st.tuples(st.sampled_from(NODES), st.sampled_from(NODES)), max_size=18),
    st.integers(1, 10), st.integers(1, 8),
)  # fmt: skip
def test_they_are_the_first_of_all_and_say_when_there_are_more(pairs: list[tuple[str, str]], k: int, hops: int) -> None:
    """In any graph, with loops, rings and parallel edges."""
    edges = [(f"e{number:02}", start, end) for number, (start, end) in enumerate(pairs)]
    whole = every(edges, "a", "b", hops)
    found = k_shortest(edges, "a", "b", k, hops)
    assert list(found.found) == whole[:k]
    assert found.truncated is not None or len(whole) <= k
    assert found.truncated is not None or whole == every(edges, "a", "b", len(NODES)), "a longer way may be there"


def test_ways_that_nobody_looked_for_are_said() -> None:
    """A chain longer than the hops asked for is no answer that there is none; a graph seen to its end is."""
    chain = [(f"e{n:02}", f"n{n:02}", f"n{n + 1:02}") for n in range(12)]
    assert k_shortest(chain[:8], "n00", "n12", 3, 8) == Paths((), "ways of more than 8 hops were not looked for")
    assert k_shortest(chain[:7], "n00", "n12", 3, 8) == Paths(())
    assert k_shortest(chain[:8], "n00", "n08", 3, 8) == Paths((tuple(edge for edge, _, _ in chain[:8]),))
    detour = [*chain[:3], ("e90", "n00", "n03")]
    assert k_shortest(detour, "n00", "n03", 3, 2) == Paths((("e90",),), "ways of more than 2 hops were not looked for")


def test_the_order_of_the_edges_does_not_matter() -> None:
    """The same answer however the store returns them."""
    edges = [("e1", "a", "x"), ("e2", "x", "b"), ("e3", "a", "y"), ("e4", "y", "b"), ("e5", "a", "b")]
    assert k_shortest(edges, "a", "b", 2, 8) == k_shortest(edges[::-1], "a", "b", 2, 8)
    assert k_shortest(edges, "a", "b", 2, 8).found == (("e5",), ("e1", "e2"))


def test_a_dense_graph_ends_and_says_so() -> None:
    """Where nearly every way leads back to itself, looking ends at a bound."""
    nodes = [f"n{i:02}" for i in range(12)]
    edges = [(f"{a}{b}", a, b) for a in nodes for b in nodes if a != b]
    found = k_shortest([*edges, ("last", "n11", "end")], "n00", "end", 10, 8)
    assert len(found.found) == 10 and found.truncated is not None
