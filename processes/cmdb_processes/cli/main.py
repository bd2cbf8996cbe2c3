"""The entry point: find every group of commands, run, and turn errors into one line and an exit code."""

from __future__ import annotations

import os
import pkgutil
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from cmdb import errors
from cmdb_graphql.pictures.words import clean
from cmdb_processes import cli
from cmdb_processes.cli import asking
from cmdb_processes.cli.start import OURS, more

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
        epilog="Examples: epicentre up; epicentre impact neo4j; epicentre --url https://cmdb.example ci list",
        no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
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
    _explain(app)
    return app


def _explain(app: typer.Typer) -> str:
    """Let every help end with an example and the exit codes; returns the group's first example."""
    epilogs = []
    for command in app.registered_commands:
        epilogs.append(command.epilog or "")
        command.epilog = f"{epilogs[-1]}\n\n{EXIT_CODES}"
    for group in app.registered_groups:
        assert group.typer_instance is not None
        epilogs.append(_explain(group.typer_instance))
    app.info.epilog = f"{app.info.epilog or epilogs[0]}\n\n{EXIT_CODES}"
    return epilogs[0]


def main() -> None:
    """Run the command line; never a traceback for what a person can put right."""
    try:
        code = build()(standalone_mode=False)
        sys.stdout.flush()
    except errors.EpicentreError as error:
        complain(error)
        sys.exit(exit_code(error))
    except BrokenPipeError:
        # Whoever read our output has gone, as in `ci list | head`; the last flush at exit must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except typer.Abort:
        sys.exit(130)
    except Exception as error:  # the last place: a person gets a sentence, whatever happened
        sys.exit(_unexpected(error))
    sys.exit(code if isinstance(code, int) else 0)


def complain(error: errors.EpicentreError) -> None:
    """One line on stderr, and what helps to act."""
    _say(error.message, lines=isinstance(error, errors.Misconfigured))
    if isinstance(error, errors.AmbiguousName):
        for candidate in error.candidates:
            sys.stderr.write("  " + clean("  ".join(candidate)).rstrip() + "\n")


def _say(sentence: str, *, lines: bool = False) -> None:
    """Say what is wrong; in more than one line only what nobody else can have a word in."""
    text = "\n".join(clean(line) for line in sentence.split("\n")) if lines else clean(sentence)
    sys.stderr.write(f"epicentre: {text}\n")


def _unexpected(error: Exception) -> int:
    """The exit code of what is no error of ours: wrong usage, a file, or a mistake in this program."""
    if hasattr(error, "format_message"):  # typer's own; where its class lives differs between versions
        text, context = str(error.format_message()), getattr(error, "ctx", None)
        if text.startswith("Usage:"):
            sys.stderr.write(text + "\n")
        else:
            _say(f"{text.rstrip('.')}; see `{context.command_path if context else 'epicentre'} --help`")
        return 2
    if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] not in OURS:
        _say(more(error))
        return 5
    if isinstance(error, OSError) and error.filename:
        _say(f"{error.filename}: {(error.strerror or str(error)).lower()}")
        return 2
    place = traceback.extract_tb(error.__traceback__)[-1]
    _say(f"our mistake, please report it: {error!r} at {Path(place.filename).name}:{place.lineno}")
    return 70
