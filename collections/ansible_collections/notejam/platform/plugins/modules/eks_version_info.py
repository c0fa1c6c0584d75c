#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

DOCUMENTATION = r"""
module: eks_version_info
short_description: Tell which Kubernetes versions run in an Amazon EKS cluster
version_added: 0.1.0
description:
  - Tells the Kubernetes version of the control plane and of each managed node group.
  - A cluster that is not there has none.
author: Notejam platform contributors (@notejam)
options:
  cluster_name:
    description: Name of the cluster.
    type: str
    required: true
attributes:
  check_mode:
    description: Only reads.
    support: full
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ask which versions run
  notejam.platform.eks_version_info:
    cluster_name: notejam-prod
  register: running
"""

RETURN = r"""
versions:
  description: Kubernetes version by the part that runs it; a node group with an image of its own is left out.
  type: dict
  returned: success
  sample: {"control plane": "1.35", "node group system": "1.34"}
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils import eks
from ansible_collections.notejam.platform.plugins.module_utils.client import client


def main() -> None:
    module = AnsibleAWSModule(argument_spec={"cluster_name": {"required": True}}, supports_check_mode=True)
    name = module.params["cluster_name"]
    versions = {}
    try:
        api = client(module, "eks")
        if cluster := eks.describe_cluster(api, name):
            versions["control plane"] = cluster["version"]
            for group in eks.list_nodegroups(api, name):
                described = eks.describe_nodegroup(api, name, group) or {}
                if version := described.get("version"):
                    versions[f"node group {group}"] = version
    except eks.AnsibleEksError as error:
        module.fail_json_aws_error(error)
    module.exit_json(changed=False, versions=versions)


if __name__ == "__main__":
    main()
