#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""An Aurora DB cluster."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rds_cluster
short_description: Manage an Aurora DB cluster
version_added: 0.1.0
author: Notejam platform contributors (@notejam)
description:
  - Keeps an Aurora DB cluster whose storage is encrypted and whose master password RDS makes and keeps in
    Secrets Manager.
  - A change that AWS applies in the maintenance window counts as made once it is pending.
  - What AWS cannot change in place is refused with a message, and never done by a replacement.
  - Documented at U(https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html).
options:
  db_cluster_identifier:
    description: Identifier of the cluster.
    type: str
    required: true
    aliases: [name]
  engine:
    description: The database engine. It cannot change.
    type: str
    default: aurora-postgresql
  engine_version:
    description:
      - Version of the engine. A newer minor version that RDS upgraded to is left as it is.
      - The next major version needs O(allow_major_version_upgrade).
    type: str
    required: true
  allow_major_version_upgrade:
    description: Whether a change to another major version may be made.
    type: bool
    default: false
  database_name:
    description: Name of the database made with the cluster. It cannot change.
    type: str
  master_username:
    description: Name of the master user. It cannot change.
    type: str
  master_user_secret_kms_key_id:
    description: ARN of the key that encrypts the master user's secret. It cannot change.
    type: str
  db_subnet_group_name:
    description: Name of the DB subnet group. It cannot change.
    type: str
  vpc_security_group_ids:
    description: Ids of the security groups.
    type: list
    elements: str
  db_cluster_parameter_group_name:
    description:
      - Name of the DB cluster parameter group. Another one takes effect at the next reboot of each instance.
    type: str
  port:
    description: Port that the database listens on.
    type: int
  kms_key_id:
    description: ARN of the key that encrypts the storage. It cannot change.
    type: str
  enable_iam_database_authentication:
    description: Whether IAM users and roles may sign in to the database.
    type: bool
  backup_retention_period:
    description: For how many days the cluster can be restored to any point in time.
    type: int
  preferred_backup_window:
    description: When the daily snapshot is made, in UTC, such as V(02:00-03:00).
    type: str
  preferred_maintenance_window:
    description: When AWS may make changes, in UTC, such as V(sun:03:30-sun:04:30).
    type: str
  copy_tags_to_snapshot:
    description: Whether snapshots get the tags of the cluster.
    type: bool
  deletion_protection:
    description: Whether AWS refuses to delete the cluster.
    type: bool
  enable_cloudwatch_logs_exports:
    description: The logs that go to CloudWatch.
    type: list
    elements: str
  apply_immediately:
    description: Whether changes that AWS would leave to the maintenance window are made at once.
    type: bool
    default: false
  final_db_snapshot_identifier:
    description:
      - Name of the snapshot made before a deletion. Without one, nothing is kept but what backups there are.
    type: str
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Ask for a cluster, and go on with something else
  notejam.platform.rds_cluster:
    db_cluster_identifier: notejam-prod
    engine_version: "17.5"
    database_name: notejam
    master_username: notejam
    db_subnet_group_name: notejam-prod
    vpc_security_group_ids: [sg-0123456789abcdef0]
    wait: false
"""

RETURN = r"""
rds_cluster:
  description: The cluster. Besides these it has every option that is a property of a cluster.
  returned: when it is present
  type: dict
  contains:
    db_cluster_identifier:
      description: Identifier of the cluster.
      type: str
    arn:
      description: ARN of the cluster.
      type: str
    status:
      description: AWS's word for its state, such as V(available).
      type: str
    endpoint:
      description: Name of the host that writes.
      type: str
    reader_endpoint:
      description: Name of the host that reads.
      type: str
    port:
      description: Port that the database listens on.
      type: int
    engine_version:
      description: Version of the engine, the one to come if an upgrade is pending.
      type: str
    master_user_secret_arn:
      description: ARN of the secret with the master user's name and password.
      type: str
    pending:
      description: What AWS will change in the maintenance window.
      type: dict
    tags:
      description: Its tags.
      type: dict
"""

from typing import Any, ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.compare import same_items
from ansible_collections.notejam.platform.plugins.module_utils.rds import (
    GONE,
    RdsResource,
    same_or_newer_minor,
)
from ansible_collections.notejam.platform.plugins.module_utils.resource import State, argument_spec, reconcile
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_list
from ansible_collections.notejam.platform.plugins.module_utils.waiting import wait_until


class Cluster(RdsResource):
    name = "rds_cluster"
    missing = "DBClusterNotFoundFault"
    immutable = frozenset(
        {
            "database_name",
            "db_subnet_group_name",
            "engine",
            "kms_key_id",
            "master_user_secret_kms_key_id",
            "master_username",
        }
    )
    computed = frozenset({"arn", "endpoint", "master_user_secret_arn", "reader_endpoint", "status"})
    comparisons: ClassVar = {
        "enable_cloudwatch_logs_exports": same_items,
        "engine_version": same_or_newer_minor,
        "vpc_security_group_ids": same_items,
    }
    fields: ClassVar = {
        "arn": "DBClusterArn",
        "backup_retention_period": "BackupRetentionPeriod",
        "copy_tags_to_snapshot": "CopyTagsToSnapshot",
        "database_name": "DatabaseName",
        "db_cluster_identifier": "DBClusterIdentifier",
        "db_cluster_parameter_group_name": "DBClusterParameterGroup",
        "db_subnet_group_name": "DBSubnetGroup",
        "deletion_protection": "DeletionProtection",
        "enable_iam_database_authentication": "IAMDatabaseAuthenticationEnabled",
        "endpoint": "Endpoint",
        "engine": "Engine",
        "engine_version": "EngineVersion",
        "kms_key_id": "KmsKeyId",
        "master_username": "MasterUsername",
        "port": "Port",
        "preferred_backup_window": "PreferredBackupWindow",
        "preferred_maintenance_window": "PreferredMaintenanceWindow",
        "reader_endpoint": "ReaderEndpoint",
        "status": "Status",
    }
    changeable: ClassVar = {
        "backup_retention_period": "BackupRetentionPeriod",
        "copy_tags_to_snapshot": "CopyTagsToSnapshot",
        "db_cluster_parameter_group_name": "DBClusterParameterGroupName",
        "deletion_protection": "DeletionProtection",
        "enable_iam_database_authentication": "EnableIAMDatabaseAuthentication",
        "engine_version": "EngineVersion",
        "port": "Port",
        "preferred_backup_window": "PreferredBackupWindow",
        "preferred_maintenance_window": "PreferredMaintenanceWindow",
        "vpc_security_group_ids": "VpcSecurityGroupIds",
    }
    requests: ClassVar = changeable | {
        "database_name": "DatabaseName",
        "db_cluster_identifier": "DBClusterIdentifier",
        "db_subnet_group_name": "DBSubnetGroupName",
        "enable_cloudwatch_logs_exports": "EnableCloudwatchLogsExports",
        "engine": "Engine",
        "kms_key_id": "KmsKeyId",
        "master_user_secret_kms_key_id": "MasterUserSecretKmsKeyId",
        "master_username": "MasterUsername",
    }

    @property
    def identity(self) -> str:
        return str(self.params["db_cluster_identifier"])

    def answer(self) -> dict[str, Any] | None:
        found = self.found("describe_db_clusters", DBClusterIdentifier=self.identity)
        return found["DBClusters"][0] if found and found["DBClusters"] else None

    def describe(self) -> State | None:
        answer = self.answer()
        if answer is None or answer["Status"] == "deleting":
            return None
        pending = answer.get("PendingModifiedValues", {})
        logs = pending.get("PendingCloudwatchLogsExports", {})
        secret = answer.get("MasterUserSecret", {})
        exports = set(answer.get("EnabledCloudwatchLogsExports", []))
        state = self.taken_over({**answer, **pending})
        return {
            **state,
            "enable_cloudwatch_logs_exports": sorted(
                (exports | set(logs.get("LogTypesToEnable", []))) - set(logs.get("LogTypesToDisable", []))
            ),
            "master_user_secret_arn": secret.get("SecretArn"),
            "master_user_secret_kms_key_id": secret.get("KmsKeyId"),
            "pending": pending,
            "vpc_security_group_ids": sorted(
                group["VpcSecurityGroupId"] for group in answer.get("VpcSecurityGroups", [])
            ),
        }

    def desired(self) -> State:
        return self.declared(*self.requests, "tags")

    def create(self, desired: State) -> None:
        if self.status() == "deleting":
            wait_until(f"{self.name} {self.identity}", self.status, [GONE], self.params["wait_timeout"])
        self.rds.create_db_cluster(
            ManageMasterUserPassword=True,
            StorageEncrypted=True,
            Tags=as_list(desired.get("tags", {})),
            **self.request(*self.requests),
        )

    def update(self, current: State, changes: dict) -> None:
        major = self._major(changes)
        # A cluster that is being made or changed refuses another change.
        self.wait("present")
        request: dict[str, Any] = {
            self.changeable[key]: new for key, (_, new) in changes.items() if key in self.changeable
        }
        if "enable_cloudwatch_logs_exports" in changes:
            old, new = map(set, changes["enable_cloudwatch_logs_exports"])
            request["CloudwatchLogsExportConfiguration"] = {
                "EnableLogTypes": sorted(new - old),
                "DisableLogTypes": sorted(old - new),
            }
        self.rds.modify_db_cluster(
            DBClusterIdentifier=self.identity,
            ApplyImmediately=self.params["apply_immediately"],
            **({"AllowMajorVersionUpgrade": True} if major else {}),
            **request,
        )

    def delete(self, current: State) -> None:
        snapshot = self.params["final_db_snapshot_identifier"]
        self.rds.delete_db_cluster(
            DBClusterIdentifier=self.identity,
            SkipFinalSnapshot=snapshot is None,
            **({"FinalDBSnapshotIdentifier": snapshot} if snapshot else {}),
        )

    def _major(self, changes: dict) -> bool:
        """Whether the major version changes. Raises AnsibleAWSError for one that is not allowed."""
        old, new = changes.get("engine_version", ("", ""))
        if old.split(".")[0] == new.split(".")[0]:
            return False
        if not self.params["allow_major_version_upgrade"]:
            raise AnsibleAWSError(
                message=f"{self.name} {self.identity}: engine_version is {old} and the task asks for {new}, "
                "another major version. It needs a restart and cannot be undone: set "
                "allow_major_version_upgrade to have it made."
            )
        return True


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            db_cluster_identifier={"required": True, "aliases": ["name"]},
            engine={"default": "aurora-postgresql"},
            engine_version={"required": True},
            allow_major_version_upgrade={"type": "bool", "default": False},
            database_name={},
            master_username={},
            master_user_secret_kms_key_id={"no_log": False},
            db_subnet_group_name={},
            vpc_security_group_ids={"type": "list", "elements": "str"},
            db_cluster_parameter_group_name={},
            port={"type": "int"},
            kms_key_id={},
            enable_iam_database_authentication={"type": "bool"},
            backup_retention_period={"type": "int"},
            preferred_backup_window={},
            preferred_maintenance_window={},
            copy_tags_to_snapshot={"type": "bool"},
            deletion_protection={"type": "bool"},
            enable_cloudwatch_logs_exports={"type": "list", "elements": "str"},
            apply_immediately={"type": "bool", "default": False},
            final_db_snapshot_identifier={},
        ),
        supports_check_mode=True,
    )
    reconcile(Cluster(module))


if __name__ == "__main__":
    main()
