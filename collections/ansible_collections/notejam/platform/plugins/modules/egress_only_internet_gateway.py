#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""An egress-only internet gateway, by which a VPC reaches the internet over IPv6 and is not reached."""

from __future__ import annotations

DOCUMENTATION = r"""
module: egress_only_internet_gateway
short_description: Manage an egress-only internet gateway of a VPC
version_added: 0.2.0
author: Notejam platform contributors (@notejam)
description:
  - Keeps an egress-only internet gateway, found by its Name tag in its VPC. It lets connections over IPv6
    out, and none in.
  - Documented at U(https://docs.aws.amazon.com/vpc/latest/userguide/egress-only-internet-gateway.html).
options:
  name:
    description: Name tag of the gateway, unique in the VPC.
    type: str
    required: true
  vpc_id:
    description: Id of the VPC.
    type: str
    required: true
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Let the private subnets reach the internet over IPv6
  notejam.platform.egress_only_internet_gateway:
    name: notejam-prod
    vpc_id: vpc-0123456789abcdef0
"""

RETURN = r"""
egress_only_internet_gateway:
  description: The gateway.
  returned: when it is present
  type: dict
  contains:
    id:
      description: Id of the gateway.
      type: str
      sample: eigw-0123456789abcdef0
    vpc_id:
      description: Id of the VPC.
      type: str
    tags:
      description: Its tags.
      type: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.ec2 import Ec2Resource, tags_of
from ansible_collections.notejam.platform.plugins.module_utils.resource import State, argument_spec, reconcile


class EgressOnlyInternetGateway(Ec2Resource):
    name = "egress_only_internet_gateway"
    resource_type = "egress-only-internet-gateway"
    computed = frozenset({"id"})

    def describe(self) -> State | None:
        pages = self.ec2.get_paginator("describe_egress_only_internet_gateways").paginate(Filters=self.named)
        vpc_id = self.params["vpc_id"]
        gateway = self.only(
            each
            for each in pages.build_full_result()["EgressOnlyInternetGateways"]
            if any(link["VpcId"] == vpc_id for link in each["Attachments"])
        )
        return gateway and {
            "id": gateway["EgressOnlyInternetGatewayId"],
            "vpc_id": vpc_id,
            "tags": tags_of(gateway),
        }

    def desired(self) -> State:
        return {"vpc_id": self.params["vpc_id"], "tags": self.desired_tags}

    def create(self, desired: State) -> None:
        self.ec2.create_egress_only_internet_gateway(
            VpcId=desired["vpc_id"], TagSpecifications=self.tag_specifications()
        )

    def delete(self, current: State) -> None:
        self.ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=current["id"])


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(name={"required": True}, vpc_id={"required": True}),
        supports_check_mode=True,
    )
    reconcile(EgressOnlyInternetGateway(module))


if __name__ == "__main__":
    main()
