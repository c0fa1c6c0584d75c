#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A cluster's way out of its global database."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rds_global_cluster_leave
short_description: Take an Aurora DB cluster out of its global database
version_added: 0.1.0
author: Notejam platform contributors (@notejam)
description:
  - Has the cluster stand on its own, with the data that it has. A secondary leaves at once; the primary waits
    until its secondaries have left.
  - A cluster that is in no global database, or not there, is left alone.
  - Documented at
    U(https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-detaching.html).
options:
  db_cluster_identifier:
    description: ARN of the cluster.
    type: str
    required: true
  wait_timeout:
    description: How long to wait for the secondaries, and for the cluster to be out, in seconds.
    type: int
    default: 1800
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Tells which global database would be left.
    support: full
"""

EXAMPLES = r"""
- name: Let the standby's database stand on its own
  notejam.platform.rds_global_cluster_leave:
    db_cluster_identifier: arn:aws:rds:eu-central-1:123456789012:cluster:notejam-prod
"""

RETURN = r"""
left:
  description: The identifier of the global database that the cluster was in; empty when it was in none.
  returned: success
  type: str
"""

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    pass  # AnsibleAWSModule reports the missing library.

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.client import client
from ansible_collections.notejam.platform.plugins.module_utils.rds_global import leave, membership


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "db_cluster_identifier": {"required": True},
            "wait_timeout": {"type": "int", "default": 1800},
        },
        supports_check_mode=True,
    )
    arn = module.params["db_cluster_identifier"]
    try:
        rds = client(module, "rds")
        left = membership(rds, arn)
        if left and not module.check_mode:
            leave(rds, arn, module.params["wait_timeout"])
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(error, msg=f"Cannot take {arn} out of its global database")
    module.exit_json(changed=bool(left), left=left or "")


if __name__ == "__main__":
    main()
