"""Every error Epicentre raises on purpose, named for what the caller can do about it.

EpicentreError
├── Invalid                   what you sent is wrong: correct it; sending it again as it is will fail again
│   ├── TooLarge              it is over a stated limit: send less
│   ├── UnknownName           no such class, attribute, CI, record or role
│   └── AmbiguousName         more than one CI goes by that name: choose one of the candidates
├── NotAuthenticated          say who you are (or say it again: expired, revoked, skewed, replayed)
├── Forbidden                 you are known, and may not do this
├── Conflict                  the world has moved: read again, then decide
│   ├── FullNeeded            the front door does not know the base of this delta: send everything
│   └── Refused               a rule of the process says no, and which one
│       └── HostKeyChanged    a host shows another key than the pinned one: stop, and ask its owner
├── Unavailable               try again later; nothing was lost
│   ├── StoreUnavailable      Neo4j does not answer
│   ├── Overloaded            too much at once
│   └── DiskFull              the data folder has no room left
├── Misconfigured             a setting or the machine must be put right before this can start
└── DeclarationError          a class, relation, process or collector file contradicts itself or another (our mistake)

`message` is for the person who asked. What only the log should see goes into `__cause__` or `detail`.
The HTTP status and the GraphQL code are given last, in `cmdb_graphql.errors`.
"""

from __future__ import annotations

from collections.abc import Sequence


class EpicentreError(Exception):
    """The root: `message` is one sentence a person can act on; `detail` is for the log only."""

    def __init__(self, message: str, *, detail: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


class Invalid(EpicentreError):
    """What was sent is wrong; `where` names the place (a JSON path, an argument, a file and line)."""

    def __init__(self, message: str, *, where: str | None = None, detail: str | None = None) -> None:
        super().__init__(message if where is None else f"{where}: {message}", detail=detail)
        self.where = where


class TooLarge(Invalid):
    """It is over a stated limit."""


class UnknownName(Invalid):
    """No such class, attribute, CI, record or role."""


class AmbiguousName(Invalid):
    """More than one CI goes by that name; `candidates` are (id, class, key, where) lines to choose from."""

    def __init__(self, message: str, *, candidates: Sequence[tuple[str, str, str, str]] = ()) -> None:
        super().__init__(message)
        self.candidates = tuple(candidates)


class NotAuthenticated(EpicentreError):
    """No principal could be established; `code` says why.

    One of credentials, unsigned, bad_signature, skewed, replayed, unknown, revoked.
    """

    def __init__(self, message: str, *, code: str = "credentials", detail: str | None = None) -> None:
        super().__init__(message, detail=detail)
        self.code = code


class Forbidden(EpicentreError):
    """The principal is known and lacks the right."""


class Conflict(EpicentreError):
    """The world has moved since the caller last looked."""


class FullNeeded(Conflict):
    """A delta names a base that is not known here; the sender must send every section whole."""


class Refused(Conflict):
    """A rule of the process says no; `reasons` lists every rule that did."""

    def __init__(self, message: str, *, reasons: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.reasons = tuple(reasons)


class HostKeyChanged(Refused):
    """Somebody may stand between, or the host was installed anew; keys are named by their fingerprints."""

    def __init__(self, message: str, *, place: str, pinned: str, shown: str) -> None:
        super().__init__(message)
        self.place, self.pinned, self.shown = place, pinned, shown


class Unavailable(EpicentreError):
    """A part is missing for now; `retry_after` is in seconds."""

    def __init__(self, message: str, *, retry_after: float = 5.0, detail: str | None = None) -> None:
        super().__init__(message, detail=detail)
        self.retry_after = retry_after


class StoreUnavailable(Unavailable):
    """Neo4j does not answer."""


class Overloaded(Unavailable):
    """Too much at once."""


class DiskFull(Unavailable):
    """The data folder has no room left."""


class Misconfigured(EpicentreError):
    """A setting or the machine must be put right before this can start."""


class DeclarationError(EpicentreError):
    """A declaration contradicts itself or another; both places are named."""
