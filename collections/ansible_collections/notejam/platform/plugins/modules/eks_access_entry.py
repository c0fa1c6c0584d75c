#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

DOCUMENTATION = r"""
module: eks_access_entry
short_description: Manage who may enter an Amazon EKS cluster
version_added: 0.1.0
description:
  - Creates, changes and deletes an access entry together with the access policies associated with it.
  - The cluster's authentication mode must include V(API).
  - What is not declared is left as it is.
author: Notejam platform contributors (@notejam)
options:
  cluster_name:
    description: Name of the cluster.
    type: str
    required: true
  principal_arn:
    description: ARN of the IAM user or role that the entry is for.
    type: str
    required: true
  type:
    description:
      - Kind of entry, such as V(STANDARD) for people and pipelines, or V(EC2_LINUX) for nodes.
      - Cannot be changed.
    type: str
  username:
    description: Kubernetes user name. EKS makes one from the ARN when it is left out.
    type: str
  kubernetes_groups:
    description: Kubernetes groups, for role bindings of the cluster's own.
    type: list
    elements: str
  access_policies:
    description: Associated access policies; those that are not declared are disassociated.
    type: list
    elements: dict
    suboptions:
      policy_arn:
        description: ARN of the policy, such as V(arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy).
        type: str
        required: true
      access_scope:
        description: Where the policy holds; in the whole cluster when left out.
        type: dict
        suboptions:
          type:
            description: The whole cluster or some namespaces.
            type: str
            choices: [cluster, namespace]
            default: cluster
          namespaces:
            description: The namespaces; C(*) stands for any text.
            type: list
            elements: str
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - notejam.platform.resource
"""

EXAMPLES = r"""
- name: Let the developers look around
  notejam.platform.eks_access_entry:
    cluster_name: notejam-prod
    principal_arn: arn:aws:iam::123456789012:role/developers
    access_policies:
      - policy_arn: arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy
        access_scope:
          type: namespace
          namespaces: [notejam]
"""

RETURN = r"""
access_entry:
  description: The access entry; null when it is absent.
  type: dict
  returned: success
  contains:
    cluster_name:
      description: Name of its cluster.
      type: str
      sample: notejam-prod
    principal_arn:
      description: ARN of the IAM user or role that it is for.
      type: str
      sample: arn:aws:iam::123456789012:role/developers
    access_entry_arn:
      description: Its ARN.
      type: str
      sample: arn:aws:eks:eu-west-1:123456789012:access-entry/notejam-prod/role/123456789012/developers/0a1b
    type:
      description: Kind of entry.
      type: str
      sample: STANDARD
    username:
      description: Kubernetes user name.
      type: str
    kubernetes_groups:
      description: Kubernetes groups.
      type: list
      elements: str
    access_policies:
      description: Associated access policies.
      type: list
      elements: dict
      contains:
        policy_arn:
          description: ARN of the access policy.
          type: str
        access_scope:
          description: Where it holds.
          type: dict
    tags:
      description: Its tags.
      type: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.eks_access_entry import EksAccessEntry
from ansible_collections.notejam.platform.plugins.module_utils.resource import argument_spec, reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            cluster_name={"required": True},
            principal_arn={"required": True},
            type={},
            username={},
            kubernetes_groups={"type": "list", "elements": "str"},
            access_policies={
                "type": "list",
                "elements": "dict",
                "options": {
                    "policy_arn": {"required": True},
                    "access_scope": {
                        "type": "dict",
                        "options": {
                            "type": {"choices": ["cluster", "namespace"], "default": "cluster"},
                            "namespaces": {"type": "list", "elements": "str"},
                        },
                        "required_if": [("type", "namespace", ["namespaces"])],
                    },
                },
            },
        ),
        supports_check_mode=True,
    )
    reconcile(EksAccessEntry(module))


if __name__ == "__main__":
    main()
