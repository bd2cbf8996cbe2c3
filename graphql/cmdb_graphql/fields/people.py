"""Accounts and API tokens."""

from __future__ import annotations

import strawberry

from cmdb.accounts import TokenInfo
from cmdb.accounts import User as Account
from cmdb.errors import Forbidden, TooLarge, UnknownName
from cmdb.words import Principal, Role
from cmdb_graphql.context import Info, blocking, command, question, readable_by, whole
from cmdb_graphql.fields.commands import REV
from cmdb_graphql.pages import Connection, held
from cmdb_graphql.types import After, First

ROLES = whole("there are few roles")
MOST_NAMES = 100


@readable_by(Role.READER)
@strawberry.type(description="An account.")
class User:
    """A person."""

    name: str = strawberry.field(description="The account's name.")
    roles: list[str] = strawberry.field(description="The roles it holds.", metadata=ROLES)
    created_at: str | None = strawberry.field(description="Since when, ISO 8601 UTC.")
    view: str | None = strawberry.field(default=None, description="The view it is kept to; null: it sees everything.")
    rev: int | None = strawberry.field(
        default=None, description="Its revision, which grows with each change of its roles or view; null in `me`."
    )


@readable_by(Role.VIEWER)
@strawberry.type(description="An API token, without its secret.")
class Token:
    """A token."""

    key_id: strawberry.ID = strawberry.field(description="Its visible part.")
    user: str = strawberry.field(description="Whose it is.")
    label: str = strawberry.field(description="What it is for.")
    roles: list[str] | None = strawberry.field(
        description="The roles it is narrowed to; null: all of its user's.", metadata=ROLES
    )
    created_at: str = strawberry.field(description="Since when, ISO 8601 UTC.")
    expires_at: str | None = strawberry.field(description="Until when, ISO 8601 UTC.")
    last_used: str | None = strawberry.field(description="When it was last used, to the hour, ISO 8601 UTC.")
    revoked_at: str | None = strawberry.field(description="When it was revoked, ISO 8601 UTC.")


def roles_of(names: list[str]) -> list[Role]:
    """Roles by name."""
    known = {role.value: role for role in Role}
    for name in names:
        if name not in known:
            raise UnknownName(f"there is no role {name!r}; known are {', '.join(known)}", where="roles")
    return [known[name] for name in names]


def _narrowed(who: Principal, user: str, names: list[str] | None) -> list[Role] | None:
    """The roles of a new token; None: all its user has. Who asks may hold less than the account, by a narrow token."""
    roles = None if names is None else roles_of(names)
    if who.may(Role.ADMIN):
        return roles
    if user != who.name:
        raise Forbidden("only an admin makes tokens for others")
    if excess := set(roles or ()) - who.roles:
        raise Forbidden(f"a token cannot hold what you do not: {', '.join(sorted(excess))}")
    return sorted(who.roles) if roles is None else roles


@question(Role.READER)
async def me(info: Info) -> User:
    """Who asks, with the roles that count now."""
    who = info.context.principal
    return User(name=who.name, roles=sorted(who.roles), created_at=None, view=who.view)


@readable_by(Role.VIEWER)
@strawberry.type(description="An account that somebody named, with what it may do.")
class AccountRoles:
    """An account in short."""

    name: str = strawberry.field(description="The account's name.")
    roles: list[str] = strawberry.field(description="The roles it holds.", metadata=ROLES)


@question(Role.VIEWER, arguments={"names": "Names of accounts, at most 100."}, complete="one for each that is there")
async def account_roles(info: Info, names: list[str]) -> list[AccountRoles]:
    """Which of these accounts there are, by name, with their roles: who may be asked to approve, or to stand in."""
    if len(names) > MOST_NAMES:
        raise TooLarge(f"are {len(names)}, at most {MOST_NAMES}", where="names")
    known = {u.name: u for u in await blocking(info.context.services.accounts.users)}
    found = (known[name] for name in sorted(set(names) & known.keys()))
    return [AccountRoles(name=u.name, roles=sorted(r.value for r in u.roles)) for u in found]


@question(Role.ADMIN)
async def users(info: Info, first: First = 50, after: After = None) -> Connection[User]:
    """Every account."""

    def shown(u: Account) -> User:
        return User(name=u.name, roles=[r.value for r in u.roles], created_at=u.created_at, view=u.view, rev=u.rev)

    return held(await blocking(info.context.services.accounts.users), first, after, shown, lambda u: u.name)


@question(Role.ADMIN)
async def tokens(info: Info, first: First = 50, after: After = None) -> Connection[Token]:
    """Every API token, without its secret."""

    def shown(t: TokenInfo) -> Token:
        return Token(
            key_id=strawberry.ID(t.key_id), user=t.user, label=t.label,
            roles=None if t.roles is None else [r.value for r in t.roles], created_at=t.created_at,
            expires_at=t.expires_at, last_used=t.last_used, revoked_at=t.revoked_at,
        )  # fmt: skip

    return held(await blocking(info.context.services.accounts.tokens), first, after, shown, lambda t: t.key_id)


VIEW = {"view": "The view a reader is kept to; other roles see everything."}


async def _of_a_view(info: Info, view: str | None) -> str | None:
    if view is not None and view not in {v.name for v in await blocking(info.context.services.store.views)}:
        raise UnknownName(f"there is no view {view!r}", where="view")
    return view


@command(Role.ADMIN, arguments={**VIEW, "password": "For logging in; without one the account is used by token only."})
async def create_user(
    info: Info, name: str, roles: list[str], password: str | None = None, view: str | None = None
) -> User:
    """Make an account; without a password it is used by token only."""
    chosen, seen = roles_of(roles), await _of_a_view(info, view)
    await blocking(info.context.services.accounts.create_user, name, chosen, password, seen)
    return User(name=name, roles=[r.value for r in chosen], created_at=None, view=seen, rev=1)


@command(Role.ADMIN, arguments={**VIEW, **REV})
async def set_roles(info: Info, name: str, roles: list[str], view: str | None = None, rev: int | None = None) -> User:
    """Replace an account's roles, and the view it is kept to."""
    chosen, seen = roles_of(roles), await _of_a_view(info, view)
    now = await blocking(info.context.services.accounts.set_roles, name, chosen, seen, rev=rev)
    return User(name=name, roles=[r.value for r in chosen], created_at=None, view=seen, rev=now)


@command(
    Role.VIEWER,
    arguments={
        "user": "Whose it is to be; oneself, if left out.",
        "roles": "Roles to narrow it to; all of its user's, if left out.",
        "expiresDays": "Days until it expires; never, if left out.",
    },
)
async def create_token(
    info: Info,
    user: str | None = None,
    label: str = "",
    roles: list[str] | None = None,
    expires_days: float | None = None,
) -> str:
    """A new API token for oneself (an admin: for anybody), shown this once."""
    who = info.context.principal
    chosen = _narrowed(who, user or who.name, roles)
    accounts = info.context.services.accounts
    return await blocking(accounts.create_token, user or who.name, label, chosen, expires_days)


@command(Role.ADMIN, arguments={"keyId": "The visible part of the token."})
async def revoke_token(info: Info, key_id: strawberry.ID) -> bool:
    """End an API token; its next use is refused."""
    await blocking(info.context.services.accounts.revoke_token, str(key_id))
    return True
