"""The request catalogue: what can be asked for, with its form, approval, tasks and who is entitled. Pure.

These are its nouns; each item is one declarative file in `items/`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter

from cmdb.errors import DeclarationError, Invalid, Refused
from cmdb.words.check import SNAKE, Value, described
from cmdb_processes.approvals import Panel


class Kind(StrEnum):
    """What is asked for."""

    ACCESS = "access"
    INFORMATION = "information"
    PASSWORD = "password"  # noqa: S105  the kind of a request, no secret
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Question:
    """One field of a form; with `choices`, one of them. `most` is the longest answer."""

    name: str
    sentence: str
    required: bool = True
    choices: tuple[str, ...] = ()
    most: int = 1_000

    def __post_init__(self) -> None:
        if not self.sentence.endswith("?"):
            raise DeclarationError(f"question {self.name} asks nothing: {self.sentence!r} has no question mark")
        if not SNAKE.fullmatch(self.name):
            raise DeclarationError(f"question {self.name!r} is not in snake_case")


@dataclass(frozen=True, slots=True)
class Task:
    """A piece of work that a request needs; it may begin when those in `after` are done."""

    name: str
    sentence: str
    group: str
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """Something that can be asked for.

    `entitled` are services: who is subscribed to any of them may ask; none means everybody. Without a panel nobody has
    to approve. `rank` is its priority unless impact says otherwise (1 presses most).
    """

    name: str
    sentence: str
    kind: Kind
    form: tuple[Question, ...]
    tasks: tuple[Task, ...]
    approval: Panel | None = None
    entitled: tuple[str, ...] = ()
    rank: int = 4

    def __post_init__(self) -> None:
        described(self.sentence, f"request item {self.name}")
        names = [task.name for task in self.tasks]
        if not names or len(set(names)) != len(names):
            raise DeclarationError(f"request item {self.name} needs tasks, each with a name of its own")
        if len({question.name for question in self.form}) != len(self.form):
            raise DeclarationError(f"request item {self.name} asks a question twice")
        if strange := {name for task in self.tasks for name in task.after} - set(names):
            raise DeclarationError(f"request item {self.name}: a task waits for unknown {sorted(strange)}")
        try:
            TopologicalSorter({task.name: task.after for task in self.tasks}).prepare()
        except CycleError as error:
            raise DeclarationError(f"request item {self.name}: tasks wait for each other: {error.args[1]}") from error


def find(known: Mapping[str, Item], name: str) -> Item:
    """The item of that name; a request for anything else is refused."""
    if name not in known:
        raise Invalid(f"there is no catalogue item {name!r}; known are {', '.join(known)}", where="item")
    return known[name]


def answers(item: Item, given: Mapping[str, Value]) -> dict[str, str]:
    """The form's answers, trimmed; Invalid names every question that is wrong."""
    wrong = [f"{name} is not asked" for name in sorted(set(given) - {q.name for q in item.form})]
    found: dict[str, str] = {}
    for question in item.form:
        text = str(given.get(question.name) or "").strip()
        if question.required and not text:
            wrong.append(f"{question.name} is missing: {question.sentence}")
        elif text and question.choices and text not in question.choices:
            wrong.append(f"{question.name} is one of {', '.join(question.choices)}, not {text!r}")
        elif len(text) > question.most:
            wrong.append(f"{question.name} is longer than {question.most:,} characters")
        elif text:
            found[question.name] = text
    if wrong:
        raise Invalid("; ".join(wrong), where=f"form of {item.name}")
    return found


def check_entitled(item: Item, who: str, subscribed: Collection[str]) -> None:
    """Whether somebody subscribed to these services may ask for it; Refused names what would entitle them."""
    if item.entitled and not set(item.entitled) & set(subscribed):
        raise Refused(f"{who} may not ask for {item.name}: it comes with {' or '.join(item.entitled)}")


def ready(item: Item, done: Collection[str]) -> tuple[Task, ...]:
    """The tasks that may be worked on when these are done or skipped."""
    return tuple(task for task in item.tasks if task.name not in done and set(task.after) <= set(done))


def rows(item: Item) -> Sequence[Mapping[str, Value]]:
    """The tasks as the part of a new record."""
    return [{"name": task.name, "group": task.group, "state": "open"} for task in item.tasks]
