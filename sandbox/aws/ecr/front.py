"""The registry's face: Docker's protocol, opened by ECR's tokens and bound by ECR's rules.

Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from sandbox.aws.ecr.images import Images
from sandbox.aws.ecr.registry import Connection, Registry
from sandbox.aws.ecr.tokens import Bearer, Tokens
from sandbox.aws.errors import AWSError
from sandbox.aws.http import read_body

BLOCK = 1 << 20  # bytes
PATH = re.compile(r"/v2/(?P<name>[a-z0-9._/-]+)/(?P<kind>manifests|blobs|tags|referrers)/(?P<reference>.*)")
# Of one connection, not of what it carries: https://www.rfc-editor.org/rfc/rfc9110#field.connection
HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"})
WRITING = frozenset({"PUT", "POST", "PATCH"})


class Front:
    """A WSGI application (PEP 3333)."""

    def __init__(self, tokens: Tokens, images: Images, registry: Registry) -> None:
        self._tokens = tokens
        self._images = images
        self._registry = registry

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        bearer = self._tokens.bearer(environ.get("HTTP_AUTHORIZATION", ""))
        if bearer is None:
            challenge = ("WWW-Authenticate", 'Basic realm="ECR",service="ecr"')
            return refused(
                start_response,
                AWSError("DENIED", "Your authorization token is missing or expired.", 401),
                challenge,
            )
        try:
            return self._serve(environ, start_response, bearer)
        except AWSError as error:
            return refused(start_response, error)
        except OSError as error:
            failure = AWSError("UNAVAILABLE", f"The registry behind ECR does not answer ({error}).", 503)
            return refused(start_response, failure)

    def _serve(self, environ: dict[str, Any], start_response: Any, bearer: Bearer) -> Iterable[bytes]:
        path = environ["REQUEST_URI"]
        target = PATH.fullmatch(path.partition("?")[0])
        if not target:
            return self._pass(environ, start_response, environ["wsgi.input"])
        method, name, reference = environ["REQUEST_METHOD"], target["name"], target["reference"]
        self._images.repository(bearer, name)
        if method == "DELETE":
            raise AWSError("UNSUPPORTED", "ECR deletes images by its own API: BatchDeleteImage.", 405)
        if target["kind"] != "manifests" or method != "PUT":
            return self._pass(environ, start_response, environ["wsgi.input"])
        manifest = read_body(environ)
        tag = None if reference.startswith("sha256:") else reference
        if tag:
            self._images.check_tag(bearer, name, tag, manifest)
        connection, response = self._send(environ, manifest)
        if response.status == 201:
            self._images.record(bearer, name, tag, manifest, environ.get("CONTENT_TYPE", ""))
        return relayed(connection, response, start_response)

    def _pass(self, environ: dict[str, Any], start_response: Any, body: Any) -> Iterable[bytes]:
        return relayed(*self._send(environ, body), start_response)

    def _send(self, environ: dict[str, Any], body: Any) -> tuple[Connection, Any]:
        """Send the request on; a body that is a stream goes through in blocks."""
        headers = {
            key[5:].replace("_", "-").title(): value
            for key, value in environ.items()
            if key.startswith("HTTP_") and key != "HTTP_AUTHORIZATION"
        }
        headers = {name: value for name, value in headers.items() if name.lower() not in HOP_BY_HOP}
        if environ.get("CONTENT_TYPE"):
            headers["Content-Type"] = environ["CONTENT_TYPE"]
        method, chunked = environ["REQUEST_METHOD"], False
        if method not in WRITING:
            body = None
        elif not isinstance(body, bytes):
            length = environ.get("CONTENT_LENGTH")
            chunked = not length and environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked"
            if chunked:
                headers["Transfer-Encoding"] = "chunked"
            else:
                headers["Content-Length"] = length or "0"
            body = blocks(body, None if chunked else int(length or 0))
        connection = self._registry.connect()
        try:
            connection.request(method, environ["REQUEST_URI"], body, headers, encode_chunked=chunked)
            return connection, connection.getresponse()
        except BaseException:
            connection.close()
            raise


def blocks(stream: Any, length: int | None) -> Iterator[bytes]:
    """The stream in blocks: `length` bytes of it, or all of a chunked one."""
    while length is None or length > 0:
        block = stream.read(BLOCK if length is None else min(BLOCK, length))
        if not block:
            return
        if length is not None:
            length -= len(block)
        yield block


def relayed(connection: Connection, response: Any, start_response: Any) -> Iterator[bytes]:
    """The registry's answer, in blocks; the connection ends with it."""
    headers = [(name, value) for name, value in response.getheaders() if name.lower() not in HOP_BY_HOP]
    start_response(f"{response.status} {response.reason}", headers)

    def body() -> Iterator[bytes]:
        try:
            while block := response.read(BLOCK):
                yield block
        finally:
            connection.close()

    return body()


def refused(start_response: Any, error: AWSError, *headers: tuple[str, str]) -> list[bytes]:
    """An error as registries tell it."""
    body = json.dumps({"errors": [{"code": error.code, "message": error.message}]}).encode()
    kept = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers]
    start_response(f"{error.status or 400} Refused", kept)
    return [body]
