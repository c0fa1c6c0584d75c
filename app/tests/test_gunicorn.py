"""The server as the image starts it: what it logs, and how it stops."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_settings import APP, PRODUCTION

STARTS_WITHIN = 30  # seconds


@pytest.fixture
def server(tmp_path: Path) -> Iterator[subprocess.Popen]:
    """gunicorn with the project's configuration, on a Unix socket instead of port 8000."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", f"--bind=unix:{tmp_path}/socket", "--workers=1"],
        cwd=APP,
        env=PRODUCTION | {"PYTHONWARNINGS": "ignore:No directory at"},  # only the image has static files
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + STARTS_WITHIN
    while not (tmp_path / "socket").exists():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield process
    process.kill()
    process.communicate()


def get(folder: Path, path: str) -> str:
    """Return the status line of the answer to ``path``."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(os.fspath(folder / "socket"))
        lines = [
            f"GET {path} HTTP/1.1",
            "Host: notejam.example",
            "Cookie: sessionid=private",
            "Connection: close",
        ]
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        return connection.makefile().readline().strip()


def test_requests_are_logged_as_json_without_what_is_private(
    server: subprocess.Popen, tmp_path: Path
) -> None:
    assert get(tmp_path, "/healthz/live") == "HTTP/1.1 200 OK"
    assert get(tmp_path, '/signin/?next="private') == "HTTP/1.1 301 Moved Permanently"

    server.send_signal(signal.SIGTERM)
    access, events = server.communicate()

    assert server.returncode == 0
    [line] = [json.loads(line) for line in access.splitlines()]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/signin/", 301)
    assert "private" not in access
    assert {json.loads(event)["logger"] for event in events.splitlines()} == {"gunicorn.error"}


def test_a_wrong_environment_ends_the_server_at_once() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--bind=127.0.0.1:0"],
        cwd=APP,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert "SECRET_KEY is not set" in done.stderr
