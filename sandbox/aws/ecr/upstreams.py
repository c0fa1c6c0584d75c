"""What the upstream registries of pull through cache rules have; none of them is asked over a network.

A public registry's repository is a folder in the sandbox's: `upstream/<host>/<repository>`, such as
`.sandbox/upstream/public.ecr.aws/docker/library/redis`. It is an OCI image layout, in which an image's
reference name is its tag: `buildah push <image> oci:<folder>:<tag>` and `skopeo copy` write one. What no
folder has, that registry does not have. The account's own registry in another region is the emulated one.
Source: https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from sandbox.aws.ecr.registry import MANIFESTS, Registry, stored_name

PRIVATE = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
INDEXES = frozenset(each for each in MANIFESTS if "index" in each or "list" in each)
# https://github.com/opencontainers/image-spec/blob/main/annotations.md
NAME = "org.opencontainers.image.ref.name"


class Upstream(Protocol):
    """A repository of an upstream registry."""

    def manifest(self, reference: str) -> tuple[bytes, str] | None:
        """The manifest of a tag or a digest with its media type, or None when there is none."""

    def give(self, digest: str, repository: str) -> None:
        """Bring a layer into a repository here, which goes by its stored name.

        Raises OSError when the layer or the registry is not there.
        """


class Upstreams:
    """The upstream registries by their hosts; `folder` has a folder of each public one."""

    def __init__(self, folder: Path, registry: Registry) -> None:
        self._folder = folder
        self._registry = registry

    def repository(self, account: str, host: str, name: str) -> Upstream | None:
        """The repository that an account's rule leads to; None for another account's registry.

        That one asks for a role, which the rules here do not have:
        https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-private.html
        """
        if private := PRIVATE.fullmatch(host):
            if private["account"] != account:
                return None
            return Held(self._registry, stored_name(account, private["region"], name))
        return Layout(self._registry, self._folder / host / name)


class Held:
    """A repository of the emulated ECR."""

    def __init__(self, registry: Registry, stored: str) -> None:
        self._registry = registry
        self._stored = stored

    def manifest(self, reference: str) -> tuple[bytes, str] | None:
        return self._registry.get(self._stored, reference)

    def give(self, digest: str, repository: str) -> None:
        self._registry.mount(repository, digest, self._stored)


class Layout:
    """An OCI image layout in a folder, which need not exist."""

    def __init__(self, registry: Registry, folder: Path) -> None:
        self._registry = registry
        self._folder = folder

    def manifest(self, reference: str) -> tuple[bytes, str] | None:
        index = self._folder / "index.json"
        if not index.is_file():
            return None
        for descriptor in self._descriptors(json.loads(index.read_bytes())):
            name = descriptor.get("annotations", {}).get(NAME)
            if reference in (name, descriptor["digest"]) and descriptor["mediaType"] in MANIFESTS:
                return self._blob(descriptor["digest"]).read_bytes(), descriptor["mediaType"]
        return None

    def give(self, digest: str, repository: str) -> None:
        self._registry.upload(repository, digest, self._blob(digest))

    def _descriptors(self, index: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Of the index's images, and of those that its indexes are of."""
        for descriptor in index.get("manifests", []):
            yield descriptor
            if descriptor["mediaType"] in INDEXES:
                yield from self._descriptors(json.loads(self._blob(descriptor["digest"]).read_bytes()))

    def _blob(self, digest: str) -> Path:
        if not DIGEST.fullmatch(digest):
            raise FileNotFoundError(f"{digest} is no digest of an image layout's")
        return self._folder / "blobs" / digest.replace(":", "/")
