"""Emulators other than moto, reached over HTTP: the second opinion that no role was tuned to the first.

What such an emulator remembers over a restart is its own affair; EKS, logins and bridges stay the gateway's.
"""

import re
import time
from pathlib import Path

import urllib3

from sandbox import python_environments
from sandbox.aws.errors import AWSError, NotImplementedByEmulator
from sandbox.aws.http import Request, Response
from sandbox.errors import SandboxError
from sandbox.processes import Processes, Program
from sandbox.settings import Settings

MINISTACK = Path(__file__).with_name("ministack.txt")
MINISTACK_PORT = 4567
START_SECONDS = 60
CREDENTIAL = re.compile(r"(?<=Credential=)[^/%&]+")  # of a header, and of a presigned query
NOT_PASSED = frozenset({"content-length", "connection", "transfer-encoding"})


class Forwarding:
    """An emulator that takes the account for the access key, as LocalStack's kind does."""

    def __init__(self, endpoint_url: str) -> None:
        self._endpoint_url = endpoint_url.rstrip("/")
        self._pool = urllib3.PoolManager(maxsize=16, timeout=urllib3.Timeout(connect=5, read=120))

    def send(self, request: Request, account: str, service: str, operation: str) -> Response:
        """Raises AWSError when the emulator does not answer, or does not know the operation."""
        query = CREDENTIAL.sub(account, request.query)
        headers = {name: value for name, value in request.headers.items() if name not in NOT_PASSED}
        if "authorization" in headers:
            headers["authorization"] = CREDENTIAL.sub(account, headers["authorization"])
        url = self._endpoint_url + request.path + (f"?{query}" if query else "")
        try:
            response = self._pool.request(
                request.method, url, body=request.body, headers=headers, retries=False, redirect=False
            )
        except urllib3.exceptions.HTTPError as error:
            message = f"The emulator at {self._endpoint_url} does not answer: {error}"
            raise AWSError("ServiceUnavailable", message, status=503) from None
        if response.status in (404, 501) and "html" in response.headers.get("content-type", ""):
            raise NotImplementedByEmulator(service, operation)
        return Response(response.status, dict(response.headers), response.data)


def start_ministack(settings: Settings, processes: Processes) -> Forwarding:
    """ministack (https://github.com/ministackorg/ministack), started and answering.

    Raises SandboxError when it cannot be started.
    """
    program = str(python_environments.ensure(MINISTACK) / "ministack")
    address, state = settings.address(1), settings.folder / "ministack"
    state.mkdir(mode=0o700, exist_ok=True)
    environment = {
        "BIND_HOST": address,
        "GATEWAY_PORT": str(MINISTACK_PORT),
        "MINISTACK_ACCOUNT_ID": settings.account_id,
        "MINISTACK_REGION": settings.region,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(state),
    }
    processes.ensure(Program("ministack", [program], environment, priority=850))
    endpoint_url = f"http://{address}:{MINISTACK_PORT}"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            urllib3.request("GET", f"{endpoint_url}/_ministack/health", retries=False, timeout=2)
            return Forwarding(endpoint_url)
        except urllib3.exceptions.HTTPError:
            time.sleep(0.5)
    raise SandboxError(
        f"ministack did not start in {START_SECONDS} s: {processes.log('ministack')} says why."
    )
