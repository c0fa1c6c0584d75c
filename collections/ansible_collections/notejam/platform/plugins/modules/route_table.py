#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A route table with all its routes and subnets."""

from __future__ import annotations

DOCUMENTATION = r"""
module: route_table
short_description: Manage a route table of a VPC
version_added: 0.1.0
author: Notejam platform contributors (@notejam)
description:
  - Keeps a route table, found by its Name tag, with exactly the declared routes and subnets. A route or an
    association that was added by hand is removed. The VPC's local route and the routes of gateway endpoints
    are AWS's own and stay.
  - Documented at U(https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html).
options:
  name:
    description: Name tag of the route table, unique in the VPC.
    type: str
    required: true
  vpc_id:
    description: Id of the VPC.
    type: str
    required: true
  subnet_ids:
    description:
      - Ids of the subnets that use the table. A subnet that uses another one is moved to this one at once.
    type: list
    elements: str
    default: []
  routes:
    description:
      - The id of the gateway for each destination range, such as C({'0.0.0.0/0':\ 'igw-0123456789abcdef0'}).
        A range may be of IPv4 or of IPv6.
      - A gateway is an internet gateway (C(igw-)), a NAT gateway (C(nat-), for IPv4), or an egress-only
        internet gateway (C(eigw-), for IPv6).
    type: dict
    default: {}
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Route the public subnets to the internet
  notejam.platform.route_table:
    name: notejam-prod-public
    vpc_id: vpc-0123456789abcdef0
    subnet_ids: [subnet-0123456789abcdef0]
    routes:
      0.0.0.0/0: igw-0123456789abcdef0
      "::/0": igw-0123456789abcdef0
"""

RETURN = r"""
route_table:
  description: The route table.
  returned: when it is present
  type: dict
  contains:
    id:
      description: Id of the route table.
      type: str
      sample: rtb-0123456789abcdef0
    vpc_id:
      description: Id of the VPC.
      type: str
    subnet_ids:
      description: Ids of the subnets that use it, sorted.
      type: list
      elements: str
    routes:
      description: The id of the gateway for each destination range.
      type: dict
    tags:
      description: Its tags.
      type: dict
"""

from typing import ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.compare import same, same_items
from ansible_collections.notejam.platform.plugins.module_utils.ec2 import Ec2Resource, filters, tags_of
from ansible_collections.notejam.platform.plugins.module_utils.resource import State, argument_spec, reconcile

TARGETS = {"igw": "GatewayId", "nat": "NatGatewayId", "eigw": "EgressOnlyInternetGatewayId"}
# The key of a route's destination, by the family of its addresses.
IPV4 = "DestinationCidrBlock"
IPV6 = "DestinationIpv6CidrBlock"


def target(gateway_id: str) -> dict[str, str]:
    """The argument of CreateRoute that this kind of gateway goes to."""
    kind = gateway_id.split("-")[0]
    if kind not in TARGETS:
        raise AnsibleAWSError(
            message=f"'{gateway_id}' is no gateway to route to: give the id of an internet gateway "
            "(igw-...), of a NAT gateway (nat-...) or of an egress-only internet gateway (eigw-...)."
        )
    return {TARGETS[kind]: gateway_id}


def destination(cidr: str) -> dict[str, str]:
    """The argument of the route operations that this range goes to."""
    return {IPV6 if ":" in cidr else IPV4: cidr}


class RouteTable(Ec2Resource):
    name = "route_table"
    resource_type = "route-table"
    computed = frozenset({"id"})
    comparisons: ClassVar = {"routes": same, "subnet_ids": same_items}

    def describe(self) -> State | None:
        table = self.only(self._tables(filters(vpc_id=self.params["vpc_id"]) + self.named))
        if table is None:
            return None
        return {
            "id": table["RouteTableId"],
            "vpc_id": table["VpcId"],
            "subnet_ids": sorted(link["SubnetId"] for link in table["Associations"] if "SubnetId" in link),
            "routes": {
                route.get(IPV4) or route[IPV6]: next(
                    (value for key, value in sorted(route.items()) if key.endswith("Id")), None
                )
                for route in table["Routes"]
                # Those of the table's creation are local; those of gateway endpoints have a prefix list.
                if route.get("Origin") != "CreateRouteTable" and (IPV4 in route or IPV6 in route)
            },
            "tags": tags_of(table),
        }

    def desired(self) -> State:
        return {
            "vpc_id": self.params["vpc_id"],
            "subnet_ids": sorted(self.params["subnet_ids"]),
            "routes": self.params["routes"],
            "tags": self.desired_tags,
        }

    def create(self, desired: State) -> None:
        answer = self.ec2.create_route_table(
            VpcId=desired["vpc_id"], TagSpecifications=self.tag_specifications()
        )
        current = {"id": answer["RouteTable"]["RouteTableId"]}
        self.update(current, {"routes": ({}, desired["routes"]), "subnet_ids": ([], desired["subnet_ids"])})

    def update(self, current: State, changes: dict) -> None:
        if "routes" in changes:
            self._route(current["id"], *changes["routes"])
        if "subnet_ids" in changes:
            self._associate(current["id"], *map(set, changes["subnet_ids"]))

    def delete(self, current: State) -> None:
        self._associate(current["id"], set(current["subnet_ids"]), set())
        self.ec2.delete_route_table(RouteTableId=current["id"])

    def _route(self, table_id: str, old: dict[str, str], new: dict[str, str]) -> None:
        for cidr in sorted(old.keys() - new.keys()):
            self.ec2.delete_route(RouteTableId=table_id, **destination(cidr))
        for cidr, gateway_id in new.items():
            if old.get(cidr) != gateway_id:
                call = self.ec2.replace_route if cidr in old else self.ec2.create_route
                call(RouteTableId=table_id, **destination(cidr), **target(gateway_id))

    def _associate(self, table_id: str, old: set[str], new: set[str]) -> None:
        links = self._associations(old ^ new)
        for subnet_id in sorted(old - new):
            self.ec2.disassociate_route_table(AssociationId=links[subnet_id])
        for subnet_id in sorted(new - old):
            if subnet_id in links:
                self.ec2.replace_route_table_association(
                    AssociationId=links[subnet_id], RouteTableId=table_id
                )
            else:
                self.ec2.associate_route_table(SubnetId=subnet_id, RouteTableId=table_id)

    def _associations(self, subnet_ids: set[str]) -> dict[str, str]:
        """The association of each of the subnets that has one, whatever the table."""
        if not subnet_ids:
            return {}
        tables = self._tables(filters(vpc_id=self.params["vpc_id"]))
        links = (link for table in tables for link in table["Associations"])
        return {
            link["SubnetId"]: link["RouteTableAssociationId"]
            for link in links
            if link.get("SubnetId") in subnet_ids
        }

    def _tables(self, by: list[dict]) -> list[dict]:
        pages = self.ec2.get_paginator("describe_route_tables").paginate(Filters=by)
        return list(pages.build_full_result()["RouteTables"])


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            name={"required": True},
            vpc_id={"required": True},
            subnet_ids={"type": "list", "elements": "str", "default": []},
            routes={"type": "dict", "default": {}},
        ),
        supports_check_mode=True,
    )
    reconcile(RouteTable(module))


if __name__ == "__main__":
    main()
