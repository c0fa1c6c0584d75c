#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The IPv6 range of a VPC, from Amazon's addresses."""

from __future__ import annotations

DOCUMENTATION = r"""
module: vpc_ipv6_cidr_block
short_description: Manage the Amazon-provided IPv6 range of a VPC
version_added: 0.2.0
author: Notejam platform contributors (@notejam)
description:
  - Gives a VPC an IPv6 range, a /56 of Amazon's addresses, or takes it away. Which one it is, AWS chooses.
  - A range of which a subnet has a part is not taken away; the message names the subnets.
  - Documented at U(https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html).
options:
  vpc_id:
    description: Id of the VPC.
    type: str
    required: true
  wait_timeout:
    description: How long to wait until the range can be used, or is gone, in seconds.
    type: int
    default: 300
extends_documentation_fragment:
  - notejam.platform.resource.untagged
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Give the VPC an IPv6 range
  notejam.platform.vpc_ipv6_cidr_block:
    vpc_id: vpc-0123456789abcdef0
"""

RETURN = r"""
vpc_ipv6_cidr_block:
  description: The range.
  returned: when it is present
  type: dict
  contains:
    id:
      description: Id of its association with the VPC.
      type: str
      sample: vpc-cidr-assoc-0123456789abcdef0
    vpc_id:
      description: Id of the VPC.
      type: str
    cidr:
      description: The range.
      type: str
      sample: 2001:db8:1234:1a00::/56
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.ec2 import filters
from ansible_collections.notejam.platform.plugins.module_utils.resource import (
    Resource,
    State,
    reconcile,
    untagged_argument_spec,
)
from ansible_collections.notejam.platform.plugins.module_utils.waiting import wait_until

STANDING = ("associating", "associated")


class VpcIpv6CidrBlock(Resource):
    name = "vpc_ipv6_cidr_block"
    computed = frozenset({"id", "cidr"})

    @property
    def identity(self) -> str:
        return f"of {self.params['vpc_id']}"

    @property
    def ec2(self) -> Any:
        return self.client("ec2")

    def describe(self) -> State | None:
        found = [each for each in self._associations() if each["Ipv6CidrBlockState"]["State"] in STANDING]
        return (
            {
                "id": found[0]["AssociationId"],
                "vpc_id": self.params["vpc_id"],
                "cidr": found[0]["Ipv6CidrBlock"],
            }
            if found
            else None
        )

    def desired(self) -> State:
        return {"vpc_id": self.params["vpc_id"]}

    def create(self, desired: State) -> None:
        self.ec2.associate_vpc_cidr_block(VpcId=desired["vpc_id"], AmazonProvidedIpv6CidrBlock=True)

    def delete(self, current: State) -> None:
        pages = self.ec2.get_paginator("describe_subnets").paginate(Filters=filters(vpc_id=current["vpc_id"]))
        holders = [
            each["SubnetId"]
            for each in pages.build_full_result()["Subnets"]
            if any(
                part["Ipv6CidrBlockState"]["State"] in STANDING
                for part in each.get("Ipv6CidrBlockAssociationSet", [])
            )
        ]
        if holders:
            raise AnsibleAWSError(
                message=f"The VPC {current['vpc_id']} cannot lose {current['cidr']} while subnets have "
                f"a part of it: {', '.join(sorted(holders))}. Take theirs away first."
            )
        self.ec2.disassociate_vpc_cidr_block(AssociationId=current["id"])

    def settled(self, current: State) -> bool:
        return self._status() == "associated"

    def wait(self, state: str) -> None:
        ready = ["associated"] if state == "present" else ["absent"]
        wait_until(
            f"IPv6 range {self.identity}", self._status, ready, self.params["wait_timeout"], ["failed"]
        )

    def _status(self) -> str:
        states = [each["Ipv6CidrBlockState"]["State"] for each in self._associations()]
        return next((state for state in states if state != "disassociated"), "absent")

    def _associations(self) -> list[dict[str, Any]]:
        """Those of Amazon's ranges; a VPC may have ranges of the account's own as well."""
        [vpc] = self.ec2.describe_vpcs(VpcIds=[self.params["vpc_id"]])["Vpcs"]
        every = vpc.get("Ipv6CidrBlockAssociationSet", [])
        return [each for each in every if each.get("Ipv6Pool") == "Amazon"]


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=untagged_argument_spec(
            vpc_id={"required": True},
            wait_timeout={"type": "int", "default": 300},
        ),
        supports_check_mode=True,
    )
    module.params["wait"] = True
    reconcile(VpcIpv6CidrBlock(module))


if __name__ == "__main__":
    main()
