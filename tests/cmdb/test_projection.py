"""The projection against a plain search over plain edges, with both kernels, now, in the past and proposed."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from cmdb.errors import Invalid, TooLarge, UnknownName
from cmdb.impact import State as Health
from cmdb.impact import blast_radius, model_of
from cmdb.projection import Edges, Overlay, Projection, ProposedEdge, Relations, State, build, snapshot
from cmdb.projection.ids import Ids
from cmdb.projection.kernel import Spread, compiled, sorter
from cmdb.projection.kernel_numpy import spread as in_numpy
from cmdb.projection.rows import OPEN, Groups
from cmdb.projection.snapshot import Snapshot
from cmdb.words import ANY, Failure, RelationType

SOFT = {"DEPENDS_ON": False, "RUNS_ON": False, "USES": True}
RELATIONS = Relations.of(SOFT)
TYPES = {
    name: RelationType(name, "As tests need it.", (ANY,), (ANY,), Failure.SOFT if soft else Failure.HARD)
    for name, soft in SOFT.items()
}


@dataclass(frozen=True)
class Plain:
    """An edge as anybody would write it down."""

    type: str
    source: str
    target: str
    begin: int
    end: int = OPEN

    def holds(self, at: int) -> bool:
        """Whether it was there at a sequence."""
        return self.begin <= at < self.end


@pytest.fixture(params=["numpy", "numba"])
def spread(request: pytest.FixtureRequest) -> Spread:
    """Both ways to compute."""
    if request.param == "numpy":
        return in_numpy
    return compiled() or pytest.skip("numba is not installed")


def projection(edges: Iterable[Plain], names: list[str], at: int, spread: Spread) -> Projection:
    """The arrays of plain edges, as of a sequence."""
    number = {name: n for n, name in enumerate(names)}
    rows = [
        (number[e.source], number[e.target], RELATIONS.names.index(e.type), e.begin, e.end)
        for e in edges if e.begin <= at
    ]  # fmt: skip
    columns = np.array(rows, np.int32).reshape(-1, 5).T
    made = Edges(columns[0], columns[1], columns[2].astype(np.uint8), columns[3], columns[4])
    return Projection(build(len(names), made, at), Ids.of(np.array(names, "S28")), RELATIONS, spread)


def proposed(edges: Iterable[Plain], overlay: Overlay, at: int) -> list[Plain]:
    """The edges that would hold."""
    left = [e for e in edges if e.holds(at) and not overlay.hides(e.type, e.source, e.target)]
    return left + [Plain(e.type, e.source, e.target, at) for e in overlay.add]


def reached(edges: Iterable[Plain], of: Iterable[str]) -> dict[str, int]:
    """Who depends on these, and over how many hops: level by level, as one would by hand."""
    found = dict.fromkeys(of, 0)
    level, held = set(found), list(edges)
    while level:
        level = {e.source for e in held if e.target in level} - set(found)
        found |= dict.fromkeys(level, max(found.values()) + 1)
    return found


class Estate:
    """A random graph that grows by journal entries."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.names = [f"ci_{n:02}" for n in range(self.random.randint(2, 12))]
        self.edges: list[Plain] = []
        self.sequence = 0

    def entry(self) -> dict[str, Any]:
        """The next journal entry: some edges closed, others opened, now and then a new CI."""
        self.sequence += 1
        ops: list[dict[str, Any]] = []
        for place, edge in enumerate(self.edges):
            if edge.end == OPEN and self.random.random() < 0.15:
                self.edges[place] = replace(edge, end=self.sequence)
                ops.append({"op": "close", "type": edge.type, "source": edge.source, "target": edge.target})
        if self.random.random() < 0.3:
            self.names.append(f"ci_{len(self.names):02}")
            ops.append({"op": "create", "id": self.names[-1]})
        for _ in range(self.random.randint(0, 4)):
            source, target = self.random.sample(self.names, 2)
            key = (self.random.choice(sorted(SOFT)), source, target)
            if key not in {(e.type, e.source, e.target) for e in self.edges if e.end == OPEN}:
                self.edges.append(Plain(*key, self.sequence))
                ops.append({"op": "open", "type": key[0], "source": source, "target": target})
        ops.append({"op": "open", "type": "LOCATED_IN", "source": self.names[0], "target": self.names[1]})
        return {"seq": self.sequence, "ops": ops}

    def overlay(self, at: int) -> Overlay:
        """A proposed state that fits what there is."""
        held = [e for e in self.edges if e.holds(at)]
        close = self.random.sample(held, min(len(held), self.random.randint(0, 3)))
        retire = frozenset(self.random.sample(self.names, self.random.randint(0, 1)))
        taken = {(e.type, e.source, e.target) for e in held}
        ends = [tuple(self.random.sample(self.names, 2)) for _ in range(3)]
        add = {ProposedEdge(self.random.choice(sorted(SOFT)), *pair) for pair in ends if not retire & set(pair)}
        return Overlay(
            tuple(sorted(e for e in add if (e.type, e.source, e.target) not in taken)),
            tuple(ProposedEdge(e.type, e.source, e.target) for e in close),
            retire,
        )


def moments(estate: Estate) -> Iterator[tuple[int, Overlay]]:
    """Every sequence there was, plain and proposed."""
    for at in range(estate.sequence + 1):
        yield at, Overlay()
        yield at, estate.overlay(at)


def check(estate: Estate, made: Projection) -> None:
    """Reach, hops, degrees and paths at every moment, against the plain search and the impact engine."""
    state = made.state
    for at, overlay in moments(estate):
        if not (standing := [ci for ci in estate.names if ci not in overlay.retire]):
            continue
        edges = proposed(estate.edges, overlay, at)
        of = estate.random.sample(standing, min(2, len(standing)))
        answer = state.reach(of, at, overlay, graded=True)
        wanted = reached(edges, of)
        assert dict(zip(answer.ids, answer.hops.tolist(), strict=True)) == wanted
        assert sorted(answer.hops.tolist()) == answer.hops.tolist()
        if not overlay:
            _check_needs(state, of, at, edges)
        model = model_of(((str(n), e.type, e.source, e.target) for n, e in enumerate(edges)), TYPES)
        blast = blast_radius(model, of, str)
        down = {i.ci for i in blast.items if i.after is Health.DOWN} | set(of)
        assert {ci for ci, is_down in zip(answer.ids, answer.down, strict=True) if is_down} == down
        # The engine's chain is one that decided: a soft shortcut does not bring down what a longer hard way does.
        assert {i.ci for i in blast.items} == set(wanted) - set(of)
        assert all(i.hops >= wanted[i.ci] for i in blast.items)
        _check_path(state.path(*of, at, overlay) if len(of) == 2 else None, of, edges)


def _check_needs(state: State, of: list[str], at: int, edges: list[Plain]) -> None:
    """The way down is the way up of the same edges turned round, and is cut behind a whole level."""
    below = reached([replace(e, source=e.target, target=e.source) for e in edges], of)
    found = state.needs(of, at)
    assert (set(found.ids), found.cut) == (set(below), False) and len(found.ids) == len(below)
    assert [below[ci] for ci in found.ids] == sorted(below.values())
    for most in range(1, len(below)):
        short = state.needs(of, at, most)
        assert short.ids == found.ids[: len(short.ids)] and (short.cut == (len(short.ids) > most))
        depth = below[short.ids[-1]]
        assert {ci for ci, hops in below.items() if hops <= depth} == set(short.ids)
        assert short.cut or set(short.ids) == set(below)


def _check_path(chain: tuple[str, ...] | None, of: list[str], edges: list[Plain]) -> None:
    hops = reached(edges, of[-1:]).get(of[0]) if len(of) == 2 else None
    assert (None if chain is None else len(chain) - 1) == hops
    if chain is not None:
        assert (chain[0], chain[-1]) == tuple(of)
        assert set(pairwise(chain)) <= {(e.source, e.target) for e in edges}


@pytest.mark.parametrize("seed", range(8))
def test_projection_and_plain_search_agree_now_in_the_past_and_proposed(seed: int, spread: Spread) -> None:
    """From a base read midway, through journal entries, with the rows made anew now and then."""
    for number in range(12):
        estate = Estate(1000 * seed + number)
        for _ in range(estate.random.randint(0, 5)):
            estate.entry()
        made = projection(estate.edges, list(estate.names), estate.sequence, spread)
        for _ in range(4):
            made.apply(estate.entry())
            if estate.random.random() < 0.3:
                made.merge()
        check(estate, made)


def test_a_pinned_state_stays_as_it_is(spread: Spread) -> None:
    """Whoever took a state before goes on to see it, whatever is applied and made anew meanwhile."""
    estate = Estate(5)
    made = projection([], list(estate.names), 0, spread)
    pinned = []
    for step in range(12):
        made.apply(estate.entry())
        if step % 4 == 3:
            made.merge()
        pinned.append((made.state, estate.sequence))
    for state, at in pinned:
        for ci in estate.names[:4]:
            wanted = reached([e for e in estate.edges if e.holds(at)], [ci])
            assert set(state.reach([ci]).ids) == set(wanted)


def test_readers_and_the_merge_are_not_disturbed_by_the_writer(spread: Spread) -> None:
    """While one thread applies and another makes the rows anew, every answer is that of its own sequence."""
    made = projection([], ["ci_a", "ci_b", "ci_c"], 0, spread)
    stop, wrong = threading.Event(), []

    def write() -> None:
        for seq in range(1, 600):
            op = "open" if seq % 2 else "close"
            made.apply({"seq": seq, "ops": [{"op": op, "type": "RUNS_ON", "source": "ci_b", "target": "ci_a"}]})
        stop.set()

    def merge() -> None:
        while not stop.is_set():
            made.merge()

    def read() -> None:
        while not stop.is_set():
            state = made.state
            if len(state.reach(["ci_a"])) != 1 + state.sequence % 2:
                wrong.append(state.sequence)

    threads = [threading.Thread(target=work) for work in (write, merge, read, read)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (wrong, made.state.sequence, len(made.state.reach(["ci_a"]))) == ([], 599, 2)


def test_a_large_entry_makes_its_own_room(spread: Spread) -> None:
    """More edges and CIs in one entry than the delta has room for are taken all the same."""
    made = projection([], ["ci_a"], 0, spread)
    ops = [{"op": "create", "id": f"ci_{n}"} for n in range(5000)]
    ops += [{"op": "open", "type": "RUNS_ON", "source": f"ci_{n}", "target": "ci_a"} for n in range(5000)]
    made.apply({"seq": 1, "ops": ops})
    assert len(made.state.reach(["ci_a"])) == 5001
    assert made.due


def test_an_answer_is_cut_at_a_whole_level(spread: Spread) -> None:
    """With at most three CIs, two levels of one and two leave no room for the third of two."""
    tree = [Plain("RUNS_ON", f"ci_{n}", f"ci_{(n - 1) // 2}", 1) for n in range(1, 7)]
    found = projection(tree, [f"ci_{n}" for n in range(7)], 1, spread).state.reach(["ci_0"])
    assert [len(found.within(most)) for most in (7, 6, 3, 2, 0)] == [7, 3, 3, 1, 1]


def test_counting_sorts_as_comparing_does() -> None:
    """Stable, whatever the keys."""
    keys = np.random.default_rng(1).integers(0, 50, 1000, np.int32)
    assert sorter(10**6)(keys, 50).tolist() == sorter(10)(keys, 50).tolist() == np.argsort(keys, kind="stable").tolist()


def test_what_is_not_here_is_said() -> None:
    """An unknown CI, and a sequence that is not applied yet."""
    state = projection([], ["ci_a"], 3, in_numpy).state
    for unknown in ("ci_b", "ci_" + "a" * 40, "ci_ä", ""):
        with pytest.raises(UnknownName, match="there is no CI"):
            state.reach([unknown])
    with pytest.raises(Invalid, match="not yet at 4"):
        state.reach(["ci_a"], 4)


def test_a_file_gives_the_same_projection_back(tmp_path: Path) -> None:
    """Rows, names, relations, groups; what grew since the last base too once it is made anew."""
    estate = Estate(3)
    made = projection([], list(estate.names), 0, in_numpy)
    for _ in range(6):
        made.apply(estate.entry())
    made.merge()
    edges = made.state.base.edges
    groups = Groups(np.array([1], np.int32), np.array([2], np.int32), np.array([0], np.uint8))
    base = replace(made.state.base, group=np.full(edges, -1, np.int32), groups=groups)
    file = tmp_path / "projection"
    snapshot.save(file, Snapshot(base, made.state.ids, RELATIONS, "ab"))
    found = snapshot.load(file)
    assert (found.hash, found.relations.names, found.base.sequence) == ("ab", RELATIONS.names, 6)
    assert found.base.group is not None and found.base.groups.k_full.tolist() == [2]
    check(estate, Projection(found.base, found.ids, RELATIONS, in_numpy))


def test_a_broken_file_is_refused_with_the_reason(tmp_path: Path) -> None:
    """Another program's, another version's, one byte changed, or cut short: never half a projection."""
    file = tmp_path / "projection"
    state = projection([Plain("RUNS_ON", "ci_a", "ci_b", 1)], ["ci_a", "ci_b"], 1, in_numpy).state
    snapshot.save(file, Snapshot(state.base, state.ids, RELATIONS, ""))
    whole = file.read_bytes()
    flipped = whole[:-1] + bytes([whole[-1] ^ 1])
    broken = {
        "no projection": b"PK\x03\x04", "header": whole[:30],
        "version 9": whole.replace(b'"version":1', b'"version":9'), "checksum": flipped, "too early": whole[:-1],
    }  # fmt: skip
    for reason, content in broken.items():
        file.write_bytes(content)
        with pytest.raises(Invalid, match=reason):
            snapshot.load(file)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"add": [("RUNS_ON", "ci_a", "ci_b")] * 2}, "named twice"),
        ({"add": [("RUNS_ON", "ci_a", "ci_b")], "close": [("RUNS_ON", "ci_a", "ci_b")]}, "both added and closed"),
        ({"add": [("RUNS_ON", "ci_a", "ci_b")], "retire": ["ci_b"]}, "is retired"),
    ],
)
def test_a_proposed_state_that_contradicts_itself_is_refused(parts: dict[str, Any], reason: str) -> None:
    """Nothing twice, nothing both ways, nothing new at what is gone."""
    add, close = (tuple(ProposedEdge(*e) for e in parts.get(name, ())) for name in ("add", "close"))
    with pytest.raises(Invalid, match=reason):
        Overlay(add, close, frozenset(parts.get("retire", ())))


def test_a_proposed_state_is_no_graph_of_its_own() -> None:
    """It has a limit, and nothing depends on itself."""
    with pytest.raises(TooLarge, match="at most 1000 steps"):
        Overlay(retire=frozenset(f"ci_{n}" for n in range(1001)))
    with pytest.raises(Invalid, match="depend on itself"):
        ProposedEdge("RUNS_ON", "ci_a", "ci_a")
