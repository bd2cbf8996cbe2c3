"""Whom a transition tells, and in what words. Pure: no clock, no socket.

A letter's Message-ID is made of its journal sequence and record, so that a second try is the same letter, and those
about one record are one thread (RFC 5322, sections 3.6.4).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from email.message import EmailMessage
from typing import Any

from cmdb.errors import Invalid
from cmdb.words import Notice, Record, RecordType

ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
LONGEST_SUBJECT = 200
PATIENCE = 72 * 3600.0
"""Seconds of trying after which a letter is given up."""


def check_address(text: str) -> str:
    """A plain mail address, without a name or anything a header could be split by."""
    if len(text) > 254 or not ADDRESS.fullmatch(text) or ".." in text:
        raise Invalid(f"{text!r} is no mail address like anna@example.org", where="email")
    return text


def notices(kind: RecordType, event: Mapping[str, Any]) -> list[Notice]:
    """The notices of a record type that are about this step (command, from_state, to_state)."""
    return [n for n in kind.notices if n.fits(event["command"], event.get("from_state"), event["to_state"])]


def recipients(notice: Notice, record: Record, by: str, holders: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """The accounts to tell, sorted; who took the step knows already. `holders`: accounts by role."""
    found: set[str] = set()
    for whom in notice.tell:
        if whom.startswith("role:"):
            found |= set(holders.get(whom.removeprefix("role:"), ()))
        else:
            found |= set(_named(record, whom))
    return tuple(sorted(name for name in found - {by} if name))


def _named(record: Record, whom: str) -> Iterable[str]:
    match whom:
        case "owner":
            return (record.owner,)
        case "requester":
            return (record.opened_by,)
        case "watchers":
            return record.watchers
        case _:
            value = record.fields.get(whom)
            return value if isinstance(value, tuple) else (str(value),) if value else ()


def words(notice: Notice, record: Record, event: Mapping[str, Any]) -> tuple[str, str]:
    """Subject and text; a field that is not there reads as nothing."""
    known = {k: ", ".join(v) if isinstance(v, tuple) else str(v) for k, v in record.fields.items() if v is not None}
    known |= {
        "number": record.number, "type": record.type, "state": event["to_state"], "by": event["by"],
        "before": event.get("from_state") or "nothing", "reason": event["reason"], "owner": record.owner,
    }  # fmt: skip
    subject = " ".join(notice.subject.format_map(_Absent(known)).split())
    return subject[:LONGEST_SUBJECT], notice.text.format_map(_Absent(known))


class _Absent(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def letter(sender: str, to: str, subject: str, text: str, *, id_: str, thread: str) -> EmailMessage:
    """A mail ready to be sent; `id_` and `thread` are the local parts of its Message-ID and its thread's."""
    domain = sender.rpartition("@")[2]
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, to, subject
    made["Message-ID"] = f"<{id_}@{domain}>"
    made["References"] = made["In-Reply-To"] = f"<{thread}@{domain}>"
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers to it, please
    made.set_content(text + "\n")
    return made
