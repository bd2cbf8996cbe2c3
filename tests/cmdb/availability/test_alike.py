"""Availability and impact read redundancy alike: down by one is down by the other, whatever the groups are."""

from random import Random

from support.fault_models import CASES, random_model

from cmdb.availability.formula import FALSE, TRUE, Formulas
from cmdb.availability.needs import Needs
from cmdb.availability.structure import failure
from cmdb.classes import catalogue
from cmdb.impact import Model, State, States, model_of

KINDS = [r.name for r in catalogue().relations.values() if r.name != "CONNECTED_TO"]


def ruled_model(random: Random, size: int) -> Model:
    """A graph as it is stored: all relations, and rules with weights, percentages, full, soft, and mistakes."""
    edges, rules = {}, {}
    for ci in map(str, range(size)):
        for _ in range(random.choice((0, 1, 2, 2, 3))):
            edge = (random.choice(KINDS), ci, str(random.randrange(size)))
            edges[edge] = (f"e{len(edges)}", *edge)
        if random.random() < 0.5:
            rules[ci] = [_rule(random, size) for _ in range(random.choice((1, 1, 2)))]
    return model_of(edges.values(), catalogue().relations, rules)


def _rule(random: Random, size: int) -> str:
    kind, needs = random.choice(KINDS), random.choice(("1", "2", "3", "34%", "50%", "100%"))
    members = random.sample(range(size), min(size, random.randint(2, 3)))
    named = ", ".join(f"{m}*{random.randint(1, 3)}" if random.random() < 0.4 else str(m) for m in members)
    parts = [f"{kind}: {needs}", f"of {named}" if random.random() < 0.7 else "", random.choice(("", "", "full 100%"))]
    return " ".join([part for part in parts if part] + ["soft"] * (random.random() < 0.25))


def test_down_by_the_structure_function_is_down_by_the_impact_engine() -> None:
    """On random graphs with random failures, for every CI: States, Needs, and the formula put to the same failures."""
    for seed in range(CASES):
        random = Random(seed)
        size = random.randint(2, 9)
        of = (ruled_model if seed % 2 else random_model)(random, size)
        names = [str(i) for i in range(size)]
        failed = {n for n in names if random.random() < 0.25}
        states = States(of)
        states.fail(failed)
        fallen = {ci for ci, state in states.state.items() if state == State.DOWN}
        assert Needs(of, failed).down == fallen, seed
        formulas, needs = Formulas(), Needs(of)
        given = {formulas.literal(n): TRUE if n in failed else FALSE for n in names}
        for ci in names:
            value = formulas.rebuilt(failure(formulas, needs, ci), given)
            assert value == (TRUE if ci in fallen else FALSE), (seed, ci)
