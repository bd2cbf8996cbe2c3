"""Writes letters about what the journal says of records, and carries them to the mail server, at least once each."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from cmdb.errors import EpicentreError, UnknownName
from cmdb.mail import message
from cmdb.mail.box import Box, Letter
from cmdb.mail.post import Post, send
from cmdb.webhooks.message import pause
from cmdb.words import Record, RecordType, Role

log = logging.getLogger("epicentre.mail")
BATCH = 50
"""Journal entries read together, and letters of one conversation."""
LOOK = 2.0
"""Seconds between two looks."""


class Journal(Protocol):
    """What the courier needs of the store."""

    def sequence(self) -> int:
        """The last applied sequence."""
        ...

    def entries_after(self, seq: int, first: int) -> list[dict[str, Any]]:
        """Journal entries behind a sequence, oldest first."""
        ...

    def record(self, kind: str, name: str) -> Record:
        """One record by number or id."""
        ...


class User(Protocol):
    """An account, as far as letters go."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def roles(self) -> Collection[Role]:
        """What it holds, implied roles aside."""
        ...

    @property
    def email(self) -> str | None:
        """Where its letters go."""
        ...


class MailCourier:
    """One thread. `users` lists the accounts; `now` is for tests, in seconds of Unix time."""

    def __init__(
        self, box: Box, journal: Journal, kinds: Iterable[RecordType], users: Callable[[], Sequence[User]], post: Post,
        sender: str, *, now: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self._box, self._journal, self._users, self._post, self._sender = box, journal, users, post, sender
        self._kinds = {kind.name: kind for kind in kinds if kind.notices}
        self._now = now
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mail", daemon=True)

    def start(self) -> None:
        """Begin; what the journal holds already is nobody's news."""
        self._box.place(self._journal.sequence())
        self._thread.start()

    def stop(self) -> None:
        """Finish the conversation under way and stop."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(30.0)

    def look(self) -> bool:
        """Write letters about new entries; False when there were none."""
        place = self._box.place(self._journal.sequence())
        entries = self._journal.entries_after(place, BATCH)
        if not entries:
            return False
        letters = [letter for entry in entries for letter in self._about(entry)]
        self._box.put(letters, entries[-1]["seq"])
        return True

    def carry(self) -> int:
        """Send what is due; how many letters the server took."""
        due = self._box.due(self._now(), BATCH)
        if not due:
            return 0
        try:
            with self._post.open() as server:
                return sum(self._one(letter, *send(server, self._made(letter))) for letter in due)
        except EpicentreError as error:
            for letter in due:
                self._one(letter, "waiting", error.message)
            log.warning("letters wait: %s", error.message)
            return 0

    def _one(self, letter: Letter, state: str, answer: str) -> int:
        now = self._now()
        if state == "waiting" and now - letter.since > message.PATIENCE:
            state = "given up"
        self._box.tried(letter.row, state, answer, now + pause(letter.tries + 1))
        return int(state == "sent")

    def _made(self, letter: Letter) -> Any:
        assert letter.address is not None
        ids = {"id_": f"{letter.record}.{letter.seq}.{letter.row}", "thread": letter.record}
        return message.letter(self._sender, letter.address, letter.subject, letter.text, **ids)

    # --- letters about an entry ------------------------------------------------------------------------------

    def _about(self, entry: Mapping[str, Any]) -> list[Letter]:
        found: list[Letter] = []
        for step in entry["ops"]:
            kind = self._kinds.get(str(step.get("set", {}).get("type"))) if step["op"] == "record" else None
            wanted = message.notices(kind, step["event"]) if kind is not None else []
            if kind is None or not wanted:
                continue
            try:
                record = self._journal.record(kind.name, step["number"])
            except UnknownName:
                continue  # of another store: nobody to tell
            found += self._letters(wanted, record, step["event"], entry["seq"])
        return found

    def _letters(self, wanted: Sequence[Any], record: Record, event: Mapping[str, Any], seq: int) -> list[Letter]:
        users = self._users()
        addresses = {user.name: user.email for user in users}
        holders: dict[str, list[str]] = defaultdict(list)
        for user in users:
            for role in {one for held in user.roles for one in held.implies}:
                holders[role.value].append(user.name)
        found: dict[str, Letter] = {}  # one letter each, by the first notice that names them
        for notice in wanted:
            subject, text = message.words(notice, record, event)
            for name in message.recipients(notice, record, event["by"], holders):
                address, now = addresses.get(name), self._now()
                state = "waiting" if address else "no address"
                found.setdefault(
                    name,
                    Letter(
                        0, seq, record.id, record.number, name, address, subject, text, event["at"], state, 0, now,
                        now, "",
                    ),
                )  # fmt: skip
        return list(found.values())

    def _run(self) -> None:
        while not self._stopping.is_set():
            busy = False
            try:
                busy = self.look()
                busy = bool(self.carry()) or busy
            except EpicentreError as error:  # Neo4j or the disk: the journal keeps everything
                log.warning("letters wait: %s", error.message)
            except Exception:
                log.exception("letters could not be looked after")
            self._stopping.wait(LOOK / 10 if busy else LOOK)
