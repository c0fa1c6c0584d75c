#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: ecr_replication_configuration
version_added: 0.1.0
short_description: Manage a rule of an ECR registry's replication
description:
  - Keeps the rule by which a registry copies the images of the repositories whose names begin with a prefix
    to other regions. A registry is an account's in a region; rules for other prefixes stay as they are.
  - Only images that are pushed after the rule is there are copied, and deletions are not. See
    U(https://docs.aws.amazon.com/AmazonECR/latest/userguide/replication.html).
author:
  - Notejam platform contributors (@notejam)
options:
  repository_prefix:
    description: Beginning of the names of the repositories that the rule is for.
    type: str
    required: true
  destinations:
    description: Where images are copied to. Required with O(state=present).
    type: list
    elements: dict
    suboptions:
      region:
        description: The destination's region.
        type: str
        required: true
      registry_id:
        description: The destination's account.
        type: str
        required: true
extends_documentation_fragment:
  - notejam.platform.resource.untagged
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Copy the images to the standby region
  notejam.platform.ecr_replication_configuration:
    repository_prefix: notejam-prod/
    destinations:
      - {region: eu-central-1, registry_id: "123456789012"}
"""

RETURN = r"""
ecr_replication_configuration:
  description: The rule; none with O(state=absent).
  returned: success
  type: dict
  contains:
    destinations:
      description: Where images are copied to.
      type: list
      elements: dict
      sample: [{region: eu-central-1, registry_id: "123456789012"}]
    repository_prefix:
      description: Beginning of the names of the repositories that the rule is for.
      type: str
"""

from typing import Any, ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.compare import same_items
from ansible_collections.notejam.platform.plugins.module_utils.resource import (
    Resource,
    reconcile,
    untagged_argument_spec,
)

Rule = dict[str, Any]


class EcrReplicationConfiguration(Resource):
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ReplicationConfiguration.html."""

    name = "ecr_replication_configuration"
    comparisons: ClassVar = {"destinations": same_items}

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        self.ecr = self.client("ecr")

    @property
    def identity(self) -> str:
        return str(self.params["repository_prefix"])

    def desired(self) -> dict[str, Any]:
        return {"repository_prefix": self.identity, "destinations": self.params["destinations"]}

    def describe(self) -> dict[str, Any] | None:
        rule = next(filter(self._is_ours, self._rules()), None)
        if rule is None:
            return None
        destinations = [
            {"region": one["region"], "registry_id": one["registryId"]} for one in rule["destinations"]
        ]
        return {"repository_prefix": self.identity, "destinations": destinations}

    def create(self, desired: dict[str, Any]) -> None:
        self._put([self._rule()])

    def update(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
        self._put([self._rule()])

    def delete(self, current: dict[str, Any]) -> None:
        self._put([])

    def _put(self, ours: list[Rule]) -> None:
        others = [rule for rule in self._rules() if not self._is_ours(rule)]
        self.ecr.put_replication_configuration(replicationConfiguration={"rules": others + ours})

    def _rules(self) -> list[Rule]:
        return list(self.ecr.describe_registry()["replicationConfiguration"]["rules"])

    def _rule(self) -> Rule:
        return {
            "destinations": [
                {"region": one["region"], "registryId": one["registry_id"]}
                for one in self.params["destinations"]
            ],
            "repositoryFilters": [{"filter": self.identity, "filterType": "PREFIX_MATCH"}],
        }

    def _is_ours(self, rule: Rule) -> bool:
        return [one["filter"] for one in rule.get("repositoryFilters", [])] == [self.identity]


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=untagged_argument_spec(
            repository_prefix={"required": True},
            destinations={
                "type": "list",
                "elements": "dict",
                "options": {"region": {"required": True}, "registry_id": {"required": True}},
            },
        ),
        required_if=[("state", "present", ["destinations"])],
        supports_check_mode=True,
    )
    reconcile(EcrReplicationConfiguration(module))


if __name__ == "__main__":
    main()
