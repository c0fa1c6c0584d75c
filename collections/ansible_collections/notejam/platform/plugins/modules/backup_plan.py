#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_plan
version_added: 0.2.0
short_description: Manage an AWS Backup plan
description:
  - Keeps a plan of backups with its rules and its tags. The plan is found by its name.
  - A plan is deleted with its selections.
author:
  - Notejam platform contributors (@notejam)
options:
  name:
    description: The plan's name, of 1 to 50 letters, digits, hyphens, underscores and dots.
    type: str
    required: true
  rules:
    description:
      - When backups are made, where they go and how long they are kept, see
        U(https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupRule.html).
      - Required with O(state=present).
    type: list
    elements: dict
    suboptions:
      rule_name:
        description: The rule's name.
        type: str
        required: true
      target_backup_vault_name:
        description: The vault that the backups go to.
        type: str
        required: true
      schedule_expression:
        description: When a backup is made, as a C(cron) expression of six fields.
        type: str
        default: cron(0 5 ? * * *)
      schedule_expression_timezone:
        description: The time zone of O(rules[].schedule_expression).
        type: str
        default: Etc/UTC
      start_window_minutes:
        description: Minutes, at least 60, within which a backup begins, or is given up.
        type: int
        default: 480
      completion_window_minutes:
        description: Minutes within which a backup ends, or is given up.
        type: int
        default: 10080
      enable_continuous_backup:
        description: Whether the backup is a continuous one, kept for 1 to 35 days.
        type: bool
        default: false
      lifecycle:
        description: How long a backup is kept; for ever when it is left out.
        type: dict
        suboptions: &lifecycle
          delete_after_days:
            description: Days after which it is deleted.
            type: int
          move_to_cold_storage_after_days:
            description:
              - Days after which it moves to cold storage, where it stays for at least 90 days.
              - Backups of Aurora do not move.
            type: int
      recovery_point_tags:
        description: Tags of the recovery points.
        type: dict
      copy_actions:
        description: Vaults, in other regions or accounts, that each backup is copied to.
        type: list
        elements: dict
        suboptions:
          destination_backup_vault_arn:
            description: The vault's ARN.
            type: str
            required: true
          lifecycle:
            description: How long the copy is kept; for ever when it is left out.
            type: dict
            suboptions: *lifecycle
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Keep the plan of the backups
  notejam.platform.backup_plan:
    name: notejam-prod
    rules:
      - rule_name: daily
        target_backup_vault_name: notejam-prod
        schedule_expression: cron(0 3 ? * * *)
        lifecycle: {delete_after_days: 35}
        copy_actions:
          - destination_backup_vault_arn: arn:aws:backup:eu-central-1:123456789012:backup-vault:notejam-prod
            lifecycle: {delete_after_days: 35}
"""

RETURN = r"""
backup_plan:
  description: The plan; none with O(state=absent).
  returned: success
  type: dict
  contains:
    arn:
      description: The plan's ARN.
      type: str
      sample: arn:aws:backup:eu-west-1:123456789012:backup-plan:8f81f553-3a74-4a3f-b93d-b3360dc80c50
    id:
      description: The plan's id.
      type: str
    name:
      description: The plan's name.
      type: str
    rules:
      description: The rules, in the words of O(rules).
      type: list
      elements: dict
    tags:
      description: The plan's tags.
      type: dict
    version_id:
      description: The id of the plan's version, a new one with each change.
      type: str
"""

from typing import Any, ClassVar

from ansible.module_utils.common.dict_transformations import snake_dict_to_camel_dict
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.compare import same_items
from ansible_collections.notejam.platform.plugins.module_utils.resource import (
    Resource,
    argument_spec,
    reconcile,
)

LIFECYCLE = {
    "delete_after_days": "DeleteAfterDays",
    "move_to_cold_storage_after_days": "MoveToColdStorageAfterDays",
}
RULE = {
    "rule_name": "RuleName",
    "target_backup_vault_name": "TargetBackupVaultName",
    "schedule_expression": "ScheduleExpression",
    "schedule_expression_timezone": "ScheduleExpressionTimezone",
    "start_window_minutes": "StartWindowMinutes",
    "completion_window_minutes": "CompletionWindowMinutes",
    "enable_continuous_backup": "EnableContinuousBackup",
    "recovery_point_tags": "RecoveryPointTags",
}


def rule_of(answer: dict[str, Any]) -> dict[str, Any]:
    """A rule of the API in the words of the option, without what is not set."""
    rule = _renamed(answer, RULE) | {"lifecycle": _renamed(answer.get("Lifecycle") or {}, LIFECYCLE)}
    rule["copy_actions"] = [
        {
            "destination_backup_vault_arn": action["DestinationBackupVaultArn"],
            "lifecycle": _renamed(action.get("Lifecycle") or {}, LIFECYCLE),
        }
        for action in answer.get("CopyActions") or []
    ]
    return {key: value for key, value in rule.items() if value not in ({}, [])}


def _renamed(answer: dict[str, Any], members: dict[str, str]) -> dict[str, Any]:
    return {key: answer[member] for key, member in members.items() if answer.get(member) is not None}


def request_of(rule: dict[str, Any]) -> dict[str, Any]:
    """The rule as the API takes it; the keys of its tags stay as they are."""
    request = {RULE[key]: value for key, value in rule.items() if key in RULE}
    others = {key: rule[key] for key in ("lifecycle", "copy_actions") if key in rule}
    return request | snake_dict_to_camel_dict(others, capitalize_first=True)


class BackupPlan(Resource):
    """A plan: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_GetBackupPlan.html."""

    name = "backup_plan"
    computed = frozenset({"arn", "id", "version_id"})
    comparisons: ClassVar = {"rules": same_items}

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        self.backup = self.client("backup")

    def desired(self) -> dict[str, Any]:
        desired = self.declared("name", "rules", "tags")
        if "rules" in desired:
            rules = [{k: v for k, v in rule.items() if v not in ({}, [])} for rule in desired["rules"]]
            desired["rules"] = sorted(rules, key=lambda rule: str(rule["rule_name"]))
        return desired

    def describe(self) -> dict[str, Any] | None:
        pages = self.backup.get_paginator("list_backup_plans").paginate()
        found = [p for page in pages for p in page["BackupPlansList"] if p["BackupPlanName"] == self.identity]
        if len(found) > 1:
            ids = ", ".join(plan["BackupPlanId"] for plan in found)
            raise AnsibleAWSError(
                message=f"{len(found)} backup plans are called {self.identity} ({ids}). "
                "Delete those that are not this one, or give it another name."
            )
        if not found:
            return None
        plan = self.backup.get_backup_plan(BackupPlanId=found[0]["BackupPlanId"])
        rules = [rule_of(rule) for rule in plan["BackupPlan"]["Rules"]]
        return {
            "arn": plan["BackupPlanArn"],
            "id": plan["BackupPlanId"],
            "name": plan["BackupPlan"]["BackupPlanName"],
            "rules": sorted(rules, key=lambda rule: str(rule["rule_name"])),
            "tags": self.backup.list_tags(ResourceArn=plan["BackupPlanArn"])["Tags"],
            "version_id": plan["VersionId"],
        }

    def create(self, desired: dict[str, Any]) -> None:
        self.backup.create_backup_plan(
            BackupPlan=self._body(desired["rules"]), BackupPlanTags=desired.get("tags", {})
        )

    def update(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
        self.backup.update_backup_plan(BackupPlanId=current["id"], BackupPlan=self._body(changes["rules"][1]))

    def delete(self, current: dict[str, Any]) -> None:
        plan = {"BackupPlanId": current["id"]}
        pages = self.backup.get_paginator("list_backup_selections").paginate(**plan)
        for selection in pages.build_full_result()["BackupSelectionsList"]:
            self.backup.delete_backup_selection(**plan, SelectionId=selection["SelectionId"])
        self.backup.delete_backup_plan(**plan)

    def tag(self, current: dict[str, Any], tags: dict[str, str]) -> None:
        self.backup.tag_resource(ResourceArn=current["arn"], Tags=tags)

    def untag(self, current: dict[str, Any], keys: list[str]) -> None:
        self.backup.untag_resource(ResourceArn=current["arn"], TagKeyList=keys)

    def _body(self, rules: list[dict[str, Any]]) -> dict[str, Any]:
        return {"BackupPlanName": self.identity, "Rules": [request_of(rule) for rule in rules]}


def main() -> None:
    lifecycle = {"type": "dict", "options": {key: {"type": "int"} for key in LIFECYCLE}}
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            name={"required": True},
            rules={
                "type": "list",
                "elements": "dict",
                "options": {
                    "rule_name": {"required": True},
                    "target_backup_vault_name": {"required": True},
                    "schedule_expression": {"default": "cron(0 5 ? * * *)"},
                    "schedule_expression_timezone": {"default": "Etc/UTC"},
                    "start_window_minutes": {"type": "int", "default": 480},
                    "completion_window_minutes": {"type": "int", "default": 10080},
                    "enable_continuous_backup": {"type": "bool", "default": False},
                    "lifecycle": lifecycle,
                    "recovery_point_tags": {"type": "dict"},
                    "copy_actions": {
                        "type": "list",
                        "elements": "dict",
                        "options": {
                            "destination_backup_vault_arn": {"required": True},
                            "lifecycle": lifecycle,
                        },
                    },
                },
            },
        ),
        required_if=[("state", "present", ["rules"])],
        supports_check_mode=True,
    )
    reconcile(BackupPlan(module))


if __name__ == "__main__":
    main()
