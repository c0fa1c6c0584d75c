"""The HTTP server: connections are kept, bodies of every kind come through, and a taken port is told."""

import http.client
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.aws.http import Request, Response
from sandbox.aws.server import Server, listen, serve
from sandbox.errors import SandboxError


def echo(environ: dict[str, Any], start_response: Any) -> Any:
    request = Request.from_environ(environ)
    return Response(200, {"X-Path": request.path, "X-Query": request.query}, request.body).start(
        start_response
    )


@pytest.fixture
def server() -> Iterator[Server]:
    server = serve(echo, ("127.0.0.1", 0), threads=2)
    yield server
    server.stop()


@pytest.fixture
def connection(server: Server) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", server.bind_addr[1], timeout=30)
    yield connection
    connection.close()


def test_one_connection_carries_several_requests(connection: http.client.HTTPConnection) -> None:
    connection.request("PUT", "/a%2Fb?x=%20", b"body")
    first = connection.getresponse()
    assert (first.read(), first.headers["X-Path"], first.headers["X-Query"]) == (b"body", "/a%2Fb", "x=%20")
    socket = connection.sock
    connection.request("POST", "/", iter([b"in ", b"chunks"]), encode_chunked=True)
    assert connection.getresponse().read() == b"in chunks"
    assert connection.sock is socket


def test_a_taken_port_is_told(server: Server) -> None:
    port = server.bind_addr[1]
    with pytest.raises(SandboxError, match=rf"127\.0\.0\.1:{port} cannot be listened on"):
        listen(("127.0.0.1", port))


def test_callers_wait_for_a_server_that_has_not_begun() -> None:
    server = listen(("127.0.0.1", 0), threads=2)
    connection = http.client.HTTPConnection("127.0.0.1", server.bind_addr[1], timeout=30)
    connection.request("GET", "/early")
    server.begin(echo)
    assert connection.getresponse().headers["X-Path"] == "/early"
    connection.close()
    server.stop()
