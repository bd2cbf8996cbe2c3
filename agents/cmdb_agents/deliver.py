"""Brings the waiting reports to the front door: decide by the answer, then act on the outbox without choices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from cmdb.errors import Unavailable
from cmdb_agents.front_door import Answer, FrontDoor
from cmdb_agents.moments import iso
from cmdb_agents.outbox import Outbox, Waiting
from cmdb_agents.signing import Signer

ROUTE = "/snapshots"
MOST = 500
"""Reports in one delivery: after a long outage the next look at the machine does not wait for the last of them."""


class Verdict(StrEnum):
    """What an answer means for the report."""

    ACCEPTED = "accepted"
    FULL_NEEDED = "full report needed"
    REFUSED = "refused for good"
    SKEWED = "clock differs"
    REPLAYED = "counter too low"
    NOT_LET_IN = "not let in"
    LATER = "try later"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a delivery ended; `sent` counts body bytes over all attempts, `retry_after` is in seconds."""

    verdict: Verdict
    message: str
    sent: int
    retry_after: float | None = None


_BY_CODE = {
    (409, "full_needed"): Verdict.FULL_NEEDED,
    (401, "skewed"): Verdict.SKEWED,
    (401, "replayed"): Verdict.REPLAYED,
}
_BY_STATUS = {
    200: Verdict.ACCEPTED,
    202: Verdict.ACCEPTED,
    400: Verdict.REFUSED,
    413: Verdict.REFUSED,
    422: Verdict.REFUSED,
    401: Verdict.NOT_LET_IN,
    403: Verdict.NOT_LET_IN,
}


def judge(answer: Answer) -> Verdict:
    """The ingest contract's table; whatever it does not name is tried again later. Pure."""
    by_status = _BY_STATUS.get(answer.status, Verdict.LATER)
    return _BY_CODE.get((answer.status, answer.code), by_status)


def deliver(outbox: Outbox, door: FrontDoor, signer: Signer, now: float) -> Outcome:
    """Send what waits, the oldest first, until nothing does or the front door has had enough for now."""
    outcome, sent = Outcome(Verdict.ACCEPTED, "nothing waits", 0), 0
    for _ in range(MOST):
        report = outbox.waiting()
        if report is None:
            break
        outcome = _deliver(report, outbox, door, signer, now)
        sent += outcome.sent
        if outcome.verdict not in (Verdict.ACCEPTED, Verdict.REFUSED, Verdict.FULL_NEEDED):
            break
    return replace(outcome, sent=sent)


def _deliver(report: Waiting, outbox: Outbox, door: FrontDoor, signer: Signer, now: float) -> Outcome:
    """One of them; a skewed clock, or a counter from an old backup, is put right once and tried again."""
    sent, mended = 0, set[Verdict]()
    while True:
        try:
            answer = _send(report, outbox, door, signer, now, at_least=int(now * 1000) if mended else 0)
        except Unavailable as error:
            return Outcome(Verdict.LATER, error.message, sent)
        sent += len(report.body)
        verdict = judge(answer)
        if verdict in (Verdict.SKEWED, Verdict.REPLAYED) and verdict not in mended:
            mended.add(verdict)
            if verdict is Verdict.REPLAYED or _adopt_time(outbox, answer, now):
                continue
        return _settle(outbox, report, verdict, answer, sent, now)


def _send(report: Waiting, outbox: Outbox, door: FrontDoor, signer: Signer, now: float, at_least: int) -> Answer:
    created = int(now + float(outbox.fact("clock_offset", "0")))
    counter = outbox.next_counter(at_least)
    signed = signer.headers("POST", door.authority, door.path(ROUTE), report.body, created=created, counter=counter)
    coding = {"Content-Encoding": "gzip"} if report.gzip else {}
    return door.post(ROUTE, report.body, {"Content-Type": "application/json", **coding, **signed})


def _adopt_time(outbox: Outbox, answer: Answer, now: float) -> bool:
    try:
        there = datetime.fromisoformat(str(answer.body.get("server_time")))
    except ValueError:
        return False
    if there.tzinfo is None:
        there = there.replace(tzinfo=UTC)
    outbox.note("clock_offset", str(int(there.timestamp() - now)))
    return True


def _settle(outbox: Outbox, report: Waiting, verdict: Verdict, answer: Answer, sent: int, now: float) -> Outcome:
    at = iso(now)
    match verdict:
        case Verdict.ACCEPTED:
            outbox.accepted(report, at)
            return Outcome(verdict, f"report {report.seq} accepted", sent)
        case Verdict.FULL_NEEDED:
            outbox.full_needed(report)
        case Verdict.REFUSED:
            outbox.refused(report, f"{answer.status} {answer.code}: {answer.message}", at)
        case Verdict.SKEWED | Verdict.REPLAYED:
            verdict = Verdict.NOT_LET_IN
    return Outcome(verdict, answer.message, sent, answer.retry_after)
