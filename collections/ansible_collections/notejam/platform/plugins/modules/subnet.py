#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A subnet of a VPC."""

from __future__ import annotations

DOCUMENTATION = r"""
module: subnet
short_description: Manage a subnet of a VPC
version_added: 0.2.0
author: Notejam platform contributors (@notejam)
description:
  - Keeps a subnet, found by its IPv4 range in its VPC.
  - A subnet that something uses is not deleted, and an IPv6 range that something uses is not taken away; the
    message names the network interfaces that hold it.
  - Documented at U(https://docs.aws.amazon.com/vpc/latest/userguide/configure-subnets.html).
options:
  name:
    description: Name tag of the subnet.
    type: str
  vpc_id:
    description: Id of the VPC.
    type: str
    required: true
  zone:
    description: Name of the availability zone. It cannot change; needed with O(state=present).
    type: str
  cidr:
    description: IPv4 range of the subnet.
    type: str
    required: true
  ipv6_cidr:
    description:
      - IPv6 range of the subnet, a /64 of the VPC's. Empty takes away the one that is there; left out, it
        stays.
    type: str
  assign_ipv6:
    description: Whether what comes up in the subnet gets an IPv6 address. Left out, it stays as it is.
    type: bool
  assign_public_ipv4:
    description: Whether what comes up in the subnet gets a public IPv4 address.
    type: bool
    default: false
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Create a private subnet
  notejam.platform.subnet:
    name: notejam-prod-private-eu-west-1a
    vpc_id: vpc-0123456789abcdef0
    zone: eu-west-1a
    cidr: 192.168.0.0/19
    ipv6_cidr: 2001:db8:1234:1a00::/64
    assign_ipv6: true
"""

RETURN = r"""
subnet:
  description: The subnet.
  returned: when it is present
  type: dict
  contains:
    id:
      description: Id of the subnet.
      type: str
      sample: subnet-0123456789abcdef0
    vpc_id:
      description: Id of the VPC.
      type: str
    zone:
      description: Its availability zone.
      type: str
    cidr:
      description: Its IPv4 range.
      type: str
    ipv6_cidr:
      description: Its IPv6 range; empty where it has none.
      type: str
    assign_ipv6:
      description: Whether what comes up in it gets an IPv6 address.
      type: bool
    assign_public_ipv4:
      description: Whether what comes up in it gets a public IPv4 address.
      type: bool
    tags:
      description: Its tags.
      type: dict
"""

from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.ec2 import (
    Ec2Resource,
    filters,
    network_interfaces,
    tags_of,
)
from ansible_collections.notejam.platform.plugins.module_utils.resource import State, argument_spec, reconcile
from ansible_collections.notejam.platform.plugins.module_utils.waiting import wait_until

# The interfaces of these leave by themselves, soon after the gateway or the endpoint is gone.
LEAVING = ("nat_gateway", "vpc_endpoint")


class Subnet(Ec2Resource):
    name = "subnet"
    resource_type = "subnet"
    immutable = frozenset({"zone"})
    computed = frozenset({"id"})

    @property
    def identity(self) -> str:
        return str(self.params["name"] or self.params["cidr"])

    @property
    def desired_tags(self) -> dict[str, str]:
        name = self.params["name"]
        return {**(self.params["tags"] or {}), **({"Name": name} if name else {})}

    def describe(self) -> State | None:
        by = filters(vpc_id=self.params["vpc_id"], cidr_block=self.params["cidr"])
        pages = self.ec2.get_paginator("describe_subnets").paginate(Filters=by)
        subnet = self.only(pages.build_full_result()["Subnets"])
        if subnet is None:
            return None
        return {
            "id": subnet["SubnetId"],
            "vpc_id": subnet["VpcId"],
            "zone": subnet["AvailabilityZone"],
            "cidr": subnet["CidrBlock"],
            "ipv6_cidr": next((each["Ipv6CidrBlock"] for each in self._ranges(subnet)), ""),
            "assign_ipv6": subnet["AssignIpv6AddressOnCreation"],
            "assign_public_ipv4": subnet["MapPublicIpOnLaunch"],
            "tags": tags_of(subnet),
        }

    def desired(self) -> State:
        return {
            **self.declared("vpc_id", "zone", "cidr", "ipv6_cidr", "assign_ipv6", "assign_public_ipv4"),
            "tags": self.desired_tags,
        }

    def create(self, desired: State) -> None:
        ipv6 = {"Ipv6CidrBlock": desired["ipv6_cidr"]} if desired.get("ipv6_cidr") else {}
        answer = self.ec2.create_subnet(
            VpcId=desired["vpc_id"],
            AvailabilityZone=desired["zone"],
            CidrBlock=desired["cidr"],
            TagSpecifications=self.tag_specifications(),
            **ipv6,
        )
        subnet = answer["Subnet"]
        there = {
            "assign_ipv6": subnet["AssignIpv6AddressOnCreation"],
            "assign_public_ipv4": subnet["MapPublicIpOnLaunch"],
        }
        changes = {key: (old, desired[key]) for key, old in there.items() if desired.get(key, old) != old}
        self.update({"id": subnet["SubnetId"]}, changes)

    def update(self, current: State, changes: dict[str, tuple[Any, Any]]) -> None:
        subnet_id = current["id"]
        assign = changes.get("assign_ipv6", (None, None))[1]
        # A range that is assigned from cannot go, and one that is not there cannot be assigned from.
        if assign is False:
            self._modify(subnet_id, AssignIpv6AddressOnCreation=False)
        if "ipv6_cidr" in changes:
            self._move_ipv6(subnet_id, *changes["ipv6_cidr"])
        if assign:
            self._modify(subnet_id, AssignIpv6AddressOnCreation=True)
        if "assign_public_ipv4" in changes:
            self._modify(subnet_id, MapPublicIpOnLaunch=changes["assign_public_ipv4"][1])

    def delete(self, current: State) -> None:
        self._free("deleted", lambda: network_interfaces(self.ec2, subnet_id=current["id"]))
        self.ec2.delete_subnet(SubnetId=current["id"])

    def _modify(self, subnet_id: str, **attribute: bool) -> None:
        values = {name: {"Value": value} for name, value in attribute.items()}
        self.ec2.modify_subnet_attribute(SubnetId=subnet_id, **values)

    def _move_ipv6(self, subnet_id: str, old: str, new: str) -> None:
        """Take the old range away, if there is one, and give the new one, if there is one."""
        if old:
            network = IPv6Network(old)
            self._free(
                f"without {old}",
                lambda: [
                    each
                    for each in network_interfaces(self.ec2, subnet_id=subnet_id)
                    if any(IPv6Address(ip["Ipv6Address"]) in network for ip in each.get("Ipv6Addresses", []))
                ],
            )
            [subnet] = self.ec2.describe_subnets(SubnetIds=[subnet_id])["Subnets"]
            for each in self._ranges(subnet):
                self.ec2.disassociate_subnet_cidr_block(AssociationId=each["AssociationId"])
            self._wait_for_ipv6(subnet_id, "")
        if new:
            self.ec2.associate_subnet_cidr_block(SubnetId=subnet_id, Ipv6CidrBlock=new)
            self._wait_for_ipv6(subnet_id, new)

    def _wait_for_ipv6(self, subnet_id: str, wanted: str) -> None:
        """A range is of use, and its place is free, once AWS is done with it."""

        def status() -> str:
            [subnet] = self.ec2.describe_subnets(SubnetIds=[subnet_id])["Subnets"]
            states = {
                each["Ipv6CidrBlock"]: each["Ipv6CidrBlockState"]["State"]
                for each in subnet.get("Ipv6CidrBlockAssociationSet", [])
            }
            if wanted:
                return states.get(wanted, "absent")
            return next((state for state in states.values() if state != "disassociated"), "absent")

        ready = ["associated"] if wanted else ["absent"]
        what = f"IPv6 range of {self.name} {self.identity}"
        wait_until(what, status, ready, self.params["wait_timeout"], ["failed"])

    def _free(self, what: str, holders: Callable[[], list[dict[str, Any]]]) -> None:
        """Return once nothing holds the subnet. Raises AnsibleAWSError with what will not leave by itself."""

        def status() -> str:
            found = holders()
            staying = [each for each in found if each["InterfaceType"] not in LEAVING]
            if staying:
                names = ", ".join(f"{each['NetworkInterfaceId']} ({each['Description']})" for each in staying)
                raise AnsibleAWSError(
                    message=f"{self.name} {self.identity} cannot be {what} while these network interfaces "
                    f"are in it: {names}. Remove what they belong to, and run again."
                )
            return "in use" if found else "free"

        wait_until(f"{self.name} {self.identity}", status, ["free"], self.params["wait_timeout"])

    @staticmethod
    def _ranges(subnet: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            each
            for each in subnet.get("Ipv6CidrBlockAssociationSet", [])
            if each["Ipv6CidrBlockState"]["State"] in ("associating", "associated")
        ]


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            name={},
            vpc_id={"required": True},
            zone={},
            cidr={"required": True},
            ipv6_cidr={},
            assign_ipv6={"type": "bool"},
            assign_public_ipv4={"type": "bool", "default": False},
        ),
        required_if=[("state", "present", ["name", "zone"])],
        supports_check_mode=True,
    )
    reconcile(Subnet(module))


if __name__ == "__main__":
    main()
