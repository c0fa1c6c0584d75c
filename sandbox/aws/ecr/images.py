"""What ECR knows of the images that were pushed: recorded in the emulator, so that its API tells of them."""

import hashlib
import json
from typing import Any

from sandbox.aws.clients import Clients
from sandbox.aws.documents import Documents
from sandbox.aws.ecr.registry import stored_name
from sandbox.aws.ecr.tags import moves
from sandbox.aws.ecr.tokens import Bearer
from sandbox.aws.errors import AWSError

KIND = "ecr-image"


class Images:
    """Images by repository, with the sizes that their manifests tell."""

    def __init__(self, documents: Documents, clients: Clients) -> None:
        self._documents = documents
        self._clients = clients

    def repository(self, bearer: Bearer, name: str) -> dict[str, Any]:
        """Raises AWSError when there is no such repository."""
        ecr = self._client(bearer)
        try:
            return dict(ecr.describe_repositories(repositoryNames=[name])["repositories"][0])
        except ecr.exceptions.RepositoryNotFoundException:
            raise AWSError(
                "NAME_UNKNOWN",
                f"The repository with name '{name}' does not exist in the registry with id "
                f"'{bearer.account}'",
                404,
            ) from None

    def check_tag(self, bearer: Bearer, name: str, tag: str, manifest: bytes) -> None:
        """Raises AWSError when the tag is immutable and names another image.

        Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html
        """
        repository = self.repository(bearer, name)
        exclusions = repository.get("imageTagMutabilityExclusionFilters")
        if moves(repository["imageTagMutability"], exclusions, tag):
            return
        ecr = self._client(bearer)
        try:
            found = ecr.describe_images(repositoryName=name, imageIds=[{"imageTag": tag}])["imageDetails"]
        except ecr.exceptions.ImageNotFoundException:
            return
        if any(image["imageDigest"] != digest_of(manifest) for image in found):
            raise AWSError(
                "TAG_INVALID",
                f"The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten "
                "because the repository is immutable.",
                400,
            )

    def record(self, bearer: Bearer, name: str, tag: str | None, manifest: bytes, media_type: str) -> None:
        """Have the API tell of an image that the registry has taken."""
        ecr = self._client(bearer)
        digest = digest_of(manifest)
        tagged = {"imageTag": tag} if tag else {}
        try:
            ecr.put_image(
                repositoryName=name,
                imageManifest=manifest.decode(),
                imageManifestMediaType=media_type,
                imageDigest=digest,
                **tagged,
            )
        except ecr.exceptions.ImageAlreadyExistsException:
            return
        self.remember(stored_name(bearer.account, bearer.region, name), manifest)

    def remember(self, repository: str, manifest: bytes) -> None:
        """Keep the size of the image that the manifest is of; the repository goes by its stored name."""
        key = f"{repository}@{digest_of(manifest)}"
        self._documents.put(KIND, key, {"size": size_of(manifest)})

    def size(self, repository: str, digest: str) -> int:
        """Bytes of the image's layers and configuration, compressed as they were pushed."""
        document = self._documents.get(KIND, f"{repository}@{digest}")
        return int(document["size"]) if document else 0

    def _client(self, bearer: Bearer) -> Any:
        return self._clients.get("ecr", bearer.account, bearer.region)


def digest_of(manifest: bytes) -> str:
    return f"sha256:{hashlib.sha256(manifest).hexdigest()}"


def size_of(manifest: bytes) -> int:
    """Source: https://github.com/opencontainers/image-spec/blob/main/manifest.md"""
    document = json.loads(manifest)
    parts = [*document.get("layers", []), *filter(None, [document.get("config")])]
    return sum(int(part.get("size", 0)) for part in parts)
