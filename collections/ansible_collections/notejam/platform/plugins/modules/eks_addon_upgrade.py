#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

DOCUMENTATION = r"""
module: eks_addon_upgrade
short_description: Take an add-on of an Amazon EKS cluster to another version
version_added: 0.1.0
description:
  - Asks EKS for the version with the settings and the IAM role that the add-on has, and follows the update
    to its end.
  - Finds the update that an earlier run has asked for, and follows that.
  - Refuses a version that EKS does not offer for O(kubernetes_version), and says which it offers.
author: Notejam platform contributors (@notejam)
options:
  addon_name:
    description: Name of the add-on, which is installed.
    type: str
    required: true
  addon_version:
    description: Version to go to, as C(aws eks describe-addon-versions) lists it.
    type: str
    required: true
  kubernetes_version:
    description: Kubernetes version that the add-on's must be offered for.
    type: str
    required: true
  resolve_conflicts:
    description: What happens to fields of the add-on that somebody changed in the cluster.
    type: str
    choices: [OVERWRITE, NONE, PRESERVE]
    default: OVERWRITE
  wait_timeout:
    description: How long to wait, in seconds. EKS goes on after it; run again to follow.
    type: int
    default: 1800
extends_documentation_fragment:
  - notejam.platform.eks_upgrade
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Upgrade the network add-on
  notejam.platform.eks_addon_upgrade:
    cluster_name: notejam-prod
    addon_name: vpc-cni
    addon_version: v1.21.1-eksbuild.1
    kubernetes_version: "1.35"
"""

RETURN = r"""
addon:
  description: The add-on.
  type: dict
  returned: success
  contains:
    addon_name:
      description: Its name.
      type: str
      sample: vpc-cni
    addon_version:
      description: Its version.
      type: str
      sample: v1.21.1-eksbuild.1
    status:
      description: Its status.
      type: str
      sample: ACTIVE
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.eks_upgrade import (
    AddonUpgrade,
    upgrade_argument_spec,
)
from ansible_collections.notejam.platform.plugins.module_utils.resource import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=upgrade_argument_spec(
            wait_timeout=1800,
            cluster_name={"required": True},
            addon_name={"required": True},
            addon_version={"required": True},
            kubernetes_version={"required": True},
            resolve_conflicts={"choices": ["OVERWRITE", "NONE", "PRESERVE"], "default": "OVERWRITE"},
        ),
        supports_check_mode=True,
    )
    reconcile(AddonUpgrade(module))


if __name__ == "__main__":
    main()
