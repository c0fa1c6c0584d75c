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
    deletion_protection:
      description: Whether AWS refuses to delete it.
      type: bool
    instances:
      description: The status of each of its instances by identifier.
      type: dict
    writer:
      description: The identifier of the instance that writes, if there is one.
      type: str
    zones:
      description: The zone of each of its instances by identifier, as far as they are known.
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

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.client import client
from ansible_collections.notejam.platform.plugins.module_utils.rds import BROKEN, GONE
from ansible_collections.notejam.platform.plugins.module_utils.rds_readiness import describe, readiness
from ansible_collections.notejam.platform.plugins.module_utils.timeline import Timeline
from ansible_collections.notejam.platform.plugins.module_utils.waiting import wait_until


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
