#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""An instance of an Aurora DB cluster."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rds_instance
short_description: Manage an instance of an Aurora DB cluster
version_added: 0.1.0
author: Notejam platform contributors (@notejam)
description:
  - Keeps an instance of an Aurora DB cluster. The first one becomes the writer, the others read; a failover
    may change that.
  - Documented at U(https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html).
options:
  db_instance_identifier:
    description: Identifier of the instance.
    type: str
    required: true
    aliases: [name]
  db_cluster_identifier:
    description: Identifier of its cluster. It cannot change.
    type: str
    required: true
  db_instance_class:
    description: Its size, or V(db.serverless) in a cluster with a range of capacity. Another needs a restart.
    type: str
    required: true
  availability_zone:
    description: The zone that it is in. It cannot change.
    type: str
  promotion_tier:
    description: The order in which readers take over from a failed writer; V(0) comes first.
    type: int
  publicly_accessible:
    description: Whether it has an address in the internet. It cannot change.
    type: bool
    default: false
  auto_minor_version_upgrade:
    description: Whether AWS upgrades it to newer minor versions in the maintenance window.
    type: bool
  db_parameter_group_name:
    description: Name of the DB parameter group. Another one takes effect at the next restart.
    type: str
  performance_insights:
    description: Whether Performance Insights records what the load on it is made of.
    type: bool
  performance_insights_kms_key_id:
    description: ARN of the key that encrypts what Performance Insights records. It cannot change later.
    type: str
  performance_insights_retention_period:
    description: For how many days that is kept, V(7), V(731), or a multiple of 31 up to 713.
    type: int
  monitoring_interval:
    description: Every how many seconds enhanced monitoring measures its operating system; V(0) for never.
    type: int
    choices: [0, 1, 5, 10, 15, 30, 60]
  monitoring_role_arn:
    description: ARN of the role by which enhanced monitoring writes to CloudWatch Logs.
    type: str
extends_documentation_fragment:
  - notejam.platform.rds
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Ask for an instance, and go on with something else
  notejam.platform.rds_instance:
    db_instance_identifier: notejam-prod-1
    db_cluster_identifier: notejam-prod
    db_instance_class: db.r6g.large
    availability_zone: eu-west-1a
    wait: false
"""

RETURN = r"""
rds_instance:
  description: The instance. Besides these it has every option that is a property of an instance.
  returned: when it is present
  type: dict
  contains:
    db_instance_identifier:
      description: Identifier of the instance.
      type: str
    arn:
      description: ARN of the instance.
      type: str
    status:
      description: AWS's word for its state, such as V(available).
      type: str
    db_instance_class:
      description: Its size, the one to come if a change is pending.
      type: str
    endpoint:
      description: Name of its host, once it has one.
      type: str
    parameters_wait_for_restart:
      description: Whether parameters of its own group take effect at its next restart only.
      type: bool
    pending:
      description: What AWS will change in the maintenance window.
      type: dict
    tags:
      description: Its tags.
      type: dict
"""

from typing import Any, ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.rds import (
    BROKEN,
    GONE,
    WAITING_FOR_RESTART,
    RdsResource,
    window_spec,
)
from ansible_collections.notejam.platform.plugins.module_utils.resource import State, argument_spec, reconcile
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_list
from ansible_collections.notejam.platform.plugins.module_utils.waiting import wait_until

INTERVALS = [0, 1, 5, 10, 15, 30, 60]  # seconds


class Instance(RdsResource):
    name = "rds_instance"
    missing = "DBInstanceNotFound"
    immutable = frozenset({"availability_zone", "db_cluster_identifier", "engine", "publicly_accessible"})
    computed = frozenset({"arn", "endpoint", "status"})
    # AWS calls these alike in requests and answers.
    same: ClassVar = {
        "auto_minor_version_upgrade": "AutoMinorVersionUpgrade",
        "availability_zone": "AvailabilityZone",
        "db_cluster_identifier": "DBClusterIdentifier",
        "db_instance_class": "DBInstanceClass",
        "db_instance_identifier": "DBInstanceIdentifier",
        "engine": "Engine",
        "monitoring_interval": "MonitoringInterval",
        "monitoring_role_arn": "MonitoringRoleArn",
        "performance_insights_kms_key_id": "PerformanceInsightsKMSKeyId",
        "performance_insights_retention_period": "PerformanceInsightsRetentionPeriod",
        "preferred_maintenance_window": "PreferredMaintenanceWindow",
        "promotion_tier": "PromotionTier",
        "publicly_accessible": "PubliclyAccessible",
    }
    requests: ClassVar = same | {
        "db_parameter_group_name": "DBParameterGroupName",
        "performance_insights": "EnablePerformanceInsights",
    }
    fields: ClassVar = same | {
        "arn": "DBInstanceArn",
        "performance_insights": "PerformanceInsightsEnabled",
        "status": "DBInstanceStatus",
    }

    @property
    def identity(self) -> str:
        return str(self.params["db_instance_identifier"])

    def answer(self) -> dict[str, Any] | None:
        found = self.found("describe_db_instances", DBInstanceIdentifier=self.identity)
        return found["DBInstances"][0] if found and found["DBInstances"] else None

    def describe(self) -> State | None:
        answer = self.answer()
        if answer is None or answer["DBInstanceStatus"] == "deleting":
            return None
        pending = answer.get("PendingModifiedValues", {})
        group: dict[str, Any] = next(iter(answer.get("DBParameterGroups", [])), {})
        state = self.taken_over({**answer, **pending})
        return {
            **state,
            # Not known while the instance is being made.
            "availability_zone": answer.get("AvailabilityZone", self.params["availability_zone"]),
            "db_parameter_group_name": group.get("DBParameterGroupName"),
            "endpoint": answer.get("Endpoint", {}).get("Address"),
            # AWS leaves out what is off.
            "monitoring_interval": state["monitoring_interval"] or 0,
            "parameters_wait_for_restart": group.get("ParameterApplyStatus") == WAITING_FOR_RESTART,
            "pending": pending,
            "performance_insights": bool(state["performance_insights"]),
        }

    def desired(self) -> State:
        return self.declared(*self.requests, "tags")

    def create(self, desired: State) -> None:
        what, timeout = f"{self.name} {self.identity}", self.params["wait_timeout"]
        if self.status() == "deleting":
            wait_until(what, self.status, [GONE], timeout)
        try:
            self._create(desired)
        except is_boto3_error_code("InvalidDBClusterStateFault"):
            with self.timeline.wait(f"rds_cluster {self.params['db_cluster_identifier']}"):
                wait_until(f"the cluster of {what}", self._cluster_status, ["available"], timeout, BROKEN)
            self._create(desired)

    def consequences(self, current: State, changes: dict) -> list[str]:
        old, new = changes.get("performance_insights_kms_key_id", (None, None))
        if old:
            raise self.refusal(
                f"performance_insights_kms_key_id is {old!r} and the task asks for {new!r}, but the key of "
                f"Performance Insights cannot change. Declare {old!r} again, or make another instance."
            )
        said = []
        if "db_instance_class" in changes:
            old, new = changes["db_instance_class"]
            said.append(f"the change from {old} to {new} restarts it {self.when(current)}")
        if "db_parameter_group_name" in changes:
            said.append("another parameter group takes effect at its next restart, which is left to you.")
        elif current["parameters_wait_for_restart"]:
            said.append("parameters wait for its next restart, which is left to you.")
        return said + self.pending(current)

    def update(self, current: State, changes: dict) -> None:
        # An instance that is being made or changed refuses another change.
        self.wait("present")
        request = {self.requests[key]: new for key, (_, new) in changes.items()}
        if "EnablePerformanceInsights" in request:
            # They are meant for what is turned on.
            request |= self.request(*(key for key in self.requests if key.startswith("performance_insights")))
        if "MonitoringInterval" in request and self.params["monitoring_role_arn"]:
            request["MonitoringRoleArn"] = self.params["monitoring_role_arn"]
        self.rds.modify_db_instance(
            DBInstanceIdentifier=self.identity,
            ApplyImmediately=self.params["apply_immediately"],
            **request,
        )

    def delete(self, current: State) -> None:
        # An instance of Aurora has no storage of its own, so there is nothing to make a snapshot of.
        self.rds.delete_db_instance(DBInstanceIdentifier=self.identity, SkipFinalSnapshot=True)

    def _create(self, desired: State) -> None:
        self.rds.create_db_instance(Tags=as_list(desired.get("tags", {})), **self.request(*self.requests))

    def _cluster_status(self) -> str:
        answer = self.rds.describe_db_clusters(DBClusterIdentifier=self.params["db_cluster_identifier"])
        return str(answer["DBClusters"][0]["Status"])


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            **window_spec(
                db_instance_identifier={"required": True, "aliases": ["name"]},
                db_cluster_identifier={"required": True},
                db_instance_class={"required": True},
                availability_zone={},
                promotion_tier={"type": "int"},
                publicly_accessible={"type": "bool", "default": False},
                auto_minor_version_upgrade={"type": "bool"},
                db_parameter_group_name={},
                performance_insights={"type": "bool"},
                performance_insights_kms_key_id={"no_log": False},
                performance_insights_retention_period={"type": "int"},
                monitoring_interval={"type": "int", "choices": INTERVALS},
                monitoring_role_arn={},
            )
        ),
        supports_check_mode=True,
    )
    reconcile(Instance(module))


if __name__ == "__main__":
    main()
