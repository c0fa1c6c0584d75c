#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: ecr_image_tag
version_added: 0.1.0
short_description: Give an image in Amazon ECR one more tag
description:
  - Puts a tag on an image that is in the repository already, and can take tags that match a pattern off the
    other images. Nothing is pushed or pulled.
  - No image is deleted. ECR deletes an image with its last tag, so a tag that is its image's only one stays
    where O(purge_pattern) matches it, and is refused with O(state=absent).
author:
  - Notejam platform contributors (@notejam)
options:
  repository:
    description: Name of the ECR repository, without the registry's address.
    type: str
    required: true
  image_tag:
    description: A tag that the image has. Required with O(state=present).
    type: str
  tag:
    description: The tag that it is given, or that is taken off with O(state=absent).
    type: str
    required: true
  purge_pattern:
    description:
      - Every other tag of the repository that matches is taken off; C(*) stands for any characters.
    type: str
extends_documentation_fragment:
  - notejam.platform.resource.untagged
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Mark the image that runs, and no other
  notejam.platform.ecr_image_tag:
    repository: notejam-prod/notejam
    image_tag: 1.4.0
    tag: in-use-prod-1.4.0
    purge_pattern: in-use-prod-*
"""

RETURN = r"""
ecr_image_tag:
  description: The tags; none when there are none.
  returned: success
  type: dict
  contains:
    repository:
      description: The repository's name.
      type: str
    digests:
      description: Digests of the images by their tags, of O(tag) and of those that match O(purge_pattern).
      type: dict
      sample: {in-use-prod-1.4.0: "sha256:7173b809ca12ec5dee4506cd86be934c4596dd234ee82c0662eac04a8c2c71dc"}
"""

import re
from functools import cached_property
from typing import Any, ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.compare import same
from ansible_collections.notejam.platform.plugins.module_utils.resource import (
    Resource,
    reconcile,
    untagged_argument_spec,
)
from ansible_collections.notejam.platform.plugins.module_utils.unknown import UNKNOWN

BATCH = 100  # https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchDeleteImage.html


class EcrImageTag(Resource):
    """A tag of an image: https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-retag.html."""

    name = "ecr_image_tag"
    comparisons: ClassVar = {"digests": same}

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        self.ecr = self.client("ecr")
        self.repository = {"repositoryName": self.params["repository"]}

    @property
    def identity(self) -> str:
        return f"{self.params['repository']}:{self.params['tag']}"

    def desired(self) -> dict[str, Any]:
        image_tag = self.params["image_tag"]
        found = [digest for digest, tags in self.tags_of_images.items() if image_tag in tags]
        if not found and not self.module.check_mode:
            raise AnsibleAWSError(
                message=f"Repository {self.params['repository']} has no image with the tag {image_tag} "
                "(`image_tag`) that could be given another. Push it first, or correct the tag."
            )
        digest = found[0] if found else UNKNOWN
        return {"repository": self.params["repository"], "digests": {self.params["tag"]: digest}}

    def describe(self) -> dict[str, Any] | None:
        found = {
            tag: digest
            for digest, tags in self.tags_of_images.items()
            for tag in tags
            if tag == self.params["tag"] or self._purges(tag, tags)
        }
        if not found:
            return None
        return {"repository": self.params["repository"], "digests": dict(sorted(found.items()))}

    def create(self, desired: dict[str, Any]) -> None:
        self._put(desired["digests"][self.params["tag"]])
        del self.tags_of_images  # it is no longer so

    def update(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
        old, new = changes["digests"]
        wanted = self.params["tag"]
        # The new tag comes before the old ones go: an image that runs is never without one.
        if old.get(wanted) != new[wanted]:
            self._put(new[wanted])
        self._remove([tag for tag in old if tag != wanted])
        del self.tags_of_images  # it is no longer so

    def delete(self, current: dict[str, Any]) -> None:
        if [self.params["tag"]] in self.tags_of_images.values():
            raise AnsibleAWSError(
                message=f"{self.identity} is the only tag of its image, which ECR would delete with it. "
                "Give the image another tag first, or delete it by BatchDeleteImage if that is meant."
            )
        self._remove(list(current["digests"]))

    def _put(self, digest: str) -> None:
        images = self.ecr.batch_get_image(**self.repository, imageIds=[{"imageDigest": digest}])["images"]
        if not images:
            raise AnsibleAWSError(message=f"{self.identity}: the image {digest} was deleted meanwhile.")
        self.ecr.put_image(
            **self.repository,
            imageManifest=images[0]["imageManifest"],
            imageManifestMediaType=images[0]["imageManifestMediaType"],
            imageTag=self.params["tag"],
            imageDigest=digest,
        )

    def _remove(self, tags: list[str]) -> None:
        for start in range(0, len(tags), BATCH):
            part = tags[start : start + BATCH]
            answer = self.ecr.batch_delete_image(
                **self.repository, imageIds=[{"imageTag": tag} for tag in part]
            )
            if answer["failures"]:
                reason = answer["failures"][0]["failureReason"]
                raise AnsibleAWSError(message=f"{self.identity}: ECR keeps a tag: {reason}")

    def _purges(self, tag: str, siblings: list[str]) -> bool:
        """Whether the tag is to go; one that would take its image with it is not."""
        pattern = self.params["purge_pattern"]
        if not pattern or tag == self.params["tag"]:
            return False
        words = map(re.escape, pattern.split("*"))
        expression = re.compile(".*".join(words))
        return bool(expression.fullmatch(tag)) and any(not expression.fullmatch(other) for other in siblings)

    @cached_property
    def tags_of_images(self) -> dict[str, list[str]]:
        """The tags of every image of the repository by its digest."""
        pages = self.ecr.get_paginator("describe_images").paginate(**self.repository)
        return {
            image["imageDigest"]: image.get("imageTags", [])
            for page in pages
            for image in page["imageDetails"]
        }


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=untagged_argument_spec(
            repository={"required": True},
            image_tag={},
            tag={"required": True},
            purge_pattern={},
        ),
        required_if=[("state", "present", ["image_tag"])],
        supports_check_mode=True,
    )
    reconcile(EcrImageTag(module))


if __name__ == "__main__":
    main()
