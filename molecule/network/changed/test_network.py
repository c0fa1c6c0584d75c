"""The network with a NAT gateway in each zone and interface endpoints."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

SITE = [{"Name": "tag:platform:site", "Values": ["sandbox_eu_west_1"]}]


@pytest.fixture(scope="module")
def ec2() -> Any:
    return boto3.client("ec2")


def test_each_zone_has_a_way_out_of_its_own(ec2: Any) -> None:
    alive = [*SITE, {"Name": "state", "Values": ["pending", "available"]}]
    gateways = ec2.describe_nat_gateways(Filters=alive)["NatGateways"]
    assert len({gateway["SubnetId"] for gateway in gateways}) == 3
    private = [*SITE, {"Name": "tag:platform:purpose", "Values": ["private"]}]
    routes = [
        route
        for table in ec2.describe_route_tables(Filters=private)["RouteTables"]
        for route in table["Routes"]
    ]
    assert {route["NatGatewayId"] for route in routes if "NatGatewayId" in route} == {
        gateway["NatGatewayId"] for gateway in gateways
    }


def test_interface_endpoints_stand_in_each_private_subnet(ec2: Any) -> None:
    endpoints = ec2.describe_vpc_endpoints(Filters=SITE)["VpcEndpoints"]
    interfaces = [each for each in endpoints if each["VpcEndpointType"] == "Interface"]
    assert sorted(each["ServiceName"].split(".", 3)[3] for each in interfaces) == ["ecr.api", "sts"]
    assert all(len(each["SubnetIds"]) == 3 and each["PrivateDnsEnabled"] for each in interfaces)


def test_flow_logs_are_kept_for_a_month() -> None:
    [group] = boto3.client("logs").describe_log_groups(logGroupNamePrefix="/vpc/")["logGroups"]
    assert group["retentionInDays"] == 30
