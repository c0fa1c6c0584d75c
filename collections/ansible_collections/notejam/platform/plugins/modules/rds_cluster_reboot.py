#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The restart that parameters of an Aurora DB cluster wait for."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rds_cluster_reboot
short_description: Restart the instances of an Aurora DB cluster whose parameters wait for it
version_added: 0.1.0
author: Notejam platform contributors (@notejam)
description:
  - Restarts each instance for which parameters of the cluster or of its own wait, readers first and the
    writer last, one after the other, each once all instances are available.
  - An instance for which nothing waits is left alone, so a second run restarts none.
  - A restart ends all connections to the instance and takes less than a minute, see
    U(https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_RebootCluster.html).
options:
  db_cluster_identifier:
    description: Identifier of the cluster.
    type: str
    required: true
    aliases: [name]
  wait_timeout:
    description: How long to wait for each step, in seconds.
    type: int
    default: 1800
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Tells which instances would be restarted.
    support: full
"""

EXAMPLES = r"""
- name: Let changed parameters take effect
  notejam.platform.rds_cluster_reboot:
    db_cluster_identifier: notejam-prod
"""

RETURN = r"""
restarted:
  description: The identifiers of the instances that were restarted, in this order.
  returned: success
  type: list
  elements: str
"""

from typing import Any

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    pass  # AnsibleAWSModule reports the missing library.

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.client import client
from ansible_collections.notejam.platform.plugins.module_utils.rds import BROKEN, GONE, WAITING_FOR_RESTART
from ansible_collections.notejam.platform.plugins.module_utils.rds_readiness import (
    describe,
    instances,
    readiness,
)
from ansible_collections.notejam.platform.plugins.module_utils.waiting import wait_until


def waiting(rds: Any, identifier: str) -> list[str]:
    """The instances for which parameters wait, readers first; none of a cluster that is not there."""
    try:
        cluster = rds.describe_db_clusters(DBClusterIdentifier=identifier)["DBClusters"][0]
    except is_boto3_error_code("DBClusterNotFoundFault"):
        return []
    own = {
        instance["DBInstanceIdentifier"]
        for instance in instances(rds, identifier)
        for group in instance.get("DBParameterGroups", [])
        if group.get("ParameterApplyStatus") == WAITING_FOR_RESTART
    }
    found = [
        (member["IsClusterWriter"], member["DBInstanceIdentifier"])
        for member in cluster.get("DBClusterMembers", [])
        if member.get("DBClusterParameterGroupStatus") == WAITING_FOR_RESTART
        or member["DBInstanceIdentifier"] in own
    ]
    return [name for _writer, name in sorted(found)]


def restart(rds: Any, identifier: str, timeout: float) -> list[str]:
    """Restart one after the other what waits for it, and return once all can be used again."""

    def status() -> str:
        return readiness(describe(rds, identifier))

    def wait() -> None:
        wait_until(f"Database {identifier}", status, ["available"], timeout, [*BROKEN, GONE])

    wait()
    restarted: list[str] = []
    # Asked again each time: a failover in between changes who is last.
    while left := [name for name in waiting(rds, identifier) if name not in restarted]:
        rds.reboot_db_instance(DBInstanceIdentifier=left[0])
        restarted.append(left[0])
        wait()
    return restarted


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "db_cluster_identifier": {"required": True, "aliases": ["name"]},
            "wait_timeout": {"type": "int", "default": 1800},
        },
        supports_check_mode=True,
    )
    identifier = module.params["db_cluster_identifier"]
    try:
        rds = client(module, "rds")
        restarted = waiting(rds, identifier)
        if restarted and not module.check_mode:
            restarted = restart(rds, identifier, module.params["wait_timeout"])
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(error, msg=f"Cannot restart the instances of the database {identifier}")
    module.exit_json(changed=bool(restarted), restarted=restarted)


if __name__ == "__main__":
    main()
