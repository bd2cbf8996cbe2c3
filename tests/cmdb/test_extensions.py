"""Users' own classes: what is right becomes part of the catalogue, what is wrong is told with its line, all at once."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cmdb.classes import extended
from cmdb.cypher import schema
from cmdb.engine import Bolt
from cmdb.errors import Misconfigured
from cmdb.extensions.folder import read, read_file
from cmdb.extensions.found import Found
from cmdb.store import Store

ROOT = Path(__file__).parents[2]
EXAMPLE = re.search(r"```yaml\n(.*?)```", (ROOT / "docs" / "extending.md").read_text(), re.S)
assert EXAMPLE
MACHINE = """
classes:
  - {name: Robot, plural: robots, sentence: A robot on a host., contained_by: PART_OF, identity: [local]}
extend:
  - {relation: PART_OF, sources: [Robot]}
"""


def test_the_example_of_the_page_is_loaded(tmp_path: Path) -> None:
    """The YAML people copy from docs/extending.md makes a class, a relation, an attribute and an end."""
    (tmp_path / "machines.yaml").write_text(EXAMPLE[1])
    made = extended(read(tmp_path))
    machine = made.cls("CoffeeMachine")
    assert machine.lease.retire_days == 90 and machine.owner == "facilities"
    assert made.is_local("CoffeeMachine")
    assert made.cls("Server").attribute("cost_centre") == made.cls("Host").attribute("cost_centre") is not None
    assert made.joins(made.relation("LOCATED_IN"), "CoffeeMachine", "Room")
    assert any("MAINTAINED_BY" in s for s in schema.constraints(made))
    assert any("CoffeeMachine" in s and "serial" in s for s in schema.indexes(made))


def test_a_python_file_declares_with_the_nouns_themselves(tmp_path: Path) -> None:
    """Every noun at the top level of a Python file is taken."""
    (tmp_path / "rates.py").write_text(
        "from cmdb.words import Attribute\nfrom cmdb.words.extension import MoreAttributes\n"
        'RATE = MoreAttributes("Contract", (Attribute("rate", "float", "The hourly rate.", unit="EUR"),))\n'
    )
    assert extended(read(tmp_path)).cls("Contract").attribute("rate")


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("a.yaml", "classes:\n  - name: Robot\n", [":2: plural is missing"]),
        ("a.yaml", "classes: [\n", [":2: "]),
        ("a.yaml", "things: []\n", [":1: expected one of classes"]),
        ("a.yaml", MACHINE.replace("Robot", "Change"), [":3: the name Change is taken already"]),
        (
            "a.yaml",
            MACHINE.replace("plural: robots", "plural: hosts"),
            [":3: the plural hosts of Robot is that of Host"],
        ),
        ("a.yaml", MACHINE.replace("[Robot]", "[Rebot]"), [":5: there is no class Rebot"]),
        ("a.yaml", MACHINE.replace("identity: [local]", "identity: [[gone]]"), [":3: identity rule 'gone'"]),
        ("a.yaml", MACHINE.replace("[local]", "[local], wings: 2"), [":3: there is no 'wings' here"]),
        (
            "a.yaml",
            "extend:\n  - class: Host\n    attributes:\n      - {name: Big, type: string, sentence: Not snake case.}\n"
            "      - {name: fine, type: text, sentence: No such type.}\n  - class: Gone\n    attributes:\n"
            "      - {name: fine, type: string, sentence: Fine here.}\n",
            [":4: attribute name 'Big'", ":5: attribute fine has unknown type 'text'", ":6: there is no class Gone"],
        ),
        (
            "a.yaml",
            "extend:\n  - class: Host\n    attributes:\n      - {name: port, type: string, sentence: A harbour.}\n",
            [":2: attribute port is string here and int in"],
        ),
        ("a.py", "from cmdb.words import Lease\n\nLEASE = Lease(9, 3)\n", [":3: a lease of 9 days"]),
        ("a.py", "x = = 1\n", [":1: SyntaxError"]),
        (
            "a.py",
            "from cmdb.words.extension import MoreEnds\n\nMORE: MoreEnds = MoreEnds('PART_OF', sources=('Gone',))\n",
            [":3: there is no class Gone"],
        ),
        ("a.py", "import sys\n\nsys.exit(1)\n", [":3: SystemExit: 1"]),
        (
            "a.py",
            "from cmdb.words.extension import MoreEnds\n\nMORE = [MoreEnds('PART_OF', sources=('Gone',))]\n",
            [":3: there is no class Gone"],
        ),
        ("a.txt", "", [":1: the name must end with"]),
        ("a.yaml", MACHINE.replace("[local]", "[local], plural: drones"), [":3: plural is said twice"]),
        ("a.yaml", MACHINE.replace("[local]", "[2024-99-99]"), [":3: this value is not understood"]),
        ("a.yaml", MACHINE.replace("[local]", "[local], retention_days: !!int ten"), [":3: this value is not"]),
        ("a.yaml", "? [classes]\n: []\n", [":1: expected one of classes, relations, extend"]),
        ("a.yaml", "classes:\n  - ? [name]\n    : Robot\n", [":2: there is no such key here"]),
        ("a.yaml", "classes: " + "[" * 3_000 + "]" * 3_000, [":1: it is nested too deeply"]),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line_all_at_once(
    file: str, text: str, told: list[str], tmp_path: Path
) -> None:
    """Whoever wrote the file finds every mistake of it in one go."""
    path = tmp_path / file
    path.write_text(text)
    with pytest.raises(Misconfigured) as caught:
        extended(read_file(path))
    for one in told:
        assert f"{path}{one}" in caught.value.message


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (MACHINE.replace("Robot,", "Robot, wings: 2,"), ":3: there is no 'wings' here"),
        (MACHINE.replace("robots", "hosts"), ":3: the plural hosts of Robot is that of Host"),
    ],
)
def test_who_names_what_is_left_out_has_no_error_of_its_own(wrong: str, told: str, tmp_path: Path) -> None:
    """One mistake is told once, whatever hangs on it, and does not hide another."""
    path = tmp_path / "a.yaml"
    path.write_text(wrong + "  - {relation: USES, targets: [Nowhere]}\n")
    with pytest.raises(Misconfigured) as caught:
        extended(read_file(path))
    first, second = caught.value.message.splitlines()[1:]
    assert first.startswith(f"{path}{told}")
    assert second == f"{path}:6: there is no class Nowhere"


def _serve(home: Path, server: Bolt, question: str, *items: dict[str, Any]) -> Any:
    program = [
        sys.executable,
        str(ROOT / "tests" / "support" / "extended_server.py"),
        str(home),
        server.uri,
        server.user,
    ]
    done = subprocess.run(
        [*program, question, *(json.dumps(item) for item in items)],
        input=server.password + "\n", text=True, capture_output=True, timeout=60, check=False,
        env={**os.environ, "EPICENTRE_CLASSES": str(home / "classes"),
             "PYTHONPATH": os.pathsep.join([*sys.path, str(ROOT / "tests")])},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.neo4j
def test_an_own_class_is_reported_and_asked_for_and_outlives_its_file(
    store: Store, neo4j_server: Bolt, tmp_path: Path
) -> None:
    """With the file the real server has type, list and filter; without it the CI is still read, as a plain one."""
    folder = tmp_path / "classes"
    folder.mkdir()
    (folder / "machines.yaml").write_text(EXAMPLE[1])
    machine = {"cls": "CoffeeMachine", "key": "m1", "name": "Kitchen", "attributes": {"tank_litres": 2.5}}
    asked = "nodes { name tankLitres parent { ... on Host { costCentre } } }"
    question = f"{{ coffeeMachines(filter: {{tankLitres: {{gt: 2}}}}) {{ {asked} }} }}"
    answer = _serve(tmp_path, neo4j_server, question, machine)
    assert answer["coffeeMachines"]["nodes"] == [
        {"name": "Kitchen", "tankLitres": 2.5, "parent": {"costCentre": "4711"}}
    ]

    (folder / "machines.yaml").unlink()
    plain = _serve(tmp_path, neo4j_server, "{ cis { nodes { __typename class name status } } }")
    kitchen = {"__typename": "PlainCI", "class": "CoffeeMachine", "name": "Kitchen", "status": "live"}
    assert kitchen in plain["cis"]["nodes"]


ROBOTS = """# Robots of the factory.
from cmdb.words import LOCAL_KEY, Attribute, CIClass
from cmdb.words.extension import MoreAttributes, MoreEnds

ROBOT = CIClass(
    name="Robot", plural="robots", sentence="An arm that welds.", contained_by="PART_OF", identity=(LOCAL_KEY,),
    attributes=(Attribute("axes", "int", "How many joints it has."),),
)
ENDS = MoreEnds("PART_OF", sources=("Robot",))
SHIFT = MoreAttributes("Person", (Attribute("shift", "string", "When the person works."),))
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package of somebody else's, as a package manager leaves it behind; its one module."""
    name = f"acme_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}-1.0.dist-info").mkdir()
    (tmp_path / f"{name}-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    points = f"[epicentre.classes]\nrobots = {name}\n[epicentre.relations]\nrobots = {name}\n"
    (tmp_path / f"{name}-1.0.dist-info" / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path / f"{name}.py"


def test_an_installed_package_adds_classes_attributes_and_ends(package: Path) -> None:
    """All that a module declares is taken, once, whichever of the groups names it; a file may add to it."""
    package.write_text(ROBOTS)
    added = package.with_name("more.py")
    added.write_text(
        "from cmdb.words import Attribute\nfrom cmdb.words.extension import MoreAttributes\n"
        'REACH = MoreAttributes("Robot", (Attribute("reach", "float", "How far it reaches.", unit="m"),))\n'
    )
    made = extended(read_file(added))
    assert made.cls("Robot").attribute("axes") and made.cls("Robot").attribute("reach")
    assert made.cls("Person").attribute("shift")
    assert made.joins(made.relation("PART_OF"), "Robot", "Host")


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ('("Robot",)', '("Robott",)', ":9: there is no class Robott"),
        ('"int"', '"integer"', ":7: entry point robots = "),
        ("import LOCAL_KEY", "import NO_KEY", ":2: entry point robots = "),
        ('name="Robot"', 'name=="Robot"', ":6: entry point robots = "),
    ],
)
def test_what_is_wrong_in_a_package_is_told_with_its_file_and_line(
    package: Path, right: str, wrong: str, told: str
) -> None:
    """Whoever installed it learns which package it is and whoever wrote it where to look."""
    package.write_text(ROBOTS.replace(right, wrong, 1))
    with pytest.raises(Misconfigured) as caught:
        extended(Found())
    assert f"{package}{told}" in caught.value.message
