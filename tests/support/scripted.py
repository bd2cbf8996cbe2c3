"""A GraphQL server on loopback that answers as told; it refuses every question that does not fit our schema."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import graphql

SCHEMA = graphql.build_schema((Path(__file__).parents[2] / "graphql" / "schema.graphql").read_text())


@dataclass
class Scripted:
    """Answers by root field; a list is used up one by one. `asked` keeps token and variables of every question."""

    answers: dict[str, Any] = field(default_factory=dict)
    error: dict[str, Any] | None = None
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    url: str = ""

    def answer(self, token: str, question: dict[str, Any]) -> dict[str, Any]:
        """The answer's body."""
        document = graphql.parse(question["query"])
        wrong = graphql.validate(SCHEMA, document)
        assert not wrong, f"{wrong[0]} in {question['query']}"
        self.asked.append((token, question["variables"]))
        if self.error is not None:
            return {"data": None, "errors": [{"message": self.error["message"], "extensions": self.error}]}
        (operation,) = document.definitions
        assert isinstance(operation, graphql.OperationDefinitionNode)
        fields = [f for f in operation.selection_set.selections if isinstance(f, graphql.FieldNode)]
        return {"data": {(f.alias or f.name).value: self._next(f.name.value) for f in fields}}

    def _next(self, name: str) -> Any:
        found = self.answers[name]
        answer = found.pop(0) if isinstance(found, Turns) else found
        return page(answer) if isinstance(answer, list) and _is_paged(name) else answer


def page(rows: list[Any], more: str | None = None) -> dict[str, Any]:
    """Rows as a page of a list; `more` is the cursor behind which others follow."""
    return {"nodes": rows, "pageInfo": {"hasNextPage": more is not None, "endCursor": more}, "truncated": None}


def _is_paged(name: str) -> bool:
    assert SCHEMA.query_type is not None
    field_ = SCHEMA.query_type.fields.get(name)
    return field_ is not None and graphql.get_named_type(field_.type).name.endswith("Connection")


class Turns(list[Any]):
    """Answers given one after the other."""


@contextmanager
def serving(scripted: Scripted) -> Iterator[Scripted]:
    """Serve it until left; a question that was refused fails the test."""
    failed: list[BaseException] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                body = scripted.answer(self.headers["Authorization"].removeprefix("Bearer "), question)
            except BaseException as error:
                failed.append(error)
                body = {"errors": [{"message": f"the script has no answer: {error!r}"}]}
            raw = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    scripted.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield scripted
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
    if failed:
        raise failed[0]
