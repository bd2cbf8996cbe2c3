"""What follows from a declaration is worked out once for each."""

from __future__ import annotations

from dataclasses import replace

from cmdb.classes import catalogue
from cmdb.words import CIClass
from cmdb.words.once import once


def test_each_declaration_is_asked_once_and_a_changed_one_anew() -> None:
    """Two calls work it out once; a declaration that differs has its own answer; equality knows nothing of it."""
    asked: list[str] = []

    @once
    def owner_of(cls: CIClass) -> str:
        asked.append(cls.owner)
        return cls.owner.upper()

    host = replace(catalogue().cls("Host"), owner="first")
    other = replace(host, owner="second")
    assert [owner_of(host), owner_of(host), owner_of(other)] == ["FIRST", "FIRST", "SECOND"]
    assert asked == ["first", "second"]
    assert host == replace(host) and hash(host) == hash(replace(host))
