"""ECR's replication rules, tags and scans as moto differs from AWS.

Sources: each operation's page in https://docs.aws.amazon.com/AmazonECR/latest/APIReference/
"""

import hashlib
import json
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.utils import iso_8601_datetime_without_milliseconds
from moto.ecr.exceptions import ImageAlreadyExistsException, InvalidParameterException
from moto.ecr.models import ECRBackend, Image, Repository
from moto.iam.exceptions import MalformedPolicyDocument

from sandbox.aws import clock
from sandbox.aws.ecr.tags import moves
from sandbox.aws.identities import as_list, statements
from sandbox.aws.patching import add, replace

# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ReplicationConfiguration.html
RULES = 10
DESTINATIONS = (
    25  # of all rules together: https://docs.aws.amazon.com/AmazonECR/latest/userguide/replication.html
)
REGISTRY_ACTIONS = frozenset({"ecr:CreateRepository", "ecr:ReplicateImage", "ecr:BatchImportUpstreamImage"})


def install() -> None:
    """Patch moto, once in a process."""
    _take_several_replication_rules()
    replace(ECRBackend, "put_image", _put_image)
    _invent_no_findings()
    replace(ECRBackend, "_validate_registry_policy_action", _check_registry_policy)


class ImageTagAlreadyExistsException(ServiceException):
    code = "ImageTagAlreadyExistsException"


class ImageDigestDoesNotMatchException(ServiceException):
    code = "ImageDigestDoesNotMatchException"


def _check_registry_policy(self: ECRBackend, policy_text: str) -> None:
    """As moto's, with the action of pull through caches.

    Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry-permissions.html
    """
    for statement in statements(json.loads(policy_text)):
        if not REGISTRY_ACTIONS.issuperset(as_list(statement.get("Action"))):
            raise MalformedPolicyDocument


def _take_several_replication_rules() -> None:
    def put_replication_configuration(self: ECRBackend, replication_config: dict[str, Any]) -> dict[str, Any]:
        rules = replication_config["rules"]
        found = {(one["registryId"], one["region"]) for rule in rules for one in rule["destinations"]}
        refusal = ""
        if (self.account_id, self.region_name) in found:
            refusal = "Replication destination cannot be the same as the source registry"
        elif len(rules) > RULES:
            refusal = f"Member must have length less than or equal to {RULES}"
        elif len(found) > DESTINATIONS:
            refusal = f"The number of unique destinations cannot exceed {DESTINATIONS}"
        if refusal:
            raise InvalidParameterException(
                f"Invalid parameter at 'replicationConfiguration' failed to satisfy constraint: '{refusal}'"
            )
        self.replication_config = replication_config
        return {"replicationConfiguration": replication_config}

    replace(ECRBackend, "put_replication_configuration", put_replication_configuration)


def _put_image(
    self: ECRBackend,
    repository_name: str,
    image_manifest: str,
    image_tag: str | None,
    image_manifest_mediatype: str | None = None,
    digest: str | None = None,
) -> Image:
    """An image's digest is its manifest's, and one whose last tag moves on stays, without a tag.

    Sources: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html and
    https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests
    """
    repository = self._get_repository(repository_name)
    image_manifest_mediatype = image_manifest_mediatype or _media_type(image_manifest)
    own = f"sha256:{hashlib.sha256(image_manifest.encode()).hexdigest()}"
    if digest and digest != own:
        raise ImageDigestDoesNotMatchException(
            f"The digest '{digest}' that was given is not the image's: '{own}'."
        )
    image = next((one for one in repository.images if one.image_digest == own), None)
    if image and (image_tag is None or image_tag in image.image_tags):
        raise ImageAlreadyExistsException(
            registry_id=repository.registry_id,
            image_tag=image_tag or "null",
            digest=own,
            repository_name=repository_name,
        )
    _take_tag(repository, image_tag)
    tag: Any = image_tag  # moto's types have it always there
    if image is None:
        image = Image(self.account_id, tag, image_manifest, repository_name, image_manifest_mediatype, own)
        scanning: Any = repository.image_scanning_configuration
        if scanning.get("scanOnPush"):
            image.last_scan = clock.utcnow()
        repository.images.append(image)
    else:
        image.update_tag(tag)
    return image


def _media_type(manifest: str) -> str:
    try:
        return str(json.loads(manifest)["mediaType"])
    except (ValueError, KeyError, TypeError):
        raise InvalidParameterException(
            "Invalid parameter at 'ImageManifest' failed to satisfy constraint: "
            "'Invalid JSON syntax, or no media type in it or in the request'"
        ) from None


def _take_tag(repository: Repository, tag: str | None) -> None:
    """Take the tag from the image that has it. Raises ImageTagAlreadyExistsException when it may not move."""
    for other in repository.images:
        if tag is None or tag not in other.image_tags:
            continue
        exclusions: Any = repository.image_tag_mutability_exclusion_filters
        if not moves(repository.image_tag_mutability, exclusions, tag):
            raise ImageTagAlreadyExistsException(
                f"The image tag '{tag}' already exists in the '{repository.name}' repository and cannot be "
                "overwritten because the tag is immutable."
            )
        other.remove_tag(tag)
        last: Any = other.image_tags[-1] if other.image_tags else None
        other.image_tag = last


def _invent_no_findings() -> None:
    """Nobody looks into the images here, so a scan that is over has found nothing.

    Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageDetail.html
    """

    def describe_image_scan_findings(self: ECRBackend, *args: Any, **kwargs: Any) -> dict[str, Any]:
        answer: dict[str, Any] = described(self, *args, **kwargs)
        answer["imageScanFindings"] |= {"findings": [], "findingSeverityCounts": {}}
        return answer

    described = replace(ECRBackend, "describe_image_scan_findings", describe_image_scan_findings)

    def image_scan_status(self: Image) -> dict[str, str] | None:
        if self.last_scan is None:
            return None
        return {"status": "COMPLETE", "description": "The scan was completed successfully."}

    def image_scan_findings_summary(self: Image) -> dict[str, Any] | None:
        if self.last_scan is None:
            return None
        moment = iso_8601_datetime_without_milliseconds(self.last_scan)
        return {
            "imageScanCompletedAt": moment,
            "vulnerabilitySourceUpdatedAt": moment,
            "findingSeverityCounts": {},
        }

    add(Image, "image_scan_status", property(image_scan_status))
    add(Image, "image_scan_findings_summary", property(image_scan_findings_summary))
