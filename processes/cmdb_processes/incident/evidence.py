"""Whether events are handled by a strategy: its checks, the matrix in use, and what the event catalogue covers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from cmdb.words import Attribute, PartType, Question, Role, Shape
from cmdb.words.process import Ask
from cmdb_processes.arrangements.strategy.nouns import Check, Strategy
from cmdb_processes.incident.arranged import STRATEGY, arranged
from cmdb_processes.incident.rules import rules
from cmdb_processes.incident.settings import matrix
from cmdb_processes.timing.spans import moment

LAST = 100
"""The events that are looked at: the last ones say how it goes now."""
EVENTS = f"{{ events(order: NEWEST, first: {LAST}) {{ nodes {{ number source rule }} }} }}"
_CHECKS = PartType(
    "checks",
    "StrategyCheck",
    "One of the things that make it a strategy that is followed.",
    (
        Attribute("name", "string", "What is checked.", required=True),
        Attribute("passed", "boolean", "Whether it holds.", required=True),
        Attribute("because", "string", "Why, in words.", required=True),
    ),
)
_SOURCES = PartType(
    "sources",
    "EventSource",
    "A source of events: of the event catalogue, or of the last events.",
    (
        Attribute("source", "string", "What it is called.", required=True),
        Attribute("rules", "int", "How many rules of the event catalogue are about it.", required=True),
        Attribute("events", "int", "How many of the last events are from it.", required=True),
        Attribute("matched", "int", "How many of those a rule fits.", required=True),
        Attribute("unmatched", "strings", "The numbers of some that none fits.", required=True),
    ),
)


def decide(ask: Ask, _given: Mapping[str, Any], _who: Any, now: str) -> dict[str, Any]:
    """Two questions: what is arranged, and the last events."""
    strategy = arranged(ask).strategy
    events = ask(EVENTS)["events"]["nodes"]
    found = sources([rule.source for rule in rules()], events)
    checks = [*own(strategy, moment(now), matrix().name), covered(found)]
    return {
        "strategy": strategy.number if strategy else None,
        "checks": [{"name": one.name, "passed": one.passed, "because": one.because} for one in checks],
        "sources": found,
    }


def own(strategy: Strategy | None, now: int, in_use: str) -> tuple[Check, ...]:
    """What is to be said of the strategy itself, and of the matrix that it wants. Pure."""
    if strategy is None:
        return (Check("approved", False, "no strategy of incident is in force"),)
    wanted = strategy.priority_matrix
    words = f"it wants {wanted}, the server ranks by {in_use}" if wanted else "it names none"
    return (*strategy.checks(now), Check("priority matrix", wanted == in_use, words))


def sources(declared: Sequence[str], events: Collection[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each source with its rules and what came of its events. Pure."""
    rule_count, event_count = Counter(declared), Counter(one["source"] for one in events)
    missed = {
        source: [e["number"] for e in events if e["source"] == source and not e["rule"]] for source in event_count
    }
    return [
        {
            "source": source, "rules": rule_count[source], "events": event_count[source],
            "matched": event_count[source] - len(missed.get(source, ())), "unmatched": missed.get(source, [])[:5],
        }
        for source in sorted({*rule_count, *event_count})
    ]  # fmt: skip


def covered(found: Sequence[Mapping[str, Any]]) -> Check:
    """Whether a rule fitted each of the last events. Pure."""
    total, matched = (sum(one[name] for one in found) for name in ("events", "matched"))
    return Check("event catalogue", matched == total, f"a rule fits {matched} of the last {total} events")


EVENT_STRATEGY = Question(
    "event_strategy",
    f"Whether {STRATEGY} has a strategy that is followed, and what the event catalogue makes of the last events.",
    (),
    Shape(
        "EventStrategy", "The strategy of events with its evidence.",
        (Attribute("strategy", "string", "The number of the one in force; null: nobody approved any."),),
        (_CHECKS, _SOURCES),
    ),
    decide,
    roles=frozenset({Role.VIEWER}),
)  # fmt: skip
