"""The entry point: find every group of commands, run, and turn errors into one line and an exit code."""

from __future__ import annotations

import pkgutil
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from cmdb import errors
from cmdb_processes import cli
from cmdb_processes.cli import asking

EXIT_CODES = """Exit codes: 0 done; 1 nothing found or no path; 2 wrong usage, refused or ambiguous;
3 not let in or not allowed; 4 the server does not answer; 5 this machine must be put right first; 70 our mistake."""


def exit_code(error: errors.EpicentreError) -> int:
    """The documented exit code of an error."""
    match error:
        case errors.UnknownName():
            return 1
        case errors.Invalid() | errors.Conflict():
            return 2
        case errors.NotAuthenticated() | errors.Forbidden():
            return 3
        case errors.Unavailable():
            return 4
        case errors.Misconfigured():
            return 5
        case _:
            return 70


def build() -> typer.Typer:
    """The application with every group found beside this file."""
    app = typer.Typer(
        name="epicentre", help="The open configuration graph: what runs, what depends on what, what breaks.",
        epilog=EXIT_CODES, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )  # fmt: skip

    @app.callback()
    def options(
        url: Annotated[str | None, typer.Option(help="Server to ask; default: the one on this machine.")] = None,
        token_file: Annotated[
            Path | None, typer.Option(help="File with an API token; default: this machine's.")
        ] = None,
        plain: Annotated[bool, typer.Option("--plain", help="No colour and no drawing, also on a terminal.")] = False,
    ) -> None:
        asking.OPTIONS.update(url=url, token_file=token_file, plain=plain)

    for module in sorted(m.name for m in pkgutil.iter_modules(cli.__path__) if not m.ispkg):
        register = getattr(import_module(f"{cli.__name__}.{module}"), "register", None)
        if register is not None:
            register(app)
    return app


def main() -> None:
    """Run the command line; never a traceback for what a person can put right."""
    try:
        build()()
    except errors.EpicentreError as error:
        complain(error)
        sys.exit(exit_code(error))
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone, as in `ci list | head`


def complain(error: errors.EpicentreError) -> None:
    """One line on stderr, and what helps to act."""
    sys.stderr.write(f"epicentre: {error.message}\n")
    if isinstance(error, errors.AmbiguousName):
        for candidate in error.candidates:
            sys.stderr.write("  " + "  ".join(candidate).rstrip() + "\n")
