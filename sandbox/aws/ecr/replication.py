"""ECR's replication: what is pushed is copied to other regions' and accounts' repositories, some time later.

Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/replication.html
"""

import json
import logging
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.clients import Clients
from sandbox.aws.creation_times import CreationTimes, passed
from sandbox.aws.documents import Document, Documents
from sandbox.aws.ecr.images import Images, digest_of
from sandbox.aws.ecr.refusals import told_on
from sandbox.aws.ecr.registry import Registry, stored_name
from sandbox.aws.ecr.tokens import Bearer
from sandbox.aws.errors import AWSError
from sandbox.aws.identities import as_list, principal_of, statements
from sandbox.aws.rounds import Rounds

log = logging.getLogger(__name__)

KIND = "ecr-replication"
PAUSE = 0.5  # seconds between two rounds
# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageReplicationStatus.html
IN_PROGRESS, COMPLETE, FAILED = "IN_PROGRESS", "COMPLETE", "FAILED"


class Replication(Rounds):
    """Copies that are to be made, one document each; a thread makes them, and goes on after a restart."""

    def __init__(
        self, documents: Documents, times: CreationTimes, clients: Clients, registry: Registry, images: Images
    ) -> None:
        super().__init__("ecr-replication", PAUSE)
        self._documents = documents
        self._times = times
        self._clients = clients
        self._registry = registry
        self._images = images

    def handlers(self) -> Handlers:
        return {("ecr", "DescribeImageReplicationStatus"): self._describe_image_replication_status}

    def begin(self, source: Bearer, repository: str, tag: str | None, manifest: bytes) -> None:
        """Have an image that was pushed copied as the registry's rules say."""
        registry = self._clients.get("ecr", source.account, source.region).describe_registry()
        digest = digest_of(manifest)
        for account, region in destinations(registry["replicationConfiguration"]["rules"], repository):
            key = f"{image_key(source, repository, digest)}{account}/{region}/{tag or ''}"
            copy = {
                "source": [source.account, source.region],
                "destination": [account, region],
                "repository": repository,
                "digest": digest,
                "tag": tag,
                "status": IN_PROGRESS,
                "done_at": self._times.done_at("ecr-replication"),
            }
            self._documents.put(KIND, key, copy)

    def step(self) -> None:
        """One round over all copies; one that fails for now is tried again in the next round."""
        for key, copy in self._documents.all(KIND).items():
            if copy["status"] != IN_PROGRESS or not passed(copy["done_at"]):
                continue
            try:
                status = self._copy(copy)
            except (AWSError, ClientError, OSError) as error:
                log.warning("%s is not copied yet: %s", key, error)
                continue
            self._documents.put(KIND, key, {**copy, "status": status})

    def _copy(self, copy: Document) -> str:
        source, destination = Bearer(*copy["source"]), Bearer(*copy["destination"])
        name, tag = copy["repository"], copy["tag"]
        if source.account != destination.account and not self._allows(destination, source):
            return FAILED
        kept, stored = (stored_name(place.account, place.region, name) for place in (source, destination))
        found = self._registry.get(kept, copy["digest"])
        if found is None:
            return FAILED  # it was deleted meanwhile
        manifest, media_type = found
        self._make_repository(destination, name)
        for layer in layers(manifest):
            self._registry.mount(stored, layer, kept)
        try:
            if tag:
                self._images.check_tag(destination, name, tag, manifest)
        except AWSError:
            tag = None  # taken in a repository whose tags do not move: the image comes without it
        refusal = self._registry.put(stored, tag or copy["digest"], manifest, media_type)
        if refusal:
            raise AWSError("LayersNotFoundException", refusal)  # images of an index come one by one
        self._images.record(destination, name, tag, manifest, media_type)
        return COMPLETE

    def _make_repository(self, place: Bearer, name: str) -> None:
        """A repository that is missing has ECR's defaults: settings are not copied."""
        ecr = self._clients.get("ecr", place.account, place.region)
        try:
            ecr.describe_repositories(repositoryNames=[name])
        except ecr.exceptions.RepositoryNotFoundException:
            ecr.create_repository(repositoryName=name)

    def _allows(self, destination: Bearer, source: Bearer) -> bool:
        """Whether the other account's registry policy lets this one's images in.

        Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry-permissions.html
        """
        ecr = self._clients.get("ecr", destination.account, destination.region)
        try:
            policy = json.loads(ecr.get_registry_policy()["policyText"])
        except ecr.exceptions.RegistryPolicyNotFoundException:
            return False
        principals = {source.account, f"arn:aws:iam::{source.account}:root"}
        return any(
            statement["Effect"] == "Allow"
            and "ecr:ReplicateImage" in as_list(statement["Action"])
            and principals & set(as_list(principal_of(statement).get("AWS")))
            for statement in statements(policy)
        )

    def _describe_image_replication_status(self, call: Call) -> Result:
        """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageReplicationStatus.html"""
        name, wanted = call.parameters["repositoryName"], call.parameters["imageId"]
        with told_on():
            answer = call.client("ecr").describe_images(repositoryName=name, imageIds=[wanted])
        [image] = answer["imageDetails"]
        key = image_key(Bearer(call.account, call.region), name, image["imageDigest"])
        found: dict[tuple[str, str], set[str]] = {}
        for copy in self._documents.all(KIND, key).values():
            account, region = copy["destination"]
            found.setdefault((account, region), set()).add(copy["status"])
        return {
            "repositoryName": name,
            "imageId": wanted,
            "replicationStatuses": [
                {
                    "region": region,
                    "registryId": account,
                    "status": next(one for one in (FAILED, IN_PROGRESS, COMPLETE) if one in statuses),
                }
                for (account, region), statuses in found.items()
            ],
        }


def image_key(source: Bearer, repository: str, digest: str) -> str:
    """How the keys of an image's copies begin."""
    return f"{stored_name(source.account, source.region, repository)}@{digest}>"


def destinations(rules: list[dict[str, Any]], repository: str) -> list[tuple[str, str]]:
    """Accounts and regions that the rules copy a repository to; a rule without filters is for all."""
    found = {
        (one["registryId"], one["region"])
        for rule in rules
        if not rule.get("repositoryFilters")
        or any(repository.startswith(each["filter"]) for each in rule["repositoryFilters"])
        for one in rule["destinations"]
    }
    return sorted(found)


def layers(manifest: bytes) -> Iterator[str]:
    """Digests of what the manifest is of; an index has none, but images with manifests of their own."""
    document = json.loads(manifest)
    for part in [*document.get("layers", []), *filter(None, [document.get("config")])]:
        yield part["digest"]
