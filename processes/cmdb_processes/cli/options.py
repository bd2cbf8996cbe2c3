"""Options that several commands have, told in the same words."""

from __future__ import annotations

from typing import Annotated

import typer

AsOf = Annotated[
    str | None, typer.Option(help="As of a moment instead of now: a journal sequence, or a time with its zone.")
]
Rev = Annotated[int | None, typer.Option(help="The revision you looked at; refused when somebody was faster.")]
KeptRev = Annotated[
    int | None,
    typer.Option(help="The revision you looked at (0: there was none); refused when somebody was faster."),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON value instead of text.")]
JsonLines = Annotated[bool, typer.Option("--json", help="One JSON value on a line for each change.")]
"""Of what goes on and on."""
