#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""An endpoint, through which a VPC reaches a service of AWS without the internet."""

from __future__ import annotations

DOCUMENTATION = r"""
module: vpc_endpoint
short_description: Manage an endpoint of a VPC
version_added: 0.1.0
author: Notejam platform contributors (@notejam)
description:
  - Keeps an endpoint of a VPC, one for each service and type, with exactly what is declared.
  - Documented at U(https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html) and
    U(https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html).
options:
  name:
    description: Name tag of the endpoint.
    type: str
    required: true
  vpc_id:
    description: Id of the VPC.
    type: str
    required: true
  service:
    description: The service that it leads to, as its name ends, such as V(s3) or V(ecr.api).
    type: str
    required: true
  type:
    description:
      - A V(Gateway) endpoint, for V(s3) and V(dynamodb), is a route and costs nothing. An V(Interface)
        endpoint has an address in each subnet, and takes over the service's public name in the VPC.
    type: str
    choices: [Gateway, Interface]
    default: Gateway
  route_table_ids:
    description: Ids of the route tables that lead to the service through a gateway endpoint.
    type: list
    elements: str
    default: []
  subnet_ids:
    description: Ids of the subnets in which an interface endpoint has an address.
    type: list
    elements: str
    default: []
  security_group_ids:
    description: Ids of the security groups of an interface endpoint.
    type: list
    elements: str
    default: []
  dual_stack:
    description:
      - Whether the endpoint has IPv6 addresses, too, where its service is reached by them; elsewhere it stays
        with IPv4. All its subnets need an IPv6 range.
    type: bool
    default: false
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Reach S3 without the internet
  notejam.platform.vpc_endpoint:
    name: notejam-prod-s3
    vpc_id: vpc-0123456789abcdef0
    service: s3
    route_table_ids: [rtb-0123456789abcdef0]

- name: Reach the image registry without the internet
  notejam.platform.vpc_endpoint:
    name: notejam-prod-ecr.api
    vpc_id: vpc-0123456789abcdef0
    service: ecr.api
    type: Interface
    subnet_ids: [subnet-0123456789abcdef0]
    security_group_ids: [sg-0123456789abcdef0]
"""

RETURN = r"""
vpc_endpoint:
  description: The endpoint.
  returned: when it is present
  type: dict
  contains:
    id:
      description: Id of the endpoint.
      type: str
      sample: vpce-0123456789abcdef0
    vpc_id:
      description: Id of the VPC.
      type: str
    service_name:
      description: Full name of the service.
      type: str
      sample: com.amazonaws.eu-west-1.s3
    route_table_ids:
      description: Ids of a gateway endpoint's route tables, sorted.
      type: list
      elements: str
    subnet_ids:
      description: Ids of an interface endpoint's subnets, sorted.
      type: list
      elements: str
    security_group_ids:
      description: Ids of an interface endpoint's security groups, sorted.
      type: list
      elements: str
    ip_address_type:
      description: V(ipv4) or V(dualstack).
      type: str
    private_dns_enabled:
      description: Whether an interface endpoint has taken over the service's public name.
      type: bool
    state:
      description: V(pending) or V(available).
      type: str
    tags:
      description: Its tags.
      type: dict
"""

from typing import ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.compare import same_items
from ansible_collections.notejam.platform.plugins.module_utils.ec2 import Ec2Resource, filters, tags_of
from ansible_collections.notejam.platform.plugins.module_utils.resource import State, argument_spec, reconcile
from ansible_collections.notejam.platform.plugins.module_utils.waiting import wait_until

# What ModifyVpcEndpoint calls the ids of each kind.
CHANGEABLE = {
    "route_table_ids": "RouteTableIds",
    "subnet_ids": "SubnetIds",
    "security_group_ids": "SecurityGroupIds",
}
GONE = ("deleting", "deleted")


class VpcEndpoint(Ec2Resource):
    name = "vpc_endpoint"
    resource_type = "vpc-endpoint"
    computed = frozenset({"id", "state"})
    comparisons: ClassVar = dict.fromkeys(CHANGEABLE, same_items)

    @property
    def service_name(self) -> str:
        return f"com.amazonaws.{self.ec2.meta.region_name}.{self.params['service']}"

    @property
    def is_interface(self) -> bool:
        return bool(self.params["type"] == "Interface")

    def describe(self) -> State | None:
        endpoint = self.only(each for each in self._endpoints() if each["State"].lower() not in GONE)
        if endpoint is None:
            return None
        state = {
            "id": endpoint["VpcEndpointId"],
            "vpc_id": endpoint["VpcId"],
            "service_name": endpoint["ServiceName"],
            "state": endpoint["State"].lower(),
            "ip_address_type": endpoint.get("IpAddressType", "ipv4"),
            "tags": tags_of(endpoint),
        }
        if not self.is_interface:
            return {**state, "route_table_ids": sorted(endpoint["RouteTableIds"])}
        return {
            **state,
            "subnet_ids": sorted(endpoint["SubnetIds"]),
            "security_group_ids": sorted(group["GroupId"] for group in endpoint["Groups"]),
            "private_dns_enabled": endpoint["PrivateDnsEnabled"],
        }

    def desired(self) -> State:
        keys = ("subnet_ids", "security_group_ids") if self.is_interface else ("route_table_ids",)
        return {
            "vpc_id": self.params["vpc_id"],
            "service_name": self.service_name,
            **{key: sorted(self.params[key]) for key in keys},
            **({"private_dns_enabled": True} if self.is_interface else {}),
            "ip_address_type": self._ip_address_type(),
            "tags": self.desired_tags,
        }

    def create(self, desired: State) -> None:
        self.ec2.create_vpc_endpoint(
            VpcEndpointType=self.params["type"],
            VpcId=desired["vpc_id"],
            ServiceName=desired["service_name"],
            IpAddressType=desired["ip_address_type"],
            TagSpecifications=self.tag_specifications(),
            **{CHANGEABLE[key]: desired[key] for key in CHANGEABLE if key in desired},
            **({"PrivateDnsEnabled": True} if self.is_interface else {}),
        )

    def update(self, current: State, changes: dict) -> None:
        arguments = {}
        for key in CHANGEABLE.keys() & changes.keys():
            old, new = map(set, changes[key])
            arguments[f"Add{CHANGEABLE[key]}"] = sorted(new - old)
            arguments[f"Remove{CHANGEABLE[key]}"] = sorted(old - new)
        given = {name: ids for name, ids in arguments.items() if ids}
        if "private_dns_enabled" in changes:
            given["PrivateDnsEnabled"] = changes["private_dns_enabled"][1]
        if "ip_address_type" in changes:
            given["IpAddressType"] = changes["ip_address_type"][1]
        self.ec2.modify_vpc_endpoint(VpcEndpointId=current["id"], **given)

    def delete(self, current: State) -> None:
        self.ec2.delete_vpc_endpoints(VpcEndpointIds=[current["id"]])

    def settled(self, current: State) -> bool:
        return bool(current["state"] == "available")

    def wait(self, state: str) -> None:
        if not self.is_interface:
            return
        done = ["available"] if state == "present" else ["absent"]
        what = f"Endpoint {self.identity}"
        wait_until(what, self._status, done, self.params["wait_timeout"], ["failed", "rejected", "expired"])

    def _ip_address_type(self) -> str:
        """`dualstack` where it is asked for and the service of this type has it."""
        if not self.params["dual_stack"]:
            return "ipv4"
        by = [{"Name": "service-type", "Values": [self.params["type"]]}]
        pages = self.ec2.get_paginator("describe_vpc_endpoint_services").paginate(
            ServiceNames=[self.service_name], Filters=by
        )
        details = pages.build_full_result()["ServiceDetails"]
        has_it = any("ipv6" in each.get("SupportedIpAddressTypes", []) for each in details)
        return "dualstack" if has_it else "ipv4"

    def _endpoints(self) -> list[dict]:
        by = filters(
            vpc_id=self.params["vpc_id"],
            service_name=self.service_name,
            vpc_endpoint_type=self.params["type"],
        )
        pages = self.ec2.get_paginator("describe_vpc_endpoints").paginate(Filters=by)
        return list(pages.build_full_result()["VpcEndpoints"])

    def _status(self) -> str:
        states = [each["State"].lower() for each in self._endpoints()]
        return next((state for state in states if state != "deleted"), "absent")


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            name={"required": True},
            vpc_id={"required": True},
            service={"required": True},
            type={"choices": ["Gateway", "Interface"], "default": "Gateway"},
            dual_stack={"type": "bool", "default": False},
            **{key: {"type": "list", "elements": "str", "default": []} for key in CHANGEABLE},
        ),
        supports_check_mode=True,
    )
    reconcile(VpcEndpoint(module))


if __name__ == "__main__":
    main()
