#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_offering_info
version_added: 0.3.0
short_description: Tell what Amazon EKS offers, and what stands against a declared cluster
description:
  - Asks EKS for its Kubernetes versions and for its add-ons' versions, and EC2 for instance types.
  - Compares with what is declared, and with the version that the cluster runs.
author:
  - Notejam platform contributors (@notejam)
options:
  cluster_name:
    description: Name of the cluster, which may not be there yet.
    type: str
    required: true
  version:
    description: Kubernetes version that is declared, such as V(1.35).
    type: str
    required: true
  addon_versions:
    description: The declared add-ons, a dict of versions by name.
    type: dict
    default: {}
  node_groups:
    description: The declared node groups. Other keys than these are not looked at.
    type: list
    elements: dict
    default: []
attributes:
  check_mode:
    description: Only reads.
    support: full
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Ask what stands against it
  notejam.platform.eks_offering_info:
    cluster_name: notejam-prod
    version: "1.35"
    addon_versions:
      vpc-cni: v1.21.1-eksbuild.1
    node_groups:
      - name: system
        instance_types: [m7i.large]
  register: offering
"""

RETURN = r"""
refusals:
  description: What AWS does not offer, or EKS would refuse, a sentence each; empty when all is well.
  type: list
  elements: str
  returned: success
running_version:
  description: Kubernetes version of the cluster; null when there is none.
  type: str
  returned: success
  sample: "1.35"
versions:
  description: Kubernetes versions that EKS offers, the latest first.
  type: list
  elements: str
  returned: success
default_addon_versions:
  description: The version that EKS itself takes for each of O(addon_versions) with O(version).
  type: dict
  returned: success
"""

from typing import Any

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    pass  # AnsibleAWSModule reports the missing library.

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils import eks, eks_offering
from ansible_collections.notejam.platform.plugins.module_utils.client import client


def instance_types(ec2: Any, names: list[str]) -> dict[str, list[str]]:
    """The architectures of those of the types that the region offers."""
    if not names:
        return {}
    by_name = [{"Name": "instance-type", "Values": names}]
    pages = ec2.get_paginator("describe_instance_types").paginate(Filters=by_name).build_full_result()
    return {
        one["InstanceType"]: one["ProcessorInfo"]["SupportedArchitectures"] for one in pages["InstanceTypes"]
    }


def ask(module: AnsibleAWSModule) -> dict[str, Any]:
    """The module's result."""
    api, ec2 = client(module, "eks"), client(module, "ec2")
    name, wanted, declared = (module.params[key] for key in ("cluster_name", "version", "addon_versions"))
    groups = module.params["node_groups"]
    cluster = eks.describe_cluster(api, name)
    running = cluster["version"] if cluster else None
    offered = eks.describe_cluster_versions(api)
    refusals = eks_offering.version_refusals(wanted, running, offered, name)

    addons: dict[str, eks_offering.AddonVersions] = {}
    if not refusals:  # EKS knows no add-ons for a version that it does not have
        for addon in declared:
            if versions := eks.describe_addon_versions(api, addon, wanted):
                addons[addon] = eks_offering.addon_versions(versions, wanted)
        known = eks.list_addon_names(api, wanted) if declared.keys() - addons.keys() else []
        refusals += eks_offering.addon_refusals(declared, addons, known, wanted)
    kinds = instance_types(ec2, sorted({kind for group in groups for kind in group["instance_types"]}))
    refusals += eks_offering.instance_refusals(groups, kinds, ec2.meta.region_name)
    return {
        "refusals": refusals,
        "running_version": running,
        "versions": offered,
        "default_addon_versions": {addon: found.default for addon, found in sorted(addons.items())},
    }


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "cluster_name": {"required": True},
            "version": {"required": True},
            "addon_versions": {"type": "dict", "default": {}},
            "node_groups": {"type": "list", "elements": "dict", "default": []},
        },
        supports_check_mode=True,
    )
    try:
        result = ask(module)
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(error, msg="Cannot ask what EKS offers")
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
