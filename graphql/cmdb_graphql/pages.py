"""A page of a list: its rows, and whether more follow. One generic type, so that no list is silently short."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import strawberry

from cmdb.errors import Invalid
from cmdb.words import Role
from cmdb_graphql.context import readable_by
from cmdb_graphql.moment import OfThen
from cmdb_graphql.types import CI, PageInfo, cut_page, ended

T = TypeVar("T")
R = TypeVar("R")


@readable_by(Role.READER)  # and by whom its rows are: the schema sees to it
@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    """Rows, and whether more follow; its GraphQL name is the row's and `Connection`."""

    nodes: list[T] = strawberry.field(description="The rows of this page.")
    page_info: PageInfo = strawberry.field(description="Where this page ends, and whether more follow.")


@readable_by(Role.READER)
@strawberry.type(description="A page of CIs that were found.")
class FoundConnection(OfThen):
    """A page of a search."""

    nodes: list[CI] = strawberry.field(description="The CIs of this page.")
    page_info: PageInfo = strawberry.field(description="Where this page ends, and whether more follow.")


@readable_by(Role.READER)
@strawberry.type(description="The CIs that a name may mean.")
class MatchConnection(OfThen):
    """Candidates."""

    nodes: list[CI] = strawberry.field(description="The candidates.")


def fetched(rows: Sequence[R], first: int, shown: Callable[[R], T], cursor: Callable[[R], str]) -> Connection[T]:
    """The page of rows fetched from where it begins, one more than `first` if there are more."""
    return Connection(nodes=[shown(row) for row in rows[:first]], page_info=ended(rows, first, cursor))


def number_of(after: str | None, before: int | None) -> int | None:
    """Where a list that counts down goes on: behind its page's cursor, or below a number that was named."""
    if after is None:
        return before
    if not (after.isascii() and after.isdigit() and len(after) < 19):
        raise Invalid("this is no cursor of ours", where="after")
    return min(int(after), before if before is not None else int(after))


def held(
    rows: Sequence[R], first: int, after: str | None, shown: Callable[[R], T], cursor: Callable[[R], str]
) -> Connection[T]:
    """The page that `first` and `after` ask for of rows that are all at hand."""
    page, end = cut_page(rows, first, after, cursor)
    return Connection(nodes=[shown(row) for row in page], page_info=end)
