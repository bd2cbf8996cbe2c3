"""Delivers the journal to webhooks: at least once, in order, each webhook at its own pace.

The journal is the queue: what a webhook has been told of is one number, so nothing is lost while it, Neo4j or we are
away, and a message that was taken but not noted is sent again under the same id.
"""

from __future__ import annotations

import logging
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Protocol

from cmdb.errors import EpicentreError, Invalid, UnknownName
from cmdb.webhooks import message
from cmdb.webhooks.guard import Network, resolve
from cmdb.webhooks.post import Answer, post
from cmdb.webhooks.registry import Attempt, Hook, Hooks

log = logging.getLogger("epicentre.webhooks")

AT_ONCE = 8
BATCH = 50
"""Journal entries read together."""
LOOK = 1.0
"""Seconds between two looks at the journal."""


class Journal(Protocol):
    """What the courier needs of the store."""

    def sequence(self) -> int:
        """The last applied sequence."""
        ...

    def entries_after(self, seq: int, first: int) -> list[dict[str, Any]]:
        """Journal entries behind a sequence, oldest first: seq, at, actor, kind, summary, ops."""
        ...


class Courier:
    """One thread that looks, and a few that send. `tls` and `now` are for tests."""

    def __init__(
        self,
        hooks: Hooks,
        journal: Journal,
        allowed: Sequence[Network] = (),
        *,
        tls: ssl.SSLContext | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.hooks = hooks
        self._journal, self._allowed, self._now = journal, tuple(allowed), now
        self._tls = tls or ssl.create_default_context()
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook")
        self._busy: set[str] = set()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the messages under way and stop."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(30.0)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def create(self, url: str, events: Sequence[str], *, by: str, description: str = "") -> tuple[Hook, str]:
        """A new webhook, told of what comes from now on, and its secret, shown this once."""
        resolve(url, self._allowed)
        made = self.hooks.create(
            url, events, by=by, now=self._stamp(), cursor=self._journal.sequence(), description=description
        )
        return made, self.hooks.secret(made.id)

    def ping(self, hook: str) -> Attempt:
        """Send a test at once and say what came back; it moves nothing."""
        one, at = self.hooks.one(hook), self._stamp()
        return self._send(one, f"msg_{one.id[3:]}_ping_{int(self._now() * 1000)}", None, message.ping(hook, at))[1]

    def look(self) -> bool:
        """Start what is due; False when nothing was."""
        busy = set(self._busy)  # before the file is read: who is done meanwhile has been told more than it says
        now = self._now()
        due = [h for h in self.hooks.all() if not h.paused and message.due(h.next_at, now) and h.id not in busy]
        if not due:
            return False
        entries = self._journal.entries_after(min(hook.cursor for hook in due), BATCH)
        if not entries:
            return False
        for hook in due:
            self._busy.add(hook.id)
            self._pool.submit(self._serve, hook, entries)
        return True

    # --- one webhook's turn ----------------------------------------------------------------------------------

    def _serve(self, hook: Hook, entries: Sequence[Mapping[str, Any]]) -> None:
        try:
            passed = hook.cursor
            for entry in entries:
                if entry["seq"] <= passed:
                    continue
                if self._stopping.is_set() or self.hooks.one(hook.id).paused or not self._deliver(hook, entry):
                    return
                passed = entry["seq"]
            if passed > hook.cursor:
                self.hooks.passed(hook.id, passed)
        except UnknownName:
            pass  # removed meanwhile
        except Exception:
            log.exception("webhook %s could not be served", hook.id)
        finally:
            self._busy.discard(hook.id)

    def _deliver(self, hook: Hook, entry: Mapping[str, Any]) -> bool:
        """Whether to go on with the next entry."""
        content = message.body(hook.events, entry)
        if content is None:
            return True
        answer, _ = self._send(hook, f"msg_{hook.id[3:]}_{entry['seq']}", entry["seq"], content)
        if answer.ok:
            self.hooks.passed(hook.id, entry["seq"])
            return True
        now = self._now()
        after = self.hooks.failed(hook.id, now)
        if answer.status == 410:
            self.hooks.pause(hook.id, "the receiver says it is gone (410)")
        elif after.failing_since is not None and now - after.failing_since > message.PATIENCE:
            self.hooks.pause(hook.id, f"it failed for {message.PATIENCE / 3600:.0f} h: {answer.text}")
        return False

    def _send(self, hook: Hook, name: str, seq: int | None, content: bytes) -> tuple[Answer, Attempt]:
        started = time.monotonic()
        try:
            target = resolve(hook.url, self._allowed)
        except Invalid as error:  # looked up anew for each try: what was allowed once may point inside today
            answer = Answer(None, error.message)
        else:
            signed = message.headers(self.hooks.secret(hook.id), name, int(self._now()), content)
            answer = post(target, signed, content, self._tls)
        spent = round((time.monotonic() - started) * 1000)
        return answer, self.hooks.log(hook.id, Attempt(0, name, seq, self._stamp(), answer.status, spent, answer.text))

    def _stamp(self) -> str:
        moment = datetime.fromtimestamp(self._now(), UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                busy = self.look()
            except EpicentreError as error:  # Neo4j or the disk: the journal keeps everything
                log.warning("webhooks wait: %s", error.message)
                busy = False
            except Exception:
                log.exception("webhooks could not be looked after")
                busy = False
            self._stopping.wait(LOOK / 10 if busy else LOOK)
