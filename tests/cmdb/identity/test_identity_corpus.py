"""The identity corpus: hand-made machines, what is known of them, and the one right outcome with its trace."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from cmdb.classes.host import HOST
from cmdb.identity import Boot, Candidate, Verdict, identify, note_boot
from cmdb.words import Value

CORPUS = tomllib.loads(Path(__file__).with_name("corpus.toml").read_text())
CASES: list[dict[str, Any]] = CORPUS["case"]


def machine(name: str, but: dict[str, Any]) -> dict[str, Value]:
    """A whole machine with some of its attributes changed or taken away."""
    merged = {**CORPUS["machines"][name], **but}
    return {key: tuple(value) if isinstance(value, list) else value for key, value in merged.items() if value != ""}


def decide(case: dict[str, Any]) -> Verdict:
    """What identity makes of a case."""
    boots: tuple[Boot, ...] = ()
    for seq, boot in enumerate(case.get("boots", ()), start=1):
        boots = note_boot(boots, boot, seq)
    known = [
        Candidate(one["ci"], machine(one["is"], one.get("but", {})), frozenset(one.get("agents", ())))
        for one in case["known"]
    ]
    return identify(
        HOST, case.get("agent", "nd_new") or None, machine(case["says"], case.get("but", {})), known,
        bound=case.get("bound"), boots=boots, distinct_from=case.get("distinct_from", ()),
    )  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case["why"] for case in CASES])
def test_each_case_has_its_outcome_and_its_trace(case: dict[str, Any]) -> None:
    """Outcome, CI, deciding rule, candidates, refused keys and the words of the trace are the expected ones."""
    verdict = decide(case)
    assert (verdict.outcome, verdict.ci) == (case["outcome"], case.get("ci")), verdict
    assert verdict.rule == case.get("rule", verdict.rule)
    assert list(verdict.candidates) == case.get("candidates", list(verdict.candidates))
    trace = verdict.trace()
    refused = sorted({one["key"] for one in trace["refused"]})
    assert refused == case.get("refused", refused)
    assert case.get("reason", "") in trace["reason"]
    assert any(case.get("step", "") in step["result"] for step in trace["steps"]), trace["steps"]


def test_every_match_names_its_rule_and_nothing_is_merged_but_by_a_match() -> None:
    """No wrong merges: only a match names a CI, it is the one expected, and the rule that decided is in the trace."""
    for case in CASES:
        verdict = decide(case)
        assert (verdict.ci is not None) == (verdict.outcome == "match") == (case["outcome"] == "match")
        assert (verdict.rule is not None) == (verdict.ci is not None)
        if verdict.rule is not None:
            assert verdict.rule in {step.rule for step in verdict.steps}


def test_the_order_in_which_candidates_are_known_never_matters() -> None:
    """The store may return candidates in any order: the verdict is the same."""
    for case in CASES:
        assert decide({**case, "known": case["known"][::-1]}) == decide(case)


def test_the_corpus_is_large_and_says_why() -> None:
    """At least 60 cases, each with a sentence of its own."""
    assert len({case["why"] for case in CASES}) == len(CASES) >= 60
    assert all(case["why"].endswith(".") for case in CASES)
