"""The OCI registry that holds the images: distribution's, on a Unix socket that only ECR's front opens.

Configuration: https://distribution.github.io/distribution/about/configuration/
"""

import http.client
import json
import secrets
import shutil
import socket
from pathlib import Path

from sandbox.processes import Processes, Program
from sandbox.settings import Settings, write_private

PROGRAM = "registry"
# What an image's manifest may be: https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-manifest-formats.html
MANIFESTS = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)
TIMEOUT = 120  # seconds for one read or write


def stored_name(account: str, region: str, repository: str) -> str:
    """What the registry calls an account's repository in a region: each has a registry of its own.

    Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
    """
    return f"{account}/{region}/{repository}"


class Connection(http.client.HTTPConnection):
    """HTTP over the registry's Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("registry", timeout=TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class Registry:
    """The registry's process and its socket; repositories go by their stored names."""

    def __init__(self, settings: Settings, processes: Processes) -> None:
        self._settings = settings
        self._processes = processes
        self._socket = settings.socket("registry.sock")

    def start(self) -> None:
        """Have the registry running; it answers a moment later."""
        folder = self._settings.folder / "registry"
        (folder / "storage").mkdir(parents=True, exist_ok=True)
        self._socket.parent.mkdir(parents=True, exist_ok=True)
        configuration = folder / "config.json"  # JSON is YAML
        if not configuration.exists():
            write_private(configuration, json.dumps(self._configuration(folder / "storage"), indent=2))
        self._processes.ensure(Program(PROGRAM, ["docker-registry", "serve", str(configuration)]))

    def connect(self) -> Connection:
        return Connection(self._socket)

    def put(self, repository: str, reference: str, manifest: bytes, media_type: str) -> str | None:
        """Store a manifest under a tag or its digest; returns why the registry refused, or None.

        Raises OSError when it is down.
        """
        connection = self.connect()
        try:
            path = f"/v2/{repository}/manifests/{reference}"
            connection.request("PUT", path, manifest, {"Content-Type": media_type})
            response = connection.getresponse()
            return None if response.status == 201 else response.read().decode(errors="replace")
        finally:
            connection.close()

    def get(self, repository: str, reference: str) -> tuple[bytes, str] | None:
        """The manifest of a tag or a digest and its media type, or None when there is none.

        Raises OSError when it is down.
        """
        connection = self.connect()
        try:
            path = f"/v2/{repository}/manifests/{reference}"
            connection.request("GET", path, headers={"Accept": ", ".join(MANIFESTS)})
            response = connection.getresponse()
            content = response.read()
            return (content, response.headers["Content-Type"]) if response.status == 200 else None
        finally:
            connection.close()

    def mount(self, repository: str, digest: str, source: str) -> None:
        """Give a repository a layer of another one, which is stored once. Raises OSError when it is down."""
        connection = self.connect()
        try:
            query = f"mount={digest}&from={source}"
            connection.request("POST", f"/v2/{repository}/blobs/uploads/?{query}")
            connection.getresponse().read()
        finally:
            connection.close()

    def upload(self, repository: str, digest: str, layer: Path) -> None:
        """Store a layer out of a file. Raises OSError without the file or the registry, and when refused."""
        connection = self.connect()
        try:
            connection.request("POST", f"/v2/{repository}/blobs/uploads/")
            started = connection.getresponse()
            started.read()
            where = f"{started.headers['Location']}&digest={digest}"
            with layer.open("rb") as stream:
                connection.request("PUT", where, stream, {"Content-Length": str(layer.stat().st_size)})
                response = connection.getresponse()
            if response.status != 201:
                raise OSError(f"it refuses {layer}: {response.read().decode(errors='replace')}")
        finally:
            connection.close()

    def delete(self, repository: str, digest: str) -> None:
        """Forget a manifest; nothing happens when there is none. Raises OSError without a registry."""
        connection = self.connect()
        try:
            connection.request("DELETE", f"/v2/{repository}/manifests/{digest}")
            connection.getresponse().read()
        finally:
            connection.close()

    def forget(self, repository: str) -> None:
        """Remove all that a repository has, but none of those whose names go on after its own and a slash."""
        folder = self._settings.folder / "registry/storage/docker/registry/v2/repositories" / repository
        for part in ("_layers", "_manifests", "_uploads"):
            shutil.rmtree(folder / part, ignore_errors=True)

    def _configuration(self, storage: Path) -> dict[str, object]:
        return {
            "version": "0.1",
            "log": {"level": "warn", "accesslog": {"disabled": True}},
            "storage": {
                "filesystem": {"rootdirectory": str(storage)},
                "delete": {"enabled": True},
                "maintenance": {"uploadpurging": {"enabled": False}},
            },
            # Relative addresses: those that clients see are the front's.
            "http": {
                "net": "unix",
                "addr": str(self._socket),
                "relativeurls": True,
                "secret": secrets.token_hex(16),
            },
        }
