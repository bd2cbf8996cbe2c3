"""Where the example's records are written: by whoever they are of, with the rights that person has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmdb_graphql.client import LocalClient
from cmdb_processes.cli.company.people import FOLDER

if TYPE_CHECKING:
    from cmdb_graphql.services import Services

_IMPORT = """
mutation Past(
  $type: String!, $model: String!, $history: JSON!, $fields: JSON!, $cis: [ID!]!, $owner: String!
) {
  importRecord(type: $type, model: $model, history: $history, fields: $fields, cis: $cis, owner: $owner) {
    number flags
  }
}
"""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a record that is past: when it was, who did it, where it led, why, and what was waited for."""

    at: str
    by: str
    state: str
    reason: str
    command: str = "imported"
    waiting: str | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """The server's services, the data folder, and the ids of CIs by reference."""

    services: Services
    home: Path
    ids: Mapping[str, str]

    def ask(self, who: str, document: str, **given: Any) -> dict[str, Any]:
        """A question or command as that person."""
        token = self.home / "token" if who == "admin" else self.home / FOLDER / f"{who}.token"
        principal = self.services.accounts.authenticate(token.read_text().strip())
        return LocalClient(self.services, principal).ask(document, **given)

    def take_over(
        self, type_: str, model: str, steps: list[Step], fields: Mapping[str, Any], ci: str, owner: str
    ) -> str:
        """A record with the history that it has in the story, as one of another system is taken over; its number."""
        history = [
            {"at": one.at, "by": one.by, "fromState": steps[n - 1].state if n else None, "toState": one.state,
             "reason": one.reason, "command": one.command, "waiting": one.waiting}
            for n, one in enumerate(steps)
        ]  # fmt: skip
        made = self.ask(
            "admin", _IMPORT, type=type_, model=model, history=history, fields=dict(fields), cis=[self.ids[ci]],
            owner=owner,
        )["importRecord"]  # fmt: skip
        return str(made["number"])

    def do(self, who: str, command: str, number: str, **given: str) -> None:
        """Give a command about a record; all its arguments are texts."""
        declared = "".join(f", ${name}: String!" for name in given)
        passed = "".join(f", {name}: ${name}" for name in given)
        text = f"mutation Do($number: String!{declared}) {{ {command}(number: $number{passed}) {{ number }} }}"
        self.ask(who, text, number=number, **given)
