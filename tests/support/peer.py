"""A program of the traffic lab: it serves and connects as its arguments say, and says `ready` by a file.

`python shop.py serve=0.0.0.0:8080 steady=10.78.0.15:5432 short=10.78.0.15:6379`

Serving: `serve` answers whatever comes, `greet` sends a word and closes first, `sink` only listens to what comes,
`udp` answers datagrams. Connecting: `steady` asks and is answered for ever, `idle` says nothing, `oneway` speaks and
is never answered, `dgram` is connected by UDP, `short` is a connection for each question, `visit` is one that the
other end closes, `never` tries an address where nobody answers, `poll` is one round of questions whose connections
stay open while the file `hold` is there. `every` is the seconds between two rounds.
"""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

SERVING = {"serve", "greet", "sink", "udp"}


def place(text: str) -> tuple[str, int]:
    """Address and port; IPv6 stands in brackets."""
    address, _, port = text.rpartition(":")
    return address.strip("[]"), int(port)


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _answer(how: str, link: socket.socket) -> None:
    with link:
        if how == "greet":
            link.sendall(b"hello")
            return
        while link.recv(1024):
            if how == "serve":
                link.sendall(b"ok")


def _accept(how: str, listener: socket.socket) -> None:
    while True:
        link, _ = listener.accept()
        threading.Thread(target=_answer, args=(how, link), daemon=True).start()


def _datagrams(own: socket.socket) -> None:
    while True:
        data, sender = own.recvfrom(1024)
        own.sendto(data, sender)


def serve(how: str, text: str) -> None:
    """Listen, and answer in the background."""
    address, port = place(text)
    if how == "udp":
        own = socket.socket(_family(address), socket.SOCK_DGRAM)
        own.bind((address, port))
        threading.Thread(target=_datagrams, args=(own,), daemon=True).start()
    else:
        family = _family(address)
        listener = socket.create_server((address, port), family=family, backlog=64, dualstack_ipv6=address == "::")
        threading.Thread(target=_accept, args=(how, listener), daemon=True).start()


def connect(text: str) -> socket.socket:
    """A connection, as soon as somebody listens there."""
    until = time.monotonic() + 20
    while True:
        try:
            return socket.create_connection(place(text), timeout=5)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def _asks(link: socket.socket) -> None:
    link.sendall(b"?")
    link.recv(1024)


def _short(text: str) -> None:
    with connect(text) as link:
        _asks(link)


def _visit(text: str) -> None:
    with connect(text) as link:
        while link.recv(1024):
            pass


def _never(text: str) -> None:
    with socket.socket(_family(place(text)[0])) as link:
        link.setblocking(False)
        link.connect_ex(place(text))
        time.sleep(0.02)


def _poll(links: list[socket.socket]) -> None:
    if links and not Path(sys.argv[0]).with_name("hold").exists():
        links.pop().close()


def work(how: str, text: str) -> Callable[[], object]:
    """What to do again and again; what lasts is connected by then."""
    if how in ("short", "visit", "never"):
        return partial({"short": _short, "visit": _visit, "never": _never}[how], text)
    if how == "dgram":
        link = socket.socket(_family(place(text)[0]), socket.SOCK_DGRAM)
        link.connect(place(text))
    else:
        link = connect(text)
    if how == "poll":
        _asks(link)
        return partial(_poll, [link])
    if how == "idle":
        return link.fileno
    return (lambda: link.send(b"?")) if how == "oneway" else (lambda: _asks(link))


def main(arguments: list[str]) -> None:
    """Serve first, connect then, go round for ever."""
    wanted = [one.partition("=")[::2] for one in arguments]
    for how, text in wanted:
        if how in SERVING:
            serve(how, text)
    rounds = [work(how, text) for how, text in wanted if how not in SERVING and how != "every"]
    pause = float(dict(wanted).get("every", "0.25"))
    while True:
        for once in rounds:
            once()
        Path(sys.argv[0]).with_suffix(".ready").touch()
        time.sleep(pause)


if __name__ == "__main__":
    main(sys.argv[1:])
