#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_selection
version_added: 0.2.0
short_description: Manage what an AWS Backup plan backs up
description:
  - Keeps a selection of a backup plan.
  - AWS changes none in place, so a change deletes it and makes it anew. The backups that are there stay.
  - AWS gives selections no tags.
author:
  - Notejam platform contributors (@notejam)
options:
  backup_plan_name:
    description: The plan's name.
    type: str
    required: true
  name:
    description: The selection's name, of 1 to 50 letters, digits, hyphens, underscores and dots.
    type: str
    required: true
  iam_role_arn:
    description: The role that AWS Backup takes to make the backups. Required with O(state=present).
    type: str
  resources:
    description:
      - ARNs, also with wildcards, of what is backed up when it meets O(conditions).
      - Required with O(state=present).
    type: list
    elements: str
  not_resources:
    description: ARNs, also with wildcards, of what is not backed up.
    type: list
    elements: str
    default: []
  conditions:
    description:
      - Tags that a resource carries all of, by key, to be backed up.
    type: dict
    default: {}
extends_documentation_fragment:
  - notejam.platform.resource.untagged
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Back up the databases of production
  notejam.platform.backup_selection:
    backup_plan_name: notejam-prod
    name: databases
    iam_role_arn: arn:aws:iam::123456789012:role/notejam-prod-backup-eu-west-1
    resources: ["arn:aws:rds:*:*:cluster:*"]
    conditions:
      platform:environment: prod
      platform:component: database
"""

RETURN = r"""
backup_selection:
  description: The selection; none with O(state=absent).
  returned: success
  type: dict
  contains:
    backup_plan_id:
      description: The plan's id.
      type: str
    conditions:
      description: Tags that a resource carries all of.
      type: dict
    iam_role_arn:
      description: The role that makes the backups.
      type: str
    id:
      description: The selection's id.
      type: str
    name:
      description: The selection's name.
      type: str
    not_resources:
      description: ARNs of what is not backed up.
      type: list
      elements: str
    resources:
      description: ARNs of what is backed up.
      type: list
      elements: str
"""

from typing import Any, ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.compare import same, same_items
from ansible_collections.notejam.platform.plugins.module_utils.resource import (
    Resource,
    reconcile,
    untagged_argument_spec,
)

TAG = "aws:ResourceTag/"


class BackupSelection(Resource):
    """A selection: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupSelection.html."""

    name = "backup_selection"
    computed = frozenset({"backup_plan_id", "id"})
    comparisons: ClassVar = {"conditions": same, "not_resources": same_items, "resources": same_items}

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        self.backup = self.client("backup")

    def desired(self) -> dict[str, Any]:
        return self.declared("name", "iam_role_arn", "resources", "not_resources", "conditions")

    def describe(self) -> dict[str, Any] | None:
        plan = self._plan_id()
        if plan is None:
            return None
        pages = self.backup.get_paginator("list_backup_selections").paginate(BackupPlanId=plan)
        for listed in pages.build_full_result()["BackupSelectionsList"]:
            if listed["SelectionName"] == self.identity:
                return self._state(plan, listed["SelectionId"])
        return None

    def create(self, desired: dict[str, Any]) -> None:
        plan = self._plan_id()
        if plan is None:
            raise AnsibleAWSError(
                message=f"There is no backup plan {self.params['backup_plan_name']}. "
                "Make it first, with the module backup_plan."
            )
        equal = [
            {"ConditionKey": TAG + key, "ConditionValue": str(value)}
            for key, value in desired["conditions"].items()
        ]
        self.backup.create_backup_selection(
            BackupPlanId=plan,
            BackupSelection={
                "SelectionName": desired["name"],
                "IamRoleArn": desired["iam_role_arn"],
                "Resources": desired["resources"],
                "NotResources": desired["not_resources"],
                "Conditions": {"StringEquals": equal},
            },
        )

    def update(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
        self.delete(current)
        self.create(self.desired())

    def delete(self, current: dict[str, Any]) -> None:
        self.backup.delete_backup_selection(BackupPlanId=current["backup_plan_id"], SelectionId=current["id"])

    def _plan_id(self) -> str | None:
        pages = self.backup.get_paginator("list_backup_plans").paginate()
        for page in pages:
            for plan in page["BackupPlansList"]:
                if plan["BackupPlanName"] == self.params["backup_plan_name"]:
                    return str(plan["BackupPlanId"])
        return None

    def _state(self, plan: str, identifier: str) -> dict[str, Any]:
        answer = self.backup.get_backup_selection(BackupPlanId=plan, SelectionId=identifier)
        selection = answer["BackupSelection"]
        equal = (selection.get("Conditions") or {}).get("StringEquals") or []
        return {
            "backup_plan_id": plan,
            "conditions": {c["ConditionKey"].removeprefix(TAG): c["ConditionValue"] for c in equal},
            "iam_role_arn": selection["IamRoleArn"],
            "id": identifier,
            "name": selection["SelectionName"],
            "not_resources": selection.get("NotResources") or [],
            "resources": selection.get("Resources") or [],
        }


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=untagged_argument_spec(
            backup_plan_name={"required": True},
            name={"required": True},
            iam_role_arn={},
            resources={"type": "list", "elements": "str"},
            not_resources={"type": "list", "elements": "str", "default": []},
            conditions={"type": "dict", "default": {}},
        ),
        required_if=[("state", "present", ["iam_role_arn", "resources"])],
        supports_check_mode=True,
    )
    reconcile(BackupSelection(module))


if __name__ == "__main__":
    main()
