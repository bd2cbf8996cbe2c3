"""Letters: who was told of which transition, and what became of it."""

from __future__ import annotations

import strawberry

from cmdb.mail import Letter
from cmdb.mail.message import check_address
from cmdb.words import Role
from cmdb_graphql.context import Info, blocking, command, question, readable_by
from cmdb_graphql.pages import Connection, fetched, number_of
from cmdb_graphql.types import After, First, page_size


@readable_by(Role.ADMIN)
@strawberry.type(description="A letter about a step of a record.")
class MailDelivery:
    """A letter."""

    row: int = strawberry.field(description="Its number in the log.")
    seq: int = strawberry.field(description="The journal sequence it is about.")
    number: str = strawberry.field(description="The record it is about.")
    recipient: str = strawberry.field(description="The account it is for.")
    address: str | None = strawberry.field(description="Where it goes; null: the account has no address.")
    subject: str = strawberry.field(description="Its subject.")
    at: str = strawberry.field(description="When the record took the step, ISO 8601 UTC.")
    state: str = strawberry.field(description="waiting, sent, refused, given up, or no address.")
    tries: int = strawberry.field(description="How often it was tried.")
    answer: str = strawberry.field(description="What the mail server last said, or why it said nothing.")


def _shown(letter: Letter) -> MailDelivery:
    return MailDelivery(
        row=letter.row, seq=letter.seq, number=letter.number, recipient=letter.recipient, address=letter.address,
        subject=letter.subject, at=letter.at, state=letter.state, tries=letter.tries, answer=letter.answer,
    )  # fmt: skip


@question(Role.ADMIN)
async def mail_deliveries(info: Info, first: First = 20, after: After = None) -> Connection[MailDelivery]:
    """Letters about records, newest first; the last 10,000 are kept."""
    box, size = info.context.services.mail, page_size(first)
    found = [] if box is None else await blocking(box.log, size + 1, number_of(after, None))
    return fetched(found, size, _shown, lambda letter: str(letter.row))


@command(Role.ADMIN, arguments={"email": "Such as anna@example.org; null: none any more."})
async def set_email(info: Info, name: str, email: str | None = None) -> str | None:
    """Say where letters to an account go; null: nowhere."""
    checked = None if email is None else check_address(email)
    await blocking(info.context.services.accounts.set_email, name, checked)
    return checked
