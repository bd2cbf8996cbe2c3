"""People: local accounts, their roles, API tokens and sessions."""

from __future__ import annotations

import secrets
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from cmdb import sqlite
from cmdb.commands import check_same
from cmdb.errors import Conflict, Invalid, NotAuthenticated, Overloaded, UnknownName
from cmdb.pepper import Pepper, token
from cmdb.words import Principal, Role

MIGRATIONS = (
    """
    CREATE TABLE user (name TEXT PRIMARY KEY, password TEXT, roles TEXT NOT NULL, created TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE token (key_id TEXT PRIMARY KEY, user TEXT NOT NULL REFERENCES user (name), digest TEXT NOT NULL,
                        label TEXT NOT NULL, roles TEXT, created TEXT NOT NULL, expires TEXT, last_used TEXT,
                        revoked TEXT) WITHOUT ROWID;
    CREATE TABLE session (digest TEXT PRIMARY KEY, user TEXT NOT NULL REFERENCES user (name),
                          expires TEXT NOT NULL) WITHOUT ROWID;
    """,
    "ALTER TABLE user ADD COLUMN view TEXT;",
    "ALTER TABLE user ADD COLUMN email TEXT;",
    "ALTER TABLE user ADD COLUMN rev INTEGER NOT NULL DEFAULT 1;",
)
SESSION_LIFE = timedelta(hours=12)
FREE_TRIES = 5
"""Wrong passwords per name before each further one doubles the wait, up to MOST_PAUSE seconds."""

MOST_PAUSE = 300.0

MOST_NAMES = 10_000
"""Names whose wrong passwords are remembered: names are free to invent, memory is not."""

SESSION = "eps_"
"""What the text of a session begins with; of an API token it is epi_."""

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NO_SUCH_USER = _HASHER.hash(secrets.token_hex(16))
"""Verified against when the name is unknown, so that both cases take the same time."""


@dataclass(frozen=True, slots=True)
class User:
    """An account; `rev` grows with each change of its roles or view."""

    name: str
    roles: tuple[Role, ...]
    created_at: str
    view: str | None = None
    email: str | None = None
    rev: int = 1


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """An API token without its secret; `roles` None means all of its user's."""

    key_id: str
    user: str
    label: str
    roles: tuple[Role, ...] | None
    created_at: str
    expires_at: str | None
    last_used: str | None
    revoked_at: str | None


def _iso(moment: datetime | None = None) -> str:
    return (moment or datetime.now(UTC)).isoformat(timespec="seconds")


def _roles(text: str | None) -> tuple[Role, ...]:
    return tuple(Role(word) for word in (text or "").split())


def _text(roles: Iterable[Role]) -> str:
    return " ".join(sorted(dict.fromkeys(roles)))


def _implied(roles: Iterable[Role]) -> frozenset[Role]:
    return frozenset(implied for role in roles for implied in role.implies)


def _check(name: str, roles: Collection[Role], view: str | None) -> None:
    if not roles:
        raise Invalid("name at least one role", where="roles")
    Principal(name, _implied(roles), view)


class Tries:
    """Wrong passwords by name. A try counts as wrong from its beginning, so many at once gain nothing. No I/O."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()  # name -> tries, next one allowed at

    def begin(self, name: str) -> None:
        """Count a try, or raise Overloaded with the time to wait."""
        now = self._clock()
        with self._lock:
            count, allowed = self._wrong.get(name, (0, now))
            if (wait := allowed - now) > 0:
                raise Overloaded(f"too many wrong passwords; try again in {wait:.0f} s", retry_after=wait)
            pause = 0.0 if count + 1 < FREE_TRIES else min(MOST_PAUSE, 2.0 ** min(20, count + 1 - FREE_TRIES))
            self._wrong[name] = (count + 1, now + pause)
            self._wrong.move_to_end(name)
            if len(self._wrong) > MOST_NAMES:  # the least recently tried goes; that one has waited longest
                self._wrong.popitem(last=False)

    def forget(self, name: str) -> None:
        """The password was right."""
        with self._lock:
            self._wrong.pop(name, None)


class Accounts:
    """Accounts in one SQLite file. Safe to use from any thread."""

    def __init__(self, path: Path, pepper: bytes) -> None:
        self._path = path
        self._pepper = Pepper(pepper)
        self._db = sqlite.connect(path, MIGRATIONS)
        self._lock = threading.Lock()
        self._argon = threading.Semaphore(2)  # 19 MiB each: more at once would be a way to exhaust memory
        self._tries = Tries()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    # --- people --------------------------------------------------------------------------------------------

    def first_admin(self, name: str) -> str | None:
        """On the very first start: make the admin and return the random password, to be shown once. Later: None."""
        if self.users():
            return None
        password = secrets.token_urlsafe(15)
        self.create_user(name, [Role.ADMIN], password)
        return password

    def create_user(
        self, name: str, roles: Collection[Role], password: str | None = None, view: str | None = None
    ) -> None:
        """A new account; without a password it can only be used by token. A reader is kept to a view."""
        if not name.isprintable() or not 1 <= len(name) <= 64 or " " in name:
            raise Invalid("a user name has 1 to 64 printable characters without spaces", where="name")
        _check(name, roles, view)
        if password is not None and len(password) < 10:
            raise Invalid("a password has at least 10 characters", where="password")
        hashed = None if password is None else self._hash(password)
        try:
            self._write(
                "INSERT INTO user (name, password, roles, created, view) VALUES (?, ?, ?, ?, ?)",
                (name, hashed, _text(roles), _iso(), view),
            )
        except sqlite3.IntegrityError as error:
            raise Conflict(f"there is a user {name!r} already") from error

    def set_roles(self, name: str, roles: Collection[Role], view: str | None = None, *, rev: int | None = None) -> int:
        """Replace a user's roles and view, decided at revision `rev`; it holds from the next request on.

        Returns the new revision.
        """
        # One transaction for looking and changing, else two admins could demote each other at once.
        with self._lock, sqlite.errors(self._path), sqlite.transaction(self._db):
            held: dict[str, tuple[str, int]] = {
                n: (text, at) for n, text, at in self._db.execute("SELECT name, roles, rev FROM user")
            }
            if name not in held:
                raise UnknownName(f"there is no user {name!r}")
            _check(name, roles, view)
            _, now = held[name]
            check_same(name, now, rev)
            if Role.ADMIN not in roles and [n for n, (text, _) in held.items() if Role.ADMIN in _roles(text)] == [name]:
                raise Conflict(f"{name} is the only admin: make another one first")
            change = "UPDATE user SET roles = ?, view = ?, rev = ? WHERE name = ?"
            self._db.execute(change, (_text(roles), view, now + 1, name))
            return now + 1

    def users(self) -> list[User]:
        """Every account, by name."""
        rows = self._read("SELECT name, roles, created, view, email, rev FROM user ORDER BY name")
        return [User(n, _roles(r), c, v, e, rev) for n, r, c, v, e, rev in rows]

    def set_email(self, name: str, email: str | None) -> None:
        """Where letters to this account go; None: nowhere."""
        if self._write("UPDATE user SET email = ? WHERE name = ?", (email, name)) != 1:
            raise UnknownName(f"there is no user {name!r}")

    # --- passwords and sessions ----------------------------------------------------------------------------

    def check_password(self, name: str, password: str) -> Principal:
        """The person of that name and password; wrong name and wrong password are one answer, at one price."""
        self._tries.begin(name[:64])
        rows = self._read("SELECT password, roles, view FROM user WHERE name = ?", name)
        stored = rows[0][0] if rows else None
        if not self._verify(stored or _NO_SUCH_USER, password) or stored is None:
            raise NotAuthenticated("wrong name or password")
        self._tries.forget(name[:64])
        return Principal(name, _implied(_roles(rows[0][1])), rows[0][2])

    def login(self, name: str, password: str) -> str:
        """Open a session of twelve hours and return its secret (eps_…), to be kept by the browser."""
        self.check_password(name, password)
        text = token(SESSION)
        self._write("DELETE FROM session WHERE expires < ?", (_iso(),))
        self._write(
            "INSERT INTO session VALUES (?, ?, ?)",
            (self._pepper.digest(text), name, _iso(datetime.now(UTC) + SESSION_LIFE)),
        )
        return text

    def session(self, text: str) -> Principal:
        """Whose session this is."""
        now = datetime.now(UTC)
        rows = self._read(
            "SELECT u.name, u.roles, u.view FROM session s JOIN user u ON u.name = s.user"
            " WHERE s.digest = ? AND s.expires BETWEEN ? AND ?",
            self._pepper.digest(text),
            _iso(now),
            _iso(now + SESSION_LIFE),  # one that ends later was opened by a clock that was ahead
        )
        if not rows:
            raise NotAuthenticated("the session is over: log in again")
        return Principal(rows[0][0], _implied(_roles(rows[0][1])), rows[0][2])

    def logout(self, text: str) -> None:
        """End a session."""
        self._write("DELETE FROM session WHERE digest = ?", (self._pepper.digest(text),))

    def _hash(self, password: str) -> str:
        with self._argon:
            return _HASHER.hash(password)

    def _verify(self, stored: str, password: str) -> bool:
        with self._argon:
            try:
                return _HASHER.verify(stored, password)
            except (VerificationError, InvalidHashError):
                return False

    # --- API tokens ----------------------------------------------------------------------------------------

    def create_token(
        self,
        user: str,
        label: str = "",
        roles: Collection[Role] | None = None,
        expires_days: float | None = None,
    ) -> str:
        """A new API token, shown this once: epi_<key id>_<secret>. Its roles are at most its user's."""
        held = self._roles_of(user)
        if roles is not None and (excess := set(roles) - _implied(held)):
            raise Invalid(f"{user} does not hold {', '.join(sorted(excess))}", where="roles")
        if roles is not None and set(roles) == {Role.READER} and Role.READER not in held:
            raise Invalid("only an account that is kept to a view is a reader", where="roles")
        if expires_days is not None and not 0 < expires_days <= 3660:
            raise Invalid("a token lives between 0 and 3660 days", where="expires_days")
        key_id, secret = secrets.token_hex(5), secrets.token_urlsafe(32)
        expires = None if expires_days is None else _iso(datetime.now(UTC) + timedelta(days=expires_days))
        self._write(
            "INSERT INTO token (key_id, user, digest, label, roles, created, expires) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                key_id,
                user,
                self._pepper.digest(secret),
                label[:200],
                None if roles is None else _text(roles),
                _iso(),
                expires,
            ),
        )
        return f"epi_{key_id}_{secret}"

    def authenticate(self, text: str) -> Principal:
        """Who holds this API token now; revoking it or its roles works on the next request."""
        prefix, _, rest = text.partition("_")
        key_id, _, secret = rest.partition("_")
        rows = self._read(
            "SELECT t.digest, t.roles, t.expires, t.revoked, t.last_used, u.name, u.roles, u.view"
            " FROM token t JOIN user u ON u.name = t.user WHERE t.key_id = ?",
            key_id,
        )
        # The digest is made in any case, so that the time taken does not tell whether the key id exists.
        known = self._pepper.recognises(secret, rows[0][0] if rows else "") and prefix == "epi"
        if known and rows[0][3] is None and (rows[0][2] is None or rows[0][2] >= _iso()):
            self._note_use(key_id, rows[0][4])
            held = _implied(_roles(rows[0][6]))
            roles = held if rows[0][1] is None else held & _implied(_roles(rows[0][1]))
            # What is left of narrowed roles may be reading alone; without a view that would be nothing at all.
            return Principal(rows[0][5], roles if rows[0][7] or roles != {Role.READER} else frozenset(), rows[0][7])
        raise NotAuthenticated("this API token is unknown, revoked or expired")

    def tokens(self) -> list[TokenInfo]:
        """Every API token without its secret, oldest first."""
        rows = self._read(
            "SELECT key_id, user, label, roles, created, expires, last_used, revoked FROM token"
            " ORDER BY created, key_id"
        )
        return [TokenInfo(r[0], r[1], r[2], None if r[3] is None else _roles(r[3]), *r[4:]) for r in rows]

    def revoke_token(self, key_id: str) -> None:
        """End a token; its next use is refused."""
        if self._write("UPDATE token SET revoked = coalesce(revoked, ?) WHERE key_id = ?", (_iso(), key_id)) != 1:
            raise UnknownName(f"there is no token {key_id!r}")

    def _note_use(self, key_id: str, last_used: str | None) -> None:
        now = _iso()
        if last_used is None or last_used[:13] != now[:13]:  # once an hour is enough to see whether it is in use
            self._write("UPDATE token SET last_used = ? WHERE key_id = ?", (now, key_id))

    def _roles_of(self, user: str) -> tuple[Role, ...]:
        rows = self._read("SELECT roles FROM user WHERE name = ?", user)
        if not rows:
            raise UnknownName(f"there is no user {user!r}")
        return _roles(rows[0][0])

    # --- the file ------------------------------------------------------------------------------------------

    def _read(self, text: str, *parameters: str) -> list[sqlite3.Row]:
        with self._lock, sqlite.errors(self._path):
            return self._db.execute(text, parameters).fetchall()

    def _write(self, text: str, parameters: tuple[str | None, ...]) -> int:
        with self._lock, sqlite.errors(self._path), sqlite.transaction(self._db):
            return self._db.execute(text, parameters).rowcount
