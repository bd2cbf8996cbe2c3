"""Open-PSA fault trees: answers that can be checked by hand, and a clear sentence for what is wrong."""

from math import exp, pi
from pathlib import Path

import pytest

from cmdb.availability import Limits, analyse, read
from cmdb.errors import EpicentreError, Invalid, TooLarge, UnknownName

TREES = Path(__file__).parents[2] / "support" / "fault_trees"


def tree(name: str) -> bytes:
    """One of the trees beside the tests."""
    return (TREES / f"{name}.xml").read_bytes()


def test_a_pair_behind_one_valve() -> None:
    """valve ∨ (pump1 ∧ pump2): 0.01 + 0.1·0.2 − 0.01·0.1·0.2 = 0.0298; one cut set of order 1, one of order 2."""
    found = analyse(read(tree("two_pumps")))
    assert (found.top, found.events) == ("no-water", 3)
    assert found.probability.method == "exact"
    assert found.probability.lo == found.probability.hi == pytest.approx(0.0298, abs=1e-15)
    assert found.cuts is not None
    assert found.cuts.counts == ((1, 1), (2, 1))
    assert found.cuts.listed == (("valve",), ("pump1", "pump2"))
    valve = {one.event: one for one in found.importance}["valve"]
    assert valve.birnbaum == pytest.approx(1 - 0.02)
    assert valve.criticality == pytest.approx(0.98 * 0.01 / 0.0298)
    assert valve.fussell_vesely == pytest.approx(0.01 / 0.03)
    assert valve.raw == pytest.approx(1 / 0.0298)
    assert valve.rrw == pytest.approx(0.0298 / 0.02)


def test_two_of_three_with_a_shared_feed_a_parameter_and_a_house_event() -> None:
    """feed ∨ 2-of-3 of equal channels: f + (1 − f)·(3q² − 2q³) with f = 0.05, q = 0.5·0.2 = 0.1: 0.05 + 0.95·0.028."""
    found = analyse(read(tree("two_of_three")))
    assert found.probability.lo == pytest.approx(0.05 + 0.95 * 0.028, abs=1e-15)
    assert found.cuts is not None
    assert found.cuts.counts == ((1, 1), (2, 3))
    assert found.importance[0].event == "feed"


def test_exclusive_or_has_a_probability_and_no_cut_sets() -> None:
    """a ⊕ b with 0.1 and 0.2: 0.1·0.8 + 0.9·0.2 = 0.26; more of b may make it better, so cut sets are refused."""
    found = analyse(read(tree("exclusive")))
    assert found.probability.lo == pytest.approx(0.26, abs=1e-15)
    assert found.cuts is None
    measures = {one.event: one for one in found.importance}
    assert measures["a"].birnbaum == pytest.approx(1 - 2 * 0.2)
    assert measures["a"].fussell_vesely is None


def test_a_bridge() -> None:
    """Five equal links with q = 0.1: 2q² + 2q³ − 5q⁴ + 2q⁵ = 0.02152; two cut sets of order 2 and two of order 3."""
    found = analyse(read(tree("bridge")))
    assert found.probability.lo == pytest.approx(0.02152, abs=1e-15)
    assert found.cuts is not None
    assert found.cuts.counts == ((2, 2), (3, 2))
    assert found.cuts.listed == (("a", "b"), ("c", "d"), ("a", "d", "e"), ("b", "c", "e"))


def test_every_operator_has_its_table() -> None:
    """Each operator over certain and impossible events gives what logic says."""
    for operator, truth in {
        "and": "0001", "or": "0111", "nand": "1110", "nor": "1000", "xor": "0110", "iff": "1001", "imply": "1101",
        'atleast min="2"': "0001", 'cardinality min="1" max="1"': "0110", 'cardinality min="0" max="1"': "1110",
    }.items():  # fmt: skip
        for case, wanted in enumerate(truth):
            q = {"a": case >> 1, "b": case & 1}
            body = f'<{operator}><event name="a"/><basic-event name="b"/></{operator.split()[0]}>'
            assert analyse(read(one_gate(body, **q))).probability.lo == float(wanted), (operator, q)


def define(kind: str, name: str, body: str = "") -> str:
    """A definition."""
    return f'<define-{kind} name="{name}">{body}</define-{kind}>'


def one_gate(body: str, rest: str = "", **q: object) -> bytes:
    """A file with the gate `top`, basic events, and whatever else."""
    events = "".join(define("basic-event", name, f'<float value="{value}"/>') for name, value in q.items())
    return f"<opsa-mef>{define('gate', 'top', body)}{rest}{events}</opsa-mef>".encode()


def hidden(body: str) -> str:
    """A component that keeps what it defines to itself."""
    return f'<define-component name="c" role="private">{body}</define-component>'


A = '<event name="a"/>'
BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><opsa-mef>&b;</opsa-mef>'
FETCH = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><opsa-mef>&a;</opsa-mef>'
DEEP = b"<opsa-mef>" + b"<not>" * 200 + b"</not>" * 200 + b"</opsa-mef>"
CIRCLE = define("gate", "g", '<or><gate name="h"/></or>') + define("gate", "h", '<not><gate name="g"/></not>')
NEITHER = define("house-event", "h", '<constant value="yes"/>')
ITSELF = define("parameter", "p", '<parameter name="p"/>') + define("basic-event", "a", '<parameter name="p"/>')
BY_ZERO = define("basic-event", "a", '<div><int value="1"/><int value="0"/></div>')
SPREAD = define("basic-event", "a", "<histogram/>")
LINE = "line 1: "
WRONG: dict[str, tuple[bytes, type[EpicentreError], str]] = {
    "a bomb": (BOMB, Invalid, f"{LINE}declares the entity 'a'; entities are not read"),
    "a file as entity": (FETCH, Invalid, f"{LINE}declares the entity 'a'; entities are not read"),
    "no XML": (b"<opsa-mef>", Invalid, "no well-formed XML: no element found: line 1, column 10"),
    "another file": (b"<svg/>", Invalid, f"{LINE}<svg>: should be <opsa-mef>: this is no Open-PSA file"),
    "no gate": (b"<opsa-mef/>", Invalid, "the file defines no gate"),
    "too deep": (DEEP, Invalid, f"{LINE}<not>: lies deeper than 100 elements"),
    "an unknown event": (one_gate('<basic-event name="x"/>'), UnknownName, f"{LINE}there is no basic-event 'x'"),
    "an unknown gate": (one_gate('<gate name="x"/>'), UnknownName, f"{LINE}there is no gate 'x'"),
    "a nameless event": (one_gate("<event/>"), Invalid, f"{LINE}<event>: needs the attribute 'name'"),
    "an operator": (one_gate("<vote/>"), Invalid, f"{LINE}<vote>: is no operator that is known here"),
    "xor of three": (one_gate(f"<xor>{A * 3}</xor>", a=0.1), Invalid, f"{LINE}<xor>: takes 2 arguments, not 3"),
    "k above n": (
        one_gate(f'<atleast min="3">{A}</atleast>', a=0.1),
        Invalid,
        f"{LINE}<atleast>: min='3' is no number between 0 and its 1 arguments",
    ),
    "no probability": (
        one_gate(A, define("basic-event", "a")),
        Invalid,
        f"{LINE}<define-basic-event>: 'a' has no probability",
    ),
    "a probability of 2": (
        one_gate(A, a=2),
        Invalid,
        f"{LINE}<define-basic-event>: 'a' has the probability 2, which is not between 0 and 1",
    ),
    "no number": (one_gate(A, a="x"), Invalid, f"{LINE}<float>: 'x' is no number"),
    "nan": (one_gate(A, a="nan"), Invalid, f"{LINE}<float>: 'nan' is no finite number"),
    "a circle": (
        one_gate('<gate name="g"/>', CIRCLE),
        Invalid,
        f"{LINE}<define-gate>: needs itself: g → h → g",
    ),
    "two tops": (
        one_gate(A, define("gate", "z", A), a=0.1),
        Invalid,
        "there are 2 gates at the top (top, z): name the one to solve",
    ),
    "defined twice": (
        one_gate(A, define("gate", "top", A), a=0.1),
        Invalid,
        f"{LINE}<define-gate>: 'top' is defined twice",
    ),
    "an empty gate": (one_gate(""), Invalid, f"{LINE}<define-gate>: the gate 'top' has no formula"),
    "neither true nor false": (
        one_gate('<event name="h"/>', NEITHER),
        Invalid,
        f"{LINE}<constant>: a constant is true or false, not 'yes'",
    ),
    "of itself": (one_gate(A, ITSELF), Invalid, f"{LINE}<parameter>: the parameter 'p' needs itself: p → p"),
    "a distribution": (
        one_gate(A, SPREAD),
        Invalid,
        f"{LINE}<histogram>: is no expression that is supported here",
    ),
    "a test with repairs": (
        one_gate(A, define("basic-event", "a", "<periodic-test>" + '<int value="1"/>' * 5 + "</periodic-test>")),
        Invalid,
        f"{LINE}<periodic-test>: takes 4 arguments, not 5",
    ),
    "a role": (
        one_gate(A, '<define-component name="c" role="secret"/>', a=0.1),
        Invalid,
        f"{LINE}<define-component>: a role is public or private, not 'secret'",
    ),
    "what is private elsewhere": (
        one_gate('<or><gate name="c.g"/><gate name="g"/></or>', hidden(define("gate", "g", A)), a=0.1),
        UnknownName,
        f"{LINE}there is no gate 'g'",
    ),
    "private twice": (
        one_gate(A, hidden(define("gate", "g", A) * 2), a=0.1),
        Invalid,
        f"{LINE}<define-gate>: 'c.g' is defined twice",
    ),
    "a division by zero": (one_gate(A, BY_ZERO), Invalid, f"{LINE}<div>: gives no number for [1.0, 0.0]"),
    "an include": (one_gate(A, "<include/>", a=0.1), Invalid, f"{LINE}<include>: is not supported"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_with_its_line(name: str) -> None:
    """One sentence that says where and what; never a traceback, never an answer for another tree."""
    content, kind, sentence = WRONG[name]
    with pytest.raises(EpicentreError) as caught:
        read(content)
    assert (type(caught.value), caught.value.message) == (kind, sentence)


def test_what_is_private_is_meant_inside_and_found_by_its_way_from_outside() -> None:
    """top = gate ∧ c.gate, each of its own `a`, one seen by all: 0.1·0.5, and b of the tree is the same for both."""
    top = '<and><gate name="gate"/><gate name="c.gate"/></and>'
    inner = '<or><basic-event name="a"/><basic-event name="b"/></or>'
    own = define("gate", "gate", inner) + define("basic-event", "a", '<float value="0.5"/>')
    found = analyse(read(one_gate(top, define("gate", "gate", inner) + hidden(own), a=0.1, b=0)))
    assert found.probability.lo == pytest.approx(0.1 * 0.5)
    assert {one.event for one in found.importance} == {"a", "b", "c.a"}
    own += define("basic-event", "b", '<float value="0.25"/>')
    tree = define("gate", "g", '<event name="c.a"/>') + hidden(own)
    named = f'<opsa-mef><define-fault-tree name="t">{tree}</define-fault-tree></opsa-mef>'.encode()
    assert read(named, "g").q == {"t.c.a": 0.5}
    assert read(named, "t.c.gate").top == "t.c.gate"


LAWS = {
    "<exponential>{}<system-mission-time/></exponential>": ([1e-3], 1 - exp(-0.1)),
    "<GLM>{}<system-mission-time/></GLM>": ([0.5, 0.01, 0.03], 0.25 + 0.25 * exp(-4)),
    "<Weibull>{}<system-mission-time/></Weibull>": ([50, 2, 25], 1 - exp(-2.25)),
    "<periodic-test>{}<system-mission-time/></periodic-test>": ([0.01, 40, 10], 1 - exp(-0.1)),
    "<periodic-test>{}<float value='90'/></periodic-test>": ([0.01, 40, 10], 1 - exp(-0.4)),
    "<periodic-test>{}<float value='5'/></periodic-test>": ([0.01, 40, 10], 1 - exp(-0.05)),
    "<lognormal-deviate>{}</lognormal-deviate>": ([0.2, 3, 0.95], 0.2),
    "<beta-deviate>{}</beta-deviate>": ([1, 3], 0.25),
    "<div><pi/>{}</div>": ([10], pi / 10),
    "<min>{}<bool value='true'/></min>": ([0.5], 0.5),
}


@pytest.mark.parametrize("law", LAWS)
def test_a_law_of_failure_is_its_formula_at_the_mission_time(law: str) -> None:
    """100 hours in: at a constant rate, with repairs, with age, since the last of the tests; a deviate is its mean."""
    values, wanted = LAWS[law]
    event = define("basic-event", "a", law.format("".join(f'<float value="{value}"/>' for value in values)))
    tree = read(one_gate(A, event), mission_hours=100)
    assert tree.q["a"] == pytest.approx(wanted, rel=1e-12)


def test_an_event_the_gate_does_not_need_may_be_worth_anything() -> None:
    """Only what is solved has to be understood."""
    assert read(one_gate(A, define("basic-event", "b", "<histogram/>"), a=0.5)).q == {"a": 0.5}


def test_a_gate_that_only_an_event_tree_names_is_still_at_the_top() -> None:
    """What collects gates outside the fault tree needs none of them."""
    rest = '<define-event-tree name="e"><collect-formula><gate name="top"/></collect-formula></define-event-tree>'
    assert read(one_gate(A, rest, a=0.5)).top == "top"


def test_a_named_gate_is_solved_instead_of_the_top() -> None:
    """`top` takes any gate of the file; one that is not there is unknown."""
    assert analyse(read(tree("two_pumps"), "both-pumps")).probability.lo == pytest.approx(0.02)
    with pytest.raises(UnknownName, match="there is no gate 'x'"):
        read(tree("two_pumps"), "x")


def test_a_tree_with_not_is_exact_or_refused() -> None:
    """Bounds need a tree without NOT, so above the limit there is a sentence instead of an interval."""
    with pytest.raises(TooLarge, match="a tree with NOT is solved exactly or not at all"):
        analyse(read(tree("exclusive")), Limits(nodes=2))


def test_gates_may_be_thousands_deep() -> None:
    """Gates refer to gates by name as deep as they like."""
    gates = "".join(define("gate", f"g{i}", f'<or><gate name="g{i + 1}"/>{A}</or>') for i in range(3_000))
    last = define("gate", "g3000", A)
    assert analyse(read(one_gate('<gate name="g0"/>', gates + last, a=0.25))).probability.lo == 0.25
