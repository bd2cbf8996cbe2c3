"""When and how often something that ended by itself is started again."""

from itertools import pairwise
from subprocess import TimeoutExpired

import pytest

from cmdb.errors import Misconfigured
from cmdb_processes.cli.server.revival import LONGEST, SETTLED, Revival


class Child:
    """A child that lives or not, and counts its starts."""

    def __init__(self, error: Exception | None = None) -> None:
        self.lives, self.error, self.started = True, error, 0

    def start(self) -> None:
        """Live again, or say why not."""
        self.started += 1
        if self.error is not None:
            raise self.error
        self.lives = True


def watched(child: Child) -> Revival:
    """Its revival."""
    return Revival("Neo4j", lambda: child.lives, child.start, lambda: "last words")


def test_a_living_child_is_left_alone() -> None:
    """Nothing is started while it lives."""
    child = Child()
    for now in range(100):
        watched(child).look(float(now))
    assert child.started == 0


def test_the_first_end_is_mended_at_once_and_the_next_ones_ever_more_slowly() -> None:
    """Ended at every look: started after 0, 2, 4, 8 and then every LONGEST seconds, without end."""
    child, at = Child(), []
    revival = watched(child)
    for now in range(60):
        child.lives = False
        before = child.started
        revival.look(float(now))
        if child.started > before:
            at.append(now)
    assert at[:4] == [0, 2, 6, 14]
    assert {b - a for a, b in pairwise(at[3:])} == {int(LONGEST)}


def test_after_a_settled_life_an_end_is_the_first_again() -> None:
    """What lived long enough is mended at once."""
    child = Child()
    revival = watched(child)
    for now in (0.0, 2.0, 6.0):
        child.lives = False
        revival.look(now)
    revival.look(7.0)
    revival.look(7.0 + SETTLED)
    child.lives = False
    revival.look(8.0 + SETTLED)
    assert child.started == 4


@pytest.mark.parametrize(
    "error",
    [
        Misconfigured("the disk is full"),
        OSError(28, "the disk is full"),  # its log could not be opened
        TimeoutExpired("the disk is full", 60),  # the agent took too long to enrol
    ],
)
def test_a_start_that_fails_is_said_and_tried_again(caplog: pytest.LogCaptureFixture, error: Exception) -> None:
    """The sentence is in the log, nothing is raised, whatever went wrong: the server goes on taking reports in."""
    child = Child(error)
    child.lives = False
    revival = watched(child)
    for now in range(40):
        revival.look(float(now))
    assert child.started > 4
    assert "Neo4j does not start: " in caplog.text
    assert "the disk is full" in caplog.text
