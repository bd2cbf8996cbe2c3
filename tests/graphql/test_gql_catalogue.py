"""Every declared class is there for people: written down by createCi, asked for with all its attributes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from support.questions import ADMIN, answer, ask, parts

from cmdb.classes import catalogue
from cmdb.store import Store
from cmdb.words import Attribute, CIClass
from cmdb_graphql.context import camel

pytestmark = pytest.mark.neo4j

CLASSES = {name: cls for name, cls in catalogue().classes.items() if name != "Endpoint"}  # nobody writes those down


def _value(cls: str, attribute: Attribute) -> Any:
    """A value of an attribute's type that is fit for identity, another one for each class."""
    number = sorted(CLASSES).index(cls)
    keys: dict[str, Any] = {
        "smbios_uuid": f"4c4c4544-0042-3510-8051-b4c04f4a33{number:02x}", "fqdn": f"{cls.lower()}.example.org",
        "macs": [f"00:1b:54:aa:bb:{number:02x}"], "address": f"192.0.2.{number + 1}",
        "listens": [f"tcp://192.0.2.{number + 1}:443"], "virtualisation": "none",
        "url": f"https://{cls.lower()}.example.org/7Q2", "email": f"7q2@{cls.lower()}.example.org",
        "condition": "degraded", "redundancy": ["USES: 50%"],
    }  # fmt: skip
    kinds: dict[str, Any] = {
        "string": f"{attribute.name} 7Q2 {cls}", "int": number + 1, "float": number + 0.5, "boolean": True,
        "datetime": "2026-11-01T12:00:00.000Z", "strings": [f"{attribute.name} 7Q2 {cls}"],
    }  # fmt: skip
    return keys.get(attribute.name, kinds[attribute.type])


def _values(cls: CIClass) -> dict[str, Any]:
    return {a.name: _value(cls.name, a) for a in cls.attributes}


def _groups(classes: Sequence[CIClass], size: int) -> Iterator[Sequence[CIClass]]:
    """The classes in groups: each question to the server here builds its executor anew."""
    return (classes[start : start + size] for start in range(0, len(classes), size))


def _fields(cls: CIClass) -> str:
    return " ".join(camel(a.name) for a in cls.attributes)


def _parents(cls: CIClass) -> list[str]:
    """Classes a local thing can be inside of."""
    if not catalogue().is_local(cls.name):
        return []
    targets = catalogue().relation(cls.contained_by or "ASSIGNED_TO").targets
    return [t for t in targets if t != cls.name]


def _ordered() -> list[CIClass]:
    """Parents before what is inside them."""
    done: list[CIClass] = []
    while len(done) < len(CLASSES):
        names = {c.name for c in done}
        ready = [c for c in CLASSES.values() if c not in done and (not _parents(c) or names & set(_parents(c)))]
        assert ready, "some class can never have a parent"
        done += ready
    return done


def _create(cls: CIClass, ids: dict[str, str]) -> str:
    """The mutation field that writes down one CI of a class, inside a parent that is there already."""
    parent = next((p for p in _parents(cls) if p in ids), None)
    inside = f', parent: "{ids[parent]}"' if parent else ""
    given = f'class: "{cls.name}", name: "a {cls.name}", attributes: ${cls.name}{inside}'
    return f"{cls.name}: createCi({given}) {{ ci {{ id }} }}"


def _create_all(served: Any) -> dict[str, str]:
    """One CI of every class; its id by class. Each parent level is one request."""
    ids: dict[str, str] = {}
    left = _ordered()
    while left:
        level = [c for c in left if not _parents(c) or set(_parents(c)) & set(ids)]
        left = [c for c in left if c not in level]
        for some in _groups(level, 10):
            heads = " ".join(f"${c.name}: JSON" for c in some)
            fields = " ".join(_create(c, ids) for c in some)
            done = ask(served, f"mutation({heads}) {{ {fields} }}", ADMIN, **{c.name: _values(c) for c in some})
            ids |= {name: one["ci"]["id"] for name, one in done.items()}
    return ids


def test_every_class_is_written_down_and_answers_with_all_its_attributes(tmp_path: Path, store: Store) -> None:
    """What a person wrote comes back in the list of its class; a parent that cannot be one is refused."""
    with parts(tmp_path / "home", store) as served:
        ids = _create_all(served)
        for some in _groups(list(CLASSES.values()), 8):
            lists = [f"{camel(c.plural)}(first: 9) {{ nodes {{ id name {_fields(c)} }} }}" for c in some]
            found = ask(served, f"{{ {' '.join(lists)} }}")
            for cls in some:
                wanted = {camel(name): value for name, value in _values(cls).items()}
                one = {"id": ids[cls.name], "name": f"a {cls.name}", **wanted}
                assert one in found[camel(cls.plural)]["nodes"]
        wrong = (
            'mutation($p: ID) { createCi(class: "Filesystem", name: "/", attributes: {mount_point: "/"}, parent: $p)'
        )
        (error,) = answer(served, f"{wrong} {{ ci {{ id }} }} }}", ADMIN, p=ids["Contract"])["errors"]
        assert error["extensions"]["code"] == "invalid" and "not Contract (a Contract)" in error["message"]
