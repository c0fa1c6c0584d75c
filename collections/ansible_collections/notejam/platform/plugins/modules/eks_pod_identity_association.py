#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

DOCUMENTATION = r"""
module: eks_pod_identity_association
short_description: Manage the IAM role of a Kubernetes service account in Amazon EKS
version_added: 0.1.0
description:
  - Creates, changes and deletes the EKS Pod Identity association of a service account.
  - Pods get the role's credentials from the add-on C(eks-pod-identity-agent), when they start.
  - What is not declared is left as it is.
author: Notejam platform contributors (@notejam)
options:
  cluster_name:
    description: Name of the cluster.
    type: str
    required: true
  namespace:
    description: Namespace of the service account.
    type: str
    required: true
  service_account:
    description: Name of the service account.
    type: str
    required: true
  role_arn:
    description: ARN of the IAM role; it must trust V(pods.eks.amazonaws.com). Required to create.
    type: str
  target_role_arn:
    description: ARN of a further IAM role, of another account too, that the first one assumes for the pods.
    type: str
  disable_session_tags:
    description: Whether the credentials carry no tags that name cluster, namespace and pod.
    type: bool
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - notejam.platform.resource
"""

EXAMPLES = r"""
- name: Give Notejam's pods their IAM role
  notejam.platform.eks_pod_identity_association:
    cluster_name: notejam-prod
    namespace: notejam
    service_account: notejam
    role_arn: arn:aws:iam::123456789012:role/notejam-prod-application-eu-west-1
"""

RETURN = r"""
association:
  description: The association; null when it is absent.
  type: dict
  returned: success
  contains:
    cluster_name:
      description: Name of its cluster.
      type: str
      sample: notejam-prod
    namespace:
      description: Namespace of the service account.
      type: str
      sample: notejam
    service_account:
      description: Name of the service account.
      type: str
      sample: notejam
    role_arn:
      description: ARN of the IAM role.
      type: str
    association_arn:
      description: Its ARN.
      type: str
      sample: arn:aws:eks:eu-west-1:123456789012:podidentityassociation/notejam-prod/a-0a1b2c3d
    association_id:
      description: Its id.
      type: str
      sample: a-0a1b2c3d
    tags:
      description: Its tags.
      type: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.eks_pod_identity_association import (
    EksPodIdentityAssociation,
)
from ansible_collections.notejam.platform.plugins.module_utils.resource import argument_spec, reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            cluster_name={"required": True},
            namespace={"required": True},
            service_account={"required": True},
            role_arn={},
            target_role_arn={},
            disable_session_tags={"type": "bool"},
        ),
        supports_check_mode=True,
    )
    reconcile(EksPodIdentityAssociation(module))


if __name__ == "__main__":
    main()
