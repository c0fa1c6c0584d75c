#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How an Aurora DB cluster and its instances are."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rds_cluster_info
short_description: Tell how an Aurora DB cluster is, or wait until it can be used
version_added: 0.1.0
author: Notejam platform contributors (@notejam)
description:
  - Returns the status of an Aurora DB cluster and of its instances.
  - With O(wait), returns once the cluster and all its instances are available, in check mode at once.
options:
  db_cluster_identifier:
    description: Identifier of the cluster.
    type: str
    required: true
    aliases: [name]
  wait:
    description: Whether to wait until the cluster and all its instances are available.
    type: bool
    default: false
  wait_timeout:
    description: How long to wait, in seconds.
    type: int
    default: 1800
attributes:
  check_mode:
    description: Only reads, and does not wait.
    support: full
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Wait until the database can be used
  notejam.platform.rds_cluster_info:
    db_cluster_identifier: notejam-prod
    wait: true
"""

RETURN = r"""
rds_cluster:
  description: The cluster, or null when there is none.
  returned: always
  type: dict
  contains:
    db_cluster_identifier:
      description: Identifier of the cluster.
      type: str
    status:
      description: AWS's word for its state, such as V(available).
      type: str
    instances:
      description: The status of each of its instances by identifier.
      type: dict
timeline:
  description: When the cluster and each instance were seen to be available, and since when this waited.
  returned: with O(wait)
  type: list
  elements: dict
"""

import time
from typing import Any

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    pass  # AnsibleAWSModule reports the missing library.

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.client import client
from ansible_collections.notejam.platform.plugins.module_utils.rds import BROKEN, GONE
from ansible_collections.notejam.platform.plugins.module_utils.timeline import Timeline
from ansible_collections.notejam.platform.plugins.module_utils.waiting import wait_until


def describe(rds: Any, identifier: str) -> dict[str, Any] | None:
    """The cluster with the status of each of its instances; None when there is no such cluster."""
    try:
        cluster = rds.describe_db_clusters(DBClusterIdentifier=identifier)["DBClusters"][0]
    except is_boto3_error_code("DBClusterNotFoundFault"):
        return None
    of_cluster = [{"Name": "db-cluster-id", "Values": [identifier]}]
    pages = rds.get_paginator("describe_db_instances").paginate(Filters=of_cluster)
    return {
        "db_cluster_identifier": identifier,
        "status": cluster["Status"],
        "instances": {
            instance["DBInstanceIdentifier"]: instance["DBInstanceStatus"]
            for instance in pages.build_full_result()["DBInstances"]
        },
    }


def readiness(cluster: dict[str, Any] | None) -> str:
    """ "available" when the cluster and all its instances are, else what is in the way.

    A cluster without instances answers nobody, so it counts as being created.
    """
    if cluster is None:
        return GONE
    statuses = [cluster["status"], *cluster["instances"].values()]
    if not cluster["instances"]:
        statuses.append("creating")
    return next((status for status in statuses if status != "available"), "available")


def wait(rds: Any, identifier: str, timeout: float, timeline: Timeline) -> None:
    """Return once the cluster and its instances are available, each noted as soon as it is seen to be."""
    since = time.time()
    seen: set[str] = set()

    def status() -> str:
        cluster = describe(rds, identifier)
        if cluster is not None:
            statuses = {f"rds_cluster {identifier}": cluster["status"]} | {
                f"rds_instance {name}": status for name, status in cluster["instances"].items()
            }
            for resource in sorted(name for name, found in statuses.items() if found == "available"):
                if resource not in seen:
                    seen.add(resource)
                    timeline.ready(resource, since)
        return readiness(cluster)

    wait_until(f"Database {identifier}", status, ["available"], timeout, [*BROKEN, GONE])


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "db_cluster_identifier": {"required": True, "aliases": ["name"]},
            "wait": {"type": "bool", "default": False},
            "wait_timeout": {"type": "int", "default": 1800},
        },
        supports_check_mode=True,
    )
    identifier = module.params["db_cluster_identifier"]
    timeline = Timeline()
    try:
        rds = client(module, "rds")
        if module.params["wait"] and not module.check_mode:
            wait(rds, identifier, module.params["wait_timeout"], timeline)
        cluster = describe(rds, identifier)
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(error, msg=f"Cannot describe the database {identifier}")
    module.exit_json(changed=False, rds_cluster=cluster, **timeline.result())


if __name__ == "__main__":
    main()
