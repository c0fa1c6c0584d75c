"""Notejam's image for virtual nodes: they hold no containers, so neither Debian nor libraries are in it.

The nodes' runner starts Notejam from app/ itself (sandbox/kubernetes/virtual_images.py). What the registry is
given, without root and without buildah, are the release's own files as an OCI image.
https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Sequence
from pathlib import Path

from sandbox.kubernetes.images import CONFIG_TYPE, LAYER_TYPE, MANIFEST_TYPE, add_file, descriptor

FOLDER = "opt/notejam/app"  # as in app/Containerfile


def write_archive(path: Path, app: Path, sources: Sequence[Path]) -> None:
    """Write an OCI archive with one layer: the `sources`, paths below `app`."""
    layer = _layer(app, sources)
    compressed = gzip.compress(layer, mtime=0)
    config = {
        "architecture": {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine),
        "os": "linux",
        "config": {"WorkingDir": f"/{FOLDER}"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }
    config_blob = json.dumps(config).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": descriptor(CONFIG_TYPE, config_blob),
        "layers": [descriptor(LAYER_TYPE, compressed)],
    }
    manifest_blob = json.dumps(manifest).encode()
    index = {"schemaVersion": 2, "manifests": [descriptor(MANIFEST_TYPE, manifest_blob)]}
    with tarfile.open(path, mode="w") as tar:
        add_file(tar, "oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
        add_file(tar, "index.json", json.dumps(index).encode())
        for blob in (config_blob, compressed, manifest_blob):
            add_file(tar, f"blobs/sha256/{hashlib.sha256(blob).hexdigest()}", blob)


def _layer(app: Path, sources: Sequence[Path]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name in sources:
            add_file(tar, f"{FOLDER}/{name.as_posix()}", (app / name).read_bytes())
    return buffer.getvalue()
