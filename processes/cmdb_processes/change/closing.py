"""The review: what became of it, which incidents came near, and how right the prediction was. Then it is closed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cmdb.errors import Invalid
from cmdb.words import Decision, Effect, Principal, Record, Value
from cmdb.words.record import Row
from cmdb_processes.change import panel, review
from cmdb_processes.change.calibration import Broken, Calibration, calibration
from cmdb_processes.change.evidence import thawed
from cmdb_processes.change.gather import thawed_impact
from cmdb_processes.change.happened import happened
from cmdb_processes.change.nouns import CI, Hit, Impact, Severity
from cmdb_processes.change.observed import NOTHING, Comparison
from cmdb_processes.change.parts import PREDICTIONS
from cmdb_processes.change.questions import INCIDENT_TYPE, INCIDENTS
from cmdb_processes.change.steps import Act, Steps
from cmdb_processes.change.templates import BAD, Outcome
from cmdb_processes.change.working import execution, follow_up, looked_at

Ask = Callable[..., dict[str, Any]]
Arguments = Mapping[str, Value]
MOST = 500
"""CIs of a radius that are looked at when a change is reviewed."""


def reviewed(ask: Ask, record: Record, impact: Impact, seen: Comparison | None, now: str) -> review.Review:
    """What the facts speak for, with the incidents on the radius."""
    ended = datetime.fromisoformat(str(record.fields.get("finished_at") or now))
    found = review.near(impact, ended, incidents(ask, impact, ended, ended + review.SOON))
    tested = record.fields.get("tested")
    backed_out = record.fields.get("backed_out_at") is not None
    return review.review(seen or NOTHING, found, backed_out, None if tested is None else bool(tested))


def close(ask: Ask, record: Record, given: Arguments, who: Principal, now: str) -> Decision:
    """Close it with an outcome: the one the facts speak for, or another with what was learnt."""
    impact = thawed_impact(thawed(str(record.fields["evidence"]), str(record.fields["evidence_hash"])).content)
    seen, parts = looked_at(ask, record, now)
    proposed = reviewed(ask, record, impact, seen, now)
    outcome = _outcome(given) or proposed.outcome
    lessons = str(given.get("lessons") or "").strip()
    missing, against = _votes(record, now)
    review.may_close(proposed, outcome, lessons, missing, against)
    reasons = (*proposed.reasons, *(one.sentence for one in proposed.near))
    fields: dict[str, Value] = {
        "outcome": outcome.value,
        "proposed_outcome": proposed.outcome.value,
        "findings": tuple(dict.fromkeys(reasons)),
        "lessons": lessons or None,
        "execution": execution(seen),
        "verified_at": record.fields.get("verified_at") or now,
    }
    if given.get("objective_met") is not None:
        fields["objective_met"] = bool(given["objective_met"])
    parts[PREDICTIONS.name] = predictions(ask, record, impact, now)
    effects = list(follow_up(record, seen)) if record.fields.get("verified_at") is None else []
    if outcome in BAD and (template := record.fields.get("template")):
        why = f"{record.number} {'failed' if outcome is Outcome.FAILED else 'was backed out'}"
        effects.append(Effect("suspend_change_template", str(template), {"reason": why}, as_process=True))
    return Decision("closed", fields, f"closed by {who.name} as {outcome}", parts=parts, effects=tuple(effects))


def _outcome(given: Arguments) -> Outcome | None:
    if given.get("outcome") is None:
        return None
    try:
        return Outcome(str(given["outcome"]))
    except ValueError as error:
        raise Invalid(f"is {', '.join(Outcome)}, not {given['outcome']!r}", where="outcome") from error


def _votes(record: Record, now: str) -> tuple[Sequence[str], str]:
    """The roles whose approval is still missing, and who said no. What was approved in time stays so for ever."""
    if record.model == "standard":
        return (), ""
    voted = [vote.at for vote in panel.counting(record)]
    counted = panel.counted(record, max(voted, default=now))
    return ((), counted.reason) if counted.state == "rejected" else (counted.missing, "")


def incidents(ask: Ask, impact: Impact, start: datetime, end: datetime) -> tuple[review.Incident, ...]:
    """The incidents that were opened in a time about CIs of the radius. One question for each 100 CIs and page."""
    if ask(INCIDENT_TYPE)["__type"] is None:
        return ()  # a server may do without that process
    found: dict[str, review.Incident] = {}
    reach = sorted(impact.reach)[:MOST]
    for at in range(0, len(reach), 100):
        after = None
        while True:
            page = ask(
                INCIDENTS, cis=reach[at : at + 100], since=start.isoformat(), until=end.isoformat(), after=after
            )["incidents"]
            found |= {one["number"]: _incident(one) for one in page["nodes"]}
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = page["pageInfo"]["endCursor"]
    return tuple(found[number] for number in sorted(found))


def _incident(one: Mapping[str, Any]) -> review.Incident:
    cis = frozenset(str(ci["id"]) for ci in one["cis"])
    opened = datetime.fromisoformat(one["openedAt"])
    return review.Incident(str(one["number"]), str(one["title"] or ""), opened, cis, one.get("major") == "accepted")


# --- how right the prediction was ------------------------------------------------------------------------


def predictions(ask: Ask, record: Record, impact: Impact, now: str) -> tuple[Row, ...]:
    """Each CI that was to break, or did, of a change whose own CIs failed; none if they did not.

    A CI broke when discovery or an incident said so between the beginning and the end of the work.
    """
    begun, ended = record.fields.get("start_sequence"), str(record.fields.get("finished_at") or now)
    if begun is None:
        return ()
    seen = happened(ask, int(str(begun)), ended, sorted(impact.reach)[:MOST])
    broke = failed(seen)
    since = datetime.fromisoformat(str(record.fields["started_at"]))
    if (until := datetime.fromisoformat(ended)) > since:
        broke |= {ci for one in incidents(ask, impact, since, until + timedelta(seconds=1)) for ci in one.cis}
    if not broke & {ci.id for ci in impact.of}:
        return ()
    told = {h.ci.id: h.ci for h in impact.hits if h.severity >= Severity.DEGRADED}
    named = {**{ci: impact.reach[ci] for ci in broke if ci in impact.reach}, **told}
    own = {ci.id for ci in impact.of}
    return tuple(
        {"ci": ci.id, "name": ci.name, "class_name": ci.class_, "predicted": ci.id in told, "broke": ci.id in broke}
        for ci in sorted(named.values())
        if ci.id not in own
    )


def failed(seen: Steps) -> set[str]:
    """The CIs that were seen down or degraded, or that went away."""
    bad = {'"down"', '"degraded"'}
    return {
        s.ci for s in seen.steps
        if s.act is Act.RETIRE or (s.act is Act.SET and s.what == "condition" and s.other in bad)
    }  # fmt: skip


def calibrated(rows: Iterable[Mapping[str, Any]]) -> Calibration:
    """The calibration over closed changes: rows {number predictions {ci name className predicted broke}}."""
    return calibration(_broken(row) for row in rows if row["predictions"])


def _broken(row: Mapping[str, Any]) -> Broken:
    cis = [(CI(p["ci"], p["name"], p["className"]), p) for p in row["predictions"]]
    predicted = Impact((), tuple(Hit(ci, Severity.DOWN) for ci, p in cis if p["predicted"]))
    return Broken(str(row["number"]), predicted, frozenset(ci for ci, p in cis if p["broke"]))
