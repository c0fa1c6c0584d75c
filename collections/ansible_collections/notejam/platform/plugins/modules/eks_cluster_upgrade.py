#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

DOCUMENTATION = r"""
module: eks_cluster_upgrade
short_description: Upgrade the control plane of an Amazon EKS cluster by one minor version
version_added: 0.1.0
description:
  - Asks EKS for the next Kubernetes version, and follows the update to its end.
  - Finds the upgrade that an earlier run has asked for, and follows that.
  - Refuses a version that is older, more than one minor version away or not offered, and while somebody
    else changes the cluster.
  - Add-ons and nodes stay as they are; see M(notejam.platform.eks_addon_upgrade) and
    M(notejam.platform.eks_nodegroup_upgrade).
author: Notejam platform contributors (@notejam)
options:
  version:
    description: Kubernetes version to go to, such as V(1.35).
    type: str
    required: true
  wait_timeout:
    description: How long to wait, in seconds. EKS goes on after it; run again to follow.
    type: int
    default: 5400
extends_documentation_fragment:
  - notejam.platform.eks_upgrade
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Upgrade the control plane
  notejam.platform.eks_cluster_upgrade:
    cluster_name: notejam-prod
    version: "1.35"
"""

RETURN = r"""
cluster:
  description: The cluster.
  type: dict
  returned: success
  contains:
    name:
      description: Its name.
      type: str
      sample: notejam-prod
    version:
      description: The Kubernetes version of its control plane.
      type: str
      sample: "1.35"
    status:
      description: Its status.
      type: str
      sample: ACTIVE
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.eks_upgrade import (
    ClusterUpgrade,
    upgrade_argument_spec,
)
from ansible_collections.notejam.platform.plugins.module_utils.resource import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=upgrade_argument_spec(
            wait_timeout=5400,
            cluster_name={"required": True},
            version={"required": True},
        ),
        supports_check_mode=True,
    )
    reconcile(ClusterUpgrade(module))


if __name__ == "__main__":
    main()
