"""Who is read now, and who waits: decided by bytes alone."""

from __future__ import annotations

from cmdb_graphql.turnstile import EXPECTED, Turnstile


class One:
    """A connection that takes its room when admitted, and perhaps gives it back at once."""

    def __init__(self, line: Turnstile, admitted: list[One], *, brief: bool = False) -> None:
        self._line, self._admitted, self._brief = line, admitted, brief

    def admit(self) -> None:
        """Its turn."""
        self._admitted.append(self)
        self._line.take(EXPECTED)
        if self._brief:
            self._line.leave(EXPECTED)


def test_they_are_admitted_in_order_as_far_as_there_is_room() -> None:
    """Two at once; the third when one of them has left, the fourth when there is room for a whole one again."""
    line, admitted = Turnstile(2 * EXPECTED), list[One]()
    ones = [One(line, admitted) for _ in range(4)]
    for one in ones:
        line.arrive(one)
    assert admitted == ones[:2]
    assert line.busy
    line.leave(EXPECTED)
    assert admitted == ones[:3]
    line.leave(EXPECTED - 1)
    assert admitted == ones[:3]
    line.leave(1)
    assert admitted == ones
    assert not line.busy


def test_thousands_that_need_no_room_after_all_are_admitted_one_after_the_other() -> None:
    """Not one inside the other: the line may be longer than Python's stack."""
    line, admitted = Turnstile(EXPECTED), list[One]()
    line.take(1)
    ones = [One(line, admitted, brief=True) for _ in range(5000)]
    for one in ones:
        line.arrive(one)
    assert not admitted
    line.leave(1)
    assert admitted == ones
