"""Notices from a step on the real store to a real mail server, as the settings say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.mail_server import mail_server
from support.questions import NOTE, NOTES, answer, ask, parts, person

from cmdb.config import load
from cmdb.errors import Misconfigured
from cmdb.mail import Box
from cmdb.store import Store
from cmdb.words import Notice, Process, Role
from cmdb_graphql.services import Services
from cmdb_processes.cli.server.compose import mail_courier

pytestmark = pytest.mark.neo4j
TELL = Notice(tell=("requester", "role:approver-business"), states=("open", "closed"))
PROCESS = Process("notes", "Notes of the tests.", (replace(NOTE, notices=(TELL,)),), NOTES.commands)
SENT = "{mailDeliveries {nodes {number recipient address subject state tries answer}}}"


@pytest.fixture
def served(tmp_path: Path, store: Store) -> Iterator[Services]:
    """Parts with a process that tells, and a box for its letters."""
    box = Box(tmp_path / "mail.db")
    with parts(tmp_path / "home", store, [PROCESS]) as made:
        yield replace(made, mail=box)
    box.close()


def test_a_step_is_told_by_mail_to_whom_the_process_says(served: Services) -> None:
    """The requester, where their account says; the log says what became of it; a wrong address is refused."""
    assert served.mail is not None
    for name, role in (("erin", Role.ENGINEER), ("bea", Role.APPROVER_BUSINESS)):
        served.accounts.create_user(name, [role])
    ask(served, 'mutation {setEmail(name: "erin", email: "erin@example.org")}')
    assert "no mail address" in answer(served, 'mutation {setEmail(name: "bea", email: "b")}')["errors"][0]["message"]
    assert "no user" in answer(served, 'mutation {setEmail(name: "zoe", email: "z@b.c")}')["errors"][0]["message"]
    with mail_server() as server:
        settings = load(home=served.settings.home, mail_server=f"127.0.0.1:{server.port}", mail_security="none")
        settings = settings.model_copy(update={"mail_from": "cmdb@example.org"})
        courier = mail_courier(settings, served, served.mail)
        assert courier is not None
        courier.start()
        courier.stop()  # what was there before is nobody's news; from here on by hand
        ask(served, 'mutation {writeNote(cis: [], text: "hot") {rev}}', person(Role.ENGINEER, name="erin"))
        ask(served, 'mutation {closeNote(number: "NTE-1", why: "cool") {rev}}')
        assert courier.look()
        assert courier.carry() == 1
        assert [to for to, _ in server.got] == ["erin@example.org"]
        assert server.got[0][1]["Subject"] == "NTE-1 is closed: cool"
    found = {(n["recipient"], n["state"], n["tries"]) for n in ask(served, SENT)["mailDeliveries"]["nodes"]}
    assert found == {("erin", "sent", 1), ("bea", "no address", 0)}


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"mail_server": "mail.example.org"}, "EPICENTRE_MAIL_SERVER='mail.example.org' is no server"),
        ({"mail_server": "a:25", "mail_from": "nobody"}, "EPICENTRE_MAIL_FROM: "),
        ({"mail_server": "a:25", "mail_password_file": "/nowhere"}, "EPICENTRE_MAIL_PASSWORD_FILE cannot be read"),
    ],
)
def test_a_wrong_setting_is_named_at_the_start(served: Services, wrong: dict[str, Any], why: str) -> None:
    """Not at three in the morning, when the first letter should go."""
    assert served.mail is not None
    with pytest.raises(Misconfigured, match=why):
        mail_courier(load(home=served.settings.home, **{"mail_from": "a@b.c", **wrong}), served, served.mail)
    assert mail_courier(served.settings, served, served.mail) is None
