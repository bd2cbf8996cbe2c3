"""A server's life in the foreground: everything started in order, the first answer printed, everything stopped."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmdb.classes import catalogue
from cmdb.config import Settings
from cmdb.engine import Bolt, Engine, child
from cmdb.errors import EpicentreError, Misconfigured
from cmdb.secret_file import secret_file
from cmdb.stop import Stop
from cmdb.words import Process
from cmdb_processes.cli import show
from cmdb_processes.cli.server import limits
from cmdb_processes.cli.server.folder import LOCAL_ADMIN, external_bolt, need_whole, private_folder
from cmdb_processes.cli.server.lock import only_one
from cmdb_processes.cli.server.processes import configured
from cmdb_processes.cli.server.revival import Revival

if TYPE_CHECKING:
    from cmdb.store import Store
    from cmdb_graphql.client import HttpClient
    from cmdb_graphql.serve import Server
    from cmdb_graphql.services import Services

log = logging.getLogger("epicentre")


class Run:
    """One server on one data folder, in the main thread of this process: its children die with that thread."""

    def __init__(self, settings: Settings, *, agent: bool) -> None:
        self._settings, self._with_agent = settings, agent
        self._home = settings.home
        self._stop = Stop()
        self._starting = True
        self._engine = Engine(settings) if settings.neo4j_uri is None else None
        self._agent: subprocess.Popen[bytes] | None = None

    def serve(self) -> None:
        """Start, print, wait, stop. Raises what keeps it from starting; KeyboardInterrupt when stopped before that."""
        started = time.monotonic()
        logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
        # The driver tells of every try; we tell once that Neo4j is away and once that it is back.
        logging.getLogger("neo4j").setLevel(logging.ERROR)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # the last one: its terminal was closed
            if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # unless by nohup
                signal.signal(number, self._asked_to_stop)
        with ExitStack() as stack:
            limits.many_connections()
            limits.one_heap()
            private_folder(self._home)
            stack.enter_context(only_one(self._home))
            if self._engine is not None:
                need_whole(self._home)
            show.out(f"data folder: {self._home}")
            catalogue()  # first: a wrong file of the user's is said at once, and not by whoever else reads it
            found = configured(self._settings)
            # Libraries and schema take seconds; Neo4j takes longer to start, so both happen at once.
            threading.Thread(target=_load, args=(found,), name="load", daemon=True).start()
            bolt = self._database(stack)
            from cmdb_processes.cli.server.parts import HttpClient, Server, compose, create_app

            services = stack.enter_context(compose.services(self._settings, bolt, found))
            self._prepare(services)
            server = Server(create_app(services), self._settings.host, self._settings.port)
            server.start()
            stack.callback(server.stop)
            url = f"http://{_shown(self._settings.host)}:{server.port}"
            client = HttpClient(url, self._people(services))
            stack.enter_context(_announced(self._home, url))
            if self._with_agent:
                self._start_agent(services, url)
                stack.callback(self._stop_agent)
            _tell_of_strangers(services.store)
            self._starting = False
            self._greet(client, url, started)
            self._watch(server, services, url)
            show.out("stopping …")

    def _asked_to_stop(self, *_: object) -> None:
        """While starting, leave at once by the way every error takes; later, and while stopping, only take note."""
        self._stop.set()
        if self._starting:
            self._starting = False
            raise KeyboardInterrupt

    # --- steps ---------------------------------------------------------------------------------------------

    def _database(self, stack: ExitStack) -> Bolt:
        if self._engine is None:
            return external_bolt(self._settings)
        with progress() as told:
            self._engine.ensure_jars(told)
        bolt = self._engine.start()
        stack.callback(self._engine.stop)
        return bolt

    def _prepare(self, services: Services) -> None:
        """What has to be there before anybody may ask: nothing, as a rule.

        What Neo4j works out for a first question and a first command goes on behind the start: nobody waits for it.
        """
        threading.Thread(target=_warm, args=(services,), name="warm", daemon=True).start()

    def _people(self, services: Services) -> str:
        """The first admin, and the token the command line uses on this machine."""
        password = services.accounts.first_admin(LOCAL_ADMIN)
        if password is not None:
            show.out(f"log in as {LOCAL_ADMIN} with password {password} (shown this once)")
        path = self._home / "token"
        if path.exists():
            token = path.read_text().strip()
            try:
                services.accounts.authenticate(token)
            except EpicentreError:
                path.unlink()
            else:
                return token
        made = services.accounts.create_token(LOCAL_ADMIN, "the command line on this machine")
        return secret_file(path, made.encode).decode()

    def _start_agent(self, services: Services, url: str) -> None:
        home = self._home / "agent"
        program = [sys.executable, str(Path(sys.executable).with_name("epicentre-agent")), "--home", str(home)]
        if not _enrolled(program):
            token = services.enrolment.create_token(site="local", owner=LOCAL_ADMIN)
            enrol = [*program, "enrol", "--url", url, "--token-file", "-"]
            done = subprocess.run(enrol, input=token, text=True, capture_output=True, timeout=60, check=False)
            if done.returncode != 0:
                raise Misconfigured(f"the agent could not enrol: {done.stderr.strip() or done.stdout.strip()}")
        (self._home / "logs").mkdir(exist_ok=True, mode=0o700)
        run = [*program, "run", "--interval", str(self._settings.agent_interval), "--splay", "0"]
        with (self._home / "logs" / "agent.log").open("ab") as output:
            self._agent = child.start(run, output=output)

    def _stop_agent(self) -> None:
        if self._agent is not None:
            child.stop(self._agent, 10.0)

    def _greet(self, client: HttpClient, url: str, started: float) -> None:
        show.out(f"server: {url}")
        if self._with_agent:
            from cmdb_processes.cli.server.parts import first_answer

            try:
                first_answer.show_first(client, self._stop, self._settings.neo4j_port)
            except EpicentreError as error:  # a busy machine is no reason to end a server that runs
                show.out(f"the first answer has to wait: {error.message}")
        show.out(f"\nready after {time.monotonic() - started:.1f} s; Ctrl-C stops everything")
        (self._home / "ready").touch()
        sys.stdout.flush()
        if self._engine is not None:
            self._engine.prepare_fast_start()

    def _watch(self, server: Server, services: Services, url: str) -> None:
        """Until told to stop: what dies by itself is started again."""
        revivals = []
        if (engine := self._engine) is not None:
            store = services.store

            def restart() -> None:
                stricken = store.stricken
                store.restarted()
                engine.restart(stricken=stricken)

            lives = lambda: engine.pid is not None and not store.stricken  # noqa: E731  # read in one place
            revivals.append(Revival("Neo4j", lives, restart, engine.last_words))
        if self._with_agent:
            start = partial(self._start_agent, services, url)
            revivals.append(Revival("the agent", self._agent_lives, start, self._agent_said))
        while not self._stop.wait(1.0):
            if not server.alive:
                raise Misconfigured("the HTTP server ended by itself; its log says why")
            for revival in revivals:
                revival.look(time.monotonic())

    def _agent_lives(self) -> bool:
        return self._agent is not None and self._agent.poll() is None

    def _agent_said(self) -> str:
        code = None if self._agent is None else self._agent.returncode
        return f"exit code {code}; {self._home / 'logs' / 'agent.log'} says more"


def _load(processes: Mapping[str, Process]) -> None:
    """What the server is made of, loaded and built; what is wrong with it is told where the server needs it."""
    with suppress(Exception):
        import_module(f"{__package__}.parts").prepare(processes)


def _warm(services: Services) -> None:
    from cmdb.applier import utc_now  # late: it brings all of the store, and Neo4j is to be started before that

    kind = next((kind for process in services.processes.values() for kind in process.records), None)
    if kind is not None:
        try:
            services.store.warm(kind, utc_now())
        except Exception as error:  # the first question takes longer then, which is no reason to tell anybody
            log.info("the first question was not prepared: %s", error)


def _tell_of_strangers(store: Store) -> None:
    """Say which stored classes nobody declares any more: an extension was removed, its CIs were not."""
    from cmdb.classes import catalogue

    try:
        counts = store.counts()
    except EpicentreError as error:  # a large graph on a busy machine is no reason not to start
        show.out(f"classes that are no longer declared were not looked for: {error.message}")
        return
    for name, count in counts.items():
        if name not in catalogue().classes:
            show.out(f"{count} CIs of class {name}, which is no longer declared, are kept and read as PlainCI")


def _enrolled(program: list[str]) -> bool:
    done = subprocess.run([*program, "status", "--json"], capture_output=True, timeout=60, check=False)
    if done.returncode != 0:
        return False
    facts: dict[str, Any] = json.loads(done.stdout)
    return bool(facts.get("node"))


def _shown(host: str) -> str:
    reachable = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104  # compared, never bound
    return f"[{reachable}]" if ":" in reachable else reachable


@contextmanager
def _announced(home: Path, url: str) -> Iterator[None]:
    """server.json tells the command line where to ask, as long as the server runs."""
    path, ready = home / "server.json", home / "ready"
    ready.unlink(missing_ok=True)
    partial = path.with_suffix(".part")
    partial.write_text(
        json.dumps({"pid": os.getpid(), "url": url, "since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())})
    )
    partial.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        ready.unlink(missing_ok=True)


@contextmanager
def progress() -> Iterator[Any]:
    """A progress bar on a terminal, a line at start and end elsewhere; nothing when there is nothing to fetch."""
    if show.plain():
        said: list[int] = []

        def tell(there: int, total: int) -> None:
            quarter = there * 4 // total
            if quarter not in said:
                said.append(quarter)
                show.out(f"fetching Neo4j: {there / 1e6:.0f} of {total / 1e6:.0f} MB")

        yield tell
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("fetching Neo4j"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns) as bar:
        task = bar.add_task("jars", total=None, visible=False)
        yield lambda there, total: bar.update(task, completed=there, total=total, visible=True)
