"""What GraphQL answers, read into the nouns of this process: the only place that knows the shape of an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cmdb_processes.change.nouns import CI, Group, Hit, Impact, Link, Severity

Answer = Mapping[str, Any]
_DAY = 86_400


def ci(answer: Answer) -> CI:
    """A CI: {id name class criticality}, all but the id optional."""
    identity = str(answer["id"])
    name = str(answer.get("name") or identity)
    return CI(identity, name, str(answer.get("class") or ""), str(answer.get("criticality") or ""))


def impact(answer: Answer) -> Impact:
    """The answer to `impact`, whole. Items that are only at risk count as hits of that severity."""
    hits = [_hit(item) for item in answer["items"]]
    hits += [_at_risk(item) for item in answer.get("atRisk") or ()]
    return Impact(
        of=tuple(ci(one) for one in answer.get("of") or ()),
        hits=tuple(hits),
        links=tuple(_link(edge) for edge in answer.get("edges") or ()),
        groups=tuple(_group(one) for one in answer.get("groups") or ()),
        sequence=int(answer.get("sequence") or 0),
        fingerprint=str(answer.get("hash") or ""),
        truncated=answer.get("truncated"),
        problems=tuple(str(p["sentence"] if isinstance(p, Mapping) else p) for p in answer.get("problems") or ()),
    )


def _hit(item: Answer) -> Hit:
    age = item.get("freshnessSeconds")
    return Hit(
        ci(item["ci"]),
        Severity[str(item["degree"])],
        int(item.get("hops") or 0),
        str(item.get("reason") or ""),
        None if age is None else float(age) / _DAY,
    )


def _at_risk(item: Answer) -> Hit:
    """Either a bare CI, or {ci reason}."""
    return Hit(ci(item.get("ci") or item), Severity.AT_RISK, reason=str(item.get("reason") or ""))


def _link(edge: Answer) -> Link:
    return Link(str(edge["type"]), ci(edge["from"]), ci(edge["to"]))


def _group(group: Answer) -> Group:
    return Group(ci(group["of"]), tuple(ci(m) for m in group["members"]), int(group["needed"]))


def named(answers: Sequence[Answer]) -> tuple[CI, ...]:
    """A list of CIs."""
    return tuple(ci(one) for one in answers)
