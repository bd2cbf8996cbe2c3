"""The attacks through discovery that must be answered, each by tests that are there under these names."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1]
ANSWERS = {
    "T4 lying agent": {
        "cmdb/test_callers.py": (
            "test_a_lying_server_changes_nothing_of_others", "test_a_servers_word_is_refused_in_one_call",
        ),
    },
    "T5 hostile device text": {
        "processes/test_hostile_text.py": (
            "test_nothing_of_it_runs_in_the_graph_or_on_a_terminal", "test_nothing_of_it_runs_in_a_picture",
            "test_nothing_of_it_runs_in_a_spreadsheet",
        ),
        "processes/test_discover_rows.py": ("test_hostile_words_are_clean_rows",),
        "processes/test_cli_text.py": ("test_a_name_never_steers_the_terminal",),
    },
    "T6 rogue SSH or SNMP host": {
        "agents/test_ssh_hostile.py": (
            "test_a_host_with_another_key_is_offered_no_secret", "test_a_wrong_secret_is_offered_once",
        ),
        "agents/test_snmp_v3.py": ("test_a_rogue_device_hears_no_passphrase",),
        "agents/discover/test_run.py": (
            "test_three_wrong_secrets_lock_a_place", "test_a_secret_is_not_sent_outside_its_networks",
        ),
    },
    "T13 SSRF": {
        "agents/discover/test_targets.py": (
            "test_a_collector_cannot_be_sent_to_itself_or_the_metadata", "test_a_name_is_resolved_once_and_pinned",
        ),
        "agents/discover/test_run.py": ("test_the_collector_is_not_turned_on_its_own_machine",),
        "cmdb/webhooks/test_guard.py": (
            "test_no_inner_address_however_it_is_written", "test_every_address_of_a_name_is_judged",
        ),
        "cmdb/webhooks/test_courier.py": (
            "test_redirects_are_not_followed_and_gone_is_gone",
            "test_a_name_that_turns_inside_after_it_was_checked_gains_nothing",
        ),
        "agents/test_front_door_client.py": ("test_redirects_are_not_followed",),
    },
}  # fmt: skip


@pytest.mark.parametrize("attack", ANSWERS)
def test_each_attack_has_its_answers(attack: str) -> None:
    """Who renames or drops one of them must say so here."""
    for file, names in ANSWERS[attack].items():
        there = {n.name for n in ast.walk(ast.parse((HERE / file).read_text())) if isinstance(n, ast.FunctionDef)}
        assert set(names) - there == set()
