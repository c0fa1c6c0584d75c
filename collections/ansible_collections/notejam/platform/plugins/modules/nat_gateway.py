#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A public NAT gateway together with its Elastic IP address."""

from __future__ import annotations

DOCUMENTATION = r"""
module: nat_gateway
short_description: Manage a NAT gateway and its Elastic IP address
version_added: 0.1.0
author: Notejam platform contributors (@notejam)
description:
  - Keeps a public NAT gateway in a subnet, with an Elastic IP address of its own. Both have the tags and are
    found by their Name tag, so a run that was killed between the two goes on with the address it has.
  - A gateway that failed is left to AWS, which removes it, and a new one takes over its address.
  - Documented at U(https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html).
options:
  name:
    description: Name tag of the gateway and of its address.
    type: str
    required: true
  subnet_id:
    description: Id of the public subnet. It cannot change.
    type: str
    required: true
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Let the private subnets of a zone reach the internet
  notejam.platform.nat_gateway:
    name: notejam-prod-eu-west-1a
    subnet_id: subnet-0123456789abcdef0
"""

RETURN = r"""
nat_gateway:
  description: The gateway.
  returned: when it is present
  type: dict
  contains:
    id:
      description: Id of the gateway.
      type: str
      sample: nat-0123456789abcdef0
    subnet_id:
      description: Id of its subnet.
      type: str
    allocation_id:
      description: Id of its Elastic IP address.
      type: str
    public_ip:
      description: Its address in the internet.
      type: str
    state:
      description: V(pending) or V(available).
      type: str
    tags:
      description: Its tags.
      type: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.ec2 import Ec2Resource, filters, tags_of
from ansible_collections.notejam.platform.plugins.module_utils.resource import State, argument_spec, reconcile
from ansible_collections.notejam.platform.plugins.module_utils.waiting import wait_until

LIVE = ("pending", "available")


class NatGateway(Ec2Resource):
    name = "nat_gateway"
    resource_type = "natgateway"
    immutable = frozenset({"subnet_id"})
    computed = frozenset({"id", "allocation_id", "public_ip", "state"})

    def describe(self) -> State | None:
        gateway = self.only(self._gateways(LIVE))
        address = self._address()
        if gateway is None:
            # An address without a gateway is only of interest to a deletion that was cut short.
            return address and {"id": None, **address} if self.params["state"] == "absent" else None
        return {
            "id": gateway["NatGatewayId"],
            "subnet_id": gateway["SubnetId"],
            "state": gateway["State"],
            "tags": tags_of(gateway),
            **(address or {}),
        }

    def desired(self) -> State:
        return {"subnet_id": self.params["subnet_id"], "tags": self.desired_tags}

    def create(self, desired: State) -> None:
        address = self._address()
        allocation_id = address["allocation_id"] if address else self._allocate()
        self.ec2.create_nat_gateway(
            SubnetId=desired["subnet_id"],
            AllocationId=allocation_id,
            ConnectivityType="public",
            TagSpecifications=self.tag_specifications(),
        )

    def delete(self, current: State) -> None:
        if current["id"]:
            self.ec2.delete_nat_gateway(NatGatewayId=current["id"])
            # AWS frees the address only once the gateway is gone.
            self.wait("absent")
        if current.get("allocation_id"):
            self.ec2.release_address(AllocationId=current["allocation_id"])

    def settled(self, current: State) -> bool:
        return bool(current["state"] == "available")

    def wait(self, state: str) -> None:
        what, timeout = f"NAT gateway {self.identity}", self.params["wait_timeout"]
        if state == "present":
            wait_until(
                what,
                lambda: self._status(("pending", "available", "failed")),
                ["available"],
                timeout,
                ["failed"],
            )
        else:
            wait_until(what, lambda: self._status((*LIVE, "deleting")), ["absent"], timeout)

    def tagged_ids(self, current: State) -> list[str]:
        return [current["id"], *([current["allocation_id"]] if "allocation_id" in current else [])]

    def _gateways(self, states: tuple[str, ...]) -> list[dict]:
        pages = self.ec2.get_paginator("describe_nat_gateways").paginate(
            Filter=self.named + filters(state=states)
        )
        return list(pages.build_full_result()["NatGateways"])

    def _status(self, states: tuple[str, ...]) -> str:
        found = sorted(self._gateways(states), key=lambda gateway: gateway["CreateTime"])
        return str(found[-1]["State"]) if found else "absent"

    def _address(self) -> State | None:
        address = self.only(self.ec2.describe_addresses(Filters=self.named)["Addresses"])
        return address and {"allocation_id": address["AllocationId"], "public_ip": address["PublicIp"]}

    def _allocate(self) -> str:
        answer = self.ec2.allocate_address(
            Domain="vpc", TagSpecifications=self.tag_specifications("elastic-ip")
        )
        return str(answer["AllocationId"])


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            name={"required": True},
            subnet_id={"required": True},
        ),
        supports_check_mode=True,
    )
    reconcile(NatGateway(module))


if __name__ == "__main__":
    main()
