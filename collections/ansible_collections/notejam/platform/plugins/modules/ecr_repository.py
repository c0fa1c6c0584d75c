#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: ecr_repository
version_added: 0.1.0
short_description: Manage an ECR repository with its policies
description:
  - Keeps a private repository of container images, with its tag mutability, scanning, encryption, lifecycle
    policy, access policy and tags.
author:
  - Notejam platform contributors (@notejam)
options:
  name:
    description: The repository's name.
    type: str
    required: true
  image_tag_mutability:
    description: Whether an image tag can be moved to another image.
    type: str
    choices: [IMMUTABLE, MUTABLE]
  scan_on_push:
    description: Whether an image is scanned for vulnerabilities when it is pushed.
    type: bool
  kms_key_arn:
    description:
      - The ARN of the KMS key that encrypts the images. Cannot be changed, see
        U(https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html).
    type: str
  lifecycle_policy:
    description:
      - Which images are removed by themselves, see
        U(https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html).
      - An empty dict removes the policy.
    type: dict
  policy:
    description:
      - The repository's access policy. An empty dict removes it.
    type: dict
  force:
    description: Whether O(state=absent) deletes a repository that still holds images.
    type: bool
    default: false
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Keep the repository of Notejam's images
  notejam.platform.ecr_repository:
    name: notejam-prod/notejam
    image_tag_mutability: IMMUTABLE
    scan_on_push: true
    lifecycle_policy:
      rules:
        - rulePriority: 1
          description: Untagged images go after a day
          selection: {tagStatus: untagged, countType: sinceImagePushed, countUnit: days, countNumber: 1}
          action: {type: expire}
"""

RETURN = r"""
ecr_repository:
  description: The repository; none with O(state=absent).
  returned: success
  type: dict
  contains:
    arn:
      description: The repository's ARN.
      type: str
      sample: arn:aws:ecr:eu-west-1:123456789012:repository/notejam-prod/notejam
    image_tag_mutability:
      description: V(IMMUTABLE) or V(MUTABLE).
      type: str
    kms_key_arn:
      description: The ARN of the KMS key; empty when ECR encrypts with a key of its own.
      type: str
    lifecycle_policy:
      description: The lifecycle policy; empty when there is none.
      type: dict
    name:
      description: The repository's name.
      type: str
    policy:
      description: The access policy; empty when there is none.
      type: dict
    scan_on_push:
      description: Whether images are scanned when pushed.
      type: bool
    tags:
      description: The repository's tags.
      type: dict
    uri:
      description: Where images are pushed to and pulled from.
      type: str
      sample: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/notejam-prod/notejam
"""

import json
from typing import Any, ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.compare import same, same_policy
from ansible_collections.notejam.platform.plugins.module_utils.resource import (
    Resource,
    argument_spec,
    reconcile,
)
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, as_list


class EcrRepository(Resource):
    """A private repository: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_Repository.html."""

    name = "ecr_repository"
    immutable = frozenset({"kms_key_arn"})
    computed = frozenset({"arn", "uri"})
    comparisons: ClassVar = {"lifecycle_policy": same, "policy": same_policy}

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        self.ecr = self.client("ecr")

    def desired(self) -> dict[str, Any]:
        return self.declared(
            "name",
            "image_tag_mutability",
            "scan_on_push",
            "kms_key_arn",
            "lifecycle_policy",
            "policy",
            "tags",
        )

    def describe(self) -> dict[str, Any] | None:
        try:
            answer = self.ecr.describe_repositories(repositoryNames=[self.identity])
        except is_boto3_error_code("RepositoryNotFoundException"):
            return None
        repository = answer["repositories"][0]
        arn = repository["repositoryArn"]
        return {
            "arn": arn,
            "image_tag_mutability": repository["imageTagMutability"],
            "kms_key_arn": repository.get("encryptionConfiguration", {}).get("kmsKey", ""),
            "lifecycle_policy": self._lifecycle_policy(),
            "name": repository["repositoryName"],
            "policy": self._policy(),
            "scan_on_push": repository["imageScanningConfiguration"]["scanOnPush"],
            "tags": as_dict(self.ecr.list_tags_for_resource(resourceArn=arn)["tags"]),
            "uri": repository["repositoryUri"],
        }

    def create(self, desired: dict[str, Any]) -> None:
        encryption = {"encryptionType": "AES256"}
        if desired.get("kms_key_arn"):
            encryption = {"encryptionType": "KMS", "kmsKey": desired["kms_key_arn"]}
        self.ecr.create_repository(
            repositoryName=desired["name"],
            imageTagMutability=desired.get("image_tag_mutability", "MUTABLE"),
            imageScanningConfiguration={"scanOnPush": desired.get("scan_on_push", False)},
            encryptionConfiguration=encryption,
            tags=as_list(desired.get("tags", {})),
        )
        policies: dict[str, tuple[Any, Any]] = {
            key: ({}, desired[key]) for key in ("lifecycle_policy", "policy") if desired.get(key)
        }
        self.update({}, policies)

    def update(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
        repository = {"repositoryName": self.identity}
        new = {key: value for key, (_old, value) in changes.items()}
        if "image_tag_mutability" in new:
            self.ecr.put_image_tag_mutability(**repository, imageTagMutability=new["image_tag_mutability"])
        if "scan_on_push" in new:
            self.ecr.put_image_scanning_configuration(
                **repository, imageScanningConfiguration={"scanOnPush": new["scan_on_push"]}
            )
        if new.get("lifecycle_policy"):
            self.ecr.put_lifecycle_policy(
                **repository, lifecyclePolicyText=json.dumps(new["lifecycle_policy"])
            )
        elif "lifecycle_policy" in new:
            self.ecr.delete_lifecycle_policy(**repository)
        if new.get("policy"):
            self.ecr.set_repository_policy(**repository, policyText=json.dumps(new["policy"]))
        elif "policy" in new:
            self.ecr.delete_repository_policy(**repository)

    def delete(self, current: dict[str, Any]) -> None:
        self.ecr.delete_repository(repositoryName=self.identity, force=self.params["force"])

    def tag(self, current: dict[str, Any], tags: dict[str, str]) -> None:
        self.ecr.tag_resource(resourceArn=current["arn"], tags=as_list(tags))

    def untag(self, current: dict[str, Any], keys: list[str]) -> None:
        self.ecr.untag_resource(resourceArn=current["arn"], tagKeys=keys)

    def _lifecycle_policy(self) -> dict[str, Any]:
        try:
            answer = self.ecr.get_lifecycle_policy(repositoryName=self.identity)
        except is_boto3_error_code("LifecyclePolicyNotFoundException"):
            return {}
        return dict(json.loads(answer["lifecyclePolicyText"]))

    def _policy(self) -> dict[str, Any]:
        try:
            answer = self.ecr.get_repository_policy(repositoryName=self.identity)
        except is_boto3_error_code("RepositoryPolicyNotFoundException"):
            return {}
        return dict(json.loads(answer["policyText"]))


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            name={"required": True},
            image_tag_mutability={"choices": ["IMMUTABLE", "MUTABLE"]},
            scan_on_push={"type": "bool"},
            kms_key_arn={"no_log": False},
            lifecycle_policy={"type": "dict"},
            policy={"type": "dict"},
            force={"type": "bool", "default": False},
        ),
        supports_check_mode=True,
    )
    reconcile(EcrRepository(module))


if __name__ == "__main__":
    main()
