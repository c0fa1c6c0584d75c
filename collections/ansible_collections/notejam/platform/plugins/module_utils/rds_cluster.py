# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Aurora's DB clusters: what of them changes, when, and what a change interrupts.

https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Modifying.html
"""

from __future__ import annotations

import json
from typing import Any, ClassVar

from ansible_collections.notejam.platform.plugins.module_utils.compare import same_items
from ansible_collections.notejam.platform.plugins.module_utils.rds import (
    GONE,
    WAITING_FOR_RESTART,
    RdsResource,
    same_or_newer_minor,
)
from ansible_collections.notejam.platform.plugins.module_utils.rds_global import leave, membership
from ansible_collections.notejam.platform.plugins.module_utils.resource import State
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_list
from ansible_collections.notejam.platform.plugins.module_utils.waiting import wait_until

INTERRUPTING = {"engine_version", "port"}
SCALING = {"min_capacity": "MinCapacity", "max_capacity": "MaxCapacity"}
# What a secondary takes from the primary, and does not tell.
PRIMARYS = ("database_name", "master_username", "master_user_secret_id")


def same_or_untold(current: str | None, desired: str) -> bool:
    """A cluster that was a secondary does not tell what it took from the primary."""
    return current in (None, desired)


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
            "secondary_of",
        }
    )
    computed = frozenset({"arn", "endpoint", "master_user_secret_arn", "reader_endpoint", "status"})
    comparisons: ClassVar = {
        "database_name": same_or_untold,
        "enable_cloudwatch_logs_exports": same_items,
        "engine_version": same_or_newer_minor,
        "master_username": same_or_untold,
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
        "secondary_of": "GlobalClusterIdentifier",
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
        scaling = answer.get("ServerlessV2ScalingConfiguration")
        state = self.taken_over({**answer, **pending})
        if self.params["secondary_of"]:
            # Either part of it: the primary and a secondary change places in a switchover.
            state["secondary_of"] = membership(self.rds, state["arn"])
        return {
            **state,
            "enable_cloudwatch_logs_exports": sorted(
                (exports | set(logs.get("LogTypesToEnable", []))) - set(logs.get("LogTypesToDisable", []))
            ),
            "master_user_secret_arn": secret.get("SecretArn"),
            "master_user_secret_kms_key_id": secret.get("KmsKeyId"),
            "parameters_wait_for_restart": sorted(
                member["DBInstanceIdentifier"]
                for member in answer.get("DBClusterMembers", [])
                if member.get("DBClusterParameterGroupStatus") == WAITING_FOR_RESTART
            ),
            "pending": pending,
            "serverless_v2_scaling": scaling and {key: scaling.get(field) for key, field in SCALING.items()},
            "vpc_security_group_ids": sorted(
                group["VpcSecurityGroupId"] for group in answer.get("VpcSecurityGroups", [])
            ),
        }

    def desired(self) -> State:
        state = self.declared(*self.requests, "serverless_v2_scaling", "tags")
        if self.params["master_user_secret_id"]:
            # RDS's own secret goes with the first change to one that is given.
            state["master_user_secret_arn"] = None
        return state

    def create(self, desired: State) -> None:
        if self.status() == "deleting":
            wait_until(f"{self.name} {self.identity}", self.status, [GONE], self.params["wait_timeout"])
        self.rds.create_db_cluster(
            StorageEncrypted=True,
            Tags=as_list(desired.get("tags", {})),
            **({} if self.params["secondary_of"] else self._master()),
            **self._scaling(),
            **self.request(*self.requests),
        )

    def consequences(self, current: State, changes: dict) -> list[str]:
        said = []
        if "engine_version" in changes:
            old, new = changes["engine_version"]
            self._refuse_version(old, new)
            said.append(f"the upgrade from {old} to {new} restarts all instances {self.when(current)}")
        if "port" in changes:
            old, new = changes["port"]
            said.append(f"the change of the port from {old} to {new} restarts all instances at once.")
            if not self.params["apply_immediately"]:
                raise self.refusal(
                    f"{said[-1]} AWS leaves it for no window: set apply_immediately to have it made."
                )
        if "db_cluster_parameter_group_name" in changes:
            said.append(
                "another parameter group takes effect at each instance's next restart, which is left to you."
            )
        elif waiting := current["parameters_wait_for_restart"]:
            said.append(
                f"parameters wait for the next restart of {', '.join(waiting)}, which is left to you."
            )
        if "master_user_secret_arn" in changes:
            said.append(
                "RDS deletes the master user's secret that it made, and rotates its password no more."
            )
        return said + self.pending(current)

    def update(self, current: State, changes: dict) -> None:
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
        if "serverless_v2_scaling" in changes:
            request |= self._scaling()
        if "master_user_secret_arn" in changes:
            request |= {"ManageMasterUserPassword": False, **self._master()}
        if "engine_version" in changes and major(changes["engine_version"][0]) != major(
            changes["engine_version"][1]
        ):
            request["AllowMajorVersionUpgrade"] = True
            if group := self.params["db_instance_parameter_group_name"]:
                request["DBInstanceParameterGroupName"] = group
        # Unless told, AWS leaves what nobody notices for the window, too; told, it makes all that waits.
        interrupts = INTERRUPTING & changes.keys() or current["pending"]
        self.rds.modify_db_cluster(
            DBClusterIdentifier=self.identity,
            ApplyImmediately=self.params["apply_immediately"] or not interrupts,
            **request,
        )

    def retained(self, current: State) -> str | None:
        """Nothing; but a protected cluster ends the module, in a plan too."""
        if current["deletion_protection"]:
            raise self.refusal(
                "it is protected from deletion. Have it without protection first, with deletion_protection: "
                "false, and delete it then."
            )
        return None

    def delete(self, current: State) -> None:
        if leave(self.rds, current["arn"], self.params["wait_timeout"]):
            # It has become one of its own.
            self.wait("present")
        snapshot = self.params["final_db_snapshot_identifier"]
        self.rds.delete_db_cluster(
            DBClusterIdentifier=self.identity,
            SkipFinalSnapshot=snapshot is None,
            **({"FinalDBSnapshotIdentifier": snapshot} if snapshot else {}),
        )

    def _refuse_version(self, old: str, new: str) -> None:
        """Raises AnsibleAWSError for a major version that is lower, or not allowed."""
        if major(new) < major(old):
            raise self.refusal(
                f"engine_version is {old} and the task asks for {new}, but AWS never goes back to a lower "
                f"major version. Declare {old}, or restore a snapshot of {new} as another cluster."
            )
        if major(new) > major(old) and not self.params["allow_major_version_upgrade"]:
            raise self.refusal(
                f"engine_version is {old} and the task asks for {new}, another major version. It needs a "
                "restart and cannot be undone: set allow_major_version_upgrade to have it made."
            )

    def _master(self) -> dict[str, Any]:
        """The master user's password: RDS's own, or that of the secret."""
        secret = self.params["master_user_secret_id"]
        if secret is None:
            return {"ManageMasterUserPassword": True}
        value = self.client("secretsmanager").get_secret_value(SecretId=secret)
        return {"MasterUserPassword": json.loads(value["SecretString"])["password"]}

    def _scaling(self) -> dict[str, Any]:
        wanted = self.params["serverless_v2_scaling"]
        if wanted is None:
            return {}
        return {"ServerlessV2ScalingConfiguration": {field: wanted[key] for key, field in SCALING.items()}}


def major(version: str) -> int:
    """The first number of a version of PostgreSQL."""
    return int(version.split(".")[0])
