#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_nodegroup_info
version_added: 0.3.0
short_description: Tell the node groups of an Amazon EKS cluster, or wait until they can be used
description:
  - Returns the node groups of a cluster, by name; none where there is no such cluster.
  - With O(wait), returns once those that are named are active, and stops at once, with the reasons that EKS
    gives, when one has failed.
author:
  - Notejam platform contributors (@notejam)
options:
  cluster_name:
    description: Name of the cluster.
    type: str
    required: true
  names:
    description: The node groups to tell of, or to wait for; all of the cluster's when left out.
    type: list
    elements: str
  wait:
    description: Whether to wait until they are active. In check mode nothing is waited for.
    type: bool
    default: false
  wait_timeout:
    description: How long to wait for each, in seconds.
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
- name: Wait until the nodes are there
  notejam.platform.eks_nodegroup_info:
    cluster_name: notejam-prod
    names: [system, application]
    wait: true
"""

RETURN = r"""
nodegroups:
  description: The node groups that are there, by name; those on their way out are left out.
  returned: success
  type: list
  elements: dict
  contains:
    nodegroup_name:
      description: Its name.
      type: str
      sample: system
    status:
      description: Its status, such as V(ACTIVE).
      type: str
      sample: ACTIVE
    ami_type:
      description: Kind of image.
      type: str
    capacity_type:
      description: How instances are bought.
      type: str
    instance_types:
      description: Instance types, the preferred first.
      type: list
      elements: str
    subnets:
      description: Subnets in which nodes are started, sorted.
      type: list
      elements: str
    scaling_config:
      description: Number of nodes.
      type: dict
    resources:
      description: What it is made of, such as its Auto Scaling group in C(auto_scaling_groups).
      type: dict
    tags:
      description: Its tags.
      type: dict
timeline:
  description: When each was seen to be active, and since when this waited for it.
  type: list
  elements: dict
  returned: with O(wait)
"""

from functools import partial
from typing import Any

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    pass  # AnsibleAWSModule reports the missing library.

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.transformation import boto3_resource_to_ansible_dict
from ansible_collections.notejam.platform.plugins.module_utils import eks
from ansible_collections.notejam.platform.plugins.module_utils.client import client
from ansible_collections.notejam.platform.plugins.module_utils.eks_waiters import wait_for
from ansible_collections.notejam.platform.plugins.module_utils.timeline import Timeline


def describe(api: Any, cluster: str, name: str) -> dict[str, Any] | None:
    """The node group in the collection's shape; None when it is gone or on its way out."""
    description = eks.describe_nodegroup(api, cluster, name)
    if description is None or description["status"] == "DELETING":
        return None
    state: dict[str, Any] = boto3_resource_to_ansible_dict(
        description, transform_tags=False, force_tags=False, ignore_list=["labels", "tags"]
    )
    return {**state, "subnets": sorted(state["subnets"]), "tags": state.get("tags") or {}}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "cluster_name": {"required": True},
            "names": {"type": "list", "elements": "str"},
            "wait": {"type": "bool", "default": False},
            "wait_timeout": {"type": "int", "default": 1800},
        },
        supports_check_mode=True,
    )
    cluster = module.params["cluster_name"]
    timeline = Timeline()
    try:
        api = client(module, "eks")
        names = module.params["names"]
        if names is None:
            names = eks.list_nodegroups(api, cluster)
        if module.params["wait"] and not module.check_mode:
            for name in names:
                with timeline.wait(f"nodegroup {cluster}/{name}"):
                    wait_for(
                        "nodegroup present",
                        f"Node group {cluster}/{name}",
                        partial(eks.describe_nodegroup, api, cluster, name),
                        module.params["wait_timeout"],
                    )
        found = [describe(api, cluster, name) for name in sorted(names)]
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(error, msg=f"Cannot describe the node groups of {cluster}")
    module.exit_json(changed=False, nodegroups=[group for group in found if group], **timeline.result())


if __name__ == "__main__":
    main()
