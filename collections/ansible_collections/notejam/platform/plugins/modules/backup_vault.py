#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_vault
version_added: 0.2.0
short_description: Manage an AWS Backup vault with its access policy and its lock
description:
  - Keeps a vault with its KMS key, its access policy, its lock and its tags.
  - A vault that holds recovery points is not deleted. It stays, and the result says so in RV(kept).
author:
  - Notejam platform contributors (@notejam)
options:
  name:
    description: The vault's name, of 2 to 50 letters, digits, hyphens and underscores.
    type: str
    required: true
  encryption_key_arn:
    description:
      - The ARN of the KMS key that encrypts what AWS Backup itself stores, and the copies.
      - Cannot be changed, see
        U(https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html).
    type: str
  policy:
    description:
      - The vault's access policy, whose actions have no wildcards, see
        U(https://docs.aws.amazon.com/aws-backup/latest/devguide/create-a-vault-access-policy.html).
      - An empty dict removes it.
    type: dict
  lock:
    description:
      - The vault lock, under which nobody deletes a recovery point before its retention is over, see
        U(https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html).
      - An empty dict removes it, as long as it can be removed.
    type: dict
    suboptions:
      min_retention_days:
        description: Backups that would be kept for fewer days fail.
        type: int
      max_retention_days:
        description: Backups that would be kept for more days fail.
        type: int
      changeable_for_days:
        description:
          - Days, at least 3, after which nobody can change the lock any more, not even the root user.
          - Without it, whoever may can change the lock for ever.
          - The days count from when the lock is put. They are not put again while a date stands.
        type: int
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Keep the vault of the backups
  notejam.platform.backup_vault:
    name: notejam-prod
    encryption_key_arn: arn:aws:kms:eu-west-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab
    policy:
      Version: "2012-10-17"
      Statement:
        - Effect: Deny
          Principal: "*"
          Action: [backup:DeleteRecoveryPoint]
          Resource: "*"
    lock: {min_retention_days: 7}
"""

RETURN = r"""
backup_vault:
  description: The vault; none with O(state=absent).
  returned: success
  type: dict
  contains:
    arn:
      description: The vault's ARN.
      type: str
      sample: arn:aws:backup:eu-west-1:123456789012:backup-vault:notejam-prod
    encryption_key_arn:
      description: The ARN of the KMS key.
      type: str
    lock:
      description: The lock; empty when there is none. C(lock_date) is when it becomes immutable.
      type: dict
    name:
      description: The vault's name.
      type: str
    number_of_recovery_points:
      description: How many recovery points it holds.
      type: int
    policy:
      description: The access policy; empty when there is none.
      type: dict
    tags:
      description: The vault's tags.
      type: dict
kept:
  description: Why the vault was not deleted.
  returned: when O(state=absent) and it holds recovery points
  type: str
"""

import json
from typing import Any, ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.compare import same_policy
from ansible_collections.notejam.platform.plugins.module_utils.resource import (
    Resource,
    argument_spec,
    reconcile,
)

RETENTION = {"min_retention_days": "MinRetentionDays", "max_retention_days": "MaxRetentionDays"}


def same_lock(current: dict[str, Any], desired: dict[str, Any]) -> bool:
    """Whether the lock is as declared; AWS tells its date, and not of how many days that was made."""
    if not current or not desired:
        return bool(current) == bool(desired)
    return all(current.get(key) == desired.get(key) for key in RETENTION) and (
        ("lock_date" in current) == ("changeable_for_days" in desired)
    )


class BackupVault(Resource):
    """A vault: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_DescribeBackupVault.html."""

    name = "backup_vault"
    immutable = frozenset({"encryption_key_arn"})
    computed = frozenset({"arn"})
    comparisons: ClassVar = {"policy": same_policy, "lock": same_lock}

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        self.backup = self.client("backup")

    def desired(self) -> dict[str, Any]:
        return self.declared("name", "encryption_key_arn", "policy", "lock", "tags")

    def describe(self) -> dict[str, Any] | None:
        if self.identity not in self._names():
            return None
        vault = self.backup.describe_backup_vault(BackupVaultName=self.identity)
        lock: dict[str, Any] = {}
        if vault.get("Locked"):
            lock = {key: vault[member] for key, member in RETENTION.items() if member in vault}
            if vault.get("LockDate"):
                lock["lock_date"] = vault["LockDate"].isoformat()
        return {
            "arn": vault["BackupVaultArn"],
            "encryption_key_arn": vault["EncryptionKeyArn"],
            "lock": lock,
            "name": vault["BackupVaultName"],
            "number_of_recovery_points": vault["NumberOfRecoveryPoints"],
            "policy": self._policy(),
            "tags": self.backup.list_tags(ResourceArn=vault["BackupVaultArn"])["Tags"],
        }

    def create(self, desired: dict[str, Any]) -> None:
        key = {}
        if desired.get("encryption_key_arn"):
            key = {"EncryptionKeyArn": desired["encryption_key_arn"]}
        self.backup.create_backup_vault(
            BackupVaultName=self.identity, BackupVaultTags=desired.get("tags", {}), **key
        )
        self.update({}, {key: (None, desired[key]) for key in ("policy", "lock") if desired.get(key)})

    def update(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
        vault = {"BackupVaultName": self.identity}
        new = {key: value for key, (_old, value) in changes.items()}
        if new.get("policy"):
            self.backup.put_backup_vault_access_policy(**vault, Policy=json.dumps(new["policy"]))
        elif "policy" in new:
            self.backup.delete_backup_vault_access_policy(**vault)
        if new.get("lock"):
            members = {**RETENTION, "changeable_for_days": "ChangeableForDays"}
            lock = {members[key]: value for key, value in new["lock"].items()}
            self.backup.put_backup_vault_lock_configuration(**vault, **lock)
        elif "lock" in new:
            self.backup.delete_backup_vault_lock_configuration(**vault)

    def retained(self, current: dict[str, Any]) -> str | None:
        count = current["number_of_recovery_points"]
        return f"it holds {count} recovery points" if count else None

    def delete(self, current: dict[str, Any]) -> None:
        self.backup.delete_backup_vault(BackupVaultName=self.identity)

    def tag(self, current: dict[str, Any], tags: dict[str, str]) -> None:
        self.backup.tag_resource(ResourceArn=current["arn"], Tags=tags)

    def untag(self, current: dict[str, Any], keys: list[str]) -> None:
        self.backup.untag_resource(ResourceArn=current["arn"], TagKeyList=keys)

    def _names(self) -> set[str]:
        """From the list: a describe call does not tell a missing vault from a forbidden one.

        Source: https://github.com/aws/aws-sdk-js/issues/2625
        """
        pages = self.backup.get_paginator("list_backup_vaults").paginate()
        return {vault["BackupVaultName"] for page in pages for vault in page["BackupVaultList"]}

    def _policy(self) -> dict[str, Any]:
        try:
            answer = self.backup.get_backup_vault_access_policy(BackupVaultName=self.identity)
        except is_boto3_error_code("ResourceNotFoundException"):
            return {}
        return dict(json.loads(answer["Policy"]))


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            name={"required": True},
            encryption_key_arn={"no_log": False},
            policy={"type": "dict"},
            lock={
                "type": "dict",
                "options": {
                    "min_retention_days": {"type": "int"},
                    "max_retention_days": {"type": "int"},
                    "changeable_for_days": {"type": "int"},
                },
            },
        ),
        supports_check_mode=True,
    )
    reconcile(BackupVault(module))


if __name__ == "__main__":
    main()
