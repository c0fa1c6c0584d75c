"""The sandbox's Git server: the bare repositories of `<folder>/git` over smart HTTP, behind a token.

`git http-backend` (https://git-scm.com/docs/git-http-backend) does the work; this is the web server that it
needs: a token asked for, bodies streamed both ways, so that packs of any size pass through little memory.
"""

import base64
import binascii
import contextlib
import hmac
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from io import BufferedReader, BufferedWriter
from pathlib import Path
from typing import Any, cast

from cheroot.wsgi import Server

from sandbox.environment import OPERATIONS_REPOSITORY
from sandbox.errors import SandboxError
from sandbox.settings import Settings

PORT = 3000
HEALTH_PATH = "/healthz"
CHUNK = 64 * 1024  # bytes

StartResponse = Callable[[str, list[tuple[str, str]]], object]


def create_repository(folder: Path) -> None:
    """Make `folder` a bare repository with the branch `main`; one that is there already stays as it is."""
    command = ["git", "init", "--quiet", "--bare", "--initial-branch=main", str(folder)]
    subprocess.run(command, check=True, capture_output=True)


class GitServer:
    """A WSGI application: every bare repository below `root`, for who sends `token` as the password."""

    def __init__(self, root: Path, token: str) -> None:
        self.root = root
        self.token = token
        git = shutil.which("git")
        if git is None:
            raise SandboxError("git is not on PATH: install it (on Debian: apt-get install git).")
        self.git = git

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterator[bytes]:
        if environ["PATH_INFO"] == HEALTH_PATH:
            return answer(start_response, HTTPStatus.OK, "ok\n")
        user = authenticated_user(environ.get("HTTP_AUTHORIZATION", ""), self.token)
        if user is None:
            return answer(
                start_response,
                HTTPStatus.UNAUTHORIZED,
                "Any user name with OPERATIONS_REPOSITORY_TOKEN of .sandbox/env as the password is let in.\n",
                ("WWW-Authenticate", 'Basic realm="notejam sandbox"'),
            )
        return self.backend(environ, user, start_response)

    def backend(
        self, environ: Mapping[str, Any], user: str, start_response: StartResponse
    ) -> Iterator[bytes]:
        process = subprocess.Popen(
            [self.git, "http-backend"],
            env=cgi_variables(environ, self.root, user),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        stdin, stdout = cast(BufferedWriter, process.stdin), cast(BufferedReader, process.stdout)
        # Git may answer while it still reads: two directions, two threads.
        feeder = threading.Thread(target=feed, args=(environ, stdin), daemon=True)
        feeder.start()
        status, headers = read_headers(stdout)
        start_response(status, headers)
        return stream(process, stdout, feeder)


def authenticated_user(authorization: str, token: str) -> str | None:
    """The user name of a Basic `Authorization` header (RFC 7617) whose password is the token, else None."""
    scheme, _, credentials = authorization.partition(" ")
    try:
        user, separator, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    right = hmac.compare_digest(password.encode(), token.encode())
    return user or "git" if scheme.lower() == "basic" and separator and right else None


def cgi_variables(environ: Mapping[str, Any], root: Path, user: str) -> dict[str, str]:
    """The CGI variables of RFC 3875 and of git-http-backend for one request."""
    length = {} if is_chunked(environ) else {"CONTENT_LENGTH": environ.get("CONTENT_LENGTH") or ""}
    return {
        "PATH": os.environ["PATH"],
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_PROTOCOL": environ.get("HTTP_GIT_PROTOCOL", ""),
        "REMOTE_USER": user,  # a named user may push
        "REMOTE_ADDR": environ.get("REMOTE_ADDR", ""),
        "REQUEST_METHOD": environ["REQUEST_METHOD"],
        "PATH_INFO": environ["PATH_INFO"],
        "QUERY_STRING": environ.get("QUERY_STRING", ""),
        "CONTENT_TYPE": environ.get("CONTENT_TYPE", ""),
        "HTTP_CONTENT_ENCODING": environ.get("HTTP_CONTENT_ENCODING", ""),
        **length,
    }


def is_chunked(environ: Mapping[str, Any]) -> bool:
    return str(environ.get("HTTP_TRANSFER_ENCODING", "")).lower() == "chunked"


def feed(environ: Mapping[str, Any], stdin: BufferedWriter) -> None:
    """Give the request's body to Git; the web server ends it at its length or its last chunk."""
    body = environ["wsgi.input"]
    try:
        if is_chunked(environ) or environ.get("CONTENT_LENGTH"):
            while chunk := body.read(CHUNK):
                stdin.write(chunk)
    except BrokenPipeError:
        pass  # Git refused the request before it had read it all; its answer says why.
    finally:
        with contextlib.suppress(BrokenPipeError):
            stdin.close()


def read_headers(stdout: BufferedReader) -> tuple[str, list[tuple[str, str]]]:
    """The status and the headers that a CGI program writes before its body."""
    status, headers = "200 OK", []
    while line := stdout.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        if name.lower() == "status":
            status = value.strip()
        else:
            headers.append((name, value.strip()))
    if not headers:
        return "500 Internal Server Error", [("Content-Length", "0")]
    return status, headers


def stream(
    process: subprocess.Popen[bytes], stdout: BufferedReader, feeder: threading.Thread
) -> Iterator[bytes]:
    """Git's answer, piece by piece; Git is killed when the client goes away before its end."""
    try:
        while chunk := stdout.read1(CHUNK):
            yield chunk
        feeder.join()
    except GeneratorExit:
        process.kill()
    finally:
        stdout.close()
        process.wait()


def answer(
    start_response: StartResponse, status: HTTPStatus, text: str, *headers: tuple[str, str]
) -> Iterator[bytes]:
    body = text.encode()
    start_response(
        f"{status.value} {status.phrase}",
        [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body))), *headers],
    )
    return iter([body])


def main() -> None:
    """Serve the sandbox's repositories until SIGTERM."""
    settings = Settings.load()
    root = settings.folder / "git"
    create_repository(root / f"{OPERATIONS_REPOSITORY}.git")
    server = Server((settings.address(1), PORT), GitServer(root, settings.git_token), numthreads=10)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        server.start()
    finally:
        server.stop()


if __name__ == "__main__":
    main()
