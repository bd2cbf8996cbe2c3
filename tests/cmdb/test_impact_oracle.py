"""Impact against its definition: every assignment of three states to every CI is tried, and the greatest one taken.

The oracle shares no code with the engine: it reads only what a generated graph declares. `EPICENTRE_TEST_CASES` sets
how many graphs are tried, 100,000 for the proof.
"""

import os
from itertools import pairwise
from random import Random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cmdb.classes import catalogue
from cmdb.impact import Blast, Edge, Group, Model, State, States, blast_radius, model, model_of
from cmdb.impact.blast import reach_of

CASES = int(os.environ.get("EPICENTRE_TEST_CASES", "300"))
NODES = "abcdefghi"


class Need(NamedTuple):
    """One group as the oracle knows it."""

    members: list[tuple[int, int]]  # place and weight
    k_min: int
    k_full: int
    soft: bool


class Case(NamedTuple):
    """A generated graph: needs by place, own states that are not up, and who fails."""

    needs: list[list[Need]]
    own: dict[int, int]
    failed: list[int]


def generated(random: Random) -> Case:
    """2 to 9 CIs with groups, lone edges, weights, percentages, impossible groups, cycles, self-loops and outages."""
    size = random.randint(2, 9)
    needs = [[_need(random, size) for _ in range(random.choice((0, 1, 1, 2, 3)))] for _ in range(size)]
    own = {place: random.choice((0, 1)) for place in range(size) if random.random() < 0.15}
    return Case(needs, own, random.sample(range(size), random.choice((1, 1, 2, min(3, size)))))


def _need(random: Random, size: int) -> Need:
    places = random.sample(range(size), min(size, random.choice((1, 1, 2, 2, 3, 4))))
    members = [(place, random.choice((1, 1, 1, 2, 3))) for place in places]
    total = sum(weight for _, weight in members)
    k_min = _share(random, total)
    if random.random() < 0.03:
        return Need([] if random.random() < 0.5 else members, total + 1, total + 1, random.random() < 0.3)
    return Need(members, k_min, random.choice((k_min, random.randint(k_min, total))), random.random() < 0.25)


def _share(random: Random, total: int) -> int:
    """A number, or that of a percentage by its definition: the least whole number that is not below it."""
    if random.random() < 0.3:
        percent = random.randint(1, 100)
        return next(k for k in range(1, total + 1) if 100 * k >= percent * total)
    return random.choice((1, total, random.randint(1, total)))


def built(case: Case) -> Model:
    """The same as the engine takes it."""
    return model(
        {
            NODES[place]: [
                Group(
                    tuple(_edge(place, member, number) for member, _ in need.members), need.k_min, need.k_full,
                    need.soft, tuple(weight for _, weight in need.members),
                )
                for number, need in enumerate(needs)
            ]
            for place, needs in enumerate(case.needs) if needs
        }
    )  # fmt: skip


def _edge(source: int, target: int, number: int) -> Edge:
    return Edge(f"{NODES[source]}>{NODES[target]}:{number}", "DEPENDS_ON", NODES[source], NODES[target])


Column = NDArray[np.int8]


def greatest(case: Case, own: dict[int, int]) -> list[int]:
    """The definition: of all 3ⁿ assignments those that no rule lowers, and the best each CI has in any of them."""
    size = len(case.needs)
    every = np.array(np.meshgrid(*[np.arange(3, dtype=np.int8)] * size, indexing="ij")).reshape(size, -1)
    allowed = np.ones(every.shape[1], bool)
    for place, needs in enumerate(case.needs):
        for value in (np.full(every.shape[1], own.get(place, 2)), *(_value(need, every) for need in needs)):
            allowed &= every[place] <= value
    return [int(best) for best in every[:, allowed].max(axis=1)]


def _value(need: Need, every: NDArray[np.int8]) -> Column:
    up = sum((weight * (every[place] == 2) for place, weight in need.members), np.zeros(every.shape[1], int))
    alive = sum((weight * (every[place] >= 1) for place, weight in need.members), np.zeros(every.shape[1], int))
    low = 1 if need.soft else 0
    return np.where(up >= need.k_full, 2, np.where(alive >= need.k_min, 1, low)).astype(np.int8)


def alive(need: Need, states: list[int]) -> int:
    """What lives of a group, in weight."""
    return sum(weight for place, weight in need.members if states[place] >= 1)


def endangered(need: Need, before: list[int], after: list[int]) -> bool:
    """Nothing to spare now and something before; or some one loss more is too much now, and none was before."""
    if alive(need, after) < need.k_min:
        return False
    emptied = alive(need, after) == need.k_min < alive(need, before)
    return emptied or (fragile(need, after) and not fragile(need, before))


def fragile(need: Need, states: list[int]) -> bool:
    """Whether the group lives and one of its living members alone would take it down."""
    there = alive(need, states)
    return there >= need.k_min and any(
        there - weight < need.k_min for place, weight in need.members if states[place] >= 1
    )


def check(case: Case) -> None:
    """The engine's answer for one graph is the definition's, whole."""
    made = built(case)
    own = {NODES[place]: State(state) for place, state in case.own.items()}
    before = greatest(case, case.own)
    after = greatest(case, {**case.own, **dict.fromkeys(case.failed, 0)})
    blast = blast_radius(made, [NODES[f] for f in case.failed], str, own)
    fell = [p for p in range(len(before)) if after[p] < before[p] and p not in case.failed]
    fallen = {NODES[p]: (before[p], after[p]) for p in fell}
    assert {i.ci: (i.before, i.after) for i in blast.items} == fallen
    spent = {
        NODES[place]
        for place, needs in enumerate(case.needs)
        for need in needs
        if after[place] > 0 and endangered(need, before, after)
    }
    assert set(blast.at_risk) == spent
    assert {i.ci for i in blast.items if i.risk} == spent & set(fallen)
    reach = reach_of(made, [NODES[f] for f in case.failed])
    assert set(fallen) | spent <= reach == blast.reach
    assert blast.before.items() <= {NODES[p]: State(s) for p, s in enumerate(before) if s < 2}.items()
    _witnessed(case, blast, before, after)


def _witnessed(case: Case, blast: Blast, before: list[int], after: list[int]) -> None:
    """Each path goes hop by hop from the CI to a failed one, over CIs that fell, through groups that decided."""
    for item in blast.items:
        hops = [(edge[0], edge[2], int(edge[4:])) for edge in item.path]
        assert hops[0][0] == item.ci and NODES.index(hops[-1][1]) in case.failed and len(hops) == item.hops
        assert all(one[1] == other[0] for one, other in pairwise(hops))
        for source, target, number in hops:
            place, member = NODES.index(source), NODES.index(target)
            need = case.needs[place][number]
            assert after[member] < before[member]
            assert int(_value(need, np.array(after, np.int8).reshape(-1, 1))[0]) == after[place] < before[place]
        last = case.needs[NODES.index(hops[0][0])][hops[0][2]]
        total = sum(weight for _, weight in last.members)
        assert (item.standing.needed, item.standing.left, item.standing.of) == (last.k_min, alive(last, after), total)


def test_impact_is_the_definition_on_every_generated_graph() -> None:
    """States, risks, reach, witnesses and what is left equal the enumeration on every graph."""
    for seed in range(CASES):
        try:
            check(generated(Random(seed)))
        except AssertionError as error:
            raise AssertionError(f"graph {seed}: {generated(Random(seed))}") from error


def test_no_ci_ever_does_better_because_another_does_worse() -> None:
    """Lowering one own state lowers effective states or leaves them; failing more never impacts less."""
    for seed in range(CASES * 3):
        random = Random(seed)
        case = generated(random)
        own = {NODES[place]: State(state) for place, state in case.own.items()}
        ci = random.choice(NODES[: len(case.needs)])
        worse = {**own, ci: State(max(0, own.get(ci, State.UP) - 1))}
        high, low = States(built(case), own), States(built(case), worse)
        assert all(low.of(one) <= high.of(one) for one in NODES[: len(case.needs)]), f"graph {seed}"


def test_own_states_may_come_in_any_order_and_in_any_number_of_steps() -> None:
    """Failing one by one, in either order, ends where failing together does."""
    for seed in range(CASES):
        case = generated(Random(seed))
        together, one_by_one = States(built(case)), States(built(case))
        together.fail([NODES[f] for f in case.failed])
        for failed in reversed(case.failed):
            one_by_one.fail([NODES[failed]])
        assert (together.state, together.hurt, together.dead) == (one_by_one.state, one_by_one.hurt, one_by_one.dead)


def test_without_redundancy_everything_reached_goes_down() -> None:
    """With lone hard edges only, down is plain reach; with spare pairs, down and at risk are within it."""
    for seed in range(CASES):
        random = Random(seed)
        edges = [(f"e{n}", "DEPENDS_ON", *random.sample(NODES, 2)) for n in range(random.randint(1, 14))]
        plain = model_of(edges, catalogue().relations)
        blast = blast_radius(plain, ["a"], str)
        assert {i.ci for i in blast.items if i.after is State.DOWN} | {"a"} == reach_of(plain, ["a"]) == blast.reach
