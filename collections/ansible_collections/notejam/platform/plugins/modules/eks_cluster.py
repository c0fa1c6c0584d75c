#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

DOCUMENTATION = r"""
module: eks_cluster
short_description: Manage the control plane of an Amazon EKS cluster
version_added: 0.1.0
description:
  - Creates, changes and deletes an EKS cluster with all that this platform declares about it.
  - Kinds of change that EKS takes only one at a time are made in turn, each waited for.
  - What is not declared is left as it is.
author: Notejam platform contributors (@notejam)
options:
  name:
    description: Name of the cluster, unique in the account and region.
    type: str
    required: true
  version:
    description:
      - Kubernetes version, such as V(1.35). EKS's default when the cluster is created without it.
      - An existing cluster is upgraded by one minor version at a time; it is never moved back.
    type: str
  role_arn:
    description: ARN of the IAM role of the control plane. Required to create; cannot be changed.
    type: str
  resources_vpc_config:
    description: Network of the control plane. Required to create.
    type: dict
    suboptions:
      subnet_ids:
        description: Subnets for the control plane's network interfaces, in two zones at least.
        type: list
        elements: str
      security_group_ids:
        description: Security groups of these interfaces, besides the one that EKS makes.
        type: list
        elements: str
      endpoint_public_access:
        description: Whether the Kubernetes API is reachable from the internet.
        type: bool
      endpoint_private_access:
        description: Whether the Kubernetes API is reachable inside the VPC.
        type: bool
      public_access_cidrs:
        description:
          - Who may reach the public endpoint.
          - Has no meaning while O(resources_vpc_config.endpoint_public_access=false).
        type: list
        elements: str
  kubernetes_network_config:
    description: Addresses of Services. Cannot be changed.
    type: dict
    suboptions:
      service_ipv4_cidr:
        description: CIDR of Services.
        type: str
      ip_family:
        description: Address family of pods and Services.
        type: str
        choices: [ipv4, ipv6]
  logging:
    description: Types of control-plane logs that go to CloudWatch Logs; every other type is switched off.
    type: list
    elements: str
    choices: [api, audit, authenticator, controllerManager, scheduler]
  encryption_config:
    description:
      - Envelope encryption of Kubernetes secrets.
      - Can be added to a cluster that has none; the key cannot be changed or taken away.
    type: list
    elements: dict
    suboptions:
      resources:
        description: What is encrypted; EKS knows V(secrets).
        type: list
        elements: str
        required: true
      provider:
        description: The KMS key.
        type: dict
        required: true
        suboptions:
          key_arn:
            description: ARN of the key.
            type: str
            required: true
  access_config:
    description: How people and roles get into the cluster.
    type: dict
    suboptions:
      authentication_mode:
        description: Where access is declared. EKS goes from V(CONFIG_MAP) towards V(API) only.
        type: str
        choices: [API, API_AND_CONFIG_MAP, CONFIG_MAP]
      bootstrap_cluster_creator_admin_permissions:
        description:
          - Whether who creates the cluster becomes its administrator.
          - Used at creation only; EKS does not tell it later.
        type: bool
  upgrade_policy:
    description: What happens when the version leaves standard support.
    type: dict
    suboptions:
      support_type:
        description: V(STANDARD) upgrades the cluster by itself, V(EXTENDED) keeps the version at extra cost.
        type: str
        choices: [STANDARD, EXTENDED]
        required: true
  zonal_shift_config:
    description: Whether Amazon Application Recovery Controller may shift traffic away from an impaired zone.
    type: dict
    suboptions:
      enabled:
        description: The switch.
        type: bool
        required: true
  bootstrap_self_managed_addons:
    description:
      - Whether EKS installs unmanaged copies of its networking add-ons at creation.
      - V(false) leaves them to M(notejam.platform.eks_addon).
      - Used at creation only; EKS does not tell it later.
    type: bool
    default: false
  deletion_protection:
    description: Whether EKS refuses to delete the cluster.
    type: bool
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - notejam.platform.resource
"""

EXAMPLES = r"""
- name: Ask for the cluster
  notejam.platform.eks_cluster:
    name: notejam-prod
    version: "1.35"
    role_arn: arn:aws:iam::123456789012:role/notejam-prod-cluster-eu-west-1
    resources_vpc_config:
      subnet_ids: [subnet-0a, subnet-0b, subnet-0c]
      endpoint_public_access: false
      endpoint_private_access: true
    logging: [api, audit, authenticator, controllerManager, scheduler]
    access_config:
      authentication_mode: API
      bootstrap_cluster_creator_admin_permissions: false
    deletion_protection: true
    wait: false

- name: Wait for it
  notejam.platform.eks_cluster_info:
    name: notejam-prod
    wait: true
"""

RETURN = r"""
cluster:
  description: The cluster; null when it is absent.
  type: dict
  returned: success
  contains:
    name:
      description: Its name.
      type: str
      sample: notejam-prod
    arn:
      description: Its ARN.
      type: str
      sample: arn:aws:eks:eu-west-1:123456789012:cluster/notejam-prod
    status:
      description: Its status, such as V(ACTIVE).
      type: str
      sample: ACTIVE
    version:
      description: Its Kubernetes version.
      type: str
      sample: "1.35"
    platform_version:
      description: EKS's own version of the control plane.
      type: str
      sample: eks.9
    endpoint:
      description: URL of the Kubernetes API; there once the cluster is active.
      type: str
      sample: https://0123456789ABCDEF.gr7.eu-west-1.eks.amazonaws.com
    certificate_authority:
      description: The authority that signed the API's certificate.
      type: dict
      contains:
        data:
          description: Its certificate, PEM in base64.
          type: str
    identity:
      description: The cluster's OpenID Connect provider.
      type: dict
      contains:
        oidc:
          description: The provider.
          type: dict
          contains:
            issuer:
              description: Its URL.
              type: str
              sample: https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF
    role_arn:
      description: ARN of the control plane's IAM role.
      type: str
    resources_vpc_config:
      description: Network of the control plane.
      type: dict
      contains:
        vpc_id:
          description: The VPC.
          type: str
          sample: vpc-0a1b2c3d
        cluster_security_group_id:
          description: The security group that EKS makes for the control plane and managed nodes.
          type: str
          sample: sg-0a1b2c3d
    kubernetes_network_config:
      description: Addresses of Services.
      type: dict
    logging:
      description: Types of control-plane logs that are on.
      type: list
      elements: str
    encryption_config:
      description: Envelope encryption of secrets.
      type: list
      elements: dict
    access_config:
      description: How people and roles get into the cluster.
      type: dict
    upgrade_policy:
      description: What happens when the version leaves standard support.
      type: dict
    zonal_shift_config:
      description: The zonal shift switch.
      type: dict
    deletion_protection:
      description: Whether EKS refuses to delete the cluster.
      type: bool
    tags:
      description: Its tags.
      type: dict
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.eks_cluster import EksCluster
from ansible_collections.notejam.platform.plugins.module_utils.resource import argument_spec, reconcile


def main() -> None:
    strings: dict[str, Any] = {"type": "list", "elements": "str"}
    key = {"key_arn": {"required": True, "no_log": False}}
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            name={"required": True},
            version={},
            role_arn={},
            resources_vpc_config={
                "type": "dict",
                "options": {
                    "subnet_ids": strings,
                    "security_group_ids": strings,
                    "endpoint_public_access": {"type": "bool"},
                    "endpoint_private_access": {"type": "bool"},
                    "public_access_cidrs": strings,
                },
            },
            kubernetes_network_config={
                "type": "dict",
                "options": {"service_ipv4_cidr": {}, "ip_family": {"choices": ["ipv4", "ipv6"]}},
            },
            logging={
                **strings,
                "choices": ["api", "audit", "authenticator", "controllerManager", "scheduler"],
            },
            encryption_config={
                "type": "list",
                "elements": "dict",
                "options": {
                    "resources": {**strings, "required": True},
                    "provider": {"type": "dict", "required": True, "no_log": False, "options": key},
                },
            },
            access_config={
                "type": "dict",
                "options": {
                    "authentication_mode": {"choices": ["API", "API_AND_CONFIG_MAP", "CONFIG_MAP"]},
                    "bootstrap_cluster_creator_admin_permissions": {"type": "bool"},
                },
            },
            upgrade_policy={
                "type": "dict",
                "options": {"support_type": {"choices": ["STANDARD", "EXTENDED"], "required": True}},
            },
            zonal_shift_config={"type": "dict", "options": {"enabled": {"type": "bool", "required": True}}},
            bootstrap_self_managed_addons={"type": "bool", "default": False},
            deletion_protection={"type": "bool"},
        ),
        supports_check_mode=True,
    )
    reconcile(EksCluster(module))


if __name__ == "__main__":
    main()
