"""Told to stop under load: it takes no more, finishes what is in hand, ends with 0, and has lost nothing."""

from __future__ import annotations

import http.client
import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import neo4j
import pytest
from support.server_process import Agent, Up, enrolled, send, until, up
from support.servers import SMALL

pytestmark = [pytest.mark.neo4j, pytest.mark.slow, pytest.mark.timeout(600)]

AGENTS = 50
BOUND = 90.0
"""Seconds: the server's own bounds are 30 for requests, 10 each for what works behind them and 30 for Neo4j."""
ROWS = "\n".join(
    json.dumps({"class": "Application", "name": f"app {n}", "attributes": {"code": f"A{n}"}}) for n in range(3000)
)
UPSERT = 'mutation($rows: String!) { bulkUpsert(source: "assets", rows: $rows) { counts { outcome count } left } }'


class Load:
    """Fifty agents that report without a pause, and a bulk upsert: what was acknowledged, and what was answered."""

    def __init__(self, server: Up, agents: list[Agent]) -> None:
        self._server, self._agents = server, agents
        self.acknowledged: list[str] = []
        self.answers: list[tuple[int, bytes]] = []

    @contextmanager
    def running(self) -> Iterator[None]:
        """While the block runs; until nobody answers any more."""
        with ThreadPoolExecutor(AGENTS + 1) as pool:
            futures = [pool.submit(self._report, agent) for agent in self._agents]
            futures.append(pool.submit(self._upsert))
            yield
        for future in futures:
            future.result()

    def _report(self, agent: Agent) -> None:
        for seq in range(1, 1000):
            try:
                status = send(self._server, agent, seq)
            except (OSError, http.client.HTTPException):
                return
            if status != 202:
                return
            self.acknowledged.append(f"{agent[0]}-{seq}")

    def _upsert(self) -> None:
        token = (self._server.home / "token").read_text().strip()
        body = json.dumps({"query": UPSERT, "variables": {"rows": ROWS}})
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=120)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        with suppress(OSError, http.client.HTTPException):
            connection.request("POST", "/graphql", body, headers)
            answer = connection.getresponse()
            self.answers.append((answer.status, answer.read()))
        connection.close()


def ended(server: Up) -> float:
    """Seconds from the first signal to the end with 0; more signals change nothing."""
    since = time.monotonic()
    server.process.terminate()
    for more in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        time.sleep(0.2)
        with suppress(ProcessLookupError):
            os.kill(server.process.pid, more)
    assert server.process.wait(BOUND) == 0, (server.home / "output.log").read_text()
    return time.monotonic() - since


def stands_still(server: Up) -> bool:
    """Whether a Neo4j that is there and does not answer is no fault of who asks, and is answered again once it does."""
    java, headers = server.neo4j(), {"Content-Type": "application/json"}
    headers["Authorization"] = f"Bearer {(server.home / 'token').read_text().strip()}"

    def ask() -> tuple[int, bytes]:
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
            connection.request("POST", "/graphql", '{"query": "{ status { sequence } }"}', headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    java.suspend()
    try:
        status, text = ask()
    finally:
        java.resume()
    assert (status, b"Neo4j does not answer" in text) == (503, True), text
    until(lambda: ask()[0] == 200, 60)
    return True


def there(server: Up) -> tuple[list[str], int]:
    """The reports in the journal, and how many applications there are."""
    with neo4j.GraphDatabase.driver(server.bolt, auth=("neo4j", server.password)) as driver:
        asked = "MATCH (c:Change) WHERE c.report IS NOT NULL RETURN c.report AS id"
        reports = [record["id"] for record in driver.execute_query(asked).records]
        return reports, driver.execute_query("MATCH (a:Application) RETURN count(a) AS n").records[0]["n"]


def test_what_was_acknowledged_under_load_is_there_after_an_orderly_stop(tmp_path: Path) -> None:
    """Fifty agents report and 3,000 rows are written when it is told to stop, four times over: it ends in bounded
    time with 0 and no traceback, the upsert is answered with what is there, and the next start has every acknowledged
    report, once."""
    agents = enrolled(tmp_path, AGENTS)
    with up(tmp_path, SMALL) as server:
        load = Load(server, agents)
        with load.running():
            until(lambda: len(load.acknowledged) > 3 * AGENTS, 120)
            print(f"ended after {ended(server):.1f} s; {len(load.acknowledged)} acknowledged; {load.answers}")
    ((status, answer),) = load.answers
    said = (tmp_path / "output.log").read_text()
    assert "stopping" in said and "Traceback" not in said, said
    assert not (tmp_path / "ready").exists() and not (tmp_path / "server.json").exists()
    with up(tmp_path, SMALL) as server:
        until(lambda: server.inbox("queue") == 0, 300)
        found, applications = there(server)
        assert stands_still(server)
    assert len(found) == len(set(found))
    assert set(load.acknowledged) <= set(found)
    assert status == 200, answer
    counts = {one["outcome"]: one["count"] for one in json.loads(answer)["data"]["bulkUpsert"]["counts"]}
    assert counts == {"created": applications} and applications > 0
