"""Lifecycle policies at work: their previews, and the images that they remove once a day.

Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
"""

import json
import logging
from typing import Any

from botocore.exceptions import ClientError

from sandbox.aws import clock
from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.clients import Clients
from sandbox.aws.creation_times import CreationTimes, passed
from sandbox.aws.documents import Document, Documents
from sandbox.aws.ecr import lifecycle
from sandbox.aws.ecr.refusals import told_on
from sandbox.aws.ecr.registry import Registry, stored_name
from sandbox.aws.errors import AWSError
from sandbox.aws.rounds import Rounds

log = logging.getLogger(__name__)

SERVICE = "ecr"
KIND = "ecr-lifecycle"  # a repository's policy, and when it is evaluated next
PREVIEW = "ecr-lifecycle-preview"
PAUSE = 5.0  # seconds between two rounds
BATCH = 100  # https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchDeleteImage.html


class Expiry(Rounds):
    """Policies by repository; a thread evaluates those whose time has come, and goes on after a restart."""

    def __init__(
        self, documents: Documents, times: CreationTimes, clients: Clients, registry: Registry
    ) -> None:
        super().__init__("ecr-expiry", PAUSE)
        self._documents = documents
        self._times = times
        self._clients = clients
        self._registry = registry

    def handlers(self) -> Handlers:
        return {
            (SERVICE, "PutLifecyclePolicy"): self._put,
            (SERVICE, "DeleteLifecyclePolicy"): self._delete,
            (SERVICE, "StartLifecyclePolicyPreview"): self._start_preview,
            (SERVICE, "GetLifecyclePolicyPreview"): self._get_preview,
        }

    def step(self) -> None:
        """One round over all policies; one that fails for now is tried again in the next round."""
        for key, policy in self._documents.all(KIND).items():
            if not passed(policy["due_at"]):
                continue
            try:
                there = self._expire(policy)
            except (ClientError, OSError) as error:
                log.warning("The images of %s are not looked over yet: %s", key, error)
                continue
            if there:
                self._documents.put(KIND, key, {**policy, "due_at": self._times.done_at(KIND)})
            else:
                self._documents.delete(KIND, key)

    def _put(self, call: Call) -> Result:
        """A new policy is at work within a day."""
        result = call.forward()
        name = call.parameters["repositoryName"]
        policy = {"account": call.account, "region": call.region, "repository": name}
        self._documents.put(KIND, _key(call), {**policy, "due_at": self._times.done_at(KIND)})
        return result

    def _delete(self, call: Call) -> Result:
        result = call.forward()
        self._documents.delete(KIND, _key(call))
        return result

    def _expire(self, policy: Document) -> bool:
        """Remove what the policy removes now; returns whether there still is such a policy."""
        ecr = self._clients.get(SERVICE, policy["account"], policy["region"])
        name = policy["repository"]
        try:
            text = ecr.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"]
        except (
            ecr.exceptions.LifecyclePolicyNotFoundException,
            ecr.exceptions.RepositoryNotFoundException,
        ):
            return False
        found = _images(ecr, name)
        digests = list(lifecycle.expiring(json.loads(text)["rules"], found, clock.now()))
        for start in range(0, len(digests), BATCH):
            part = [{"imageDigest": digest} for digest in digests[start : start + BATCH]]
            ecr.batch_delete_image(repositoryName=name, imageIds=part)
        for digest in digests:
            self._registry.delete(stored_name(policy["account"], policy["region"], name), digest)
        return True

    def _start_preview(self, call: Call) -> Result:
        """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_StartLifecyclePolicyPreview.html"""
        name, text = call.parameters["repositoryName"], call.parameters.get("lifecyclePolicyText")
        ecr = call.client(SERVICE)
        with told_on():
            ecr.describe_repositories(repositoryNames=[name])
            text = text or ecr.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"]
        _validate(text)
        before = self._documents.get(PREVIEW, _key(call))
        if before and not passed(before["done_at"]):
            raise AWSError(
                "LifecyclePolicyPreviewInProgressException",
                f"A preview is in progress for the repository with name '{name}'",
            )
        preview = {"text": text, "done_at": self._times.done_at(PREVIEW)}
        self._documents.put(PREVIEW, _key(call), preview)
        return _answer(call, text, "IN_PROGRESS")

    def _get_preview(self, call: Call) -> Result:
        """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetLifecyclePolicyPreview.html"""
        name = call.parameters["repositoryName"]
        with told_on():
            found = _images(call.client(SERVICE), name)
        preview = self._documents.get(PREVIEW, _key(call))
        if preview is None:
            raise AWSError(
                "LifecyclePolicyPreviewNotFoundException",
                f"There is no lifecycle policy preview for the repository with name '{name}'",
            )
        if not passed(preview["done_at"]):
            return _answer(call, preview["text"], "IN_PROGRESS")
        images = {image.digest: image for image in found}
        going = lifecycle.expiring(json.loads(preview["text"])["rules"], found, clock.now())
        results = [
            {
                "imageTags": list(images[digest].tags),
                "imageDigest": digest,
                "imagePushedAt": images[digest].pushed_at,
                "action": {"type": "EXPIRE"},
                "appliedRulePriority": priority,
            }
            for digest, priority in going.items()
        ]
        summary = {"expiringImageTotalCount": len(results)}
        return _answer(call, preview["text"], "COMPLETE") | {"previewResults": results, "summary": summary}


def _key(call: Call) -> str:
    return stored_name(call.account, call.region, call.parameters["repositoryName"])


def _answer(call: Call, text: str, status: str) -> Result:
    return {
        "registryId": call.account,
        "repositoryName": call.parameters["repositoryName"],
        "lifecyclePolicyText": text,
        "status": status,
    }


def _validate(text: str) -> None:
    """Raises AWSError for a text that PutLifecyclePolicy would refuse."""
    from moto.ecr.exceptions import InvalidParameterException
    from moto.ecr.policy_validation import EcrLifecyclePolicyValidator

    try:
        EcrLifecyclePolicyValidator(text).validate()
    except InvalidParameterException as error:
        raise AWSError("InvalidParameterException", error.message) from None


def _images(ecr: Any, repository: str) -> list[lifecycle.Image]:
    pages = ecr.get_paginator("describe_images").paginate(repositoryName=repository)
    return [
        lifecycle.Image(
            image["imageDigest"], tuple(image.get("imageTags", [])), image["imagePushedAt"].timestamp()
        )
        for page in pages
        for image in page["imageDetails"]
    ]
