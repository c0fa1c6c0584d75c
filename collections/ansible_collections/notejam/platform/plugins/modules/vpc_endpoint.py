#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A gateway endpoint, through which a VPC reaches S3 or DynamoDB without the internet."""

from __future__ import annotations

DOCUMENTATION = r"""
module: vpc_endpoint
short_description: Manage a gateway endpoint of a VPC
version_added: 0.1.0
author: Notejam platform contributors
description:
  - Keeps a gateway endpoint with exactly the declared route tables. A VPC has one for each service.
  - Documented at U(https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html).
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
    description: The service that it leads to.
    type: str
    choices: [s3, dynamodb]
    required: true
  route_table_ids:
    description: Ids of the route tables that lead to the service through the endpoint.
    type: list
    elements: str
    default: []
  tags:
    description: Tags of the endpoint.
    type: dict
    aliases: [resource_tags]
  purge_tags:
    description: Whether to remove tags that are not declared.
    type: bool
    default: true
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
      description: Ids of its route tables, sorted.
      type: list
      elements: str
    tags:
      description: Its tags.
      type: dict
"""

from typing import ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.compare import same_items
from ansible_collections.notejam.platform.plugins.module_utils.ec2 import Ec2Resource, filters, tags_of
from ansible_collections.notejam.platform.plugins.module_utils.resource import State, argument_spec, reconcile


class VpcEndpoint(Ec2Resource):
    name = "vpc_endpoint"
    resource_type = "vpc-endpoint"
    computed = frozenset({"id"})
    comparisons: ClassVar = {"route_table_ids": same_items}

    @property
    def service_name(self) -> str:
        return f"com.amazonaws.{self.ec2.meta.region_name}.{self.params['service']}"

    def describe(self) -> State | None:
        by = filters(
            vpc_id=self.params["vpc_id"], service_name=self.service_name, vpc_endpoint_type="Gateway"
        )
        pages = self.ec2.get_paginator("describe_vpc_endpoints").paginate(Filters=by)
        found = pages.build_full_result()["VpcEndpoints"]
        endpoint = self.only(each for each in found if each["State"].lower() not in ("deleting", "deleted"))
        if endpoint is None:
            return None
        return {
            "id": endpoint["VpcEndpointId"],
            "vpc_id": endpoint["VpcId"],
            "service_name": endpoint["ServiceName"],
            "route_table_ids": sorted(endpoint["RouteTableIds"]),
            "tags": tags_of(endpoint),
        }

    def desired(self) -> State:
        return {
            "vpc_id": self.params["vpc_id"],
            "service_name": self.service_name,
            "route_table_ids": sorted(self.params["route_table_ids"]),
            "tags": self.desired_tags,
        }

    def create(self, desired: State) -> None:
        self.ec2.create_vpc_endpoint(
            VpcEndpointType="Gateway",
            VpcId=desired["vpc_id"],
            ServiceName=desired["service_name"],
            RouteTableIds=desired["route_table_ids"],
            TagSpecifications=self.tag_specifications(),
        )

    def update(self, current: State, changes: dict) -> None:
        old, new = map(set, changes["route_table_ids"])
        added, removed = sorted(new - old), sorted(old - new)
        self.ec2.modify_vpc_endpoint(
            VpcEndpointId=current["id"],
            **({"AddRouteTableIds": added} if added else {}),
            **({"RemoveRouteTableIds": removed} if removed else {}),
        )

    def delete(self, current: State) -> None:
        self.ec2.delete_vpc_endpoints(VpcEndpointIds=[current["id"]])


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            name={"required": True},
            vpc_id={"required": True},
            service={"required": True, "choices": ["s3", "dynamodb"]},
            route_table_ids={"type": "list", "elements": "str", "default": []},
        ),
        supports_check_mode=True,
    )
    reconcile(VpcEndpoint(module))


if __name__ == "__main__":
    main()
