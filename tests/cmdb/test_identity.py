"""Identity: hygiene, ordered rules, veto, conflicts, and always a trace."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.classes.host import HOST
from cmdb.identity import Boot, Candidate, alternating, hygiene, identify, note_boot, uuid_variants
from cmdb.words import Value

UUID = "4c4c4544-0051-3610-8052-b4c04f4e4e31"
HARDWARE: dict[str, Value] = {"smbios_uuid": UUID, "serial": "J6RN4N1", "vendor": "Dell Inc."}
MACHINE: dict[str, Value] = {"machine_id": "3d1219c7c4c5404aaa1f6d2a48adfda4"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("serial", "To Be Filled By O.E.M."), ("serial", "Default string"), ("serial", "None"), ("serial", "0"),
        ("serial", "0000000000"), ("serial", "0123456789"), ("serial", "XXXXXXXX"), ("serial", "System Serial Number"),
        ("serial", "<private>"), ("serial", "N/A"), ("serial", "  "),
        ("smbios_uuid", "00000000-0000-0000-0000-000000000000"),
        ("smbios_uuid", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
        ("smbios_uuid", "03000200-0400-0500-0006-000700080009"), ("smbios_uuid", "not-a-uuid"),
        ("fqdn", "localhost"), ("fqdn", "web1"), ("fqdn", "localhost.localdomain"), ("fqdn", "nas.local"),
        ("machine_id", ""), ("machine_id", "00000000000000000000000000000000"),
    ],
)  # fmt: skip
def test_placeholders_are_refused_with_a_reason(key: str, value: str) -> None:
    """What nobody filled in never identifies anything, and the refusal is recorded."""
    clean, refused = hygiene({key: value})
    assert key not in clean
    assert [(r.key, r.value) for r in refused] == [(key, value)]
    assert refused[0].reason


def test_only_permanent_addresses_of_one_interface_identify() -> None:
    """Locally administered, multicast, broadcast and redundancy-protocol addresses are refused one by one."""
    macs = (
        "00:25:90:AB:cd:01",
        "02:42:ac:11:00:02",
        "ff:ff:ff:ff:ff:ff",
        "00:00:5e:00:01:0a",
        "01:00:5e:00:00:01",
        "x",
    )
    clean, refused = hygiene({"macs": macs})
    assert clean["macs"] == ("00:25:90:ab:cd:01",)
    assert len(refused) == 5


def test_both_byte_orders_of_a_uuid_are_the_same_uuid() -> None:
    """Firmware before and after SMBIOS 2.6 writes the first fields in opposite orders."""
    assert set(uuid_variants(UUID)) == {UUID, "44454c4c-5100-1036-8052-b4c04f4e4e31"}
    known = Candidate("ci_1", {**HARDWARE, "smbios_uuid": "44454c4c-5100-1036-8052-b4c04f4e4e31"})
    assert identify(HOST, "nd_2", HARDWARE, [known]).ci == "ci_1"


def test_the_agent_that_always_spoke_for_a_ci_is_recognised_whatever_else_changed() -> None:
    """A reboot, a new name or new hardware under the same key stays one CI."""
    boots = note_boot(note_boot((), "boot-a", 1), "boot-b", 2)
    verdict = identify(HOST, "nd_1", {"hostname": "renamed"}, [], bound="ci_1", boots=boots)
    assert (verdict.outcome, verdict.ci) == ("match", "ci_1")


def test_one_agent_identity_on_two_machines_is_a_conflict() -> None:
    """A boot id that comes back after another one means two machines."""
    boots = ()
    for seq, boot in enumerate(["a", "b", "a"], start=1):
        boots = note_boot(boots, boot, seq)
    verdict = identify(HOST, "nd_1", MACHINE, [], bound="ci_1", boots=boots)
    assert verdict.outcome == "conflict"
    assert "two machines use one agent identity" in verdict.reason


@given(st.permutations(list(enumerate(["a", "a", "b", "b", "c"], start=1))))
def test_honest_reboots_never_conflict_in_any_order_of_arrival(reports: list[tuple[int, str]]) -> None:
    """Sequence decides, not arrival: late reports of an earlier boot are no second machine."""
    boots: tuple[Boot, ...] = ()
    for seq, boot in reports:
        boots = note_boot(boots, boot, seq)
        assert alternating(boots) is None
    assert boots == (Boot("a", 1, 2), Boot("b", 3, 4), Boot("c", 5, 5))


def test_two_live_agents_on_one_machine_id_are_held_for_a_person() -> None:
    """Neither merged nor split silently; the trace names the candidate and the agent that speaks for it."""
    known = Candidate("ci_1", MACHINE, frozenset({"nd_1"}))
    verdict = identify(HOST, "nd_2", MACHINE, [known])
    assert (verdict.outcome, verdict.ci, verdict.candidates) == ("conflict", None, ("ci_1",))
    assert verdict.trace()["steps"][-1]["hits"] == ["ci_1"]


def test_the_same_hardware_under_another_key_is_a_conflict_too() -> None:
    """Even the strongest hardware key does not take a CI from a live agent."""
    verdict = identify(HOST, "nd_2", HARDWARE, [Candidate("ci_1", HARDWARE, frozenset({"nd_1"}))])
    assert verdict.outcome == "conflict"
    assert "nd_1" in verdict.reason


def test_hardware_without_a_live_agent_is_taken_over() -> None:
    """After the old agent is revoked, a new one on the same hardware finds its CI again."""
    verdict = identify(HOST, "nd_2", HARDWARE, [Candidate("ci_1", HARDWARE)])
    assert (verdict.outcome, verdict.ci) == ("match", "ci_1")
    assert verdict.reason == "recognised by SMBIOS UUID and serial number"


def test_a_cloned_machine_id_on_other_hardware_is_a_new_ci_and_the_clone_is_noted() -> None:
    """A complete stronger key that contradicts vetoes the weaker match."""
    other: dict[str, Value] = {"smbios_uuid": UUID.replace("4c4c", "5d5d"), "serial": "ANOTHER1", "vendor": "Dell Inc."}
    known = Candidate("ci_1", {**HARDWARE, **MACHINE, "macs": ("00:25:90:ab:cd:01",)}, frozenset({"nd_1"}))
    verdict = identify(HOST, "nd_2", {**other, **MACHINE, "macs": ("00:25:90:ab:cd:01",)}, [known])
    assert verdict.outcome == "new"
    assert any(r.key == "machine_id" and "cloned" in r.reason for r in verdict.refusals)
    assert any("vetoed" in step.result for step in verdict.steps)


def test_two_fitting_cis_are_ambiguous() -> None:
    """With two candidates nobody is guessed."""
    twins = [Candidate(ci, {"fqdn": "web1.example.org"}) for ci in ("ci_1", "ci_2")]
    verdict = identify(HOST, "nd_2", {"fqdn": "web1.example.org"}, twins)
    assert (verdict.outcome, verdict.candidates) == ("ambiguous", ("ci_1", "ci_2"))


def test_a_persons_word_that_they_differ_is_obeyed() -> None:
    """A CI the person ruled out is no candidate any more, and the trace says so."""
    known = Candidate("ci_1", MACHINE, frozenset({"nd_1"}))
    verdict = identify(HOST, "nd_2", MACHINE, [known], distinct_from=["ci_1"])
    assert verdict.outcome == "new"
    assert verdict.steps[0].rule == "a person's decision"


def test_short_name_or_address_alone_never_match() -> None:
    """No rule is made of a host name or an IP address."""
    known = Candidate("ci_1", {"hostname": "web1"})
    assert identify(HOST, "nd_2", {"hostname": "web1"}, [known]).outcome == "new"
    assert not {"hostname", "address"} & {key for rule in HOST.identity for key in rule.keys}


def test_a_look_from_outside_gives_way_to_an_agent() -> None:
    """What a collector sees of a machine that an agent speaks for is left aside, and opens no conflict."""
    known = [Candidate("ci_1", HARDWARE, frozenset({"nd_agent"}))]
    verdict = identify(HOST, "nd_collector:rack7", HARDWARE, known)
    assert (verdict.outcome, verdict.ci, verdict.candidates) == ("covered", None, ("ci_1",))
    assert "nd_agent speaks for it" in verdict.reason
    again = identify(
        HOST, "nd_collector:rack8", HARDWARE, [Candidate("ci_1", HARDWARE, frozenset({"nd_collector:rack7"}))]
    )
    assert again.outcome == "covered"


def test_an_agent_comes_to_a_machine_that_was_looked_at() -> None:
    """An agent that is installed later speaks for the same CI at once; another agent there stays a conflict."""
    looked = Candidate("ci_1", HARDWARE, frozenset({"nd_collector:rack7"}))
    assert identify(HOST, "nd_agent", HARDWARE, [looked]).ci == "ci_1"
    both = Candidate("ci_1", HARDWARE, frozenset({"nd_collector:rack7", "nd_other"}))
    assert identify(HOST, "nd_agent", HARDWARE, [both]).outcome == "conflict"
