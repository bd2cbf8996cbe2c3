"""The questions about records: one by its number, and a page of a filtered, ordered list with its total."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from cmdb.errors import Invalid
from cmdb.store import RecordPage
from cmdb.words import Record, RecordType, Role, Wanted
from cmdb_graphql.context import Info, Root, blocking, camel, question, readable_by
from cmdb_graphql.records.objects import object_of
from cmdb_graphql.records.shared import RecordFilter, RecordOrder, wanted
from cmdb_graphql.types import PageInfo, ended, page_size

Filter = Annotated[RecordFilter | None, strawberry.argument(description="Which ones; all given parts must hold.")]


def questions(kind: RecordType, made: Any) -> list[Root]:
    """One record, and the list of them."""
    page = _page_type(kind, made)

    async def one(info: Info, number: str) -> Any:
        return object_of(made, kind, await blocking(info.context.services.store.record, kind.name, number))

    async def many(
        info: Info, state: str | None = None, filter: Any = None,  # noqa: A002  # the argument's public name
        order: RecordOrder = RecordOrder.NEWEST, first: int = 20, after: str | None = None,
    ) -> Any:  # fmt: skip
        size, asked = page_size(first), wanted(filter, state)
        one_more = RecordPage(kind.name, asked, str(order.value), size + 1, _after(after))
        rows = await info.context.loaders.pages.load(one_more)
        end = ended(rows, size, lambda record: _cursor(record, order))
        return page(asked=asked, nodes=[object_of(made, kind, row) for row in rows[:size]], page_info=end)

    one.__annotations__["return"] = made
    many.__annotations__ |= {"return": page, "filter": Filter}
    one.__doc__ = f"One {kind.name} by its number, such as {kind.prefix}-1."
    many.__doc__ = f"{kind.sentence} Newest first; `after` is the number of the last one seen."
    singular = kind.name[0].lower() + kind.name[1:]
    return [question(Role.VIEWER, name=singular)(one), question(Role.VIEWER, name=camel(kind.plural))(many)]


def _page_type(kind: RecordType, made: Any) -> Any:
    async def total(self: Any, info: Info) -> int:
        return await blocking(info.context.services.store.count_records, kind.name, self.asked)

    body: dict[str, Any] = {
        "__annotations__": {"asked": strawberry.Private[Wanted], "nodes": list[made], "page_info": PageInfo},
        "__module__": __name__,
        "nodes": strawberry.field(description="The rows of this page."),
        "page_info": strawberry.field(description="Where this page ends, and whether more follow."),
        "total": strawberry.field(resolver=total, description="How many there are in all."),
    }
    name = f"{kind.name}Connection"
    page: type = strawberry.type(type(name, (), body), name=name, description="A page of a list.")
    return readable_by(Role.VIEWER)(page)


def _cursor(record: Record, order: RecordOrder) -> str:
    return f"{record.changed_at} {record.number}" if order is RecordOrder.CHANGED else record.number


def _after(cursor: str | None) -> tuple[str, int] | None:
    if cursor is None:
        return None
    key, _, number = cursor.rpartition(" ")
    serial = number.rpartition("-")[2]
    if not (serial.isascii() and serial.isdecimal() and len(serial) < 19):
        raise Invalid("this is no number of a record", where="after")
    return key, int(serial)
