#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: logs_log_group
version_added: 0.2.0
short_description: Manage a log group of CloudWatch Logs
description:
  - Keeps a log group with its retention, its KMS key, its deletion protection and its tags, so that a service
    which would make the group by itself, unencrypted and kept for ever, finds it there.
author:
  - Notejam platform contributors (@notejam)
options:
  name:
    description: The log group's name.
    type: str
    required: true
  retention_in_days:
    description:
      - After how many days an event is deleted; V(0) keeps events for ever.
      - The numbers are those of U(https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html).
    type: int
    choices:
      [0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288,
       3653]
  kms_key_id:
    description:
      - The ARN of the KMS key that encrypts events from now on. An empty string takes the key away.
      - Events that are there stay encrypted with the key of their time.
    type: str
  log_group_class:
    description: What the group can do and costs. Cannot be changed.
    type: str
    choices: [STANDARD, INFREQUENT_ACCESS]
  deletion_protection_enabled:
    description: Whether CloudWatch Logs refuses to delete the group; O(state=absent) lifts no protection.
    type: bool
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Make room for the logs of the control plane
  notejam.platform.logs_log_group:
    name: /aws/eks/notejam-prod/cluster
    retention_in_days: 90
    kms_key_id: arn:aws:kms:eu-west-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab
    tags:
      platform:purpose: control-plane
"""

RETURN = r"""
log_group:
  description: The log group; none with O(state=absent).
  returned: success
  type: dict
  contains:
    arn:
      description: The log group's ARN, without C(:*) at its end.
      type: str
      sample: arn:aws:logs:eu-west-1:123456789012:log-group:/aws/eks/notejam-prod/cluster
    deletion_protection_enabled:
      description: Whether CloudWatch Logs refuses to delete the group.
      type: bool
    kms_key_id:
      description: The ARN of the KMS key; empty when CloudWatch Logs encrypts with a key of its own.
      type: str
    log_group_class:
      description: V(STANDARD) or V(INFREQUENT_ACCESS).
      type: str
    name:
      description: The log group's name.
      type: str
    retention_in_days:
      description: After how many days an event is deleted; 0 for never.
      type: int
    tags:
      description: The log group's tags.
      type: dict
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.resource import (
    Resource,
    argument_spec,
    reconcile,
)

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTIONS = (
    *(0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)


class LogGroup(Resource):
    """A log group: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html."""

    name = "log_group"
    immutable = frozenset({"log_group_class"})
    computed = frozenset({"arn"})

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        self.logs = self.client("logs")

    def desired(self) -> dict[str, Any]:
        return self.declared(
            "name",
            "retention_in_days",
            "kms_key_id",
            "log_group_class",
            "deletion_protection_enabled",
            "tags",
        )

    def describe(self) -> dict[str, Any] | None:
        pages = self.logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=self.identity)
        found = (group for page in pages for group in page["logGroups"])
        group = next((group for group in found if group["logGroupName"] == self.identity), None)
        if group is None:
            return None
        arn = group["arn"].removesuffix(":*")
        return {
            "arn": arn,
            "deletion_protection_enabled": group.get("deletionProtectionEnabled", False),
            "kms_key_id": group.get("kmsKeyId", ""),
            "log_group_class": group.get("logGroupClass", "STANDARD"),
            "name": group["logGroupName"],
            "retention_in_days": group.get("retentionInDays", 0),
            "tags": self.logs.list_tags_for_resource(resourceArn=arn)["tags"],
        }

    def create(self, desired: dict[str, Any]) -> None:
        names = {
            "kms_key_id": "kmsKeyId",
            "log_group_class": "logGroupClass",
            "deletion_protection_enabled": "deletionProtectionEnabled",
            "tags": "tags",
        }
        given = {parameter: desired[key] for key, parameter in names.items() if desired.get(key)}
        self.logs.create_log_group(logGroupName=self.identity, **given)
        if desired.get("retention_in_days"):
            self._retain(desired["retention_in_days"])

    def update(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
        new = {key: value for key, (_old, value) in changes.items()}
        if "retention_in_days" in new:
            self._retain(new["retention_in_days"])
        if new.get("kms_key_id"):
            self.logs.associate_kms_key(logGroupName=self.identity, kmsKeyId=new["kms_key_id"])
        elif "kms_key_id" in new:
            self.logs.disassociate_kms_key(logGroupName=self.identity)
        if "deletion_protection_enabled" in new:
            self.logs.put_log_group_deletion_protection(
                logGroupIdentifier=self.identity,
                deletionProtectionEnabled=new["deletion_protection_enabled"],
            )

    def delete(self, current: dict[str, Any]) -> None:
        self.logs.delete_log_group(logGroupName=self.identity)

    def tag(self, current: dict[str, Any], tags: dict[str, str]) -> None:
        self.logs.tag_resource(resourceArn=current["arn"], tags=tags)

    def untag(self, current: dict[str, Any], keys: list[str]) -> None:
        self.logs.untag_resource(resourceArn=current["arn"], tagKeys=keys)

    def _retain(self, days: int) -> None:
        if days:
            self.logs.put_retention_policy(logGroupName=self.identity, retentionInDays=days)
        else:
            self.logs.delete_retention_policy(logGroupName=self.identity)


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            name={"required": True},
            retention_in_days={"type": "int", "choices": list(RETENTIONS)},
            kms_key_id={},
            log_group_class={"choices": ["STANDARD", "INFREQUENT_ACCESS"]},
            deletion_protection_enabled={"type": "bool"},
        ),
        supports_check_mode=True,
    )
    reconcile(LogGroup(module))


if __name__ == "__main__":
    main()
