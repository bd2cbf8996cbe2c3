"""The house rules: everything described, nothing misplaced, nothing drifted."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import graphql
import pytest

from cmdb.classes import catalogue
from cmdb.config import Settings
from cmdb.words import ANY, RESERVED
from cmdb_graphql.schema import Built, text
from cmdb_processes.cli.server.processes import processes

ROOT = Path(__file__).parents[2]
ROOMS = ("agents", "graphql", "processes")
TRACKED = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
    cwd=ROOT,
    capture_output=True,
    text=True,
    check=True,
).stdout.split()
CODE = [f for f in TRACKED if f.endswith(".py") and (ROOT / f).exists()]


def test_graphql_is_graphql_core() -> None:
    """Our room must never shadow the library of that name."""
    assert graphql.version_info >= (3, 2)
    assert str(ROOT) not in str(graphql.__file__) or ".venv" in str(graphql.__file__)


@pytest.mark.parametrize("room", ROOMS)
def test_no_python_lies_directly_in_a_room(room: str) -> None:
    """A room holds packages; an __init__.py there would shadow what has its name."""
    assert [f for f in CODE if f.startswith(f"{room}/") and f.count("/") == 1] == []


def test_no_package_under_tests() -> None:
    """An __init__.py under tests/graphql would be imported as graphql."""
    assert [f for f in CODE if f.startswith("tests/") and f.endswith("__init__.py")] == []


@pytest.mark.parametrize("name", sorted(catalogue().classes))
def test_every_class_is_described_and_can_be_recognised(name: str) -> None:
    """Sentences for people, identity for machines, and no reserved word as an attribute."""
    cls = catalogue().classes[name]
    assert cls.sentence.endswith(".")
    assert cls.identity
    assert all(a.sentence.endswith(".") for a in cls.attributes)
    assert not {a.name for a in cls.attributes} & RESERVED


@pytest.mark.parametrize("name", sorted(catalogue().relations))
def test_every_relation_is_described_and_ends_in_known_classes(name: str) -> None:
    """A relation says in a sentence what it means, and joins classes that exist."""
    relation = catalogue().relations[name]
    assert relation.sentence.endswith(".")
    assert {*relation.sources, *relation.targets} <= {*catalogue().classes, ANY}


def test_every_class_and_relation_stands_in_the_reference() -> None:
    """docs/reference.md names every class and relation; each class has a page with its attributes and sentences."""
    page = (ROOT / "docs" / "reference.md").read_text()
    pages = {f.stem: f.read_text() for f in (ROOT / "docs" / "classes").glob("*.md")}
    assert set(pages) == set(catalogue().classes)
    for cls in catalogue().classes.values():
        assert f"[{cls.name}](classes/{cls.name}.md) | {cls.sentence}" in page
        for attribute in cls.attributes:
            assert f"| `{attribute.name}` |" in pages[cls.name]
            assert attribute.sentence in pages[cls.name]
    for relation in catalogue().relations.values():
        assert f"| `{relation.name}` |" in page


def test_every_setting_stands_in_the_documentation() -> None:
    """No setting without a description, none missing in docs/settings.md, none there that does not exist."""
    page = (ROOT / "docs" / "settings.md").read_text()
    named = {f"EPICENTRE_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"`(EPICENTRE_[A-Z0-9_]+)`", page)) == named
    assert all(field.description and field.description in page for field in Settings.model_fields.values())


def test_the_checked_in_schema_is_what_the_code_makes() -> None:
    """What we promise outside is generated; `make schema` writes it anew."""
    assert (ROOT / "graphql" / "schema.graphql").read_text() == text(processes())


def test_every_field_has_a_sentence_and_every_root_field_a_policy() -> None:
    """Building the schema checks it; one undescribed field or missing policy stops the start."""
    assert Built(processes()).policies


@pytest.mark.parametrize("path", sorted((ROOT / "graphql" / "operations").glob("*.graphql")), ids=lambda p: p.stem)
def test_saved_questions_fit_the_schema(path: Path) -> None:
    """Every question we hand out is valid today."""
    document = graphql.parse(path.read_text())
    assert graphql.validate(Built(processes()).graphql, document) == []


def test_only_the_settings_module_reads_the_environment() -> None:
    """Settings are read once; the agent alone asks for the user's folders and the terminal's width."""
    readers = []
    for file in CODE:
        if file.startswith(("tests/", "benchmarks/", "deploy/")) or file == "cmdb/config.py":
            continue
        source = (ROOT / file).read_text()
        if re.search(r"os\.getenv|os\.environ(\[|\.get)|environ\.get", source):
            readers.append(file)
    agents = ["home.py", "main.py", "transports/linux/containers.py"]
    assert sorted(readers) == [f"agents/cmdb_agents/{name}" for name in agents]


def test_cypher_never_contains_data() -> None:
    """Statements are built from declared names in cmdb/cypher; the store only runs them."""
    for file in CODE:
        if file.startswith("cmdb/store/"):
            tree = ast.parse((ROOT / file).read_text())
            texts = [n for n in ast.walk(tree) if isinstance(n, ast.JoinedStr)]
            cypher = [t for t in texts if re.search(r"\b(MATCH|MERGE|CREATE|RETURN)\b", ast.unparse(t))]
            assert not cypher, f"{file} builds Cypher from pieces"


def test_files_and_functions_keep_to_a_size() -> None:
    """Files stay under 480 lines and functions under 60, tests and benchmarks aside."""
    large = []
    for file in CODE:
        if file.startswith(("tests/", "benchmarks/")):
            continue
        source = (ROOT / file).read_text()
        if source.count("\n") > 480:
            large.append(file)
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno > 60:
                large.append(f"{file}:{node.name}")
    assert large == []


def test_every_test_says_what_must_hold() -> None:
    """A test without a sentence is a riddle for who breaks it."""
    files = [f for f in CODE if f.startswith("tests/") and Path(f).name.startswith("test_")]
    functions = [
        (file, node)
        for file in files
        for node in ast.walk(ast.parse((ROOT / file).read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    ]
    assert [f"{file}:{node.name}" for file, node in functions if not ast.get_docstring(node)] == []


def test_the_agent_needs_nothing_but_its_two_libraries() -> None:
    """Importing the agent loads psutil and nacl, and no server library."""
    program = "import sys, cmdb_agents.main, cmdb_agents.run; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {
        "pydantic",
        "fastapi",
        "strawberry",
        "neo4j",
        "orjson",
        "httpx",
        "rich",
        "typer",
        "cryptography",
    }


CONTRACTS = [
    ("cmdb/words/check.py", "import cmdb_graphql.client", "Rooms"),
    ("agents/cmdb_agents/report.py", "import cmdb.config", "The agent sees only"),
    ("processes/cmdb_processes/change/rules.py", "import cmdb.store", "Processes ask through the client"),
    ("cmdb/inbox.py", "import neo4j", "Only the store speaks Bolt"),
    ("agents/cmdb_agents/collectors/host.py", "import psutil", "Only transports read the machine"),
    ("cmdb/applier.py", "import fastapi", "Only the GraphQL room"),
    ("cmdb/identity/rules.py", "import cmdb.store", "Inside the heart"),
    ("cmdb/reconcile/edges.py", "import time", "Decisions do no input"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("file", "line", "name"), CONTRACTS, ids=[c[2] for c in CONTRACTS])
def test_each_import_contract_catches_what_it_forbids(file: str, line: str, name: str, tmp_path: Path) -> None:
    """A contract that never failed proves nothing: each is broken once, in a copy."""
    for part in ("cmdb", "agents", "graphql", "processes", "pyproject.toml"):
        subprocess.run(["cp", "-r", str(ROOT / part), str(tmp_path)], check=True)
    broken = tmp_path / file
    broken.write_text(broken.read_text() + f"\n{line}\n")
    paths = ":".join(str(tmp_path / p) for p in (".", *ROOMS))
    lint = Path(sys.executable).with_name("lint-imports")
    env = {"PYTHONPATH": paths, "PATH": "/usr/bin:/bin"}
    done = subprocess.run([lint, "--no-cache"], cwd=tmp_path, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    verdict = re.search(rf"{re.escape(name)}[\s\S]*?(KEPT|BROKEN)", done.stdout)
    assert verdict is not None, done.stdout
    assert verdict[1] == "BROKEN", done.stdout
