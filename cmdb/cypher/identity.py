"""Who might this be: the statement that looks for CIs which could fit an identity rule of their class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cmdb.identity import uuid_variants
from cmdb.words import CIClass, IdentityRule, Value

Statement = tuple[str, dict[str, Any]]
MOST = 100

MERGED = """
UNWIND $ids AS id MATCH (t:CI {id: id})
RETURN id, t.merged_into AS merged, [(s:Scope)-[:ASSERTS]->(t) WHERE s.node IS NULL | s.id] AS nodes
"""
"""Where merged CIs went, and which agents speak there."""


def candidates(
    cls: CIClass, keys: Mapping[str, Value], raw: Mapping[str, Value], unless: str = "false"
) -> Statement | None:
    """CIs that share the single values of some rule; whether that is enough is decided by `identity`, not here.

    Each as `candidate`; none where `unless` holds, which tells of names that the statement is put among.

    What is stored is as it was reported, so a key is looked for as it came and in its normal form in either case. The
    strongest rule comes first: a template's machine id may be on more machines than are looked at. None: no rule can.
    """
    params: dict[str, Any] = {}
    looks = [look for rule in cls.identity if (look := _look(cls, rule, keys, raw, params))]
    if not looks:
        return None
    found = " UNION ALL ".join(f"{look} RETURN c, {rank} AS rank" for rank, look in enumerate(looks))
    return (
        f"CALL () {{ {found} }} WITH c, min(rank) AS rank WHERE NOT ({unless}) ORDER BY rank, c.id LIMIT {MOST} "
        "RETURN {id: c.id, merged: c.merged_into, attributes: properties(c), "
        "nodes: [(s:Scope)-[:ASSERTS]->(c) WHERE s.node IS NULL | s.id]} AS candidate ORDER BY rank, c.id",
        params,
    )


def _look(
    cls: CIClass, rule: IdentityRule, keys: Mapping[str, Value], raw: Mapping[str, Value], params: dict[str, Any]
) -> str | None:
    """By the single-valued keys of a rule together; lists are compared when the candidates are there."""
    declared = [attribute for key in rule.keys if (attribute := cls.attribute(key)) is not None]
    single = [attribute.name for attribute in declared if attribute.type != "strings"]
    single += [key for key in rule.keys if key == "name"]  # every CI has one, so no class declares it
    if not single or any(keys.get(key) is None for key in single):
        return None
    # By what is indexed alone: the rest is compared afterwards, in its normal form and not as it happens to be stored.
    single = [key for key in single if (a := cls.attribute(key)) is None or a.index] or single
    for key in single:
        params[key] = forms(key, keys[key], raw.get(key))
    where = " AND ".join(f"c.`{key}` IN $`{key}`" for key in single)
    return f"MATCH (c:CI:`{cls.name}`) {_hint(cls, single)}WHERE {where}"


def _hint(cls: CIClass, single: Sequence[str]) -> str:
    """By which index, or Neo4j would read another one whole while it takes that for empty."""
    for key in single:
        attribute = cls.attribute(key)
        if attribute is None or attribute.index:
            return f"USING INDEX SEEK c:`{'CI' if attribute is None else cls.name}`(`{key}`) "
    return ""


def forms(key: str, normal: Value, raw: Value) -> list[Value]:
    """How a key may be stored: in its normal form and as it came, in either case or as people write names."""
    if not isinstance(normal, str):
        return [normal]
    texts = [*uuid_variants(normal), *([raw] if isinstance(raw, str) else [])] if key == "smbios_uuid" else [normal]
    texts += [raw] if isinstance(raw, str) else []
    texts += [f"{text}." for text in texts] if key == "fqdn" else []  # as it was kept before it had one form
    texts += [f"VMware-{text[7:]}" for text in texts if text.lower().startswith("vmware-")]  # as its firmware has it
    return list(dict.fromkeys(form for text in texts for form in (text, text.upper(), text.capitalize(), text.title())))
