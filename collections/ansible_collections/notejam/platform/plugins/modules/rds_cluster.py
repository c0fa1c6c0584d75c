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
  - Keeps an Aurora DB cluster whose storage is encrypted, and whose master password is in Secrets Manager and
    passes through nobody's hands.
  - A deletion takes the cluster out of its global database first, and is refused while it is protected.
  - Documented at U(https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html).
options:
  db_cluster_identifier:
    description: Identifier of the cluster.
    type: str
    required: true
    aliases: [name]
  engine_version:
    description:
      - Version of the engine. A newer minor version that RDS upgraded to is left as it is; AWS never goes
        back to a lower one.
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
    description: ARN of the key that encrypts the master user's secret, which RDS makes. It cannot change.
    type: str
  master_user_secret_id:
    description:
      - Name or ARN of a secret with a C(password), in place of one that RDS makes and rotates. A cluster that
        is to be part of a global database needs one.
      - Its password is given to the cluster once, and read at no other time.
    type: str
  secondary_of:
    description:
      - Identifier of the global database that the cluster is made into, as a secondary that follows the
        primary one. It has no master user and no database of its own then.
      - A cluster that is there already cannot become one.
    type: str
  serverless_v2_scaling:
    description:
      - Between which capacities instances of the class C(db.serverless) move.
      - Left out, it stays as it is; a cluster keeps its range once it has one.
    type: dict
    suboptions:
      min_capacity:
        description: The least, in Aurora capacity units, in steps of a half.
        type: float
        required: true
      max_capacity:
        description: The most.
        type: float
        required: true
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
  db_instance_parameter_group_name:
    description: Name of the DB parameter group that the instances get with another major version.
    type: str
  port:
    description:
      - Port that the database listens on. Another one restarts all instances, and AWS does not leave that for
        the maintenance window, so it needs O(apply_immediately).
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
  final_db_snapshot_identifier:
    description:
      - Name of the snapshot made before a deletion. Without one, nothing is kept but what backups there are.
    type: str
extends_documentation_fragment:
  - notejam.platform.rds
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
      description: ARN of the secret with the master user's name and password, if RDS made it.
      type: str
    parameters_wait_for_restart:
      description: The instances at whose next restart parameters of the cluster take effect.
      type: list
      elements: str
    pending:
      description: What AWS will change in the maintenance window.
      type: dict
    tags:
      description: Its tags.
      type: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.rds import window_spec
from ansible_collections.notejam.platform.plugins.module_utils.rds_cluster import PRIMARYS, Cluster
from ansible_collections.notejam.platform.plugins.module_utils.resource import argument_spec, reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            **window_spec(
                db_cluster_identifier={"required": True, "aliases": ["name"]},
                engine_version={"required": True},
                allow_major_version_upgrade={"type": "bool", "default": False},
                database_name={},
                master_username={},
                master_user_secret_kms_key_id={"no_log": False},
                master_user_secret_id={"no_log": False},
                secondary_of={},
                serverless_v2_scaling={
                    "type": "dict",
                    "options": {
                        "min_capacity": {"type": "float", "required": True},
                        "max_capacity": {"type": "float", "required": True},
                    },
                },
                db_subnet_group_name={},
                vpc_security_group_ids={"type": "list", "elements": "str"},
                db_cluster_parameter_group_name={},
                db_instance_parameter_group_name={},
                port={"type": "int"},
                kms_key_id={},
                enable_iam_database_authentication={"type": "bool"},
                backup_retention_period={"type": "int"},
                preferred_backup_window={},
                copy_tags_to_snapshot={"type": "bool"},
                deletion_protection={"type": "bool"},
                enable_cloudwatch_logs_exports={"type": "list", "elements": "str"},
                final_db_snapshot_identifier={},
            )
        ),
        mutually_exclusive=[
            ("secondary_of", option) for option in (*PRIMARYS, "master_user_secret_kms_key_id")
        ]
        + [("master_user_secret_id", "master_user_secret_kms_key_id")],
        supports_check_mode=True,
    )
    reconcile(Cluster(module))


if __name__ == "__main__":
    main()
