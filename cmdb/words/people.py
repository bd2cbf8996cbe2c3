"""Who asks, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person or machine may do; each role is held on its own, only admin implies all."""

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
                return frozenset({self, Role.ENGINEER, Role.VIEWER})
            case Role.VIEWER:
                return frozenset({self})
            case _:
                return frozenset({self, Role.VIEWER})


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: a person's account name, and the roles held now (implied ones included)."""

    name: str
    roles: frozenset[Role]

    def may(self, role: Role) -> bool:
        """Whether this principal holds `role`."""
        return role in self.roles
