"""ECR's API: the emulator's, with the addresses, tokens and images of the sandbox's own registry."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.clients import Clients
from sandbox.aws.creation_times import CreationTimes
from sandbox.aws.documents import Documents
from sandbox.aws.ecr.expiry import Expiry
from sandbox.aws.ecr.front import Front
from sandbox.aws.ecr.images import Images, digest_of
from sandbox.aws.ecr.pull_through import PullThrough
from sandbox.aws.ecr.registry import Registry, stored_name
from sandbox.aws.ecr.replication import Replication
from sandbox.aws.ecr.tokens import Bearer, Tokens
from sandbox.aws.ecr.upstreams import Upstreams
from sandbox.aws.errors import AWSError

SERVICE = "ecr"


class ECR:
    """`address` is the registry's, host and port, as it stands in front of every repository's name;
    `upstream` is the folder that stands for the public registries.
    """

    def __init__(
        self,
        documents: Documents,
        times: CreationTimes,
        clients: Clients,
        registry: Registry,
        address: str,
        upstream: Path,
    ) -> None:
        self._address = address
        self._tokens = Tokens(documents)
        self._registry = registry
        self._images = Images(documents, clients)
        self.replication = Replication(documents, times, clients, registry, self._images)
        self.expiry = Expiry(documents, times, clients, registry)
        begin = self.replication.begin
        upstreams = Upstreams(upstream, registry)
        pull_through = PullThrough(documents, times, clients, registry, self._images, upstreams, begin)
        self.front = Front(self._tokens, self._images, registry, begin, pull_through.bring)

    def handlers(self) -> Handlers:
        return (
            {
                (SERVICE, "GetAuthorizationToken"): self._get_authorization_token,
                (SERVICE, "CreateRepository"): self._with_address,
                (SERVICE, "DescribeRepositories"): self._with_address,
                (SERVICE, "DeleteRepository"): self._delete_repository,
                (SERVICE, "PutImage"): self._put_image,
                (SERVICE, "DescribeImages"): self._describe_images,
                (SERVICE, "BatchDeleteImage"): self._batch_delete_image,
            }
            | self.replication.handlers()
            | self.expiry.handlers()
        )

    def _get_authorization_token(self, call: Call) -> Result:
        token, expires_at = self._tokens.issue(call.account, call.region, call.principal.arn)
        return {
            "authorizationData": [
                {
                    "authorizationToken": token,
                    "expiresAt": datetime.fromtimestamp(expires_at, UTC),
                    "proxyEndpoint": f"http://{self._address}",
                }
            ]
        }

    def _with_address(self, call: Call) -> Result:
        result = call.forward()
        for repository in [*result.get("repositories", []), *filter(None, [result.get("repository")])]:
            repository["repositoryUri"] = f"{self._address}/{repository['repositoryName']}"
        return result

    def _put_image(self, call: Call) -> Result:
        """A manifest of layers that were pushed before, as when a release is given one more tag.

        Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html
        """
        asked = call.parameters
        name, manifest = asked["repositoryName"], asked["imageManifest"].encode()
        media_type = asked.get("imageManifestMediaType") or json.loads(manifest).get("mediaType", "")
        result = call.forward()
        stored = _stored(call, name)
        refusal = self._registry.put(
            stored, asked.get("imageTag") or digest_of(manifest), manifest, media_type
        )
        if refusal:
            call.client(SERVICE).batch_delete_image(
                repositoryName=name, imageIds=[result["image"]["imageId"]]
            )
            raise AWSError("LayersNotFoundException", f"The registry refuses the manifest: {refusal}")
        self._images.remember(stored, manifest)
        self.replication.begin(Bearer(call.account, call.region), name, asked.get("imageTag"), manifest)
        return result

    def _describe_images(self, call: Call) -> Result:
        result = call.forward()
        for image in result["imageDetails"]:
            stored = _stored(call, image["repositoryName"])
            image["imageSizeInBytes"] = self._images.size(stored, image["imageDigest"])
        return result

    def _delete_repository(self, call: Call) -> Result:
        result = self._with_address(call)
        self._registry.forget(_stored(call, call.parameters["repositoryName"]))
        return result

    def _batch_delete_image(self, call: Call) -> Result:
        name = call.parameters["repositoryName"]
        before = {image["imageDigest"] for image in self._listed(call, name)}
        result = call.forward()
        # A manifest goes when its last tag does.
        for digest in before - {image["imageDigest"] for image in self._listed(call, name)}:
            self._registry.delete(_stored(call, name), digest)
        return result

    @staticmethod
    def _listed(call: Call, repository: str) -> list[dict[str, Any]]:
        client = call.client(SERVICE)
        try:
            return list(client.list_images(repositoryName=repository)["imageIds"])
        except client.exceptions.RepositoryNotFoundException:
            return []


def _stored(call: Call, repository: str) -> str:
    return stored_name(call.account, call.region, repository)
