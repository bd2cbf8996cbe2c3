"""Open-PSA fault trees: answers that can be checked by hand, and a clear sentence for what is wrong."""

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


A = '<event name="a"/>'
BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><opsa-mef>&b;</opsa-mef>'
FETCH = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><opsa-mef>&a;</opsa-mef>'
DEEP = b"<opsa-mef>" + b"<not>" * 200 + b"</not>" * 200 + b"</opsa-mef>"
CIRCLE = define("gate", "g", '<or><gate name="h"/></or>') + define("gate", "h", '<not><gate name="g"/></not>')
NEITHER = define("house-event", "h", '<constant value="yes"/>')
ITSELF = define("parameter", "p", '<parameter name="p"/>') + define("basic-event", "a", '<parameter name="p"/>')
BY_ZERO = define("basic-event", "a", '<div><int value="1"/><int value="0"/></div>')
SPREAD = define("basic-event", "a", "<uniform-deviate/>")
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
        f"{LINE}<uniform-deviate>: is no expression that is supported here",
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
