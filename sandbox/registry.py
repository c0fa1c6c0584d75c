"""Pushes an OCI archive to a registry as it is: nothing is unpacked or compressed again.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md#push
https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

import json
import tarfile
from pathlib import Path
from typing import IO, Any
from urllib.parse import urljoin

import requests

from sandbox.errors import SandboxError

TIMEOUT = 120  # seconds without an answer


class Registry:
    """The registry at `url`, as seen by who logs in with `username` and `password`."""

    def __init__(self, url: str, username: str, password: str) -> None:
        self.url = url.rstrip("/")
        self._session = requests.Session()
        self._session.auth = (username, password)
        self._session.trust_env = False  # it is on this machine: no proxy, no login out of a netrc

    def push(self, archive: Path, repository: str, tag: str) -> None:
        """Push the one image in `archive` as `<repository>:<tag>`.

        Raises SandboxError when the registry refuses a part or does not answer.
        """
        base = f"{self.url}/v2/{repository}"
        with tarfile.open(archive) as tar:
            [entry] = json.load(_member(tar, "index.json"))["manifests"]
            manifest = _blob(tar, entry["digest"]).read()
            content = json.loads(manifest)
            for part in (content["config"], *content["layers"]):
                self._push_blob(base, part["digest"], _blob(tar, part["digest"]))
        self._send("PUT", f"{base}/manifests/{tag}", manifest, **{"Content-Type": entry["mediaType"]})

    def _push_blob(self, base: str, digest: str, blob: IO[bytes]) -> None:
        if self._ask("HEAD", f"{base}/blobs/{digest}").status_code == requests.codes.ok:
            return
        begun = self._send("POST", f"{base}/blobs/uploads/")
        upload = urljoin(begun.url, begun.headers["Location"])
        separator = "&" if "?" in upload else "?"
        self._send("PUT", f"{upload}{separator}digest={digest}", blob)

    def _send(self, method: str, url: str, body: Any = b"", **headers: str) -> requests.Response:
        answer = self._ask(method, url, body, **headers)
        if not answer.ok:
            said = f"{answer.status_code} {answer.text.strip()}"
            raise SandboxError(f"The registry refuses {method} {url}: {said}")
        return answer

    def _ask(self, method: str, url: str, body: Any = b"", **headers: str) -> requests.Response:
        try:
            return self._session.request(method, url, data=body, headers=headers, timeout=TIMEOUT)
        except requests.RequestException as error:
            raise SandboxError(f"The registry does not answer to {method} {url}: {error}") from None


def _blob(tar: tarfile.TarFile, digest: str) -> IO[bytes]:
    return _member(tar, f"blobs/{digest.replace(':', '/')}")


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    file = tar.extractfile(name)
    if file is None:
        raise SandboxError(
            f"{tar.name!r} is not an OCI archive: {name} is missing. Remove it, then try again."
        )
    return file
