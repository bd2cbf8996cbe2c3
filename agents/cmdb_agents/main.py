"""The command `epicentre-agent`: install, enrol, once, run, status, show."""

from __future__ import annotations

from cmdb_agents import sparing  # noqa: F401  # before all others: they name what it spares

# isort: split
import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from cmdb.errors import EpicentreError, Forbidden, Invalid, Misconfigured, NotAuthenticated, Unavailable
from cmdb_agents.home import Home, default_home

EXIT_CODES = """\
exit codes:
  0  done; the server has the report
  1  unexpected: please report it
  2  wrong usage
  3  this machine must be put right first: not enrolled, folder not usable, another agent at work
  4  the server does not answer or asked to wait; the report is kept and sent later
  5  the server does not let this agent in (token used or expired, key revoked)
  6  what was sent is wrong; the report is in quarantine and not sent again
"""

EXAMPLES = {
    "": """\
examples:
  epicentre-agent show                                   what would be sent, without enrolment or root
  epicentre-agent enrol --url https://cmdb.example:8480 --token-file token
  epicentre-agent once                                   one report now
  epicentre-agent run --interval 60                      report every minute until stopped
""",
    "enrol": """\
examples:
  epicentre-agent enrol --url http://127.0.0.1:8480 --token-file /root/token
  pass show cmdb/token | epicentre-agent enrol --url https://cmdb.example --token-file -
""",
    "install": """\
examples:
  epicentre-agent install --url https://cmdb.example:8480 --token-file token
  epicentre-agent install --url https://cmdb.example:8480 --token-file token --see-all
""",
    "once": "examples:\n  epicentre-agent once\n  epicentre-agent --home /srv/agent once --json\n",
    "run": "examples:\n  epicentre-agent run\n  epicentre-agent run --interval 300 --splay 60\n",
    "status": "examples:\n  epicentre-agent status\n  epicentre-agent status --json\n",
    "show": """\
examples:
  epicentre-agent show
  epicentre-agent show services
  epicentre-agent show --json sockets
  epicentre-agent show --recording machine.json storage
""",
}


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point; ends the process with one of the documented exit codes."""
    arguments = _parser().parse_args(argv)
    try:
        code = arguments.command(arguments)
    except EpicentreError as error:
        print(f"epicentre-agent: {error.message}", file=sys.stderr)
        code = exit_code(error)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone, as in `show | head`
        code = 0
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


def exit_code(error: EpicentreError) -> int:
    """The exit code of an error."""
    match error:
        case Misconfigured():
            return 3
        case Unavailable():
            return 4
        case NotAuthenticated() | Forbidden():
            return 5
        case Invalid():
            return 6
        case _:
            return 1


def _parser() -> argparse.ArgumentParser:
    sentence = "Reports what this machine is and runs to an Epicentre server."
    parser = argparse.ArgumentParser("epicentre-agent", description=sentence, **_layout(""))
    parser.add_argument("--home", type=Path, metavar="DIR", help=f"the agent's folder (default: {default_home()})")
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and leave")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")

    def add(name: str, sentence: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        made = commands.add_parser(name, description=sentence, help=sentence, **_layout(name))
        # Also after the command, where people look for it; suppressed so that it does not undo the one before.
        made.add_argument("--home", type=Path, metavar="DIR", default=argparse.SUPPRESS, help="the agent's folder")
        made.set_defaults(command=run)
        return made

    install = add("install", "Enrol and become a service of systemd, as root, in one line.", _install)
    install.add_argument("--see-all", action="store_true", help="with the rights to see what only root may see")
    enrol = add("enrol", "Make this machine known to a server with a one-off token.", _enrol)
    for one in (install, enrol):
        _add_enrolment(one)
    once = add("once", "Send one report now.", _once)
    once.add_argument("--json", action="store_true", help="what became of it as JSON")
    run = add("run", "Report regularly until SIGTERM.", _run)
    run.add_argument(
        "--interval", type=_positive, default=60.0, metavar="SECONDS", help="between reports (default: 60)"
    )
    run.add_argument(
        "--splay", type=_wait, metavar="SECONDS",
        help="longest random wait before the first report after a restart (default: half the interval, at most 30)",
    )  # fmt: skip
    status = add("status", "Say who this agent is, what waits and what the last report cost.", _status)
    status.add_argument("--json", action="store_true", help="as JSON")
    show = add("show", "Print exactly what would be sent; sends nothing.", _show)
    show.add_argument("--json", action="store_true", help="as JSON, byte for byte the report's sections")
    show.add_argument("--recording", type=Path, metavar="FILE", help="of a recorded machine instead of this one")
    show.add_argument("section", nargs="?", help="only this section: host, network, …")
    return parser


def _add_enrolment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--url", required=True, help="the server, e.g. https://cmdb.example:8480")
    parser.add_argument("--token-file", default="-", metavar="FILE", help="file with the token, - for stdin (default)")
    parser.add_argument("--again", action="store_true", help="replace an enrolment there is; this becomes a new node")
    parser.add_argument("--allow-plain-http", action="store_true", help="allow http:// to another machine")


def _layout(command: str) -> dict[str, Any]:
    epilog = EXAMPLES[command] + "\n" + EXIT_CODES
    # No abbreviations: `--token SECRET` would pass for --token-file and stand in the process list.
    return {"epilog": epilog, "formatter_class": _Layout, "allow_abbrev": False}


class _Layout(argparse.RawDescriptionHelpFormatter):
    """As wide as the terminal. The standard class asks shutil for that, which brings three compressors along, and asks
    whenever a parser is made."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


def _columns() -> int:
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said):
        return int(said)
    try:
        return os.get_terminal_size(1).columns or 80
    except OSError:  # no terminal
        return 80


def _positive(text: str) -> float:
    return _seconds(text, 1)


def _wait(text: str) -> float:
    return _seconds(text, 0)


def _seconds(text: str, least: int) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds") from None
    if not least <= value <= 86_400:
        raise argparse.ArgumentTypeError(f"between {least} and 86400 seconds, not {text}")
    return value


class _Version(argparse.Action):
    """Asks the installation only when somebody wants to know: that alone would be a tenth of the agent's memory."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"epicentre-agent {version('epicentre')}")
        parser.exit()


def _home(arguments: argparse.Namespace) -> Home:
    return Home(arguments.home or default_home())


# --- commands ----------------------------------------------------------------------------------------------


def _install(arguments: argparse.Namespace) -> int:
    from cmdb_agents.install import STATE, check, install

    check()
    if arguments.home not in (None, STATE):
        raise Misconfigured(f"a service keeps what it knows in {STATE}; --home is for an agent that is run by hand")
    arguments.home = STATE
    if Home(STATE).enrolled() is None or arguments.again:
        _enrol(arguments)
    print(f"installed {install(sees_all=arguments.see_all)}; it reports every minute: epicentre-agent status")
    return 0


def _enrol(arguments: argparse.Namespace) -> int:
    from cmdb_agents.enrol import enrol, read_token
    from cmdb_agents.front_door import FrontDoor
    from cmdb_agents.outbox import Outbox

    home = _home(arguments)
    with home.lock():
        there = home.enrolled()
        if there and not arguments.again:
            raise Misconfigured(f"already enrolled at {there.url} as {there.node}; --again replaces that")
        door = FrontDoor(arguments.url, allow_plain_http=arguments.allow_plain_http)
        token = read_token(arguments.token_file)
        home.prove_room()
        enrolled, seed = enrol(door, token, allow_plain_http=arguments.allow_plain_http)
        try:
            outbox = Outbox(home.database)
            outbox.forget_node()
            outbox.close()
            home.keep(enrolled, seed)
        except EpicentreError as error:
            raise Misconfigured(
                f"enrolled as {enrolled.node}, which could not be kept: {error.message}; once that is put right, enrol "
                "with another token"
            ) from error
    print(f"enrolled at {enrolled.url} as {enrolled.node}; next: epicentre-agent run")
    return 0


def _once(arguments: argparse.Namespace) -> int:
    from dataclasses import asdict

    from cmdb_agents.agent import Agent
    from cmdb_agents.deliver import Verdict
    from cmdb_agents.status import told_clock
    from cmdb_agents.transports.here import here

    home = _home(arguments)
    home.whose()  # before the lock, which makes the folder
    with home.lock():
        agent = Agent(home, here(), apart=True)
        done = agent.cycle()
        clock = told_clock(agent.outbox)
        agent.close()
    verdict = done.outcome.verdict
    code = {Verdict.ACCEPTED: 0, Verdict.REFUSED: 6, Verdict.NOT_LET_IN: 5}.get(verdict, 4)
    if arguments.json:
        said = {"seq": done.seq, "outcome": verdict, "message": done.outcome.message, "sections": done.sections,
                "whole": done.whole, "cost": asdict(done.cost), "clock": clock, "unseen": done.unseen}  # fmt: skip
        print(json.dumps(said, indent=1))
        return code
    print(f"report {done.seq}: {verdict}" + ("" if verdict is Verdict.ACCEPTED else f" ({done.outcome.message})"))
    print(f"sections: {done.sections}, of which {done.whole} travelled whole")
    print(f"cost: {done.cost}")
    if clock:
        print(f"clock: {clock}")
    _print_unseen(done.unseen)
    return code


def _run(arguments: argparse.Namespace) -> int:
    from random import Random

    from cmdb.stop import Stop
    from cmdb_agents.agent import Agent, keep_reporting
    from cmdb_agents.transports.here import here

    home, stop = _home(arguments), Stop()
    home.whose()
    splay = min(arguments.interval / 2, 30.0) if arguments.splay is None else arguments.splay
    with home.lock():
        agent = Agent(home, here(), apart=True)

        def leave(_number: int, _frame: FrameType | None) -> None:
            stop.set()
            agent.door.abort()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, leave)
        keep_reporting(agent, arguments.interval, splay, stop, Random())  # noqa: S311  # spreads load, no secret
        agent.close()
    return 0


def _status(arguments: argparse.Namespace) -> int:
    from cmdb_agents.status import found, lines

    status = found(_home(arguments))
    if arguments.json:
        print(json.dumps(status, indent=1))
        return 0
    for line in lines(status):
        print(line)
    _print_unseen(status["last_report"]["unseen"] if status["last_report"] else ())
    return 0


def _print_unseen(lines: Sequence[str]) -> None:
    for text in lines:
        print(f"not seen: {text}")


def _show(arguments: argparse.Namespace) -> int:
    from cmdb_agents.outbox import peek
    from cmdb_agents.report import state
    from cmdb_agents.run import look, unseen
    from cmdb_agents.transports.here import here
    from cmdb_agents.transports.recorded import Recorded

    if arguments.recording:
        view, sections = look(Recorded(arguments.recording), {}, int(time.time()))
    else:
        view, sections = look(here(), peek(_home(arguments).database), int(time.time()))
    stated = {s.name: s for s in state(sections)}
    if arguments.section and arguments.section not in stated:
        print(
            f"epicentre-agent: there is no section {arguments.section!r}; there are {', '.join(stated)}",
            file=sys.stderr,
        )
        return 2
    chosen = [stated[arguments.section]] if arguments.section else list(stated.values())
    if arguments.json:
        print(json.dumps({s.name: {"hash": s.hash, **s.wire} for s in chosen}, indent=1, ensure_ascii=False))
        return 0
    for one in chosen:
        print(f"{one.name} ({'complete' if one.wire['complete'] else 'incomplete'}, hash {one.hash[:12]})")
        for text in _lines(one.wire):
            print("  " + text)
    if not arguments.section:
        _print_unseen(unseen(view))
    return 0


def _lines(wire: Any) -> list[str]:
    lines = []
    for item in wire["items"]:
        lines.append(f"{item['class']} {item['key']}" + ("" if item["name"] == item["key"] else f" ({item['name']})"))
        for name, value in item["attributes"].items():
            lines.append(f"    {name}: {', '.join(value) if isinstance(value, list) else value}")
    for link in wire["links"]:
        source, target = link["from"], link["to"]
        seen = link["evidence"]["last_seen"]
        lines.append(f"{source['class']} {source['key']} {link['type']} {target['class']} {target['key']}"
                     f" ({link['evidence']['confidence']}" + (f", last seen {seen})" if seen else ")"))  # fmt: skip
    return lines + [f"not seen: {p['what']} ({p['why']})" for p in wire["problems"]]


if __name__ == "__main__":
    main()
