#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

DOCUMENTATION = r"""
module: eks_cluster_info
short_description: Tell how the control plane of an Amazon EKS cluster is, or wait until it can be used
version_added: 0.1.0
description:
  - Returns what M(notejam.platform.eks_cluster) returns of a cluster.
  - With O(wait), returns once the control plane is active, in check mode at once.
author: Notejam platform contributors (@notejam)
options:
  name:
    description: Name of the cluster.
    type: str
    required: true
  wait:
    description: Whether to wait until the control plane is active.
    type: bool
    default: false
  wait_timeout:
    description: How long to wait, in seconds.
    type: int
    default: 1800
attributes:
  check_mode:
    description: Only reads, and does not wait.
    support: full
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Wait for the control plane
  notejam.platform.eks_cluster_info:
    name: notejam-prod
    wait: true
"""

RETURN = r"""
cluster:
  description: The cluster, as M(notejam.platform.eks_cluster) returns it; null when there is none.
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
    resources_vpc_config:
      description: Network of the control plane.
      type: dict
      contains:
        cluster_security_group_id:
          description: The security group that EKS makes for the control plane and managed nodes.
          type: str
          sample: sg-0a1b2c3d
    tags:
      description: Its tags.
      type: dict
timeline:
  description: When the control plane was seen to be active, and since when this waited for it.
  type: list
  elements: dict
  returned: with O(wait)
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils import eks
from ansible_collections.notejam.platform.plugins.module_utils.eks_cluster import EksCluster


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"required": True},
            "wait": {"type": "bool", "default": False},
            "wait_timeout": {"type": "int", "default": 1800},
        },
        supports_check_mode=True,
    )
    cluster = EksCluster(module)
    try:
        if module.params["wait"] and not module.check_mode:
            with cluster.timeline.wait(cluster.label):
                cluster.wait("present")
        state = cluster.describe()
    except eks.AnsibleEksError as error:
        module.fail_json_aws_error(error)
    module.exit_json(changed=False, cluster=state, **cluster.timeline.result())


if __name__ == "__main__":
    main()
