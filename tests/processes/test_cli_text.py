"""What the command line prints, to the letter, against a server that answers as told."""

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer
from support.scripted import Scripted, Turns, page, serving

from cmdb.errors import Invalid
from cmdb_graphql.pictures import Radius, layout, svg
from cmdb_graphql.pictures.words import ago
from cmdb_processes import change as change_process
from cmdb_processes.change.models import NORMAL
from cmdb_processes.cli import asking, filters, main, records


class Done(NamedTuple):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def server() -> Iterator[Scripted]:
    """A scripted server; tests give it its answers."""
    with serving(Scripted()) as made:
        yield made


@pytest.fixture
def run(server: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `epicentre` in this process on a data folder whose server is the scripted one."""
    monkeypatch.setenv("EPICENTRE_HOME", str(tmp_path))
    (tmp_path / "server.json").write_text(json.dumps({"url": server.url, "pid": 1}))
    (tmp_path / "token").touch(mode=0o600)
    (tmp_path / "token").write_text("epi_home\n")

    def command(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["epicentre", *arguments])
        with pytest.raises(SystemExit) as ended:
            main.main()
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        assert isinstance(ended.value.code, int)
        return Done(ended.value.code, said.out, said.err)

    return command


def ci(name: str, cls: str = "Service", **more: Any) -> dict[str, Any]:
    """A CI as an answer has it; its id is its name."""
    return {"id": f"ci_{name}", "name": name, "class": cls, "key": name, "parent": None, **more}


def hop(source: str, target: str, seconds: float = 4) -> dict[str, Any]:
    """A dependency as an answer has it."""
    evidence = {"kind": "socket", "detail": "tcp 127.0.0.1:17687", "confidence": 0.9}
    return {"type": "DEPENDS_ON", "from": ci(source), "to": ci(target), "evidence": evidence, "ageSeconds": seconds}


def hit(name: str, needs: str, degree: str = "DOWN", seconds: float = 4) -> dict[str, Any]:
    """An impacted CI as an answer has it."""
    reason = f"needs {needs}, which is down"
    path = [hop(name, needs)]
    return {
        "ci": ci(name), "before": "UP", "degree": degree, "hops": 1, "reason": reason, "path": path,
        "freshnessSeconds": seconds,
    }  # fmt: skip


def impact(*items: dict[str, Any], of: str = "neo4j", **more: Any) -> dict[str, Any]:
    """An impact answer."""
    return {
        "sequence": 7, "at": "2026-11-23T12:00:00Z", "hash": "0f" * 32, "verdict": f"If {of} stops, things happen.",
        "truncated": None, "of": [ci(of)], "items": list(items), "atRisk": [], "edges": [],
        "risks": [], "services": [], "users": None, "budgets": [], "context": [], "problems": [],
        "counts": [{"class": "Service", "degree": "DOWN", "count": len(items)}] if items else [], **more,
    }  # fmt: skip


def test_impact_as_plain_text(run: Run, server: Scripted) -> None:
    """Verdict, tree by witness path with the reason under its item, counts, sequence; ASCII within 80 columns."""
    server.answers = {
        "resolve": [ci("neo4j")],
        "impact": impact(
            hit("epicentre", "neo4j"),
            hit("cart", "neo4j", "DEGRADED", 7200),
            hit("shop", "epicentre", seconds=200_000),
            atRisk=[ci("cache")],
            truncated="more than 50000 CIs are reached",
        ),
    }
    done = run("impact", "neo4j")
    assert done == Done(0, """\
If neo4j stops, things happen.
# neo4j (Service)
  X DOWN epicentre (Service): needs neo4j, which is down; socket tcp
      127.0.0.1:17687; seen 4 s ago
    X DOWN shop (Service): needs epicentre, which is down; socket tcp
        127.0.0.1:17687; seen 2 d ago
  ~ DEGRADED cart (Service): needs neo4j, which is down; socket tcp
      127.0.0.1:17687; seen 2 h ago
! AT RISK cache (Service): no redundancy left
3 Service down; taken at sequence 7
CUT SHORT: more than 50000 CIs are reached
""", "")  # fmt: skip
    assert done.out.isascii()


def test_impact_tells_the_services_and_the_least_budgets_under_them(run: Run, server: Scripted) -> None:
    """As the server puts them, twenty and ten at most with how many more there are; how long it lasts is passed on.

    Those of which nothing is known are named in one line, unless they go down in the window.
    """

    def budget(n: int, used: float | None, window: float | None) -> dict[str, Any]:
        words = f"budget of s{n}: {n}.0 left"
        return {"ci": ci(f"s{n}"), "usedMinutes": used, "windowMinutes": window, "sentence": words}

    known, down = [budget(n, 1.0, 0.0) for n in range(11)], budget(11, None, 180.0)
    silent = [budget(n, None, 0.0) for n in range(12, 16)]
    told = {"services": [ci(f"s{n}") for n in range(22)], "users": 5, "budgets": [down, *known, *silent]}
    server.answers = {"resolve": [ci("neo4j")], "impact": impact(hit("s0", "neo4j"), **told)}
    lines = run("impact", "neo4j", "--minutes", "180").out.splitlines()
    at = lines.index(f"services: {', '.join(f's{n}' for n in range(20))} and 2 more, used by 5 people")
    assert lines[at + 1 : at + 11] == [one["sentence"] for one in (down, *known[:9])]
    assert lines[at + 11 : at + 13] == [
        "+2 more budgets, less used up", "budget: nothing known of what is used of s12, s13, s14 and 1 more",
    ]  # fmt: skip
    assert server.asked[-1][1]["minutes"] == 180


def test_impact_on_a_terminal(run: Run, server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signs and colour where somebody looks; --plain and NO_COLOR take both away."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "120")
    server.answers = {"resolve": [ci("neo4j")], "impact": impact(hit("epicentre", "neo4j"))}
    drawn = run("impact", "neo4j").out
    assert "\x1b[1m◆\x1b[0m neo4j (Service)\n  \x1b[1;31m✕ DOWN\x1b[0m epicentre (Service) · needs neo4j" in drawn
    plain = run("--plain", "impact", "neo4j").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert plain == run("impact", "neo4j").out
    assert "\x1b" not in plain
    assert "X DOWN epicentre" in plain


def test_a_name_never_steers_the_terminal(run: Run, server: Scripted) -> None:
    """Names come from other machines: what a terminal would obey is shown as a question mark, in JSON escaped."""
    evil = "a\x1b[2Jb\x9b31mc\u202ed\ne"
    server.answers = {"resolve": [ci("neo4j")], "impact": impact(hit(evil, "neo4j")), "search": [ci(evil)]}
    assert "X DOWN a?[2Jb?31mc?d?e (Service)" in run("impact", "neo4j").out
    assert run("search", "a").out.splitlines()[1].startswith("a?[2Jb?31mc?d?e  Service")
    raw = run("search", "a", "--json").out
    assert json.loads(raw)[0]["name"] == evil
    assert not set(raw) & {"\x1b", "\x9b", "\u202e"}


def test_a_search_may_be_of_another_state(run: Run, server: Scripted) -> None:
    """What is asked beside the text is the moment, and the steps on top of it."""
    server.answers = {"search": [ci("web1")]}
    assert run("search", "web", "--as-of", "17").out.splitlines()[1].startswith("web1")
    assert (server.asked[-1][1]["asOf"], server.asked[-1][1]["proposed"]) == ("17", None)


def test_a_long_chain_is_printed_whole(run: Run, server: Scripted) -> None:
    """A chain longer than the interpreter's stack is no defect."""
    chain = [hit(f"s{n + 1}", f"s{n}") for n in range(3000)]
    server.answers = {"resolve": [ci("s0")], "impact": impact(*chain, of="s0")}
    done = run("impact", "s0")
    assert (done.code, done.out.count("X DOWN")) == (0, 3000)


def test_impact_as_json_is_the_answer_and_nothing_else(run: Run, server: Scripted) -> None:
    """What a program reads is what the server said."""
    server.answers = {"resolve": Turns([[ci("a")], [ci("b")]]), "impact": impact(of="a")}
    done = run("impact", "a", "--also", "b", "--as-of", "5", "--json")
    assert json.loads(done.out) == server.answers["impact"]
    plain = {"proposed": None, "alsoDown": [], "degraded": [], "context": True, "minutes": None}
    assert server.asked[-1] == ("epi_home", {"of": ["ci_a", "ci_b"], "asOf": "5", **plain})


def many() -> dict[str, Any]:
    """A host with six services alike and one that differs, an application on the second of them, and a pool."""
    items = [hit(f"job-{n}", "hv") for n in range(6)]
    items += [hit("shop", "hv", "DEGRADED", 8 * 86_400), hit("web", "job-1") | {"hops": 2}]
    return impact(*items, of="hv", atRisk=[ci("pool", "Cluster")])


def test_more_than_five_alike_are_one_line(run: Run, server: Scripted) -> None:
    """With their number and first names, and what hangs on any of them below; --expand names each."""
    server.answers = {"resolve": [ci("hv")], "impact": many()}
    assert (
        run("impact", "hv").out
        == """\
If hv stops, things happen.
# hv (Service)
  X DOWN 6 Service (job-0, job-1, job-2 and 3 more): needs hv, which is down
    X DOWN web (Service): needs job-1, which is down; socket tcp
        127.0.0.1:17687; seen 4 s ago
  ~ DEGRADED shop (Service): needs hv, which is down; socket tcp
      127.0.0.1:17687; seen 8 d ago
! AT RISK pool (Cluster): no redundancy left
8 Service down; taken at sequence 7
"""
    )
    expanded = run("impact", "hv", "--expand").out
    assert expanded.count("X DOWN job-") == 6 and " 6 Service" not in expanded


def test_what_is_deeper_than_asked_is_counted(run: Run, server: Scripted) -> None:
    """With the worst state behind; nothing is left out in silence, in the table neither."""
    server.answers = {"resolve": [ci("hv")], "impact": many()}
    shallow = run("impact", "hv", "--depth", "1").out
    assert "    X DOWN +1 more behind: 1 Service\n" in shallow and "web" not in shallow
    assert "+1 more behind 1 hop\n" in run("impact", "hv", "--depth", "1", "--table").out
    assert run("impact", "hv", "--depth", "0").code == 2


def test_impact_as_a_table(run: Run, server: Scripted) -> None:
    """One record a line, state first, the reason last; who is at risk as well."""
    server.answers = {"resolve": [ci("hv")], "impact": many()}
    lines = run("impact", "hv", "--table").out.splitlines()
    assert lines[1].split() == ["state", "ci", "class", "hops", "why"]
    assert lines[2] == (
        "X DOWN      job-0  Service  1     needs hv, which is down; socket tcp 127.0.0.1:17687; seen 4 s ago"
    )
    assert lines[10] == "! AT RISK   pool   Cluster        no redundancy left"
    refused = run("impact", "hv", "--table", "--json")
    assert refused.code == 2 and "--json has the whole answer" in refused.err


def test_the_ladder_goes_to_a_new_file(run: Run, server: Scripted, tmp_path: Path) -> None:
    """Beside the answer, which stays as it is; a file that is there is not written over."""
    server.answers = {"resolve": [ci("hv")], "impact": many()}
    file = tmp_path / "hv.svg"
    done = run("impact", "hv", "--svg", str(file), "--json")
    assert json.loads(done.out) == server.answers["impact"]
    assert done.err == f"the ladder is in {file}\n"
    assert file.read_text() == svg(layout(Radius.of(server.answers["impact"])))
    again = run("impact", "hv", "--svg", str(file))
    assert again.code == 2 and "is there already: name another" in again.err


def test_path_as_plain_text(run: Run, server: Scripted) -> None:
    """One numbered line a hop, with its evidence and age; exit 1 and the other direction when there is none."""
    server.answers = {
        "resolve": Turns([[ci("shop")], [ci("neo4j")]]),
        "path": [hop("shop", "epicentre"), hop("epicentre", "neo4j", 90)],
    }
    assert run("path", "shop", "neo4j") == Done(0, """\
1. shop DEPENDS_ON epicentre: socket tcp 127.0.0.1:17687, seen 4 s ago
2. epicentre DEPENDS_ON neo4j: socket tcp 127.0.0.1:17687, seen 2 min ago
""", "")  # fmt: skip
    server.answers = {"resolve": Turns([[ci("neo4j")], [ci("shop")]]), "path": Turns([None, [hop("shop", "neo4j")]])}
    sentence = "neo4j does not depend on shop within 8 hops; but shop depends on neo4j\n"
    assert run("path", "neo4j", "shop") == Done(1, sentence, "")
    server.answers = {"resolve": Turns([[ci("a")], [ci("b")]]), "path": None}
    assert run("path", "a", "b") == Done(1, "a does not depend on b within 8 hops\n", "")


def test_several_ways_as_plain_text(run: Run, server: Scripted) -> None:
    """The shortest first, each with its hops, and why there may be more, if so."""
    ways = [[hop("shop", "neo4j")], [hop("shop", "epicentre"), hop("epicentre", "neo4j", 90)]]
    found = {"nodes": [{"hops": len(way), "edges": way} for way in ways], "truncated": "two ways were asked for"}
    server.answers = {"resolve": Turns([[ci("shop")], [ci("neo4j")]]), "paths": found}
    assert run("path", "shop", "neo4j", "--ways", "2") == Done(0, """\
way 1: 1 hop
1. shop DEPENDS_ON neo4j: socket tcp 127.0.0.1:17687, seen 4 s ago
way 2: 2 hops
1. shop DEPENDS_ON epicentre: socket tcp 127.0.0.1:17687, seen 4 s ago
2. epicentre DEPENDS_ON neo4j: socket tcp 127.0.0.1:17687, seen 2 min ago
two ways were asked for
""", "")  # fmt: skip
    server.answers = {
        "resolve": Turns([[ci("a")], [ci("b")]]), "paths": {"nodes": [], "truncated": None}, "path": None,
    }  # fmt: skip
    assert run("path", "a", "b", "--ways", "2") == Done(1, "a does not depend on b within 8 hops\n", "")


def test_an_ambiguous_name_lists_its_candidates(run: Run, server: Scripted) -> None:
    """Exit 2; id, class, key and host of each, to choose from."""
    twins = [ci("neo4j", parent={"name": "web1"}), {**ci("neo4j", parent={"name": "web2"}), "id": "ci_2"}]
    server.answers = {"resolve": twins}
    assert run("ci", "show", "neo4j") == Done(2, "", """\
epicentre: 'neo4j' may mean any of these; name its id or key:
  ci_neo4j  Service  neo4j  on web1
  ci_2  Service  neo4j  on web2
""")  # fmt: skip


def test_an_unknown_name_suggests_near_ones(run: Run, server: Scripted) -> None:
    """Exit 1; what search finds, or how to look further."""
    server.answers = {"resolve": [], "search": Turns([[ci("neo4j")], []])}
    assert run("impact", "neo4").err == "epicentre: nothing here is called 'neo4'; similar: neo4j (Service)\n"
    done = run("impact", "zzz")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "`epicentre search TEXT` looks further" in done.err


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        ("unknown_name", 1), ("invalid", 2), ("too_large", 2), ("refused", 2), ("conflict", 2), ("ambiguous_name", 2),
        ("not_authenticated", 3), ("revoked", 3), ("forbidden", 3),
        ("unavailable", 4), ("store_unavailable", 4), ("overloaded", 4), ("internal", 70),
    ],
)  # fmt: skip
def test_each_error_of_the_server_has_its_exit_code(run: Run, server: Scripted, code: str, exit_code: int) -> None:
    """One line on stderr, nothing on stdout, also with --json."""
    server.error = {"code": code, "message": "the reason"}
    assert run("journal", "--json") == Done(exit_code, "", "epicentre: the reason\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ci", "shwo"], "No such command 'shwo'"),
        (["impact"], "Missing argument"),
        (["history", "x", "--before", "soon"], "--before"),
        (["query", "/nonexistent"], "/nonexistent cannot be read"),
        (["query", "-", "--var", "novalue"], "--var: 'novalue' is not name=value"),
        (["user", "add", "eve", "--role", "viewer", "--password-file", "/nonexistent"], "/nonexistent: no such file"),
    ],
)
def test_wrong_usage_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str) -> None:
    """Exit 2 and what to do about it."""
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    done = run(*arguments)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert said in done.err


def test_a_mistake_of_ours_is_one_line_too(run: Run, server: Scripted) -> None:
    """An answer we did not expect shows where we failed, and no traceback."""
    server.answers = {"journal": [{"seq": 1}]}
    done = run("journal")
    assert (done.code, done.err) == (70, "epicentre: our mistake, please report it: KeyError('at') at journal.py:" +
            done.err.rpartition(":")[2])  # fmt: skip


NOBODY: dict[str, Any] = {"total": 0, "nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
ELSE = dict.fromkeys(("changeRequests", "maintenanceWindows", "freezes", "cis"), NOBODY)
"""No other change, and nothing arranged."""


VOTE = {
    "role": "technical", "by": "anna", "at": "2026-11-23T12:00:00Z", "yes": True, "evidence": "0f" * 32,
    "reason": None, "insteadOf": None, "fell": None,
}  # fmt: skip


def change(**more: Any) -> dict[str, Any]:
    """A change as an answer has it, put to its approvers."""
    return {
        **dict.fromkeys((
            "template", "implementers", "proposed", "rejection", "approvalExpires", "startedAt", "startSequence",
            "backedOutAt", "finishedAt", "tested", "execution", "verifiedAt", "proposedOutcome", "outcome", "lessons",
            "objectiveMet", "findings", "backoutTested", "assessedAt",
        )),
        "number": "CHG-1", "state": "awaiting approval", "category": "WAITING", "version": 2, "rev": 5,
        "title": "Upgrade neo4j", "reason": "it ends", "plan": "a", "backout": "b", "test": "c", "owner": "rita",
        "windowStart": "2126-12-01T22:00:00+00:00", "windowEnd": "2126-12-02T00:00:00+00:00",
        "verdict": "CHG-1 is approvable; risk is high", "evidenceHash": "0f" * 32, "evidenceSequence": 7,
        "approvals": [
            {**VOTE, "by": "ben", "evidence": "1e" * 32, "fell": "the graph has moved: api is now reached (down)"},
            VOTE,
        ],
        "openedBy": "rita", "openedAt": "2026-11-23T11:00:00Z", "cis": [ci("neo4j")], "model": "normal",
        "blockedBy": [], "risk": "high", "services": [], "observedSteps": [], "acceptedConflicts": [],
        "predictions": [], "boardRulings": [], "legal": [], "changedAt": "2026-11-23T12:00:00Z",
        "radius": "If neo4j stops, 1 CI goes down (api).",
        "evidence": json.dumps({
            "inputs": {"cis": ["neo4j"]}, "answers": {"impact": impact(hit("api", "neo4j"))},
        }),
        "riskTerms": [
            {"name": "novelty", "figure": 100, "unit": "% new", "level": "high", "sentence": "never done before"},
            {"name": "window", "figure": 0, "unit": "min outside", "level": "low", "sentence": "inside"},
        ],
        "clashes": [{
            "kind": "dependency", "others": ["CHG-2"], "blocks": False, "severity": "none",
            "sentence": "CHG-2 works on api, which depends on what this change works on",
        }],
        "history": [{
            "at": "2026-11-23T11:00:00Z", "by": "rita", "command": "propose_change", "fromState": None,
            "toState": "draft", "reason": "proposed by rita",
        }], **more,
    }  # fmt: skip


def test_change_show_as_plain_text(run: Run, server: Scripted) -> None:
    """What, when, by whom, who has approved, what is in the way, who would be hit, and the history; exit 2."""
    server.answers = {
        "changeRequest": change(),
        "impact": impact(hit("api", "neo4j"), hit("web-1", "api")),
        **ELSE,
    }
    assert run("change", "show", "CHG-1") == Done(2, """\
CHG-1 AWAITING APPROVAL: Upgrade neo4j
  model       normal
  verdict     CHG-1 is approvable; risk is high
  radius      If neo4j stops, 1 CI goes down (api).
  risk        high
  works on    neo4j
  window      2126-12-01T22:00:00+00:00 to 2126-12-02T00:00:00+00:00
  by          rita
  evidence    0f0f0f0f0f0f0f0f at sequence 7
  approved    technical by anna
  missing     financial, business
  blocked by  web-1 is now reached (down)
  high risk, novelty: never done before
  mind dependency: CHG-2 works on api, which depends on what this change works on
  fell: technical by ben, since the graph has moved: api is now reached (down)
  X DOWN api (Service): needs neo4j, which is down
  2026-11-23T11:00:00Z  draft: proposed by rita
""", "")  # fmt: skip


@pytest.mark.parametrize(
    ("state", "end", "moved", "code", "blockers"),
    [
        ("approved", "2126-12-02T00:00:00+00:00", False, 0, []),
        ("approved", "2126-12-02T00:00:00+00:00", True, 2, ["web-1 is now reached (down)"]),
        ("approved", "2020-12-02T00:00:00+00:00", False, 2, ["its window is over"]),
        ("scheduled", "2126-12-02T00:00:00+00:00", False, 0, []),
        ("scheduled", "2126-12-02T00:00:00+00:00", True, 2, ["web-1 is now reached (down)"]),
        ("implementing", "2126-12-02T00:00:00+00:00", True, 0, []),
        ("assessed", "2126-12-02T00:00:00+00:00", False, 2, ["it is assessed, and not approved"]),
        ("awaiting approval", "2126-12-02T00:00:00+00:00", False, 2, ["it is awaiting approval, and not approved"]),
        ("rejected", "2126-12-02T00:00:00+00:00", False, 2, ["it is rejected"]),
        ("cancelled", "2126-12-02T00:00:00+00:00", True, 2, ["it is cancelled"]),
    ],
)
def test_change_show_tells_a_pipeline_whether_it_is_approvable_and_may_go_ahead(
    run: Run, server: Scripted, state: str, end: str, moved: bool, code: int, blockers: list[str]
) -> None:
    """0 when its window is not over and the radius as it was assessed; with --approved only when it is approved too."""
    now = impact(hit("api", "neo4j"), *([hit("web-1", "api")] if moved else []))
    category = next(s.category.name for s in NORMAL.lifecycle.states if s.name == state)
    shown = change(state=state, category=category, windowStart=end.replace("-02T", "-01T"), windowEnd=end)
    server.answers = {"changeRequest": shown, "impact": now, **ELSE}
    done = run("change", "show", "CHG-1", "--approved", "--json")
    assert (done.code, json.loads(done.out)["blockers"]) == (code, blockers)
    blocking = [one for one in blockers if not one.endswith("and not approved")]
    approvable = run("change", "show", "CHG-1", "--json")
    assert (approvable.code, json.loads(approvable.out)["blockers"]) == (2 if blocking else 0, blocking)


def test_change_show_survives_a_ci_that_is_gone(run: Run, server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    """The radius of a CI that is gone cannot be asked; that is what blocks."""
    server.answers = {"changeRequest": change(), "impact": None}
    original = server.answer

    def answer(token: str, question: dict[str, Any]) -> dict[str, Any]:
        if "impact(" in question["query"]:
            return {"errors": [{"message": "there is no CI", "extensions": {"code": "unknown_name"}}]}
        return original(token, question)

    monkeypatch.setattr(server, "answer", answer)
    done = run("change", "show", "CHG-1", "--json")
    assert (done.code, json.loads(done.out)["blockers"]) == (2, ["a CI it is about is gone"])


def test_a_group_that_can_never_be_met_is_refused_by_the_names_of_its_members(run: Run, server: Scripted) -> None:
    """What was typed is told, not the ids it was found to mean; nothing is written."""
    shop = {"id": "ci_1", "name": "shop", "class": "Application", "rev": 1, "redundancy": [], "dependencies": None}
    server.answers = {
        "resolve": [{"id": "ci_2", "name": "db-1", "class": "Database"}], "ci": shop, "impact": {"problems": []},
    }  # fmt: skip
    done = run("group", "set", "shop", "--relation", "USES", "--needs", "2", "--member", "db-1")
    assert done == Done(2, "", "epicentre: redundancy: USES: 2 of db-1: 2 of 1 can never be there\n")
    assert not any("mutation" in question for question, _ in server.asked)


def test_a_token_is_made_only_when_it_can_be_kept(run: Run, server: Scripted, tmp_path: Path) -> None:
    """The file is private and new; an existing one is refused before anything is made; a refusal leaves none."""
    server.answers = {"createToken": "epi_a_b"}
    file = tmp_path / "new.token"
    assert run("token", "create", "--out", str(file)) == Done(0, f"written to {file}\n", "")
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("epi_a_b\n", 0o600)
    asked = len(server.asked)
    again = run("token", "create", "--out", str(file))
    assert (again.code, again.err, len(server.asked)) == (2, f"epicentre: {file}: file exists\n", asked)
    server.error = {"code": "forbidden", "message": "only an admin may"}
    assert run("agents", "token", "--out", str(tmp_path / "other")).code == 3
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("arguments", "answers", "data"),
    [
        (["token", "revoke", "k1"], {"revokeToken": True}, {"revoked": "k1"}),
        (["user", "roles", "anna", "--role", "reader", "--view", "web"],
         {"setRoles": {"name": "anna", "roles": ["reader"], "view": "web"}},
         {"name": "anna", "roles": ["reader"], "view": "web"}),
        (["view", "define", "web", "--where", '{"class": {"eq": "Host"}}'],
         {"defineView": {"name": "web", "filter": {}, "ready": True}}, {"name": "web", "filter": {}, "ready": True}),
        (["view", "list"], {"views": []}, []),
        (["view", "drop", "web"], {"dropView": True}, {"dropped": "web"}),
        (["agents", "revoke", "nd_1"], {"revokeAgent": True}, {"revoked": "nd_1"}),
        (["agents", "resolve", "cf_1", "same"], {"resolveConflict": True}, {"resolved": "cf_1", "decision": "same"}),
        (["quarantine", "replay", "7"], {"replay": True}, {"queued": 7}),
        (["quarantine", "list"], {"quarantine": []}, []),
        (["agents"], {"agents": []}, []),
        (["agents", "conflicts"], {"conflicts": []}, []),
        (["token", "list"], {"tokens": []}, []),
        (["user", "list"], {"users": []}, []),
        (["change", "list"], {"changeRequests": []}, []),
        (["change", "note", "CHG-1", "x"], {"noteChangeRequest": {"number": "CHG-1", "rev": 2, "notes": []}},
         {"number": "CHG-1", "rev": 2, "notes": []}),
        (["change", "watch", "CHG-1"], {"watchChangeRequest": {"number": "CHG-1", "watchers": ["anna"]}},
         {"number": "CHG-1", "watchers": ["anna"]}),
        (["change", "unwatch", "CHG-1"], {"unwatchChangeRequest": {"number": "CHG-1", "watchers": []}},
         {"number": "CHG-1", "watchers": []}),
        (["mail", "log"], {"mailDeliveries": []}, []),
        (["user", "email", "anna", "a@b.c"], {"setEmail": "a@b.c"}, {"name": "anna", "email": "a@b.c"}),
    ],
)  # fmt: skip
def test_every_command_speaks_json(
    run: Run, server: Scripted, arguments: list[str], answers: dict[str, Any], data: Any
) -> None:
    """--json gives one JSON value and nothing else; without it there is a sentence or a table."""
    server.answers = answers
    done = run(*arguments, "--json")
    assert (done.code, json.loads(done.out), done.err) == (0, data, "")
    assert run(*arguments).out.strip()


def test_the_machines_own_token_goes_to_its_own_server_only(run: Run, server: Scripted, tmp_path: Path) -> None:
    """Another server named by --url is asked with a token named for it, or not at all."""
    server.answers = {"journal": []}
    done = run("--url", server.url, "journal")
    assert (done.code, server.asked) == (3, [])
    assert "--token-file" in done.err
    other = tmp_path / "other"
    other.touch(mode=0o600)
    other.write_text("epi_other")
    assert run("--url", server.url, "--token-file", str(other), "journal").code == 0
    assert server.asked[0][0] == "epi_other"
    assert run("--token-file", str(tmp_path / "none"), "journal").code == 3
    other.write_text("two\nlines")
    assert run("--token-file", str(other), "journal").code == 5


def hosts(*nodes: dict[str, Any], more: str | None = None) -> dict[str, Any]:
    """What a server says of its hosts, and of what they can be asked by."""
    kinds = {"memoryBytes": "NumberFilter", "osId": "StringFilter", "macs": "StringsFilter", "and": None,
             "lifecycle": "StringFilter", "status": "StringFilter"}  # fmt: skip
    described = {"inputFields": [{"name": n, "type": {"name": k}} for n, k in kinds.items()]}
    roots = [
        {"name": "hosts", "args": [{"name": "filter"}, {"name": "order"}],
         "type": {"ofType": {"name": "HostConnection"}}},
        {"name": "users", "args": [{"name": "first"}], "type": {"ofType": {"name": "UserConnection"}}},
        {"name": "me", "args": [], "type": {"ofType": None}},
    ]  # fmt: skip
    page = {"totalCount": 9, "pageInfo": {"hasNextPage": more is not None, "endCursor": more}, "nodes": list(nodes)}
    return {"__type": described, "__schema": {"queryType": {"fields": roots}}, "hosts": page}


@pytest.mark.parametrize(
    ("given", "retired"),
    [(["--filter", "lifecycle=retired"], True), (["--filter", "status=retired"], True), (["--include-retired"], True),
     (["--filter", "os_id=debian"], False)],
)  # fmt: skip
def test_retired_cis_are_listed_when_they_are_asked_for(
    run: Run, server: Scripted, given: list[str], retired: bool
) -> None:
    """By an option, or by whoever asks for a state: then each line says the state; and that others follow is said."""
    server.answers = hosts({**ci("old1", "Host"), "status": "retired", "lifecycle": "disposed"}, more="c1")
    done = run("ci", "list", "Host", *given)
    assert server.asked[-1][1]["retired"] is retired
    assert ("disposed" in done.out, "LIFECYCLE" in done.out) == (retired, retired)
    assert done.err == "1 of 9\nmore follow: --after c1\n"
    server.answers = hosts()
    assert ("--include-retired" in run("ci", "list", "Host", *given).out) is not retired


def test_list_filters_by_what_the_schema_offers(run: Run, server: Scripted) -> None:
    """The class's own filter is asked for and used with values of the right kind."""
    server.answers = hosts({**ci("web1", "Host"), "status": "live", "lastSeen": None, "lifecycle": "live"})
    done = run("ci", "list", "Host", "--filter", "os_id=debian", "--filter", "memoryBytes=8", "--name", "web")
    assert done == Done(0, "NAME  CLASS  ON  ID\nweb1  Host       ci_web1\n", "")
    parts = [{"name": {"prefix": "web"}}, {"osId": {"eq": "debian"}}, {"memoryBytes": {"eq": 8.0}}]
    assert server.asked[-1][1]["filter"] == {"and": parts}
    wrong = run("ci", "list", "Host", "--filter", "colour=red")
    assert (wrong.code, "attributes are lifecycle, macs, memoryBytes, osId, status" in wrong.err) == (2, True)
    unknown = run("ci", "list", "Hots")
    assert (unknown.code, unknown.err) == (1, "epicentre: there is no class 'Hots'; known are Host\n")


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("readOnly=true", {"readOnly": {"eq": True}}),
        ("read_only=false", {"readOnly": {"eq": False}}),
        ("device=a=b", {"device": {"eq": "a=b"}}),
        ("device=", {"device": {"eq": ""}}),
        ("readOnly=yes", None),
        ("size=big", None),
        ("device", None),
    ],
)
def test_a_filter_is_read_by_its_kind(text: str, condition: dict[str, Any] | None) -> None:
    """Text, number or truth; a value of another kind is refused."""
    kinds = {"readOnly": "BooleanFilter", "device": "StringFilter", "size": "NumberFilter"}
    if condition is None:
        with pytest.raises(Invalid):
            filters.condition(kinds, text)
    else:
        assert filters.condition(kinds, text) == condition


def commands(app: typer.Typer, *before: str) -> Iterator[tuple[str, ...]]:
    """Every command and group there is."""
    yield before
    for command in app.registered_commands:
        assert command.callback is not None
        yield (*before, command.name or command.callback.__name__)
    for group in app.registered_groups:
        assert group.typer_instance is not None
        yield from commands(group.typer_instance, *before, str(group.name))


@pytest.mark.parametrize("command", list(commands(main.build())), ids=" ".join)
def test_every_help_shows_an_example_and_the_exit_codes(run: Run, command: tuple[str, ...]) -> None:
    """Nobody has to guess how a command is used or what a script may test for."""
    done = run(*command, "--help")
    assert done.code == 0
    assert "Example" in done.out
    assert f"epicentre {' '.join(command)}".rstrip() in done.out
    assert "Exit codes: 0 done; 1 nothing found" in " ".join(done.out.split())


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "age unknown"), (0, "seen 0 s ago"), (59, "seen 59 s ago"), (90, "seen 2 min ago"),
     (7200, "seen 2 h ago"), (777_600, "seen 9 d ago")],
)  # fmt: skip
def test_ages_are_said_in_words(seconds: float | None, words: str) -> None:
    """The largest unit that fits."""
    assert ago(seconds) == words


def test_options_are_set_anew_by_every_run(run: Run, server: Scripted) -> None:
    """What one run was told does not stick to the next in the same process."""
    server.answers = {"journal": []}
    run("--plain", "journal")
    run("journal")
    assert asking.OPTIONS == {"url": None, "token_file": None, "plain": False}


RECORD = {
    "number": "CHG-1", "state": "assessed", "category": "WAITING", "rev": 3, "model": "normal", "owner": "rita",
    "openedBy": "anna", "openedAt": "2030-01-01T10:00:00.000Z", "closedAt": None, "waiting": "approval",
    "stateSince": "2030-01-01T11:00:00.000Z", "legal": ["approve", "reject"], "flags": [], "cis": [ci("web1")],
    "history": [
        {"at": "2030-01-01T10:00:00.000Z", "toState": "proposed", "reason": "by anna", "waiting": None,
         "pauses": False, "flag": "it began as proposed, not draft"},
        {"at": "2030-01-01T11:00:00.000Z", "toState": "assessed", "reason": "by rita", "waiting": "approval",
         "pauses": True, "flag": None},
    ],
    "notes": [{"at": "2030-01-01T10:30:00.000Z", "by": "ben", "text": "Mind the fan."}],
    "links": {"nodes": [
        {"type": "AFFECTS", "ci": ci("web1"), "record": None},
        {"type": "CAUSED_BY", "ci": None, "record": {"number": "INC-7", "state": "closed"}},
        {"type": "IMPACTS", "ci": ci("shop"), "record": None}, {"type": "IMPACTS", "ci": None, "record": None},
    ]},
    "linkedFrom": {"nodes": [{"type": "CHILD_OF", "record": {"number": "CHG-2", "type": "C", "state": "proposed"}}]},
}  # fmt: skip


def test_a_process_of_any_kind_is_listed_and_shown_by_the_same_few_lines(
    run: Run, server: Scripted, capsys: pytest.CaptureFixture[str]
) -> None:
    """Head, facts, history with notes between its steps, and links in words."""
    server.answers = {"changeRequest": RECORD, "changeRequests": {**page([RECORD], "CHG-1"), "total": 9}}
    found = records.one(change_process.RECORD, "CHG-1", "title")
    records.describe(found, "Replace the fan", [("  risk", "low")])
    records.print_history(found)
    records.print_links(found)
    listed = records.listed(change_process.RECORD, "title", {"owner": "rita", "text": None, "states": []}, 1, None)
    assert server.asked[-1][1]["filter"] == {"owner": "rita"}
    records.print_page(listed, ("CHANGE", "OWNER"), lambda row: (row["number"], row["owner"]), False, "no changes")
    said = capsys.readouterr()
    assert (
        said.out
        == """\
CHG-1 ASSESSED: Replace the fan
  owner   rita
  about   web1
  opened  2030-01-01T10:00:00.000Z by anna
  waits   for approval since 2030-01-01T11:00:00.000Z
  risk    low
  next    approve, reject
  2030-01-01T10:00:00.000Z  proposed: by anna (illegal: it began as proposed, not draft)
  2030-01-01T10:30:00.000Z  ben noted: Mind the fan.
  2030-01-01T11:00:00.000Z  assessed: by rita (waits for approval, clocks pause)
  caused by INC-7
  impacts shop
  impacts a CI that is gone
  CHG-2 child of it
CHANGE  OWNER
CHG-1   rita
"""
    )
    assert said.err == "1 of 9\nmore follow: --after CHG-1\n"
