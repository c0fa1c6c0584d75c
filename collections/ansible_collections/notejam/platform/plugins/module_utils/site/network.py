# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the site's `network` component already has (the pattern: encryption_keys.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict

if TYPE_CHECKING:
    from boto3.session import Session

PURPOSES = ("public", "private", "database")
LEAVING = "platform:leaving"


def discover(session: Session, tags: dict[str, str]) -> dict[str, Any] | None:
    """The site's VPC, and its subnets and NAT gateways ordered by zone, without those of zones to leave."""
    ec2 = session.client("ec2")
    wanted = [
        {"Name": f"tag:{key}", "Values": [value]}
        for key, value in {**tags, "platform:component": "network"}.items()
    ]
    vpcs = ec2.describe_vpcs(Filters=wanted)["Vpcs"]
    if not vpcs:
        return None
    inside = [*wanted, {"Name": "vpc-id", "Values": [vpcs[0]["VpcId"]]}]
    every = sorted(
        ec2.get_paginator("describe_subnets").paginate(Filters=inside).build_full_result()["Subnets"],
        key=lambda subnet: subnet["AvailabilityZone"],
    )
    # Those that the site is to do without still hold something; nothing new is to come into them.
    subnets = [each for each in every if LEAVING not in as_dict(each["Tags"])]
    zones = {subnet["SubnetId"]: subnet["AvailabilityZone"] for subnet in subnets}
    alive = [*inside, {"Name": "state", "Values": ["pending", "available"]}]
    gateways = (
        ec2.get_paginator("describe_nat_gateways").paginate(Filter=alive).build_full_result()["NatGateways"]
    )
    ids = {
        purpose: [
            each["SubnetId"] for each in subnets if as_dict(each["Tags"]).get("platform:purpose") == purpose
        ]
        for purpose in PURPOSES
    }
    endpoints = (
        ec2.get_paginator("describe_vpc_endpoints")
        .paginate(Filters=inside)
        .build_full_result()["VpcEndpoints"]
    )
    return {
        "vpc_id": vpcs[0]["VpcId"],
        "vpc_cidr": vpcs[0]["CidrBlock"],
        "ipv6_cidr": next(
            (
                each["Ipv6CidrBlock"]
                for each in vpcs[0].get("Ipv6CidrBlockAssociationSet", [])
                if each["Ipv6CidrBlockState"]["State"] in ("associating", "associated")
            ),
            "",
        ),
        "zones": sorted(set(zones.values())),
        "leaving_zones": sorted({each["AvailabilityZone"] for each in every} - set(zones.values())),
        **{f"{purpose}_subnet_ids": ids[purpose] for purpose in PURPOSES},
        "nat_gateway_ids": [
            gateway["NatGatewayId"]
            for gateway in sorted(gateways, key=lambda each: zones.get(each["SubnetId"], ""))
            if gateway["SubnetId"] in zones
        ],
        "interface_endpoints": sorted(
            as_dict(endpoint["Tags"]).get("platform:purpose", "")
            for endpoint in endpoints
            if endpoint["VpcEndpointType"] == "Interface"
            and endpoint["State"].lower() not in ("deleting", "deleted")
        ),
    }
