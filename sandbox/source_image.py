"""Notejam's image for virtual nodes: they hold no containers, so neither Debian nor libraries are in it.

The nodes' runner starts Notejam from app/ itself (sandbox/kubernetes/virtual_images.py). What the registry is
given without root and without buildah are the release's own files, as an OCI image that is in its place.
Format: https://github.com/opencontainers/image-spec/blob/main/manifest.md
"""

import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urljoin

import requests

from sandbox.errors import SandboxError
from sandbox.kubernetes.images import CONFIG_TYPE, LAYER_TYPE, MANIFEST_TYPE, add_file, descriptor

TIMEOUT = 60  # seconds without an answer
FOLDER = "opt/notejam/app"  # as in app/Containerfile


def layer(app: Path, sources: Sequence[Path]) -> bytes:
    """The image's one layer, the same for the same files: a tar archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name in sources:
            add_file(tar, f"{FOLDER}/{name.as_posix()}", (app / name).read_bytes())
    return buffer.getvalue()


def push(registry: str, login: tuple[str, str], name: str, tag: str, content: bytes) -> None:
    """Push an image of one layer to `<registry>/<name>:<tag>`; `registry` is a URL, `login` name, password.

    Raises SandboxError when the registry refuses a part.
    Protocol: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#push
    """
    compressed = gzip.compress(content, mtime=0)
    config = json.dumps(
        {
            "architecture": {"x86_64": "amd64", "aarch64": "arm64"}.get(
                os.uname().machine, os.uname().machine
            ),
            "os": "linux",
            "config": {"WorkingDir": f"/{FOLDER}"},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(content).hexdigest()}"]},
        }
    ).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": descriptor(CONFIG_TYPE, config),
        "layers": [descriptor(LAYER_TYPE, compressed)],
    }
    with requests.Session() as session:
        session.auth = login
        session.trust_env = False  # the registry is on this machine: no proxy, no login from a netrc
        for blob in (config, compressed):
            _push_blob(session, f"{registry}/v2/{name}", blob)
        session.headers["Content-Type"] = MANIFEST_TYPE
        _send(session, "PUT", f"{registry}/v2/{name}/manifests/{tag}", json.dumps(manifest).encode())


def _push_blob(session: requests.Session, repository: str, blob: bytes) -> None:
    begun = _send(session, "POST", f"{repository}/blobs/uploads/")
    upload = urljoin(begun.url, begun.headers["Location"])
    digest = f"digest=sha256:{hashlib.sha256(blob).hexdigest()}"
    _send(session, "PUT", f"{upload}{'&' if '?' in upload else '?'}{digest}", blob)


def _send(session: requests.Session, method: str, url: str, body: bytes = b"") -> requests.Response:
    try:
        answer = session.request(method, url, data=body, timeout=TIMEOUT)
    except requests.RequestException as error:
        raise SandboxError(f"The registry does not answer to {method} {url}: {error}") from None
    if not answer.ok:
        raise SandboxError(f"The registry refuses {method} {url}: {answer.status_code} {answer.text.strip()}")
    return answer
