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
  - A change that AWS applies in the maintenance window, such as another class, counts as made once it is
    pending.
  - What AWS cannot change in place is refused with a message, and never done by a replacement.
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
  engine:
    description: The database engine, that of the cluster. It cannot change.
    type: str
    default: aurora-postgresql
  db_instance_class:
    description: Its size. Another one needs a restart, which AWS makes in the maintenance window.
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
  preferred_maintenance_window:
    description: When AWS may make changes, in UTC, such as V(sun:03:30-sun:04:30).
    type: str
  apply_immediately:
    description: Whether changes that AWS would leave to the maintenance window are made at once.
    type: bool
    default: false
extends_documentation_fragment:
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
from ansible_collections.notejam.platform.plugins.module_utils.rds import BROKEN, GONE, RdsResource
from ansible_collections.notejam.platform.plugins.module_utils.resource import State, argument_spec, reconcile
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_list
from ansible_collections.notejam.platform.plugins.module_utils.waiting import wait_until


class Instance(RdsResource):
    name = "rds_instance"
    missing = "DBInstanceNotFound"
    immutable = frozenset({"availability_zone", "db_cluster_identifier", "engine", "publicly_accessible"})
    computed = frozenset({"arn", "endpoint", "status"})
    requests: ClassVar = {
        "auto_minor_version_upgrade": "AutoMinorVersionUpgrade",
        "availability_zone": "AvailabilityZone",
        "db_cluster_identifier": "DBClusterIdentifier",
        "db_instance_class": "DBInstanceClass",
        "db_instance_identifier": "DBInstanceIdentifier",
        "engine": "Engine",
        "preferred_maintenance_window": "PreferredMaintenanceWindow",
        "promotion_tier": "PromotionTier",
        "publicly_accessible": "PubliclyAccessible",
    }
    fields: ClassVar = requests | {"arn": "DBInstanceArn", "status": "DBInstanceStatus"}

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
        return {
            **self.taken_over({**answer, **pending}),
            # Not known while the instance is being made.
            "availability_zone": answer.get("AvailabilityZone", self.params["availability_zone"]),
            "endpoint": answer.get("Endpoint", {}).get("Address"),
            "pending": pending,
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

    def update(self, current: State, changes: dict) -> None:
        # An instance that is being made or changed refuses another change.
        self.wait("present")
        self.rds.modify_db_instance(
            DBInstanceIdentifier=self.identity,
            ApplyImmediately=self.params["apply_immediately"],
            **{self.requests[key]: new for key, (_, new) in changes.items()},
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
            db_instance_identifier={"required": True, "aliases": ["name"]},
            db_cluster_identifier={"required": True},
            engine={"default": "aurora-postgresql"},
            db_instance_class={"required": True},
            availability_zone={},
            promotion_tier={"type": "int"},
            publicly_accessible={"type": "bool", "default": False},
            auto_minor_version_upgrade={"type": "bool"},
            preferred_maintenance_window={},
            apply_immediately={"type": "bool", "default": False},
        ),
        supports_check_mode=True,
    )
    reconcile(Instance(module))


if __name__ == "__main__":
    main()
