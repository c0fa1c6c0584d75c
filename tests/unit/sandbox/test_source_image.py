"""The image for virtual nodes: the release's files, pushed without root and without buildah."""

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

import pytest

from sandbox import source_image
from sandbox.errors import SandboxError

LOGIN = ("AWS", "password")


class Registry(ThreadingHTTPServer):
    """A registry of which only pushing is there; a tag is taken once."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, bytes] = {}
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Registry

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
def registry() -> Iterator[Registry]:
    with Registry() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def layer(tmp_path: Path) -> bytes:
    (tmp_path / "manage.py").write_text("import django\n")
    return source_image.layer(tmp_path, [Path("manage.py")])


def test_the_layer_holds_the_files_where_the_image_has_them(layer: bytes) -> None:
    with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
        content = tar.extractfile("opt/notejam/app/manage.py")
        assert content
        assert content.read() == b"import django\n"


def test_a_pushed_image_is_whole(registry: Registry, layer: bytes) -> None:
    source_image.push(registry.url, LOGIN, "notejam-test/notejam", "1.0.0-abc", layer)

    manifest = json.loads(registry.manifests["/v2/notejam-test/notejam/manifests/1.0.0-abc"])
    for part in (manifest["config"], *manifest["layers"]):
        blob = registry.blobs[part["digest"]]
        assert part["digest"] == f"sha256:{hashlib.sha256(blob).hexdigest()}"
        assert part["size"] == len(blob)
    [stored] = manifest["layers"]
    assert gzip.decompress(registry.blobs[stored["digest"]]) == layer
    config = json.loads(registry.blobs[manifest["config"]["digest"]])
    assert config["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(layer).hexdigest()}"]


def test_the_registry_s_refusal_is_passed_on(registry: Registry, layer: bytes) -> None:
    source_image.push(registry.url, LOGIN, "notejam-test/notejam", "1.0.0-abc", layer)
    with pytest.raises(SandboxError, match="400 TAG_INVALID: the tag is immutable"):
        source_image.push(registry.url, LOGIN, "notejam-test/notejam", "1.0.0-abc", layer)


def test_a_wrong_password_is_refused_and_not_shown(registry: Registry, layer: bytes) -> None:
    with pytest.raises(SandboxError, match="401 UNAUTHORIZED") as refusal:
        source_image.push(registry.url, ("AWS", "wrong-password"), "notejam-test/notejam", "1.0.0-abc", layer)
    assert "wrong-password" not in str(refusal.value)


def test_a_registry_that_does_not_answer_is_named(layer: bytes) -> None:
    with pytest.raises(SandboxError, match="The registry does not answer to POST"):
        source_image.push("http://127.0.0.1:1", LOGIN, "notejam-test/notejam", "1.0.0-abc", layer)
