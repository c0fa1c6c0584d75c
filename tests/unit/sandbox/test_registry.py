"""An OCI archive is pushed as it is, with ECR's login."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sandbox import source_image
from sandbox.errors import SandboxError
from sandbox.registry import Registry

LOGIN = ("AWS", "password")
NAME = "notejam-test/notejam"


class Server(ThreadingHTTPServer):
    """A registry of which only pushing is there; a tag is taken once."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, bytes] = {}
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_HEAD(self) -> None:
        self.answer(200 if self.path.rsplit("/", 1)[1] in self.server.blobs else 404)

    def do_POST(self) -> None:
        self.answer(202, Location="/v2/notejam-test/notejam/blobs/uploads/1?state=x")

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if "digest=" in self.path:
            self.server.blobs[self.path.split("digest=")[1]] = body
            self.answer(201)
        elif self.path in self.server.manifests:
            self.answer(400, text="TAG_INVALID: the tag is immutable")
        else:
            self.server.manifests[self.path] = body
            self.answer(201)

    def answer(self, status: int, text: str = "", **headers: str) -> None:
        if self.headers["Authorization"] != "Basic QVdTOnBhc3N3b3Jk":
            status, text = 401, "UNAUTHORIZED"
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(text))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    (tmp_path / "manage.py").write_text("import django\n")
    source_image.write_archive(tmp_path / "image.tar", tmp_path, [Path("manage.py")])
    return tmp_path / "image.tar"


def pushed(server: Server) -> dict[str, Any]:
    """The manifest that was pushed."""
    manifest: dict[str, Any] = json.loads(server.manifests[f"/v2/{NAME}/manifests/1.0.0-abc"])
    return manifest


def test_a_pushed_image_is_whole(server: Server, archive: Path) -> None:
    Registry(server.url, *LOGIN).push(archive, NAME, "1.0.0-abc")

    manifest = pushed(server)
    for part in (manifest["config"], *manifest["layers"]):
        blob = server.blobs[part["digest"]]
        assert part["digest"] == f"sha256:{hashlib.sha256(blob).hexdigest()}"
        assert part["size"] == len(blob)


def test_the_files_are_where_the_image_has_them(server: Server, archive: Path) -> None:
    Registry(server.url, *LOGIN).push(archive, NAME, "1.0.0-abc")

    manifest = pushed(server)
    [stored] = manifest["layers"]
    layer = gzip.decompress(server.blobs[stored["digest"]])
    config = json.loads(server.blobs[manifest["config"]["digest"]])
    assert config["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(layer).hexdigest()}"]
    with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
        content = tar.extractfile("opt/notejam/app/manage.py")
        assert content
        assert content.read() == b"import django\n"


def test_what_the_registry_has_is_not_sent_again(server: Server, archive: Path) -> None:
    Registry(server.url, *LOGIN).push(archive, NAME, "1.0.0-abc")
    server.blobs = dict.fromkeys(server.blobs, b"kept")

    Registry(server.url, *LOGIN).push(archive, NAME, "1.0.0-def")

    assert set(server.blobs.values()) == {b"kept"}


def test_the_registry_s_refusal_is_passed_on(server: Server, archive: Path) -> None:
    Registry(server.url, *LOGIN).push(archive, NAME, "1.0.0-abc")
    with pytest.raises(SandboxError, match="400 TAG_INVALID: the tag is immutable"):
        Registry(server.url, *LOGIN).push(archive, NAME, "1.0.0-abc")


def test_a_wrong_password_is_refused_and_not_shown(server: Server, archive: Path) -> None:
    with pytest.raises(SandboxError, match="401 UNAUTHORIZED") as refusal:
        Registry(server.url, "AWS", "wrong-password").push(archive, NAME, "1.0.0-abc")
    assert "wrong-password" not in str(refusal.value)


def test_a_registry_that_does_not_answer_is_named(archive: Path) -> None:
    with pytest.raises(SandboxError, match="The registry does not answer to HEAD"):
        Registry("http://127.0.0.1:1", *LOGIN).push(archive, NAME, "1.0.0-abc")
