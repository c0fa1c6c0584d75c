"""boto3 clients that speak to the emulator in this process, without a network between them."""

import io
import threading
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config

from sandbox.aws import protocol
from sandbox.aws.emulator import Emulator
from sandbox.aws.errors import AWSError
from sandbox.aws.http import Request, Response

ENDPOINT = "http://emulator.invalid"  # never resolved: every request is answered before it is sent (RFC 2606)


@cache
def session() -> botocore.session.Session:
    """One for all: it keeps the service models that it has read."""
    return botocore.session.Session()


class Clients:
    """Clients by service, account and region; made once, safe for several threads."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._session = session()
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._lock = threading.Lock()

    def get(self, service: str, account: str, region: str) -> Any:
        key = (service, account, region)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._create(*key)
            return self._clients[key]

    def _create(self, service: str, account: str, region: str) -> Any:
        client = self._session.create_client(
            service,
            region_name=region,
            endpoint_url=ENDPOINT,
            aws_access_key_id="SANDBOX",
            aws_secret_access_key="sandbox",  # noqa: S106 - nobody checks it: the request never leaves the process
            config=Config(retries={"max_attempts": 0}, parameter_validation=False),
        )

        def send(request: AWSPreparedRequest, event_name: str, **_: Any) -> AWSResponse:
            response = self._send(request, account, service, event_name.rpartition(".")[2])
            return AWSResponse(request.url, response.status, dict(response.headers), _Raw(response.body))

        client.meta.events.register("before-send", send)
        return client

    def _send(self, prepared: AWSPreparedRequest, account: str, service: str, operation: str) -> Response:
        address = urlsplit(prepared.url)
        headers = {
            n.lower(): v.decode() if isinstance(v, bytes) else str(v) for n, v in prepared.headers.items()
        }
        headers.setdefault("host", address.netloc)
        body = prepared.body or b""
        if hasattr(body, "read"):
            body = body.read()
        request = Request(
            prepared.method,
            address.path,
            address.query,
            headers,
            body.encode() if isinstance(body, str) else body,
        )
        try:
            return self._emulator.send(request, account, service, operation)
        except AWSError as error:
            return protocol.answer(protocol.identify(request, service), error)


class _Raw(io.BytesIO):
    """A response body as urllib3 would give it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()
