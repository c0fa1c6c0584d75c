#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

DOCUMENTATION = r"""
module: eks_nodegroup_upgrade
short_description: Replace the nodes of an Amazon EKS managed node group by nodes of another version
version_added: 0.1.0
description:
  - Asks EKS to replace the nodes, and follows the update to its end. EKS starts new nodes first, then drains
    as many old ones at a time as the group's update configuration allows, and respects PodDisruptionBudgets.
  - Finds the update that an earlier run has asked for, and follows that.
  - Says what to do when a PodDisruptionBudget did not let pods move. Nothing is forced unless O(force=true).
author: Notejam platform contributors (@notejam)
options:
  nodegroup_name:
    description: Name of the node group.
    type: str
    required: true
  version:
    description: Kubernetes version to go to, that of the control plane at most.
    type: str
    required: true
  force:
    description: Whether pods that a PodDisruptionBudget protects are ended after 15 minutes.
    type: bool
    default: false
  wait_timeout:
    description: How long to wait, in seconds. EKS goes on after it; run again to follow.
    type: int
    default: 14400
extends_documentation_fragment:
  - notejam.platform.eks_upgrade
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Replace the nodes
  notejam.platform.eks_nodegroup_upgrade:
    cluster_name: notejam-prod
    nodegroup_name: system
    version: "1.35"
"""

RETURN = r"""
nodegroup:
  description: The node group.
  type: dict
  returned: success
  contains:
    nodegroup_name:
      description: Its name.
      type: str
      sample: system
    version:
      description: The Kubernetes version of its nodes.
      type: str
      sample: "1.35"
    status:
      description: Its status.
      type: str
      sample: ACTIVE
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.eks_upgrade import (
    NodegroupUpgrade,
    upgrade_argument_spec,
)
from ansible_collections.notejam.platform.plugins.module_utils.resource import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=upgrade_argument_spec(
            wait_timeout=14400,
            cluster_name={"required": True},
            nodegroup_name={"required": True},
            version={"required": True},
            force={"type": "bool", "default": False},
        ),
        supports_check_mode=True,
    )
    reconcile(NodegroupUpgrade(module))


if __name__ == "__main__":
    main()
