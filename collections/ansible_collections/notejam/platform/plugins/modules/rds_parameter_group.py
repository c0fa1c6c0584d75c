#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A parameter group of the instances of Aurora clusters."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rds_parameter_group
short_description: Manage a DB parameter group
version_added: 0.1.0
author: Notejam platform contributors (@notejam)
description:
  - Keeps a DB parameter group, which is for instances, in which exactly the declared parameters differ from
    what the cluster and the engine set. A parameter that is no longer declared goes back to its default.
  - A parameter that is dynamic takes effect at once, one that is static at the next restart of each instance,
    which the module never makes and says.
  - One that the family does not have, or a value that AWS does not allow, is refused in the plan already.
  - Documented at U(https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_WorkingWithDBInstanceParamGroups.html).
extends_documentation_fragment:
  - notejam.platform.rds.parameter_group
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Log the plans of statements that take longer than a second
  notejam.platform.rds_parameter_group:
    name: notejam-prod-17
    family: aurora-postgresql17
    description: Notejam
    parameters:
      shared_preload_libraries: pg_stat_statements,auto_explain
      auto_explain.log_min_duration: "1000"
"""

RETURN = r"""
rds_parameter_group:
  description: The parameter group.
  returned: when it is present
  type: dict
  contains:
    arn:
      description: ARN of the group.
      type: str
    name:
      description: Name of the group.
      type: str
    family:
      description: The engine and major version that it is for.
      type: str
    description:
      description: What it is for.
      type: str
    parameters:
      description: The values that differ from the defaults.
      type: dict
    tags:
      description: Its tags.
      type: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.rds_parameter_group import (
    ParameterGroup,
    group_spec,
)
from ansible_collections.notejam.platform.plugins.module_utils.resource import reconcile


class InstanceParameterGroup(ParameterGroup):
    name = "rds_parameter_group"
    level = "DB"


def main() -> None:
    module = AnsibleAWSModule(argument_spec=group_spec(), supports_check_mode=True)
    reconcile(InstanceParameterGroup(module))


if __name__ == "__main__":
    main()
