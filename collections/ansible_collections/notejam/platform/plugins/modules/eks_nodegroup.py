#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

DOCUMENTATION = r"""
module: eks_nodegroup
short_description: Manage a managed node group of an Amazon EKS cluster
version_added: 0.1.0
description:
  - Creates, changes and deletes a managed node group.
  - Subnets, instance types, image type, capacity type, disk size and role cannot be changed in place.
  - What is not declared is left as it is.
author: Notejam platform contributors (@notejam)
options:
  cluster_name:
    description: Name of the cluster.
    type: str
    required: true
  nodegroup_name:
    description: Name of the node group, unique in the cluster.
    type: str
    required: true
  node_role:
    description: ARN of the nodes' IAM role. Required to create.
    type: str
  subnets:
    description: Subnets in which nodes are started. Required to create.
    type: list
    elements: str
  scaling_config:
    description: Number of nodes.
    type: dict
    suboptions:
      min_size:
        description: The fewest.
        type: int
      max_size:
        description: The most.
        type: int
      desired_size:
        description: How many to start with.
        type: int
  keep_desired_size:
    description:
      - Whether an existing node group keeps the desired size that an autoscaler gave it.
      - The declared limits hold in any case. A size that stood at the minimum goes down with it.
    type: bool
    default: true
  update_config:
    description: How many nodes may be unavailable while they are replaced; a number or a percentage.
    type: dict
    suboptions:
      max_unavailable:
        description: Number of nodes.
        type: int
      max_unavailable_percentage:
        description: Share of the nodes, in percent.
        type: int
  instance_types:
    description: Instance types, the preferred first.
    type: list
    elements: str
  ami_type:
    description: Kind of image, such as V(AL2023_x86_64_STANDARD).
    type: str
  capacity_type:
    description: How instances are bought.
    type: str
    choices: [ON_DEMAND, SPOT, CAPACITY_BLOCK]
  disk_size:
    description: Size of the root volume in GiB. Not together with O(launch_template), which sets it itself.
    type: int
  labels:
    description: Kubernetes labels of the nodes; labels that are not declared are removed.
    type: dict
  taints:
    description: Kubernetes taints of the nodes; taints that are not declared are removed.
    type: list
    elements: dict
    suboptions:
      key:
        description: Its key.
        type: str
        required: true
      value:
        description: Its value.
        type: str
      effect:
        description: What it does to pods that do not tolerate it.
        type: str
        choices: [NO_SCHEDULE, NO_EXECUTE, PREFER_NO_SCHEDULE]
        required: true
  launch_template:
    description: EC2 launch template of the nodes, by id or name. Only its version can be changed.
    type: dict
    suboptions:
      id:
        description: Its id.
        type: str
      name:
        description: Its name.
        type: str
      version:
        description: Number of its version.
        type: str
  version:
    description: Kubernetes version of the nodes. The cluster's when the group is created without it.
    type: str
  release_version:
    description: Version of the EKS optimized image. The latest when left out.
    type: str
  force:
    description: Whether a change of version goes on although a pod disruption budget forbids an eviction.
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - notejam.platform.resource
"""

EXAMPLES = r"""
- name: Start the nodes that the cluster itself needs
  notejam.platform.eks_nodegroup:
    cluster_name: notejam-prod
    nodegroup_name: system
    node_role: arn:aws:iam::123456789012:role/notejam-prod-nodes-eu-west-1
    subnets: [subnet-0a, subnet-0b, subnet-0c]
    scaling_config:
      min_size: 3
      max_size: 6
      desired_size: 3
    update_config:
      max_unavailable: 1
    instance_types: [m7i.large]
    ami_type: AL2023_x86_64_STANDARD
    capacity_type: ON_DEMAND
    labels:
      notejam.example.com/pool: system
"""

RETURN = r"""
nodegroup:
  description: The node group; null when it is absent.
  type: dict
  returned: success
  contains:
    cluster_name:
      description: Name of its cluster.
      type: str
      sample: notejam-prod
    nodegroup_name:
      description: Its name.
      type: str
      sample: system
    nodegroup_arn:
      description: Its ARN.
      type: str
      sample: arn:aws:eks:eu-west-1:123456789012:nodegroup/notejam-prod/system/0a1b2c3d
    status:
      description: Its status, such as V(ACTIVE).
      type: str
      sample: ACTIVE
    version:
      description: Kubernetes version of its nodes.
      type: str
      sample: "1.35"
    release_version:
      description: Version of its EKS optimized image.
      type: str
      sample: 1.35.4-20261114
    resources:
      description: What EKS made for it.
      type: dict
      contains:
        auto_scaling_groups:
          description: Its Auto Scaling groups.
          type: list
          elements: dict
          contains:
            name:
              description: Name of the group.
              type: str
    node_role:
      description: ARN of the nodes' IAM role.
      type: str
    subnets:
      description: Subnets in which nodes are started.
      type: list
      elements: str
    scaling_config:
      description: Number of nodes.
      type: dict
    update_config:
      description: How many nodes may be unavailable while they are replaced.
      type: dict
    instance_types:
      description: Instance types.
      type: list
      elements: str
    ami_type:
      description: Kind of image.
      type: str
    capacity_type:
      description: How instances are bought.
      type: str
    labels:
      description: Kubernetes labels of the nodes.
      type: dict
    taints:
      description: Kubernetes taints of the nodes.
      type: list
      elements: dict
    launch_template:
      description: EC2 launch template of the nodes.
      type: dict
    tags:
      description: Its tags.
      type: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.eks_nodegroup import EksNodegroup
from ansible_collections.notejam.platform.plugins.module_utils.resource import argument_spec, reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            cluster_name={"required": True},
            nodegroup_name={"required": True},
            node_role={},
            subnets={"type": "list", "elements": "str"},
            scaling_config={
                "type": "dict",
                "options": {
                    "min_size": {"type": "int"},
                    "max_size": {"type": "int"},
                    "desired_size": {"type": "int"},
                },
            },
            keep_desired_size={"type": "bool", "default": True},
            update_config={
                "type": "dict",
                "options": {
                    "max_unavailable": {"type": "int"},
                    "max_unavailable_percentage": {"type": "int"},
                },
                "mutually_exclusive": [("max_unavailable", "max_unavailable_percentage")],
            },
            instance_types={"type": "list", "elements": "str"},
            ami_type={},
            capacity_type={"choices": ["ON_DEMAND", "SPOT", "CAPACITY_BLOCK"]},
            disk_size={"type": "int"},
            labels={"type": "dict"},
            taints={
                "type": "list",
                "elements": "dict",
                "options": {
                    "key": {"required": True, "no_log": False},
                    "value": {},
                    "effect": {
                        "choices": ["NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE"],
                        "required": True,
                    },
                },
            },
            launch_template={
                "type": "dict",
                "options": {"id": {}, "name": {}, "version": {}},
                "mutually_exclusive": [("id", "name")],
            },
            version={},
            release_version={},
            force={"type": "bool", "default": False},
        ),
        supports_check_mode=True,
    )
    reconcile(EksNodegroup(module))


if __name__ == "__main__":
    main()
