"""Notices by mail, to a real SMTP server: who is told what, once, and what becomes of what cannot be delivered."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from support.mail_server import MailServer, mail_server
from support.questions import NOTE

from cmdb.accounts import User
from cmdb.errors import Invalid, UnknownName
from cmdb.mail import Box, MailCourier, Post
from cmdb.mail.message import PATIENCE, check_address, recipients, words
from cmdb.words import Notice, Record, Role

KIND = replace(
    NOTE,
    notices=(
        Notice(tell=("requester", "watchers"), states=("closed",), subject="{number}: {reason}", text="{text}\n{nope}"),
        Notice(tell=("role:approver-business", "requester"), commands=("write_note",)),
    ),
)
RECORD = Record(
    "rec_1", "NTE-1", "Note", "closed", 2, "ann", "2026-11-01T12:00:00Z", (), {"text": "All is well."}, owner="ann",
    watchers=("ben", "cleo"),
)  # fmt: skip
USERS = [
    User("ann", (Role.ENGINEER,), "", email="ann@example.org"),
    User("ben", (Role.VIEWER,), "", email="ben@example.org"),
    User("cleo", (Role.ADMIN,), ""), User("dora", (Role.APPROVER_BUSINESS,), "", email="dora@example.org"),
]  # fmt: skip


def entry(seq: int, command: str, before: str | None, state: str, by: str = "eve", reason: str = "seen") -> Any:
    """What the journal says of a step."""
    event = {"at": "2026-11-01T12:00:00Z", "by": by, "command": command, "from_state": before, "to_state": state}
    step = {"op": "record", "record": "rec_1", "number": "NTE-1", "set": {"type": "Note"}}
    return {"seq": seq, "ops": [{"op": "create"}, {**step, "event": {**event, "reason": reason}}]}


class Journal:
    """Entries, and the record they are about."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.gone = False

    def sequence(self) -> int:
        """The last one."""
        return len(self.entries)

    def entries_after(self, seq: int, first: int) -> list[dict[str, Any]]:
        """Those behind a sequence."""
        return self.entries[seq : seq + first]

    def record(self, kind: str, name: str) -> Record:
        """It."""
        if self.gone:
            raise UnknownName(f"there is no {kind} {name}")
        return RECORD

    def add(self, command: str, before: str | None, state: str, **more: str) -> None:
        """One more."""
        self.entries.append(entry(len(self.entries) + 1, command, before, state, **more))


@dataclass
class Office:
    """A courier with all that is around it; `clock` is its time."""

    box: Box
    journal: Journal
    server: MailServer
    clock: float = 1_000_000.0

    def courier(self, post: Post | None = None) -> MailCourier:
        """One that has looked at nothing yet, as after a restart."""
        way = post or Post("127.0.0.1", self.server.port, "none")
        return MailCourier(
            self.box, self.journal, [KIND], lambda: USERS, way, "cmdb@example.org", now=lambda: self.clock
        )

    def go(self, post: Post | None = None) -> list[str]:
        """Look and carry; the states of all letters, oldest first."""
        courier = self.courier(post)
        while courier.look():
            pass
        courier.carry()
        return [f"{one.recipient} {one.state}" for one in reversed(self.box.log())]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A box and a journal with an old entry, which is nobody's news."""
    box, journal = Box(tmp_path / "mail.db"), Journal()
    journal.add("write_note", None, "open")
    with mail_server() as server:
        made = Office(box, journal, server)
        assert made.go() == []
        yield made
    box.close()


def test_a_transition_tells_whom_it_is_declared_to_tell_once(office: Office) -> None:
    """Requester and watchers, each alone; who has no address is in the log; a restart sends nothing again."""
    office.journal.add("close_note", "open", "closed")
    office.journal.add("close_note", "closed", "closed")  # no transition: the state was not entered
    told = ["ann sent", "ben sent", "cleo no address"]
    assert office.go() == told
    assert office.go() == told
    assert [to for to, _ in office.server.got] == ["ann@example.org", "ben@example.org"]
    letter = office.server.got[0][1]
    assert (letter["Subject"], letter["From"], letter["Auto-Submitted"]) == (
        "NTE-1: seen", "cmdb@example.org", "auto-generated",
    )  # fmt: skip
    assert letter.get_content().split() == ["All", "is", "well."]
    assert letter["References"] == "<rec_1@example.org>"
    assert letter["Message-ID"] == "<rec_1.2.1@example.org>"


def test_who_took_the_step_is_not_told_of_it_and_roles_are_looked_up(office: Office) -> None:
    """A role's holders are told, admins too, since they hold every role."""
    office.journal.add("write_note", None, "open", by="ann")
    assert office.go() == ["cleo no address", "dora sent"]


def test_what_the_server_does_not_take_now_is_tried_again(office: Office) -> None:
    """A code of 4xx waits, of 5xx is final; both are in the log with what was said."""
    office.server.answers += ["450 busy", "550 no such mailbox"]
    office.journal.add("close_note", "open", "closed")
    assert office.go() == ["ann waiting", "ben refused", "cleo no address"]
    assert [one.answer for one in office.box.log()] == ["", "550 no such mailbox", "450 busy"]
    office.clock += 1
    assert office.go()[0] == "ann waiting"  # not yet
    office.clock += 10
    assert office.go()[0] == "ann sent"
    assert office.box.log()[-1].tries == 2


def test_a_clock_that_is_set_back_makes_no_letter_wait_for_years(office: Office) -> None:
    """A try was put off while the clock was ten years ahead; once it is right, the next one comes at once."""
    office.clock += 10 * 365 * 86_400
    office.server.answers += ["450 busy"]
    office.journal.add("close_note", "open", "closed")
    assert office.go()[0] == "ann waiting"
    office.clock -= 10 * 365 * 86_400
    assert office.go()[0] == "ann sent"


def test_letters_wait_for_a_server_that_is_away_and_are_given_up_in_the_end(office: Office) -> None:
    """Nothing is lost meanwhile; after 72 hours it is said that nobody was told."""
    office.journal.add("close_note", "open", "closed")
    away = Post("127.0.0.1", 1, "none")
    assert office.go(away)[0] == "ann waiting"
    assert "did not let us in" in office.box.log()[-1].answer
    office.clock += PATIENCE + 1
    assert office.go(away)[0] == "ann given up"


def test_a_record_that_is_gone_tells_nobody(office: Office) -> None:
    """And the journal is read on."""
    office.journal.gone = True
    office.journal.add("close_note", "open", "closed")
    assert office.go() == []
    office.journal.gone = False
    office.journal.add("write_note", None, "open")
    assert office.go() == ["ann sent", "cleo no address", "dora sent"]


def test_the_way_to_the_server_is_secret_and_we_say_who_we_are(office: Office) -> None:
    """STARTTLS with a certificate that is checked, then the password; a wrong one waits, with the reason."""
    authority = trustme.CA()
    inside, ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(inside)
    authority.configure_trust(ours)
    office.journal.add("close_note", "open", "closed")
    with mail_server(inside, ("cmdb", "s3cret")) as server:
        wrong = Post("127.0.0.1", server.port, "starttls", "cmdb", "guess", tls=ours)
        assert office.go(wrong)[0] == "ann waiting"
        assert "535" in office.box.log()[-1].answer
        office.clock += 60
        stranger = replace(wrong, password="s3cret", tls=ssl.create_default_context())
        assert office.go(stranger)[0] == "ann waiting"
        assert "CERTIFICATE_VERIFY_FAILED" in office.box.log()[-1].answer
        office.clock += 60
        assert office.go(replace(wrong, password="s3cret"))[0] == "ann sent"
        assert server.secret == [True, True]


@pytest.mark.parametrize(
    "text", ["ann", "a b@c.d", "a@b@c", "a@-b", "<a@b>", "a@b\r\nBcc: c@d", "a@b..c", "a@" + "b" * 300]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """Nothing that could split a header is ever kept."""
    with pytest.raises(Invalid, match="is no mail address"):
        check_address(text)


def test_a_subject_is_one_line_whatever_the_record_says() -> None:
    """A field with line ends cannot add a header; what is absent reads as nothing."""
    notice = Notice(tell=("text",), states=("closed",), subject="{text}{nope}")
    record = replace(RECORD, fields={"text": "a\r\nBcc: x@y"})
    event = {"command": "c", "from_state": None, "to_state": "closed", "by": "eve", "reason": "r"}
    assert words(notice, record, event)[0] == "a Bcc: x@y"
    assert recipients(notice, replace(RECORD, fields={"text": ("zoe", "eve")}), "eve", {}) == ("zoe",)
