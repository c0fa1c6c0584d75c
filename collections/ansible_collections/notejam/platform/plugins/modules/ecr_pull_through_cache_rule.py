#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: ecr_pull_through_cache_rule
version_added: 0.1.0
short_description: Manage a pull through cache rule of an ECR registry
description:
  - Keeps the rule by which a registry pulls images from another one when they are asked for, and keeps them
    in repositories whose names begin with a prefix. A registry is an account's in a region.
  - The upstream registry of a rule cannot change, so the rule is made anew for another one. Repositories that
    a rule made stay when it is deleted. See
    U(https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html).
author:
  - Notejam platform contributors (@notejam)
options:
  repository_prefix:
    description: Beginning of the names of the repositories that keep the images, of 2 to 30 characters.
    type: str
    required: true
  upstream_registry_url:
    description: The upstream registry, such as V(public.ecr.aws). Required with O(state=present).
    type: str
  credential_arn:
    description:
      - ARN of the secret with the credentials for the upstream registry; its name begins with
        C(ecr-pullthroughcache/). Docker Hub and GitHub's registry, for example, need one.
      - Not given, the rule's credentials stay as they are.
    type: str
extends_documentation_fragment:
  - notejam.platform.resource.untagged
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Keep what nodes pull from ECR's public gallery
  notejam.platform.ecr_pull_through_cache_rule:
    repository_prefix: ecr-public
    upstream_registry_url: public.ecr.aws
"""

RETURN = r"""
ecr_pull_through_cache_rule:
  description: The rule; none with O(state=absent).
  returned: success
  type: dict
  contains:
    repository_prefix:
      description: Beginning of the names of the repositories that keep the images.
      type: str
    upstream_registry_url:
      description: The upstream registry.
      type: str
      sample: public.ecr.aws
    credential_arn:
      description: ARN of the secret with the credentials, if there is one.
      type: str
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.resource import (
    Resource,
    reconcile,
    untagged_argument_spec,
)


class EcrPullThroughCacheRule(Resource):
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PullThroughCacheRule.html."""

    name = "ecr_pull_through_cache_rule"

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        self.ecr = self.client("ecr")
        self.prefix = {"ecrRepositoryPrefix": self.identity}

    @property
    def identity(self) -> str:
        return str(self.params["repository_prefix"])

    def desired(self) -> dict[str, Any]:
        return self.declared("repository_prefix", "upstream_registry_url", "credential_arn")

    def describe(self) -> dict[str, Any] | None:
        pages = self.ecr.get_paginator("describe_pull_through_cache_rules").paginate()
        for page in pages:
            for rule in page["pullThroughCacheRules"]:
                if rule["ecrRepositoryPrefix"] == self.identity:
                    credential = rule.get("credentialArn")
                    return {
                        "repository_prefix": self.identity,
                        "upstream_registry_url": rule["upstreamRegistryUrl"],
                        **({"credential_arn": credential} if credential else {}),
                    }
        return None

    def create(self, desired: dict[str, Any]) -> None:
        credential = desired.get("credential_arn")
        self.ecr.create_pull_through_cache_rule(
            **self.prefix,
            upstreamRegistryUrl=desired["upstream_registry_url"],
            **({"credentialArn": credential} if credential else {}),
        )

    def update(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
        if "upstream_registry_url" in changes:
            self.delete(current)
            self.create(self.desired())
        else:
            self.ecr.update_pull_through_cache_rule(**self.prefix, credentialArn=changes["credential_arn"][1])

    def delete(self, current: dict[str, Any]) -> None:
        self.ecr.delete_pull_through_cache_rule(**self.prefix)


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=untagged_argument_spec(
            repository_prefix={"required": True},
            upstream_registry_url={},
            credential_arn={},
        ),
        required_if=[("state", "present", ["upstream_registry_url"])],
        supports_check_mode=True,
    )
    reconcile(EcrPullThroughCacheRule(module))


if __name__ == "__main__":
    main()
