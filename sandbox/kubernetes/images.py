"""The node's own images, made FROM scratch out of the sandbox's tools: no registry has to be reachable.

Format: https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

import gzip
import hashlib
import io
import json
import os
import re
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import certifi

from sandbox.settings import CHECKOUT, Settings, cache_folder

AUTHORITIES = "etc/ssl/certs/ca-certificates.crt"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"


@dataclass(frozen=True)
class Image:
    """An image around one program of `Settings.tools`, which lies and starts where the real image has it."""

    name: str  # repository, with its registry
    program: str
    entrypoint: str
    user: str
    tag: str = ""  # without one: the version of `module` in the tool's go.mod
    go_mod: str = ""  # folder below sandbox/tools
    module: str = ""

    @property
    def version(self) -> str:
        return self.tag or module_version(self.go_mod, self.module)

    @property
    def reference(self) -> str:
        return f"{self.name}:{self.version}"


PAUSE = Image("registry.k8s.io/pause", "pause", "/pause", "65535:65535", tag="3.10")
COREDNS = Image(
    "registry.k8s.io/coredns/coredns", "coredns", "/coredns", "0:0",
    go_mod="coredns", module="github.com/coredns/coredns",
)  # fmt: skip
FLUX_CONTROLLERS = {
    name: Image(
        f"ghcr.io/fluxcd/{name}", name, f"/usr/local/bin/{name}", "65534:65534",
        go_mod="flux", module=f"github.com/fluxcd/{name}",
    )
    for name in ("source-controller", "kustomize-controller")
}  # fmt: skip
NODE_IMAGES = (PAUSE, COREDNS, *FLUX_CONTROLLERS.values())


def module_version(go_mod: str, module: str) -> str:
    """The version of `module` that `sandbox/tools/<go_mod>/go.mod` pins, e.g. "v1.9.1"."""
    path = CHECKOUT / "sandbox" / "tools" / go_mod / "go.mod"
    found = re.search(rf"^\s*(?:require )?{re.escape(module)} (v\S+)", path.read_text(), re.MULTILINE)
    if not found:
        raise LookupError(f"{path} does not pin {module}")
    return found.group(1)


def archive(settings: Settings, image: Image) -> Path | None:
    """The image as an OCI archive in the cache, made when it is not there; None while its program is not."""
    program = settings.tools / image.program
    try:
        with program.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
    except FileNotFoundError:
        return None
    digest.update(repr(image).encode() + image.reference.encode() + Path(__file__).read_bytes())
    path = cache_folder() / "images" / f"{image.program}-{digest.hexdigest()[:16]}.tar"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            write_archive(file, image, program)
        os.replace(temporary, path)
    return path


def write_archive(file: Any, image: Image, program: Path) -> None:
    layer = layer_of(image, program)
    # "diff_ids" are of the layer as it is unpacked, its descriptor's digest as it is stored.
    compressed = gzip.compress(layer, compresslevel=1, mtime=0)
    config = {
        "architecture": {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine),
        "os": "linux",
        "config": {
            "Entrypoint": [image.entrypoint],
            "User": image.user,
            "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
            "WorkingDir": "/",
        },
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
    # containerd names what it imports by this annotation.
    entry = descriptor(MANIFEST_TYPE, manifest_blob) | {
        "annotations": {"io.containerd.image.name": image.reference}
    }
    index = {"schemaVersion": 2, "manifests": [entry]}
    with tarfile.open(fileobj=file, mode="w") as tar:
        add_file(tar, "oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
        add_file(tar, "index.json", json.dumps(index).encode())
        for blob in (config_blob, compressed, manifest_blob):
            add_file(tar, f"blobs/sha256/{hashlib.sha256(blob).hexdigest()}", blob)


def layer_of(image: Image, program: Path) -> bytes:
    """The image's one layer: the program, the certificate authorities, a /tmp and the users' names."""
    user = image.user.split(":")[0]
    passwd = f"root:x:0:0::/:/sbin/nologin\nnonroot:x:{user}:{user}::/:/sbin/nologin\n"
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        add_folder(tar, "tmp", 0o1777)
        if image is not PAUSE:
            add_file(tar, AUTHORITIES, Path(certifi.where()).read_bytes())
            add_file(tar, "etc/passwd", passwd.encode())
        add_file(tar, image.entrypoint.lstrip("/"), program.read_bytes(), 0o755)
    return buffer.getvalue()


def add_folder(tar: tarfile.TarFile, name: str, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, mode
    tar.addfile(entry)


def add_file(tar: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))


def descriptor(media_type: str, blob: bytes) -> dict[str, Any]:
    return {
        "mediaType": media_type,
        "digest": f"sha256:{hashlib.sha256(blob).hexdigest()}",
        "size": len(blob),
    }
