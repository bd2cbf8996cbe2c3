"""The page about the agent: every command on it prints what it says, of a recorded machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from support.pages import Page

ROOT = Path(__file__).parents[2]


def test_the_page_shows_what_the_agent_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing on it was typed in: each output is the command's own."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    Page(ROOT / "docs" / "agent.md", {}).check()
