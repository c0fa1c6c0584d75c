"""An HTTP request and response as values, independent of the server that carries them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

PASSED_WITHOUT_PREFIX = {"CONTENT_TYPE": "content-type", "CONTENT_LENGTH": "content-length"}


@dataclass(frozen=True)
class Request:
    """`path` is as it came over the wire, percent-encoding and all; header names are in lower case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    remote_address: str = ""

    @property
    def url(self) -> str:
        address = f"http://{self.headers.get('host', 'localhost')}{self.path}"
        return f"{address}?{self.query}" if self.query else address

    @property
    def parameters(self) -> dict[str, str]:
        """The query string's parameters, decoded."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @classmethod
    def from_environ(cls, environ: Mapping[str, Any]) -> "Request":
        """Read the request whole from a WSGI environment (PEP 3333) of a server that sets `REQUEST_URI`."""
        headers = {
            name[5:].replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        headers |= {
            header: environ[name] for name, header in PASSED_WITHOUT_PREFIX.items() if environ.get(name)
        }
        path, _, query = environ["REQUEST_URI"].partition("?")
        return cls(
            environ["REQUEST_METHOD"],
            path,
            query,
            headers,
            read_body(environ),
            environ.get("REMOTE_ADDR", ""),
        )


def read_body(environ: Mapping[str, Any]) -> bytes:
    if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        return bytes(environ["wsgi.input"].read())
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return bytes(environ["wsgi.input"].read(length)) if length else b""


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)

    def start(self, start_response: Any) -> Iterable[bytes]:
        """Answer a WSGI server."""
        skipped = ("content-length", "connection", "transfer-encoding", "status")
        headers = [(name, str(value)) for name, value in self.headers.items() if name.lower() not in skipped]
        # A HEAD request's answer tells the length of a body that it does not carry.
        length = next(
            (v for n, v in self.headers.items() if n.lower() == "content-length"), str(len(self.body))
        )
        start_response(f"{self.status} {reason(self.status)}", [*headers, ("Content-Length", str(length))])
        return [self.body]


def reason(status: int) -> str:
    from http import HTTPStatus

    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
