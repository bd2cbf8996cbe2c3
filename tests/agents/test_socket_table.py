"""Sockets kept as rows: what was put in comes out, and who holds which."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb_agents.transports.readings import Socket
from cmdb_agents.transports.socket_table import IDLE, STATES, Holders, Row, SocketTable, connected, waiting

INODES = st.integers(1, 40)
PORTS = st.integers(0, 65_535)


def addresses(width: int) -> st.SearchStrategy[bytes]:
    """Addresses of so many bytes."""
    return st.binary(min_size=width, max_size=width)


ROWS = st.sampled_from((4, 16)).flatmap(
    lambda width: st.lists(
        st.tuples(st.sampled_from(STATES), addresses(width), PORTS, addresses(width), PORTS, st.integers(0, 40))
    )
)


@given(st.dictionaries(st.integers(1, 2**31), st.lists(INODES), max_size=8))
def test_holders(held: dict[int, list[int]]) -> None:
    """Each socket has all processes that hold it, each once, by however many descriptors; a file is no socket."""
    holders = Holders()
    for pid, inodes in held.items():
        holders.add(pid, ["/dev/null", *(f"socket:[{inode}]" for inode in inodes), "socket:[x]", "socket:[" + "9" * 40])
    holders.sort()
    for inode in range(45):
        assert holders.of(inode) == tuple(pid for pid, inodes in held.items() if inode in inodes)


@given(st.lists(ROWS, max_size=4))
def test_what_was_put_in_comes_out(files: list[list[Row]]) -> None:
    """Every row is a socket again with its addresses, ports, holders and namespace; those that wait come first."""
    table, wanted = SocketTable(), set()
    for number, rows in enumerate(files):
        ownerless = table.add(f"net:[{number}]", "tcp", rows, lambda inode: (inode, 7) if inode % 2 else ())
        assert ownerless == any(row[5] and row[5] % 2 == 0 for row in rows)
        for state, _, local_port, _, remote_port, inode in rows:
            pids = (inode, 7) if inode % 2 else ()
            wanted.add((f"net:[{number}]", state, local_port, remote_port, pids))
    found = tuple(table)
    assert {(s.namespace, s.state, s.local_port, s.remote_port, s.pids) for s in found} == wanted
    assert len(table) == sum(map(len, files)) >= len(found)
    assert table.pids == {pid for one in found for pid in one.pids}
    assert [*waiting(table), *connected(table)] == list(found) == [*waiting(found), *connected(found)]
    assert all((s.state in IDLE) == (s.remote == "") for s in found)


def test_addresses_are_text() -> None:
    """An address is as people write it, IPv4 also where IPv6 carries it; who waits has no peer."""
    mapped = bytes(10) + b"\xff\xff\x0a\x00\x00\x05"
    six = bytes.fromhex("20010db8000000000000000000000009")
    table = SocketTable()
    table.add("", "tcp", [("ESTABLISHED", mapped, 40_000, six, 5432, 1), ("LISTEN", bytes(16), 80, bytes(16), 0, 2)],
              lambda inode: (inode,))  # fmt: skip
    assert tuple(table) == (
        Socket("tcp", "LISTEN", "::", 80, pids=(2,)),
        Socket("tcp", "ESTABLISHED", "10.0.0.5", 40_000, "2001:db8::9", 5432, (1,)),
    )


@pytest.mark.parametrize("row", [("LISTEN", b"abc", 1, b"abc", 1, 0), ("LISTEN", bytes(4), -1, bytes(4), 70_000, 0)])
def test_a_row_no_kernel_writes(row: Row) -> None:
    """Nonsense is refused as a value, which a reader turns into what could not be seen."""
    with pytest.raises(ValueError, match="a row that no kernel writes"):
        SocketTable().add("", "tcp", [row], lambda _: ())
