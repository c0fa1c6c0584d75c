"""The HTTP server that carries the sandbox's own applications: HTTP/1.1 with kept connections and threads."""

import logging
import signal
import threading
from typing import Any

import cheroot.wsgi

THREADS = 12
LARGEST_BODY = 8 * 1024**3  # bytes: an image's layer goes through the registry's front


class _Server(cheroot.wsgi.Server):
    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        logging.getLogger(__name__).log(level, "%s", msg, exc_info=traceback)


def serve(application: Any, address: tuple[str, int], threads: int = THREADS) -> cheroot.wsgi.Server:
    """Serve on `address` in a thread of its own; `stop()` of what is returned ends it.

    Raises OSError when the address is taken or not of this machine.
    """
    server = _Server(address, application, numthreads=threads, server_name="sandbox")
    server.max_request_body_size = LARGEST_BODY
    server.timeout = 120
    server.prepare()
    threading.Thread(target=server.serve, name=f"server-{address[1]}", daemon=True).start()
    return server


def wait_for_stop() -> None:
    """Return when the process is asked to end (SIGTERM, SIGINT)."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
