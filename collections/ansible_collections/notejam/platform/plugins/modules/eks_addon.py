#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

DOCUMENTATION = r"""
module: eks_addon
short_description: Manage an add-on of an Amazon EKS cluster
version_added: 0.1.0
description:
  - Installs, changes and removes an add-on that EKS manages.
  - While it waits it stops at once, with the reasons that EKS gives, when the add-on fails or is degraded.
  - What is not declared is left as it is.
author: Notejam platform contributors (@notejam)
options:
  cluster_name:
    description: Name of the cluster.
    type: str
    required: true
  addon_name:
    description: Name of the add-on, such as V(vpc-cni).
    type: str
    required: true
  addon_version:
    description: Its version, as C(aws eks describe-addon-versions) lists it for the version of the cluster.
    type: str
  configuration_values:
    description: Its settings, as C(aws eks describe-addon-configuration) describes them.
    type: dict
  resolve_conflicts:
    description: What happens to fields of the add-on that somebody changed in the cluster.
    type: str
    choices: [OVERWRITE, NONE, PRESERVE]
    default: OVERWRITE
  service_account_role_arn:
    description: ARN of the IAM role of its service account, by the cluster's OIDC provider.
    type: str
  pod_identity_associations:
    description:
      - IAM roles of its service accounts, by EKS Pod Identity.
      - Associations that are not declared are removed.
    type: list
    elements: dict
    suboptions:
      service_account:
        description: Name of the service account.
        type: str
        required: true
      role_arn:
        description: ARN of the IAM role.
        type: str
        required: true
  preserve:
    description: Whether O(state=absent) leaves the software in the cluster, no longer managed by EKS.
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - notejam.platform.resource
"""

EXAMPLES = r"""
- name: Install the network of pods before any node
  notejam.platform.eks_addon:
    cluster_name: notejam-prod
    addon_name: vpc-cni
    addon_version: v1.21.1-eksbuild.3
    configuration_values:
      enableNetworkPolicy: "true"
    pod_identity_associations:
      - service_account: aws-node
        role_arn: arn:aws:iam::123456789012:role/notejam-prod-vpc-cni-eu-west-1
"""

RETURN = r"""
addon:
  description: The add-on; null when it is absent.
  type: dict
  returned: success
  contains:
    cluster_name:
      description: Name of its cluster.
      type: str
      sample: notejam-prod
    addon_name:
      description: Its name.
      type: str
      sample: vpc-cni
    addon_arn:
      description: Its ARN.
      type: str
      sample: arn:aws:eks:eu-west-1:123456789012:addon/notejam-prod/vpc-cni/0a1b2c3d
    addon_version:
      description: Its version.
      type: str
      sample: v1.21.1-eksbuild.3
    status:
      description: Its status, such as V(ACTIVE).
      type: str
      sample: ACTIVE
    configuration_values:
      description: Its settings.
      type: dict
    service_account_role_arn:
      description: ARN of the IAM role of its service account.
      type: str
    pod_identity_associations:
      description: IAM roles of its service accounts.
      type: list
      elements: dict
    tags:
      description: Its tags.
      type: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.eks_addon import EksAddon
from ansible_collections.notejam.platform.plugins.module_utils.resource import argument_spec, reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            cluster_name={"required": True},
            addon_name={"required": True},
            addon_version={},
            configuration_values={"type": "dict"},
            resolve_conflicts={"choices": ["OVERWRITE", "NONE", "PRESERVE"], "default": "OVERWRITE"},
            service_account_role_arn={},
            pod_identity_associations={
                "type": "list",
                "elements": "dict",
                "options": {"service_account": {"required": True}, "role_arn": {"required": True}},
            },
            preserve={"type": "bool", "default": False},
        ),
        supports_check_mode=True,
    )
    reconcile(EksAddon(module))


if __name__ == "__main__":
    main()
