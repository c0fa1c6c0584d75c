"""A client of ECR's registry."""

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

import requests

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass
class Docker:
    """As much of a client as the rules need: it pushes images of one layer, and pulls them."""

    url: str
    login: tuple[str, str]

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        address = path if path.startswith("http") else self.url + path
        return requests.request(method, address, auth=self.login, timeout=30, **options)

    def push(self, repository: str, tag: str, layer: bytes) -> requests.Response:
        parts = [self._blob(repository, layer), self._blob(repository, b"{}")]
        document = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", **parts[0]}],
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **parts[1]},
        }
        headers = {"Content-Type": MANIFEST}
        body = json.dumps(document).encode()
        return self.request("PUT", f"/v2/{repository}/manifests/{tag}", data=body, headers=headers)

    def _blob(self, repository: str, content: bytes) -> dict[str, Any]:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        started = self.request("POST", f"/v2/{repository}/blobs/uploads/")
        if started.status_code == 202:
            where = started.headers["Location"]
            # A stream of unknown length, as clients send large layers.
            sent = self.request("PATCH", where, data=iter([content]))
            assert sent.status_code == 202, sent.text
            where = sent.headers["Location"]
            done = self.request("PUT", f"{where}&digest={digest}")
            assert done.status_code == 201, done.text
        return {"digest": digest, "size": len(content)}


def login_of(ecr: Any) -> tuple[str, str]:
    [data] = ecr.get_authorization_token()["authorizationData"]
    user, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
    return user, password
