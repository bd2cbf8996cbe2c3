"""What every resolver is given: the services, who asks, and this request's loaders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ParamSpec, TypeVar, cast

import strawberry
from strawberry.types.field import StrawberryField

from cmdb.words import Principal, Role
from cmdb_graphql.loaders import Loaders
from cmdb_graphql.services import Services

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Context:
    """One request."""

    services: Services
    principal: Principal
    loaders: Loaders

    @property
    def narrowed(self) -> bool:
        """Whether who asks is kept to a view: then no text that may tell of other CIs is for them."""
        return self.principal.view is not None


Info = strawberry.Info[Context, None]


async def blocking(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Make a blocking call (store, inbox, accounts): a question has a thread of its own, so no other waits."""
    return function(*args, **kwargs)


SENTENCES = {
    "after": "Go on behind this: the cursor or number of the last one seen.",
    "before": "Only entries before this journal sequence.",
    "cis": "The ids of the CIs it is about.",
    "class": "The name of a class, to look there only.",
    "filter": "Which ones; all given parts must hold.",
    "first": "At most this many, 1 to 100.",
    "id": "Our id of it.",
    "includeRetired": "Also those that are retired.",
    "label": "What it is for.",
    "name": "Its name.",
    "node": "The agent's id.",
    "number": "The record's number.",
    "of": "The ids of the CIs, 1 to 100.",
    "order": "What to order by, first things first.",
    "owner": "Who answers for the machine.",
    "roles": "Names of roles.",
    "row": "Its number in the inbox.",
    "site": "Where the machine is.",
    "state": "Only those in this state.",
    "user": "The account's name.",
}
"""What arguments of these names always mean; a field may say it more exactly."""


@dataclass(frozen=True, slots=True)
class Root:
    """A field of Query, Mutation or Subscription; any one of the roles in `policy` is enough.

    One with `batch` is answered once for all entries of the journal that came together; a question with `long_texts` is
    given texts as long as a command's. A command with `many_rows` is given bodies up to `limits.LARGE_BODY`.
    """

    name: str
    kind: str  # "query" | "mutation" | "subscription"
    policy: frozenset[Role]
    field: StrawberryField
    batch: bool = False
    long_texts: bool = False
    many_rows: bool = False


def question(
    *policy: Role,
    name: str | None = None,
    arguments: Mapping[str, str] | None = None,
    complete: str | None = None,
    long_texts: bool = False,
) -> Callable[[Callable[..., Any]], Root]:
    """Declare a field of Query; the function's docstring is its description, `arguments` has sentences for its own.

    One that returns a plain list says with `complete` why it is never cut; the others return pages. One with
    `long_texts` compares no text of its variables with rows, so these may be as long as the body allows.
    """
    return partial(_root, "query", frozenset(policy), name, arguments or {}, complete=complete, long_texts=long_texts)


def command(
    *policy: Role, name: str | None = None, arguments: Mapping[str, str] | None = None, many_rows: bool = False
) -> Callable[[Callable[..., Any]], Root]:
    """Declare a field of Mutation, likewise; one `many_rows` are given to may come in a large body."""
    return partial(_root, "mutation", frozenset(policy), name, arguments or {}, many_rows=many_rows)


def subscription(
    *policy: Role, arguments: Mapping[str, str] | None = None, batch: bool = False
) -> Callable[[Callable[..., Any]], Root]:
    """Declare a field of Subscription, likewise; it answers one journal entry, which `info.root_value` is."""
    return partial(_root, "subscription", frozenset(policy), None, arguments or {}, batch=batch)


def _root(
    kind: str, policy: frozenset[Role], name: str | None, sentences: Mapping[str, str], function: Callable[..., Any],
    *, complete: str | None = None, batch: bool = False, long_texts: bool = False, many_rows: bool = False,
) -> Root:  # fmt: skip
    public = name or camel(function.__name__)
    function.__name__ = public  # strawberry keeps fields by their function's name, and generated ones share theirs
    description = (function.__doc__ or "").strip()
    field = strawberry.field(resolver=function, name=public, description=description, metadata=whole(complete))
    for argument in field.arguments:
        known = argument.graphql_name or camel(argument.python_name)
        argument.description = argument.description or sentences.get(known) or SENTENCES.get(known)
    return Root(public, kind, policy, field, batch, long_texts, many_rows)


def computed(
    description: str, *, name: str | None = None, graphql_type: Any = None, complete: str | None = None
) -> Callable[[F], F]:
    """Declare a method of a type as a field that is worked out when it is asked; `complete` as for a question."""
    made = strawberry.field(description=description, name=name, graphql_type=graphql_type, metadata=whole(complete))
    return cast(Callable[[F], F], made)


def whole(reason: str | None) -> Mapping[str, str]:
    """The mark of a list field that is never cut: why not. The schema says it behind the field's description."""
    return {} if reason is None else {COMPLETE: reason}


COMPLETE = "complete"


C = TypeVar("C", bound=type)


def readable_by(*roles: Role) -> Callable[[C], C]:
    """The policy of an object type: one of these roles is needed to read any field of it."""

    def mark(cls: C) -> C:
        cls.__policy__ = frozenset(roles)  # type: ignore[attr-defined]  # a mark on our own class
        return cls

    return mark


def camel(name: str) -> str:
    """snake_case to camelCase, as GraphQL names are."""
    head, *tail = name.rstrip("_").split("_")
    return head + "".join(part.capitalize() for part in tail)


def snake(name: str) -> str:
    """camelCase to snake_case."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)
