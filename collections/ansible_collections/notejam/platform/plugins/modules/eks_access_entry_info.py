#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

DOCUMENTATION = r"""
module: eks_access_entry_info
short_description: List who may enter an Amazon EKS cluster
version_added: 0.1.0
description:
  - Lists the access entries of a cluster, those alone that carry the given tags.
  - A cluster that is not there has none.
author: Notejam platform contributors (@notejam)
options:
  cluster_name:
    description: Name of the cluster.
    type: str
    required: true
  tags:
    description: Tags that an entry must carry.
    type: dict
    default: {}
attributes:
  check_mode:
    description: Only reads.
    support: full
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: List whom the platform let in
  notejam.platform.eks_access_entry_info:
    cluster_name: notejam-prod
    tags:
      platform:managed-by: ansible
"""

RETURN = r"""
principal_arns:
  description: ARNs of the IAM users and roles that the entries are for, sorted.
  type: list
  elements: str
  returned: success
  sample: [arn:aws:iam::123456789012:role/developers]
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils import eks
from ansible_collections.notejam.platform.plugins.module_utils.client import client
from ansible_collections.notejam.platform.plugins.module_utils.tags import carries


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={"cluster_name": {"required": True}, "tags": {"type": "dict", "default": {}}},
        supports_check_mode=True,
    )
    name, wanted = module.params["cluster_name"], module.params["tags"]
    try:
        api = client(module, "eks")
        found = []
        for principal in eks.list_access_entries(api, name):
            entry = eks.describe_access_entry(api, name, principal)
            if entry and carries(entry.get("tags", {}), wanted):
                found.append(principal)
    except eks.AnsibleEksError as error:
        module.fail_json_aws_error(error)
    module.exit_json(changed=False, principal_arns=sorted(found))


if __name__ == "__main__":
    main()
