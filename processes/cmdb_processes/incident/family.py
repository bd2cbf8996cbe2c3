"""Parents and children: one outage, many reports. What happens to the parent happens to its children. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from cmdb.errors import Refused
from cmdb.words.record import Effect
from cmdb.words.record_lifecycle import Category
from cmdb_processes.incident.lifecycle import CONFIRMATION


@dataclass(frozen=True, slots=True)
class Child:
    """What must be known of a child: `by_parent` is the number of the parent that resolved it, if one did."""

    number: str
    category: Category
    waiting: str | None = None
    by_parent: str | None = None

    @property
    def restored(self) -> bool:
        """Whether nothing is left to do for it but to hear that it works."""
        return self.category is Category.DONE or self.waiting == CONFIRMATION.name


def check_parent(child: str, parent: str, parent_category: Category, ancestors: Collection[str]) -> None:
    """Whether it may become a child of a record; `ancestors` are the parents of that one, all the way up."""
    if child == parent:
        raise Refused(f"{child} cannot be its own parent")
    if child in ancestors:
        raise Refused(f"{parent} is below {child} already, so it cannot be above it too")
    if parent_category is Category.DONE:
        raise Refused(f"{parent} is done: nothing can be put under it")


def follow(parent: str, event: str, children: Iterable[Child], say: Mapping[str, str]) -> tuple[Effect, ...]:
    """The commands on children that follow from one on their parent: resolve, close, reopen and note.

    Resolved are those still open, with the parent's words (`say`: resolution_code, resolution, cause, note, reason).
    Closed and reopened are only those that this parent resolved: what a person did to a child stays. Notes reach all
    that are open.
    """
    return tuple(effect for child in children for effect in _one(parent, event, child, say))


def _one(parent: str, event: str, child: Child, say: Mapping[str, str]) -> list[Effect]:
    ours = child.by_parent == parent
    words = {name: say[name] for name in ("resolution_code", "resolution", "cause") if say.get(name)}
    cause = {"cause": say["cause"]} if say.get("cause") else {}
    if event == "resolve" and not child.restored:
        return [Effect("resolve_incident", child.number, {**words, "by_parent": parent}, as_process=True)]
    if event in ("confirm", "auto-close") and child.category is not Category.DONE and ours:
        return [Effect("close_incident", child.number, {**cause, "closed_how": f"with {parent}"}, as_process=True)]
    if event == "reopen" and ours:
        why = say.get("reason") or "it is not over"
        return [Effect("reopen_incident", child.number, {"reason": f"{parent} was reopened: {why}"}, as_process=True)]
    if event == "note" and child.category is not Category.DONE and say.get("note"):
        return [Effect("note_incident", child.number, {"text": f"{parent}: {say['note']}"}, as_process=True)]
    return []


def open_children(children: Iterable[Child]) -> tuple[str, ...]:
    """The children that stand in the way of closing their parent: neither done nor restored."""
    return tuple(child.number for child in children if not child.restored)
