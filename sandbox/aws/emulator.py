"""The emulators that the gateway can stand in front of. None of them is ours; what they lack is served before
them.
"""

import logging
import os
import random
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from sandbox.aws import clock
from sandbox.aws.errors import AWSError, NotImplementedByEmulator
from sandbox.aws.http import Request, Response
from sandbox.aws.journal import Entry, Journal

log = logging.getLogger(__name__)
T = TypeVar("T")

READING = (
    "Describe",
    "Filter",
    "Get",
    "List",
    "BatchGet",
    "Head",
    "Search",
    "Lookup",
    "Query",
    "Scan",
    "Select",
    "Simulate",
    "Check",
)
# They make credentials, though they are called Get.
WRITING = frozenset({"GetSessionToken", "GetFederationToken"})


class Emulator(Protocol):
    """Serves requests of any service for an account."""

    def send(self, request: Request, account: str, service: str, operation: str) -> Response:
        """Serve the request. Raises NotImplementedByEmulator when the emulator lacks the operation."""
        ...


def writes(operation: str) -> bool:
    """Whether the operation may change something, by the verbs that AWS's naming keeps to."""
    return operation in WRITING or not operation.startswith(READING)


class Moto:
    """moto in this process, with its state in a journal: https://docs.getmoto.org/en/latest/"""

    def __init__(self, journal: Journal) -> None:
        # Without it no managed policy of AWS exists:
        # https://docs.getmoto.org/en/latest/docs/services/iam.html
        os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
        clock.install()
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        from sandbox.aws.moto import install

        install()
        self._application = DomainDispatcherApplication(create_backend_app)
        self._journal = journal
        # One request at a time: moto is not made for several, and a seeded random generator is one for all.
        self._lock = threading.RLock()

    def send(self, request: Request, account: str, service: str, operation: str) -> Response:
        from moto.moto_api._internal import mock_random

        with self._lock:
            entry = Entry(round(time.time(), 3), random.SystemRandom().getrandbits(63), account, request)
            mock_random.seed(entry.seed)
            untouched = mock_random.getstate()
            response = self._serve(entry, service, operation)
            # Some reads make what they show, such as an AWS managed key; they draw its identifier.
            if writes(operation) or mock_random.getstate() != untouched:
                self._journal.append(entry)
        return response

    def look(self, read: Callable[[], T]) -> T:
        """What `read` finds in moto's state, which nothing changes meanwhile."""
        with self._lock:
            return read()

    def replay(self) -> int:
        """Serve the journal again; returns how many requests that were."""
        from moto.moto_api._internal import mock_random

        replayed = 0
        with self._lock:
            for entry in self._journal.entries():
                replayed += 1
                mock_random.seed(entry.seed)
                try:
                    self._serve(entry, "", "")
                except AWSError:
                    continue  # it was refused then, too
        return replayed

    def _backend(self, environ: dict[str, Any], service: str, operation: str) -> Any:
        try:
            return self._application.get_application(environ)
        except AttributeError:  # moto has no such service
            raise NotImplementedByEmulator(service, operation) from None

    def _serve(self, entry: Entry, service: str, operation: str) -> Response:
        from moto.core.request import Request as MotoRequest

        request = entry.request
        headers = {**request.headers, "x-moto-account-id": entry.account}
        environ = MotoRequest.from_primitives(request.method, request.url, headers, request.body).environ
        answered: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            answered[:] = [int(status.split()[0]), dict(headers)]

        try:
            with clock.at(entry.time):
                body = b"".join(self._backend(environ, service, operation)(environ, start_response))
        except NotImplementedError as error:
            raise NotImplementedByEmulator(service, operation, str(error)) from None
        except AWSError:
            raise
        except Exception as error:
            log.exception("moto failed in %s:%s", service, operation)
            raise AWSError(
                "InternalFailure", f"The emulator failed in {service}:{operation}: {error!r}", status=500
            ) from None
        status, response_headers = answered
        # A page for people means that no handler took the request; the answer to a HEAD request has no body.
        is_page = (
            request.method != "HEAD"
            if not body
            else body.lstrip().lower().startswith((b"<!doctype", b"<html"))
        )
        if (
            status in (404, 405, 500)
            and is_page
            and response_headers.get("Content-Type", "").startswith("text/html")
        ):
            raise NotImplementedByEmulator(service, operation)
        return Response(status, response_headers, body)
