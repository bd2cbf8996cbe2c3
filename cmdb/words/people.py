"""Who asks, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cmdb.errors import Invalid


class Role(StrEnum):
    """What a person or machine may do; each role is held on its own, only admin implies all."""

    READER = "reader"  # read what the account's view shows
    VIEWER = "viewer"  # read everything
    ENGINEER = "engineer"  # viewer, and ask about impact, propose changes
    CHANGE_MANAGER = "change-manager"  # engineer, and reject changes
    APPROVER_FINANCIAL = "approver-financial"  # viewer, and approve for the budget
    APPROVER_TECHNICAL = "approver-technical"
    APPROVER_BUSINESS = "approver-business"
    ADMIN = "admin"  # everything, and people, tokens, agents, conflicts

    @property
    def implies(self) -> frozenset[Role]:
        """This role and all that it includes."""
        match self:
            case Role.ADMIN:
                return frozenset(Role)
            case Role.CHANGE_MANAGER:
                return frozenset({self, Role.ENGINEER, Role.VIEWER, Role.READER})
            case Role.READER:
                return frozenset({self})
            case Role.VIEWER:
                return frozenset({self, Role.READER})
            case _:
                return frozenset({self, Role.VIEWER, Role.READER})


OWN = "epicentre:"
"""How the names begin by which processes act by themselves."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: a person's account name, the roles held now (implied ones included), and the view it is kept to.

    With a view the only role is reader, whatever else is held: every answer is that of the graph without the CIs
    which the view does not show.
    """

    name: str
    roles: frozenset[Role]
    view: str | None = None

    @property
    def own(self) -> bool:
        """Whether it is the house itself: a process that acts by its timers. No account has a name like that."""
        return self.name.startswith(OWN)

    def __post_init__(self) -> None:
        if self.view is not None and self.roles != {Role.READER}:
            raise Invalid(f"{self.name} is kept to view {self.view}: its one role is reader", where="roles")
        if self.view is None and self.roles == {Role.READER}:
            raise Invalid(f"{self.name} is a reader: name the view it is kept to", where="view")

    def may(self, role: Role) -> bool:
        """Whether this principal holds `role`."""
        return role in self.roles
