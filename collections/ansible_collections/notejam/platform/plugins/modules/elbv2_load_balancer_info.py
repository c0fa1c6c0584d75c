#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: elbv2_load_balancer_info
version_added: 0.2.0
short_description: Find a load balancer by its tags
description:
  - Finds the one load balancer that carries the tags, such as the AWS Load Balancer Controller's, and waits
    until it is active. Several that carry them are an error.
  - In check mode it does not wait; what is not known yet is C((known after apply)).
author:
  - Notejam platform contributors (@notejam)
options:
  tags:
    description: The tags to find it by; all must be carried.
    type: dict
    required: true
  wait_timeout:
    description: How long to wait for it, in seconds.
    type: int
    default: 600
attributes:
  check_mode:
    description: Changes nothing in any mode.
    support: full
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Find the load balancer of Notejam's Ingress
  notejam.platform.elbv2_load_balancer_info:
    tags:
      elbv2.k8s.aws/cluster: notejam-prod-cluster
      ingress.k8s.aws/stack: notejam/notejam
"""

RETURN = r"""
load_balancer:
  description: The load balancer.
  returned: success
  type: dict
  contains:
    arn:
      description: Its ARN.
      type: str
    canonical_hosted_zone_id:
      description: The hosted zone of its DNS name, for alias records.
      type: str
    dns_name:
      description: Its DNS name.
      type: str
    ip_address_type:
      description: V(ipv4) or V(dualstack).
      type: str
timeline:
  description: When the load balancer was seen to be active, and since when this waited for it.
  returned: when not in check mode
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.client import client
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, carries
from ansible_collections.notejam.platform.plugins.module_utils.timeline import Timeline
from ansible_collections.notejam.platform.plugins.module_utils.unknown import UNKNOWN
from ansible_collections.notejam.platform.plugins.module_utils.waiting import wait_until

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    pass  # AnsibleAWSModule reports the missing library.

KEYS = {
    "arn": "LoadBalancerArn",
    "canonical_hosted_zone_id": "CanonicalHostedZoneId",
    "dns_name": "DNSName",
    "ip_address_type": "IpAddressType",
}
LARGEST_QUESTION = 20  # ARNs in one DescribeTags


def find(elbv2: Any, tags: dict[str, str]) -> dict[str, Any] | None:
    """The load balancer that carries the tags. Raises AnsibleAWSError when several do."""
    every = elbv2.get_paginator("describe_load_balancers").paginate().build_full_result()["LoadBalancers"]
    found = []
    for start in range(0, len(every), LARGEST_QUESTION):
        part = {each["LoadBalancerArn"]: each for each in every[start : start + LARGEST_QUESTION]}
        for entry in elbv2.describe_tags(ResourceArns=list(part))["TagDescriptions"]:
            if carries(as_dict(entry["Tags"]), tags):
                found.append(part[entry["ResourceArn"]])
    if len(found) > 1:
        names = ", ".join(each["LoadBalancerName"] for each in found)
        raise AnsibleAWSError(
            message=f"Several load balancers carry {tags}: {names}. Delete those not in use."
        )
    return found[0] if found else None


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "tags": {"type": "dict", "required": True},
            "wait_timeout": {"type": "int", "default": 600},
        },
        supports_check_mode=True,
    )
    tags = module.params["tags"]
    timeline = Timeline()
    try:
        elbv2 = client(module, "elbv2")
        if not module.check_mode:
            with timeline.wait("load balancer"):
                wait_until(
                    f"The load balancer tagged {tags}",
                    lambda: (find(elbv2, tags) or {"State": {"Code": "absent"}})["State"]["Code"],
                    ["active"],
                    module.params["wait_timeout"],
                    failed=["failed"],
                )
        found = find(elbv2, tags)
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(error, msg=f"Cannot find the load balancer tagged {tags}")
    told = {key: found[name] if found else UNKNOWN for key, name in KEYS.items()}
    module.exit_json(changed=False, load_balancer=told, **timeline.result())


if __name__ == "__main__":
    main()
