"""Connections and transactions: one driver, the driver's own retries, our errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Generic, TypeVar

import neo4j
from neo4j import exceptions as bolt

from cmdb.cypher import facts
from cmdb.cypher.views import restricted
from cmdb.errors import Forbidden, Misconfigured, StoreUnavailable
from cmdb.store import growth, tables

tables.forget()

T = TypeVar("T")
Run = Callable[[str, Mapping[str, Any]], list[dict[str, Any]]]
"""Runs one statement in a transaction and returns all its records as dicts."""


class Bolt:
    """A pooled connection to one Neo4j database, safe to share between threads.

    Transient errors (deadlock, leader change, lost connection before commit) are retried by the driver for up to
    `patience` seconds: Neo4j documents them as safe to repeat when the whole transaction function is repeated.
    """

    whole = True
    """Whether every CI can be read by it, not only those of a view."""

    def __init__(
        self, uri: str, user: str, password: str, database: str | None = None, *, patience: float = 5.0
    ) -> None:
        try:
            self._driver = neo4j.GraphDatabase.driver(
                uri,
                auth=(user, password),
                connection_timeout=3.0,
                # Until it has greeted, not only until it is reached: a Neo4j that stands still is reached at once. By
                # default a minute, which a stop of the server would wait for, more than once.
                connection_acquisition_timeout=20.0,
                max_transaction_retry_time=patience,
                notifications_min_severity="OFF",
                user_agent="epicentre",
            )
        except (ValueError, bolt.ConfigurationError) as error:
            raise Misconfigured(f"EPICENTRE_NEO4J_URI={uri!r} is not usable: {error}") from error
        self._uri = uri
        self._database = database
        self.stricken = False
        """Whether Neo4j last said that it answers nothing more before it is restarted: usually its disk was full."""
        self._growth = growth.Growth()

    def close(self) -> None:
        """Give back all connections."""
        self._driver.close()

    def read(self, work: Callable[[Run], T], *, timeout: float = 10.0) -> T:
        """Run `work` in one read transaction, ended by Neo4j after `timeout` seconds."""
        noted = _Noted(work)
        with self._errors(), self._driver.session(database=self._database, default_access_mode="READ") as session:
            try:
                return session.execute_read(neo4j.unit_of_work(timeout=timeout)(_with_run(noted)))
            except bolt.IncompleteCommit:
                return noted.made  # everything had been read; nothing hangs on how that ended

    def write(self, work: Callable[[Run], T], *, timeout: float = 60.0) -> T:
        """Run `work` in one write transaction; it may be run again from the start, so it must have no other effect.

        When Neo4j is lost while it commits, nobody has been told how that ended. The driver rightly does not try such
        a transaction again, so the journal is asked: either it was kept after all, or nothing was.
        """
        noted = _Noted(work)
        with self._errors():
            try:
                with self._driver.session(database=self._database) as session:
                    made = session.execute_write(neo4j.unit_of_work(timeout=timeout)(_with_run(noted, noted.count)))
            except bolt.IncompleteCommit as lost:
                if self._kept(noted.end, lost):
                    return noted.made
                message = "Neo4j was lost while it was written to; nothing was kept, try again shortly"
                raise StoreUnavailable(message, detail=f"{self._uri}: {lost}") from lost
        if self._growth.more(noted.created):
            self._count_anew()
        return made

    def begin(self) -> None:
        """Look how much there is: from here on it is known when there is much more."""
        self._growth = growth.Growth(self.read(lambda run: int(run(growth.THERE, {})[0]["there"])))

    def _count_anew(self) -> None:
        """Let Neo4j count its indexes; where an account may not ask for it, it does so by itself, later."""
        with (
            suppress(bolt.Neo4jError, bolt.DriverError, OSError),
            self._driver.session(database=self._database) as session,
        ):
            session.run(growth.COUNT).consume()

    def _kept(self, end: tuple[int, str] | None, lost: bolt.IncompleteCommit) -> bool:
        """Whether the journal has the entry that a lost transaction ended with.

        It is looked for under the journal's lock: once that is ours, the lost transaction is over, one way or other.
        """
        unknown = StoreUnavailable(
            "Neo4j was lost while it was written to, and whether that was kept is not known: look before you try again",
            detail=f"{self._uri}: {lost}",
        )
        if end is None:
            raise unknown from lost
        question = _with_run(lambda run: run(facts.HELD, {"seq": end[0]}))
        try:
            with self._driver.session(database=self._database) as session:
                found = session.execute_write(neo4j.unit_of_work(timeout=10.0)(question))
        except (bolt.Neo4jError, bolt.DriverError, OSError):
            raise unknown from lost
        return [row["hash"] for row in found] == [end[1]]

    def restricted(self, label: str) -> Bolt:
        """The same connection for questions to the CIs that carry a view's label; it writes nothing."""
        return _Restricted(self, label)

    def schema(self, statement: str) -> None:
        """Run one schema statement in a transaction of its own, as Neo4j requires."""
        with self._errors(), self._driver.session(database=self._database) as session:
            session.run(statement).consume()

    def ping(self) -> bool:
        """Whether Neo4j answers now."""
        try:
            self._driver.verify_connectivity()
        except (bolt.Neo4jError, bolt.DriverError, OSError):
            return False
        return True

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except bolt.AuthError as error:
            raise Misconfigured(f"Neo4j at {self._uri} refuses the user name or password") from error
        except (bolt.ServiceUnavailable, bolt.SessionExpired, bolt.TransientError, OSError) as error:
            if "OutOfMemory" in (getattr(error, "code", None) or ""):
                message = "the question needs more memory than Neo4j has for all questions together; ask for less"
                raise StoreUnavailable(message, detail=f"{self._uri}: {error}") from error
            message = "Neo4j does not answer; nothing was lost, try again shortly"
            raise StoreUnavailable(message, detail=f"{self._uri}: {error}") from error
        except bolt.DatabaseError as error:
            if not (error.code or "").startswith("Neo.DatabaseError.Transaction."):
                raise
            # It could not write, which is no fault of what was written; after that it takes no transaction at all.
            self.stricken = True
            message = "Neo4j cannot write (is its disk full?) and must be restarted; nothing was lost"
            raise StoreUnavailable(message, detail=f"{self._uri}: {error}") from error
        except bolt.ClientError as error:
            if (error.code or "").endswith(("TransactionTimedOut", "TransactionTimedOutClientConfiguration")):
                raise StoreUnavailable("the question took too long and was stopped; ask for less") from error
            raise


class _Restricted(Bolt):
    """Reads the shown part of a graph through somebody else's connections."""

    whole = False

    def __init__(self, whole: Bolt, label: str) -> None:
        self._whole, self._label = whole, label

    def close(self) -> None:
        """Nothing is its own."""

    def read(self, work: Callable[[Run], T], *, timeout: float = 10.0) -> T:
        """As always, every statement put to the shown part."""

        def seen(run: Run) -> T:
            return work(lambda text, parameters: run(restricted(text, self._label), parameters))

        return self._whole.read(seen, timeout=timeout)

    def write(self, work: Callable[[Run], T], *, timeout: float = 60.0) -> T:  # noqa: ARG002  # as the other's
        """Refused: what is written could contradict what is not shown."""
        raise Forbidden("an account that is kept to a view reads only")

    def schema(self, statement: str) -> None:  # noqa: ARG002  # as the other's
        """Refused likewise."""
        raise Forbidden("an account that is kept to a view reads only")

    def ping(self) -> bool:
        """Whether Neo4j answers now."""
        return self._whole.ping()


class _Noted(Generic[T]):
    """What a transaction does, with what came of it and the (sequence, hash) of the last journal entry it wrote."""

    def __init__(self, work: Callable[[Run], T]) -> None:
        self._work = work
        self.made: T
        self.end: tuple[int, str] | None = None
        self.created = 0

    def __call__(self, run: Run) -> T:
        """Do it, from the start."""
        self.end, self.created = None, 0

        def noting(text: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
            if text == facts.JOURNAL:
                self.end = parameters["seq"], parameters["hash"]
            return run(text, parameters)

        self.made = self._work(noting)
        return self.made

    def count(self, made: int) -> None:
        """Nodes that a statement made."""
        self.created += made


def _with_run(
    work: Callable[[Run], T], count: Callable[[int], None] = lambda _made: None
) -> Callable[[neo4j.ManagedTransaction], T]:
    def transaction(tx: neo4j.ManagedTransaction) -> T:
        def run(text: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
            found = tx.run(text, dict(parameters))
            # dict(record), not record.data(): our statements return plain maps, and data() copies them deeply.
            rows = [dict(record) for record in found]
            count(found.consume().counters.nodes_created)
            return rows

        return work(run)

    return transaction
