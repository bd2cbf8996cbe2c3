"""The catalogue is complete: every word described and measured, every class recognised, joined and dated."""

import re
from dataclasses import replace
from pathlib import Path

import graphql
import pytest

from cmdb.classes import Catalogue, catalogue, whole
from cmdb.errors import DeclarationError
from cmdb.words import (
    ANY,
    LOCAL_KEY,
    Attribute,
    Cardinality,
    CIClass,
    Failure,
    IdentityRule,
    Lease,
    Lifecycle,
    RelationType,
)
from cmdb_graphql.schema import Built
from cmdb_processes.cli.server.processes import processes

PAGES = Path(__file__).parents[2] / "docs" / "classes"
CLASSES = sorted(catalogue().classes)
NAMING = {"port", "lun_number", "vlan_id", "expected_status", "uid", "gid", "index"}
"""Numbers that name something and measure nothing: the only ones without a unit."""


@pytest.mark.parametrize("name", CLASSES)
def test_every_number_has_a_unit(name: str) -> None:
    """A figure without its unit is a guess."""
    numbers = [a for a in catalogue().classes[name].attributes if a.type in {"int", "float"}]
    assert [a.name for a in numbers if not a.unit and a.name not in NAMING] == []


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_is_joined_to_others(name: str) -> None:
    """No orphan: besides what any CI can have, each class is an end of a relation made for it."""
    own = [r for r, out in catalogue().relations_of(name) if ANY not in (r.sources if out else r.targets)]
    assert own


@pytest.mark.parametrize("name", CLASSES)
def test_who_lives_inside_another_says_by_which_relation(name: str) -> None:
    """A class known by parent and local key names the relation to its parent, which starts at it, or is an address."""
    cls = catalogue().classes[name]
    if LOCAL_KEY in cls.identity and name != "IPAddress":
        assert cls.contained_by
        assert (catalogue().relations[cls.contained_by], True) in catalogue().relations_of(name)


def test_a_kind_has_all_that_its_general_class_has() -> None:
    """A virtual machine is a host: its attributes, identity, labels and relations."""
    host, machine = catalogue().cls("Host"), catalogue().cls("VirtualMachine")
    assert set(host.attributes) < set(machine.attributes)
    assert machine.identity == host.identity
    assert catalogue().lineage("VirtualMachine") == ("VirtualMachine", "Host")
    runs_on = catalogue().relation("RUNS_ON")
    assert catalogue().joins(runs_on, "Service", "VirtualMachine")
    assert not catalogue().joins(runs_on, "Service", "Site")


def test_hubs_carry_no_failure_unless_it_is_declared() -> None:
    """Standing at a site or being in a network never takes anything down; DEPENDS_ON must say so."""
    for hub in ("Site", "Vlan", "Subnet"):
        carrying = {
            r.name
            for r, out in catalogue().relations_of(hub)
            if not out and r.failure is not Failure.NEVER and not {"Room", "Rack", "Site"} & {*r.sources}
        }
        assert carrying <= {"DEPENDS_ON"}


@pytest.mark.parametrize("name", CLASSES)
def test_the_example_on_a_page_is_a_valid_question(name: str) -> None:
    """What a page tells people to ask fits the schema."""
    found = re.search(r"```graphql\n(.*?)```", (PAGES / f"{name}.md").read_text(), re.S)
    assert found
    assert graphql.validate(Built(processes()).graphql, graphql.parse(found[1])) == []


SOME = Attribute("code", "string", "A code for the test.")
RULE = IdentityRule("code", ("code",))
THING = CIClass("Thing", "things", "A thing for the test.", (SOME,), (RULE,))
JOINS = RelationType("JOINS", "The one joins the other.", ("Thing",), ("Thing",), Failure.NEVER)


def test_what_contradicts_itself_is_refused_by_name() -> None:
    """Each declaration checks itself when made, and its error names what is wrong."""
    for wrong, named in (
        (lambda: Lease(9, 3), "9 days"),
        (lambda: Lifecycle(("live",)), "lacks retired"),
        (lambda: Lifecycle(("live", "retired", "Gone")), "Gone"),
        (lambda: Attribute("code", "text", "A code for the test."), "'text'"),  # type: ignore[arg-type]
        (lambda: replace(SOME, unit="m"), "no number"),
        (lambda: replace(SOME, volatile=True, search=True), "volatile"),
        (lambda: replace(SOME, precedence=("rumour",)), "rumour"),
        (lambda: replace(THING, identity=(IdentityRule("gone", ("gone",)),)), "gone"),
        (lambda: replace(THING, kind_of="Thing"), "kind of itself"),
        (lambda: replace(THING, retention_days=0), "0 days"),
        (lambda: replace(THING, owner="Some Body"), "Some Body"),
        (lambda: replace(JOINS, sources=("Thing", "Thing")), "twice"),
        (lambda: whole({"Thing": replace(THING, kind_of="Gone")}), "unknown class Gone"),
        (lambda: whole({"A": replace(THING, name="A", kind_of="B"), "B": replace(THING, name="B", kind_of="A")}), "A"),
        (lambda: Catalogue({"Thing": THING}, {"JOINS": replace(JOINS, targets=("Gone",))}), "Gone"),
    ):
        with pytest.raises(DeclarationError, match=re.escape(named)):
            wrong()
    assert JOINS.cardinality is Cardinality.MANY_TO_MANY
