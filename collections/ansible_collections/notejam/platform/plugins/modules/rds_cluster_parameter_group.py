#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A parameter group of Aurora clusters."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rds_cluster_parameter_group
short_description: Manage a DB cluster parameter group
version_added: 0.1.0
author: Notejam platform contributors (@notejam)
description:
  - Keeps a DB cluster parameter group in which exactly the declared parameters differ from the engine's
    defaults. A parameter that is no longer declared goes back to its default.
  - A change takes effect at the next reboot of each instance, which the module never does.
  - Documented at U(https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_WorkingWithDBClusterParamGroups.html).
options:
  name:
    description: Name of the group.
    type: str
    required: true
  family:
    description: The engine and major version that it is for. It cannot change.
    type: str
    required: true
  description:
    description: What it is for. It cannot change.
    type: str
    required: true
  parameters:
    description: The value of each parameter that is to differ from the default.
    type: dict
    default: {}
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Force connections to be encrypted
  notejam.platform.rds_cluster_parameter_group:
    name: notejam-prod-17
    family: aurora-postgresql17
    description: Notejam
    parameters:
      rds.force_ssl: "1"
"""

RETURN = r"""
rds_cluster_parameter_group:
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

from itertools import batched
from typing import ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.compare import same
from ansible_collections.notejam.platform.plugins.module_utils.rds import RdsResource
from ansible_collections.notejam.platform.plugins.module_utils.resource import State, argument_spec, reconcile
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, as_list

# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBClusterParameterGroup.html
MOST_PARAMETERS = 20


class ClusterParameterGroup(RdsResource):
    name = "rds_cluster_parameter_group"
    missing = "DBParameterGroupNotFound"
    immutable = frozenset({"family", "description"})
    computed = frozenset({"arn"})
    comparisons: ClassVar = {"parameters": same}

    def describe(self) -> State | None:
        name = self.params["name"]
        answer = self.found("describe_db_cluster_parameter_groups", DBClusterParameterGroupName=name)
        if not answer or not answer["DBClusterParameterGroups"]:
            return None
        group = answer["DBClusterParameterGroups"][0]
        pages = self.rds.get_paginator("describe_db_cluster_parameters").paginate(
            DBClusterParameterGroupName=name, Source="user"
        )
        parameters = pages.build_full_result()["Parameters"]
        tags = self.rds.list_tags_for_resource(ResourceName=group["DBClusterParameterGroupArn"])["TagList"]
        return {
            "arn": group["DBClusterParameterGroupArn"],
            "name": name,
            "family": group["DBParameterGroupFamily"],
            "description": group["Description"],
            "parameters": {each["ParameterName"]: each.get("ParameterValue") for each in parameters},
            "tags": as_dict(tags),
        }

    def desired(self) -> State:
        state = self.declared("name", "family", "description", "tags")
        return {**state, "parameters": {key: str(value) for key, value in self.params["parameters"].items()}}

    def create(self, desired: State) -> None:
        self.rds.create_db_cluster_parameter_group(
            DBClusterParameterGroupName=desired["name"],
            DBParameterGroupFamily=desired["family"],
            Description=desired["description"],
            Tags=as_list(desired.get("tags", {})),
        )
        self.update({}, {"parameters": ({}, desired["parameters"])})

    def update(self, current: State, changes: dict) -> None:
        old, new = changes["parameters"]
        changed = {name: value for name, value in new.items() if old.get(name) != value}
        for some in batched(changed.items(), MOST_PARAMETERS):
            self.rds.modify_db_cluster_parameter_group(
                DBClusterParameterGroupName=self.params["name"],
                Parameters=[
                    {"ParameterName": name, "ParameterValue": value, "ApplyMethod": "pending-reboot"}
                    for name, value in some
                ],
            )
        for some in batched(sorted(old.keys() - new.keys()), MOST_PARAMETERS):
            self.rds.reset_db_cluster_parameter_group(
                DBClusterParameterGroupName=self.params["name"],
                Parameters=[{"ParameterName": name, "ApplyMethod": "pending-reboot"} for name in some],
            )

    def delete(self, current: State) -> None:
        self.rds.delete_db_cluster_parameter_group(DBClusterParameterGroupName=current["name"])

    def settled(self, current: State) -> bool:
        return True

    def wait(self, state: str) -> None:
        """A parameter group is there at once."""


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            name={"required": True},
            family={"required": True},
            description={"required": True},
            parameters={"type": "dict", "default": {}},
        ),
        supports_check_mode=True,
    )
    reconcile(ClusterParameterGroup(module))


if __name__ == "__main__":
    main()
