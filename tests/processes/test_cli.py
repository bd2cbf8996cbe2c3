"""The command line against the real server on the real graph: what people type, what they see, what scripts get."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import free_port
from support.readme import README, commands
from support.receiver import receiver
from support.reports import NOW, host, network, report, service, services, sockets, uses
from support.typing_in import typed_in

from cmdb.accounts import Accounts
from cmdb.applier import Agents, Applier
from cmdb.config import load
from cmdb.enrolment import Enrolment
from cmdb.inbox import Inbox
from cmdb.store import Store
from cmdb.webhooks import Courier, Hooks, guard
from cmdb.words import Role
from cmdb_graphql.app import create_app
from cmdb_graphql.serve import Server
from cmdb_graphql.services import Services
from cmdb_processes.cli.server.processes import processes

pytestmark = pytest.mark.neo4j

NEO4J, EPICENTRE = service("neo4j", 17687, "127.0.0.1"), service("epicentre", 8480)
PROGRAM = str(Path(sys.executable).with_name("epicentre"))
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    """An admin and one person per approver role."""
    made = Accounts(tmp_path / "accounts.db", b"pepper")
    made.create_user("admin", [Role.ADMIN])
    for name, role in (
        ("bob", Role.APPROVER_TECHNICAL),
        ("cat", Role.APPROVER_BUSINESS),
        ("dan", Role.APPROVER_FINANCIAL),
    ):
        made.create_user(name, [role])
    yield made
    made.close()


@pytest.fixture
def epicentre(store: Store, accounts: Accounts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs `epicentre` against a server with one host, whose web uses its database."""
    settings = load(home=tmp_path, port=free_port())
    inbox, enrolment = Inbox(tmp_path / "inbox.db"), Enrolment(tmp_path / "enrolment.db", b"pepper")
    applier = Applier(inbox, store, Agents(enrolment.revoked, enrolment.revoke))
    hooks = Hooks(tmp_path / "webhooks.db", b"pepper")
    courier = Courier(hooks, store, guard.networks("127.0.0.0/8"))
    made = Services(settings, store, inbox, enrolment, accounts, applier, courier, processes())
    server = Server(create_app(made), "127.0.0.1", settings.port)
    server.start()
    parts = [host(), network("10.0.0.5"), services(NEO4J, EPICENTRE), sockets(uses(EPICENTRE, "127.0.0.1:17687"))]
    store.apply(report(1, *parts), NOW)
    (tmp_path / "server.json").write_text(json.dumps({"pid": os.getpid(), "url": f"http://127.0.0.1:{settings.port}"}))
    tokens = {u.name: tmp_path / f"{u.name}.token" for u in accounts.users()}
    for name, path in tokens.items():
        path.touch(mode=0o600)
        path.write_text(accounts.create_token(name))
    (tmp_path / "token").touch(mode=0o600)
    (tmp_path / "token").write_text(tokens["admin"].read_text())
    monkeypatch.setenv("EPICENTRE_HOME", str(tmp_path))

    def run(*arguments: str, who: str | None = None, stdin: str = "") -> subprocess.CompletedProcess[str]:
        chosen = ["--token-file", str(tokens[who])] if who else []
        return typed_in(*chosen, *arguments, stdin=stdin)

    yield run
    server.stop()
    hooks.close()
    inbox.close()
    enrolment.close()


def data(done: subprocess.CompletedProcess[str]) -> Any:
    """The JSON of a command that went well."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_impact_names_who_goes_down_and_why(epicentre: Run) -> None:
    """Verdict, item and reason, in text and as JSON."""
    text = epicentre("impact", "neo4j")
    assert text.stdout.startswith("If neo4j stops, 1 CI goes down (epicentre).\n# neo4j (Service)\n")
    assert "  X DOWN epicentre (Service): needs neo4j, which is down; socket tcp; " in text.stdout
    (item,) = data(epicentre("impact", "neo4j", "--json"))["items"]
    assert (item["ci"]["name"], item["degree"], item["path"][0]["evidence"]["kind"]) == ("epicentre", "DOWN", "socket")


def test_a_set_fails_jointly(epicentre: Run) -> None:
    """--also adds to the set; what fails itself is not in the radius."""
    answer = data(epicentre("impact", "neo4j", "--also", "epicentre", "--json"))
    assert answer["items"] == []
    assert [ci["name"] for ci in answer["of"]] == ["neo4j", "epicentre"]


def test_path_shows_each_hop_with_its_evidence(epicentre: Run) -> None:
    """One numbered line a hop; exit 1 and a hint the other way round."""
    assert epicentre("path", "epicentre", "neo4j").stdout.startswith("1. epicentre DEPENDS_ON neo4j: socket tcp, ")
    back = epicentre("path", "neo4j", "epicentre")
    assert back.returncode == 1
    assert back.stdout == "neo4j does not depend on epicentre within 8 hops; but epicentre depends on neo4j\n"


def test_a_proposed_state_is_read_from_a_file_or_stdin(epicentre: Run, tmp_path: Path) -> None:
    """CIs by name, new ones by their own id, on every command that takes it; the graph stays as it is."""
    change = {
        "create": [{"id": "new:replica", "class": "Service", "name": "replica", "parent": "web1",
                    "attributes": {"kind": "systemd"}}],
        "repoint": [{"type": "DEPENDS_ON", "from": "epicentre", "to": "neo4j", "newTo": "new:replica"}],
        "set": [{"ci": "neo4j", "attributes": {"user": "graph"}}],
    }  # fmt: skip
    file, text = tmp_path / "change.json", json.dumps(change)
    file.write_text(text)
    given = ("--proposed", str(file))
    before = epicentre("journal", "--json").stdout
    moved = epicentre("impact", "new:replica", "--proposed", "-", stdin=text)
    assert "  X DOWN epicentre (Service): needs replica, which is down; proposed part of" in moved.stdout
    assert "replica" in epicentre("ci", "list", "Service", *given).stdout
    shown = data(epicentre("ci", "show", "neo4j", *given, "--json"))
    assert (shown["attributes"]["user"], shown["dependents"]["nodes"]) == ("graph", [])
    assert epicentre("path", "epicentre", "replica", *given).stdout.startswith("1. epicentre DEPENDS_ON replica: ")
    told = epicentre("diff", *given)
    assert "the proposed state changes:" in told.stdout and "+ replica (Service, new:replica) created" in told.stdout
    broken = epicentre("impact", "neo4j", "--proposed", "-", stdin="{")
    assert broken.returncode == 2 and "is no JSON" in broken.stderr
    assert epicentre("journal", "--json").stdout == before


def test_an_ambiguous_name_lists_its_candidates_and_an_unknown_one_helps(epicentre: Run) -> None:
    """Exit 2 with the candidates; exit 1 with what is near."""
    ambiguous = epicentre("ci", "show", "e")
    assert ambiguous.returncode == 2
    assert "epicentre@8480" in ambiguous.stderr
    assert "eth0" in ambiguous.stderr
    unknown = epicentre("impact", "17687")
    assert unknown.returncode == 1
    assert "similar: neo4j (Service)" in unknown.stderr
    assert "Traceback" not in unknown.stderr


def test_looking_around(epicentre: Run) -> None:
    """List, show, search, journal and query answer."""
    assert [n["name"] for n in data(epicentre("ci", "list", "Service", "--json"))["nodes"]] == ["epicentre", "neo4j"]
    shown = data(epicentre("ci", "show", "neo4j", "--json"))
    assert shown["attributes"]["listens"] == ["tcp://127.0.0.1:17687"]
    assert [n["name"] for n in data(epicentre("search", "10.0.0", "--json"))] == ["10.0.0.5"]
    assert data(epicentre("journal", "--json"))[0]["actor"] == "nd_1"
    assert data(epicentre("query", "-", stdin="{ me { name } }")) == {"me": {"name": "admin"}}
    assert "NAME" in epicentre("ci", "list").stdout


def test_people_tokens_and_agents(epicentre: Run, tmp_path: Path) -> None:
    """An admin makes accounts and tokens; secrets go to a private file when asked; others may not."""
    data(epicentre("user", "add", "eve", "--role", "viewer", "--json"))
    out = tmp_path / "eve.token"
    data(epicentre("token", "create", "--user", "eve", "--out", str(out), "--json"))
    assert out.stat().st_mode & 0o777 == 0o600
    assert data(epicentre("agents", "token", "--json"))["token"].startswith("epe_")
    assert data(epicentre("agents", "list", "--json")) == []
    refused = epicentre("user", "list", who="bob")
    assert refused.returncode == 3
    assert "admin" in refused.stderr
    wrong = epicentre("user", "add", "fay", "--role", "king")
    assert (wrong.returncode, "king" in wrong.stderr) == (1, True)


def test_a_change_from_proposal_to_approval(epicentre: Run, store: Store) -> None:
    """Assessed on the real graph, refused when that moves, approved by three others on the evidence they saw."""
    proposal = ["change", "propose", "--title", "Upgrade neo4j", "--ci", "neo4j", "--window", "2040-01-10T22:00Z/PT2H"]
    texts = ["--reason", "the old one ends", "--plan", "stop and start", "--backout", "old jars", "--test", "ask it"]
    part = epicentre(*proposal, *texts[:4], "--json")
    assert (part.returncode, "the backout is missing" in part.stderr, "the test is missing" in part.stderr) == (2, 1, 1)
    assert "CHG-1 is kept as a draft; mend it with `epicentre change edit CHG-1`" in part.stderr
    assert data(epicentre("change", "edit", "CHG-1", *texts[4:], "--json"))["state"] == "draft"
    assert data(epicentre("change", "submit", "CHG-1", "--json"))["state"] == "submitted"
    early = epicentre("change", "approve", "CHG-1", "--as-role", "technical", who="bob")
    assert (early.returncode, "legal now: revise, cancel, assess" in early.stderr) == (2, True)
    first = data(epicentre("change", "assess", "CHG-1", "--json"))
    assert first["radius"].startswith("If neo4j stops, 1 CI goes down")
    assert first["verdict"].startswith("CHG-1 is approvable; risk is moderate: ")
    assert "novelty: never done before" in first["verdict"]
    assert first["state"] == "awaiting approval"
    own = epicentre("change", "approve", "CHG-1", "--as-role", "technical")
    assert (own.returncode, "admin requested it: somebody else must approve" in own.stderr) == (3, True)
    data(epicentre("change", "approve", "CHG-1", "--as-role", "technical", "--json", who="bob"))
    store.apply(report(2, services(NEO4J, EPICENTRE, service("api", 9000)), sockets(
        uses(EPICENTRE, "127.0.0.1:17687"), uses(service("api", 9000), "127.0.0.1:17687"))), NOW)  # fmt: skip
    moved = epicentre("change", "approve", "CHG-1", "--as-role", "business", who="cat")
    assert moved.returncode == 2
    assert "api is now reached (down)" in moved.stderr
    assert epicentre("change", "show", "CHG-1").returncode == 2
    again = data(epicentre("change", "assess", "CHG-1", "--only", "--json"))
    assert [(v["by"], "api is now reached (down)" in v["fell"]) for v in again["approvals"]] == [("bob", True)]
    assert data(epicentre("change", "request", "CHG-1", "--json"))["state"] == "awaiting approval"
    for who, role in (("bob", "technical"), ("cat", "business"), ("dan", "financial")):
        last = data(epicentre("change", "approve", "CHG-1", "--as-role", role, "--json", who=who))
    assert last["state"] == "approved"
    shown = epicentre("change", "show", "CHG-1", "--json")
    assert shown.returncode == 0
    history = json.loads(shown.stdout)["history"]
    assert [h["toState"] for h in history] == [
        "draft", "draft", "submitted", "assessed", "awaiting approval", "awaiting approval", "assessed",
        *["awaiting approval"] * 3, "approved",
    ]  # fmt: skip
    late = epicentre("change", "reject", "CHG-1", "--reason", "late", who="cat")
    assert (late.returncode, "legal now: schedule, cancel, revise, assess" in late.stderr) == (2, True)


def test_no_server_no_token_and_open_token_are_each_one_sentence(tmp_path: Path) -> None:
    """Exit 4 without a server, 5 when the token file is not private; never a traceback. As processes of their own."""
    env = {**os.environ, "EPICENTRE_HOME": str(tmp_path)}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([PROGRAM, *arguments], text=True, capture_output=True, env=env, check=False)

    nobody = run("ci", "list")
    assert (nobody.returncode, "start one with `epicentre up`" in nobody.stderr) == (4, True)
    (tmp_path / "token").write_text("epi_x_y")
    (tmp_path / "token").chmod(0o644)
    (tmp_path / "server.json").write_text(json.dumps({"pid": 1, "url": f"http://127.0.0.1:{free_port()}"}))
    assert run("ci", "list").returncode == 5
    (tmp_path / "token").chmod(0o600)
    gone = run("ci", "list")
    assert (gone.returncode, "no server answers at" in gone.stderr) == (4, True)
    assert run("status").returncode == 4
    assert run("nonsense").returncode == 2


COMMANDS = [
    "", "up", "down", "status", "ci list", "ci show", "search", "path", "impact", "query", "token create", "user add",
    "agents list", "agents resolve", "change propose", "change approve", "quarantine list", "journal",
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_has_an_example_or_the_exit_codes(command: str) -> None:
    """Help shows how it is used."""
    done = typed_in(*command.split(), "--help")
    assert done.returncode == 0, done.stderr
    assert ("Example" if command else "Exit codes") in done.stdout


def test_webhooks_from_making_to_removal(epicentre: Run, tmp_path: Path) -> None:
    """The secret goes to a file, a test says what came back and fails when nothing did, the list follows."""
    with receiver() as there:
        made = epicentre("webhook", "add", there.url, "--event", "ci.retired", "--out", str(tmp_path / "secret"))
        assert made.returncode == 0, made.stderr
        hook = made.stderr.split()[0]
        assert (tmp_path / "secret").read_text().startswith("whsec_")
        assert epicentre("webhook", "ping", hook).stdout.startswith("taken: HTTP 200 in ")
        there.answers = [500]
        refused = epicentre("webhook", "ping", hook)
    assert (refused.returncode, refused.stdout[:19]) == (2, "not taken: HTTP 500")
    assert epicentre("webhook", "pause", hook).returncode == 0
    assert "paused by admin" in epicentre("webhook", "list").stdout
    assert epicentre("webhook", "resume", hook).returncode == 0
    log = json.loads(epicentre("webhook", "deliveries", hook, "--json").stdout)
    assert [one["status"] for one in log] == [500, 200]
    assert epicentre("webhook", "remove", hook).returncode == 0
    assert epicentre("webhook", "deliveries", hook).returncode == 1


def test_the_past(epicentre: Run, store: Store) -> None:
    """History, differences and impact as of then; a moment without its zone is refused with exit code 2."""
    store.apply(report(2, services(EPICENTRE), sockets()), NOW)
    told = epicentre("history", "neo4j").stdout
    assert told.startswith("2  "), epicentre("history", "neo4j").stderr
    assert "retired by nd_1" in told
    assert "status: live -> retired" in told
    differs = epicentre("diff", "--from", "1").stdout
    assert differs.startswith("from sequence 1 to 2:\n")
    assert "- neo4j (Service, ci_" in differs
    found = json.loads(epicentre("diff", "--from", "1", "neo4j", "--json").stdout)
    assert ([n["what"] for n in found["nodes"]], found["more"]) == (["retired"], False)
    assert "CUT SHORT at 1 CIs" in epicentre("diff", "--from", "0", "--first", "1").stdout
    assert "DOWN epicentre" in epicentre("impact", "neo4j", "--as-of", "1").stdout
    assert epicentre("impact", "neo4j").returncode == 1, "it is not there now"
    assert re.search(r"Service +retired +1", epicentre("diff", "--from", "1", "--summary").stdout)
    assert "neo4j" in epicentre("ci", "list", "Service", "--as-of", "1").stdout
    assert "neo4j" not in epicentre("ci", "list", "Service").stdout
    then = json.loads(epicentre("ci", "show", "neo4j", "--as-of", "1", "--json").stdout)
    assert (then["status"], then["asOf"]) == ("live", 1)
    assert epicentre("path", "epicentre", "neo4j", "--as-of", "1").stdout.startswith("1. epicentre DEPENDS_ON neo4j")
    assert epicentre("history", "neo4j", "--as-of", "1").stdout.startswith("1  ")
    edge = json.loads(epicentre("path", "epicentre", "neo4j", "--as-of", "1", "--json").stdout)[0]["id"]
    of_edge = epicentre("history", edge).stdout
    assert re.match(r"epicentre \(ci_\w+\) DEPENDS_ON neo4j \(ci_\w+\): closed\n", of_edge)
    assert "closed by nd_1" in of_edge
    assert "    - epicentre DEPENDS_ON neo4j\n" in told
    whole = epicentre("audit", "verify")
    assert (whole.returncode, whole.stdout) == (0, "the journal is whole: 2 entries; no checkpoint was signed yet\n")
    naive = epicentre("diff", "--from", "2026-01-01T00:00")
    assert (naive.returncode, "time zone" in naive.stderr) == (2, True)
    assert epicentre("ci", "set", "epicentre", "mtbf_hours=9000", "--reason", "Ticket 7 asks for it").returncode == 0
    why = epicentre("history", "epicentre", "--first", "1").stdout.splitlines()
    assert why[1].startswith("    ") and "Ticket 7 asks for it" in why[1]


def test_what_the_readme_types_works(
    epicentre: Run, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newcomer types it line by line: each command ends well, but the one that says a change is not approved yet."""
    store.apply(report(2, network("10.0.0.5", "127.0.0.1")), NOW)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    Path("graphql").symlink_to(README.parent / "graphql")
    Path("assets.csv").write_text("class,ref,name,serial,vendor\nServer,asset-17,web9,J6RN4N9,Dell Inc.\n")
    sections = ("Try it", "Decide on a change", "Ask anything", "Bring what you have", "Govern it")
    typed = [(one, epicentre(*one)) for section in sections for one in commands(section)]
    assert len(typed) > 25
    wrong = [(one, done) for one, done in typed if done.returncode != (2 if "--approved" in one else 0)]
    assert wrong == []


def test_a_view_is_defined_by_what_any_class_declares(epicentre: Run) -> None:
    """As the README has it: no class is named, and a name that none declares is said."""
    assert epicentre("view", "define", "linux", "--filter", "osId=debian", "--filter", "cpu_cores=4").returncode == 0
    (kept,) = json.loads(epicentre("view", "list", "--json").stdout)
    assert [(one["attribute"], one["value"]) for one in kept["filter"]["and"]] == [
        ("os_id", "debian"),
        ("cpu_cores", 4),
    ]
    wrong = epicentre("view", "define", "linux", "--filter", "tyres=4")
    assert (wrong.returncode, "no class declares an attribute 'tyres'" in wrong.stderr) == (1, True)


def test_a_merge_says_how_it_is_undone_and_a_split_knows_the_old_name(epicentre: Run) -> None:
    """Nobody needs to have kept the id of what was merged away; where two had the name, both are told."""
    for name, code in (("north", "n"), ("old", "o")):
        assert epicentre("ci", "create", "Site", name, f"code={code}").returncode == 0
    told = epicentre("ci", "merge", "north", "old", "--reason", "one place").stdout.splitlines()
    assert re.fullmatch(r"undo it with: epicentre ci split ci_\w+", told[1])
    north = json.loads(epicentre("ci", "show", "north", "--json").stdout)["id"]
    assert f"merged into  north ({north})" in epicentre("ci", "show", "old").stdout
    assert f" is retired: merged into north ({north})" in epicentre("ci", "why", "old").stdout
    assert "split old from north" in epicentre("ci", "split", "old", "--reason", "two after all").stdout
    assert epicentre("ci", "split", "old").stderr == "epicentre: CI: no CI called 'old' was merged away\n"
    assert epicentre("ci", "create", "Site", "old", "code=oo").returncode == 0
    for one in json.loads(epicentre("ci", "list", "Site", "--name", "old", "--json").stdout)["nodes"]:
        assert epicentre("ci", "merge", "north", one["id"], "--reason", "one place").returncode == 0
    several = epicentre("ci", "split", "old")
    assert (several.returncode, several.stderr.count("Site  old")) == (2, 2), several.stderr


def test_people_govern_their_data(epicentre: Run) -> None:
    """Tags, free attributes, a day to end, a lifecycle and a policy: set, shown, counted, refused and lifted."""
    made = epicentre("ci", "create", "Site", "north", "code=n", "extra:floors=3", "--tag", "env:prod")
    assert made.returncode == 0, made.stderr
    tagged = epicentre("ci", "tag", "north", "neo4j", "--tag", "pci", "--tag", "env:prod")
    assert tagged.stdout.startswith("tagged 2 of 2 CIs with pci, env:prod (sequence ")
    assert epicentre("tags").stdout.splitlines()[1:] == ["env:prod  2", "pci       2"]
    before = str(int(tagged.stdout.rpartition("sequence ")[2].strip(" )\n")) - 1)
    assert epicentre("tags", "--as-of", before).stdout.splitlines()[1:] == ["env:prod  1"]
    assert epicentre("ci", "untag", "neo4j", "--tag", "pci", "--tag", "x").stdout.splitlines()[1:] == [
        "  neo4j has no tag x"
    ]
    assert epicentre("ci", "set", "north", "extra:floors=", "extra:owner=ops").returncode == 0
    assert epicentre("ci", "expire", "north", "--at", "2999-01-01T00:00:00Z").returncode == 0
    assert epicentre("ci", "lifecycle", "north", "planned").stdout.startswith("moved north from live to planned")
    shown = epicentre("ci", "show", "north").stdout
    for line in ("lifecycle    planned", "tags         env:prod, pci", "extra:owner  ops", "expiresAt    2999-01-01"):
        assert line in shown, shown
    assert epicentre("ci", "list", "Site", "--filter", "lifecycle=planned", "--filter", "tags=pci").stdout.count(
        "north"
    )
    asked = ("policy", "add", "codes", "Site", "pattern", "code", "--pattern", "[A-Z]{3}", "--why", "as on the badges")
    assert epicentre(*asked).stdout == "policy codes of Site is set: pattern code: what fits [A-Z]{3}\n"
    refused = epicentre("ci", "set", "north", "code=north")
    assert refused.returncode == 2 and "code is 'north', allowed is what fits [A-Z]{3} (as on the badges)" in (
        refused.stderr.replace("\n", " ")
    )
    checked = epicentre("policy", "check", "--class", "Site")
    assert checked.returncode == 2 and "code is 'n', allowed is" in checked.stdout and "codes: 1" in checked.stdout
    assert "codes" in epicentre("policy", "list").stdout
    assert epicentre("policy", "remove", "codes").returncode == 0
    assert epicentre("policy", "check").stdout == "nothing breaks a policy here\n\nno policies\n"
