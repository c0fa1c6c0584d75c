"""The registry's face: Docker's protocol, opened by ECR's tokens and bound by ECR's rules.

Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sandbox.aws.ecr.images import Images
from sandbox.aws.ecr.registry import Connection, Registry, stored_name
from sandbox.aws.ecr.tokens import Bearer, Tokens
from sandbox.aws.errors import AWSError
from sandbox.aws.http import read_body

BLOCK = 1 << 20  # bytes
PATH = re.compile(r"/v2/(?P<name>[a-z0-9._/-]+)/(?P<kind>manifests|blobs|tags|referrers)/(?P<reference>.*)")
# Of one connection, not of what it carries: https://www.rfc-editor.org/rfc/rfc9110#field.connection
HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"})
ADDRESSES = frozenset({"location", "link"})
READING = frozenset({"GET", "HEAD"})
WRITING = frozenset({"PUT", "POST", "PATCH"})


Pushed = Callable[[Bearer, str, str | None, bytes], None]
Wanted = Callable[[Bearer, str, str], None]


class Front:
    """A WSGI application (PEP 3333); `pushed` gets the repository, the tag and the manifest of each image,
    and `wanted` the repository and the tag or digest of each that is about to be pulled.
    """

    def __init__(
        self, tokens: Tokens, images: Images, registry: Registry, pushed: Pushed, wanted: Wanted
    ) -> None:
        self._tokens = tokens
        self._images = images
        self._registry = registry
        self._pushed = pushed
        self._wanted = wanted

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
        path, _, query = environ["REQUEST_URI"].partition("?")
        target = PATH.fullmatch(path)
        stored = stored_name(bearer.account, bearer.region, "")
        if not target:
            if path.rstrip("/") != "/v2":
                raise AWSError("UNSUPPORTED", "ECR lists repositories by its own API.", 404)
            return relayed(*self._send(environ, "/v2/", None), start_response, stored)
        method, name, reference = environ["REQUEST_METHOD"], target["name"], target["reference"]
        if target["kind"] == "manifests" and method in READING:
            self._wanted(bearer, name, reference)
        self._images.repository(bearer, name)
        if method == "DELETE":
            raise AWSError("UNSUPPORTED", "ECR deletes images by its own API: BatchDeleteImage.", 405)
        address = f"/v2/{stored}{path.removeprefix('/v2/')}"
        if query:
            address += f"?{stored_query(query, stored)}"
        if target["kind"] != "manifests" or method != "PUT":
            sent = self._send(environ, address, environ["wsgi.input"])
            return relayed(*sent, start_response, stored)
        manifest = read_body(environ)
        tag = None if reference.startswith("sha256:") else reference
        if tag:
            self._images.check_tag(bearer, name, tag, manifest)
        connection, response = self._send(environ, address, manifest)
        if response.status == 201:
            self._images.record(bearer, name, tag, manifest, environ.get("CONTENT_TYPE", ""))
            self._pushed(bearer, name, tag, manifest)
        return relayed(connection, response, start_response, stored)

    def _send(self, environ: dict[str, Any], address: str, body: Any) -> tuple[Connection, Any]:
        """Send the request on to an address; a body that is a stream goes through in blocks."""
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
            connection.request(method, address, body, headers, encode_chunked=chunked)
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


def stored_query(query: str, stored: str) -> str:
    """The query with the repository that a layer is mounted from under its stored name."""
    pairs = parse_qsl(query, keep_blank_values=True)
    return urlencode([(key, stored + value if key == "from" else value) for key, value in pairs])


def relayed(connection: Connection, response: Any, start_response: Any, stored: str) -> Iterable[bytes]:
    """The registry's answer, in blocks, without the account and region that its names are stored under; the
    connection ends with it.
    """
    headers = [
        (name, value.replace(f"/v2/{stored}", "/v2/", 1) if name.lower() in ADDRESSES else value)
        for name, value in response.getheaders()
        if name.lower() not in HOP_BY_HOP
    ]
    if response.status >= 400 or response.getheader("Content-Type", "").startswith("application/json"):
        content = response.read().replace(stored.encode(), b"")
        connection.close()
        if response.getheader("Content-Length") and content:
            headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
            headers.append(("Content-Length", str(len(content))))
        start_response(f"{response.status} {response.reason}", headers)
        return [content]
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
