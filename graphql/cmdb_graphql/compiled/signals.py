"""Why a plan gives up; nobody but the compiled executor sees these."""

from __future__ import annotations

from typing import Any


class Unsupported(Exception):
    """The document asks for something that is not compiled: graphql-core executes all of it."""


class Odd(Exception):
    """A value is not what its type promises: graphql-core finds it again and reports it."""


class Failed(Exception):
    """A resolver raised."""

    def __init__(self, field: Any, error: Exception) -> None:
        super().__init__(str(error))
        self.field, self.error = field, error
