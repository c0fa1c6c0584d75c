"""The HTTP server that carries the sandbox's own applications: HTTP/1.1 with kept connections and threads."""

import logging
import signal
import threading
from typing import Any

import cheroot.wsgi

from sandbox.errors import SandboxError

THREADS = 12
LARGEST_BODY = 8 * 1024**3  # bytes: an image's layer goes through the registry's front


class Server(cheroot.wsgi.Server):
    """Listens once it is made; answers, in threads of its own, once it has an application."""

    def begin(self, application: Any) -> "Server":
        self.wsgi_app = application
        threading.Thread(target=self.serve, name=f"server-{self.bind_addr[1]}", daemon=True).start()
        return self

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        logging.getLogger(__name__).log(level, "%s", msg, exc_info=traceback)


def listen(address: tuple[str, int], threads: int = THREADS) -> Server:
    """A server that listens on `address`, whose callers wait until it begins.

    Raises SandboxError when the address is taken or not of this machine.
    """
    server = Server(address, None, numthreads=threads, server_name="sandbox")
    server.max_request_body_size = LARGEST_BODY
    server.timeout = 120
    try:
        server.prepare()
    except OSError as error:
        host, port = address
        raise SandboxError(
            f"{host}:{port} cannot be listened on ({error}): another process has the port, or the sandbox's "
            "network is not up. `make status` shows what runs; `make up` heals it."
        ) from None
    return server


def serve(application: Any, address: tuple[str, int], threads: int = THREADS) -> Server:
    """Serve on `address`; `stop()` of what is returned ends it. Raises SandboxError as `listen` does."""
    return listen(address, threads).begin(application)


def wait_for_stop() -> None:
    """Return when the process is asked to end (SIGTERM, SIGINT)."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
