"""The network with IPv6 and interface endpoints, and with a zone less."""

from __future__ import annotations

from ipaddress import IPv6Network
from typing import Any

import boto3
import pytest

SITE = [{"Name": "tag:platform:site", "Values": ["sandbox_eu_west_1"]}]
ZONES = ["eu-west-1a", "eu-west-1b"]


@pytest.fixture(scope="module")
def ec2() -> Any:
    return boto3.client("ec2")


@pytest.fixture(scope="module")
def subnets(ec2: Any) -> list[dict[str, Any]]:
    return list(ec2.describe_subnets(Filters=SITE)["Subnets"])


def purpose(resource: dict[str, Any]) -> str:
    return {tag["Key"]: tag["Value"] for tag in resource["Tags"]}.get("platform:purpose", "")


def test_nothing_of_the_third_zone_is_left(ec2: Any, subnets: list[dict[str, Any]]) -> None:
    assert sorted({subnet["AvailabilityZone"] for subnet in subnets}) == ZONES
    alive = [*SITE, {"Name": "state", "Values": ["pending", "available", "deleting"]}]
    gateways = ec2.describe_nat_gateways(Filters=alive)["NatGateways"]
    addresses = ec2.describe_addresses(Filters=SITE)["Addresses"]
    tables = ec2.describe_route_tables(Filters=SITE)["RouteTables"]
    assert (len(gateways), len(addresses), len(tables)) == (2, 2, 4)


def test_what_stays_has_not_moved(subnets: list[dict[str, Any]]) -> None:
    assert {(purpose(each), each["AvailabilityZone"][-1]): each["CidrBlock"] for each in subnets} == {
        ("public", "a"): "192.168.192.0/22",
        ("public", "b"): "192.168.196.0/22",
        ("private", "a"): "192.168.0.0/19",
        ("private", "b"): "192.168.32.0/19",
        ("database", "a"): "192.168.224.0/22",
        ("database", "b"): "192.168.228.0/22",
    }


def test_each_subnet_has_a_part_of_the_ipv6_range(ec2: Any, subnets: list[dict[str, Any]]) -> None:
    [vpc] = ec2.describe_vpcs(Filters=SITE)["Vpcs"]
    [whole] = vpc["Ipv6CidrBlockAssociationSet"]
    parts = [
        IPv6Network(association["Ipv6CidrBlock"])
        for subnet in subnets
        for association in subnet["Ipv6CidrBlockAssociationSet"]
    ]
    assert len(set(parts)) == 6
    assert all(part.subnet_of(IPv6Network(whole["Ipv6CidrBlock"])) for part in parts)
    assigning = {purpose(subnet) for subnet in subnets if subnet["AssignIpv6AddressOnCreation"]}
    assert assigning == {"private"}


def test_ipv6_leads_in_and_out_of_public_subnets_and_out_of_private_ones(ec2: Any) -> None:
    ways: dict[str, set[str]] = {}
    for table in ec2.describe_route_tables(Filters=SITE)["RouteTables"]:
        for route in table["Routes"]:
            if route.get("DestinationIpv6CidrBlock") == "::/0":
                target = route.get("EgressOnlyInternetGatewayId") or route["GatewayId"]
                ways.setdefault(purpose(table), set()).add(target.split("-")[0])
    assert ways == {"public": {"igw"}, "private": {"eigw"}}


def test_endpoints_stand_in_each_private_subnet_by_what_their_service_has(ec2: Any) -> None:
    endpoints = ec2.describe_vpc_endpoints(Filters=SITE)["VpcEndpoints"]
    interfaces = [each for each in endpoints if each["VpcEndpointType"] == "Interface"]
    assert all(len(each["SubnetIds"]) == 2 and each["PrivateDnsEnabled"] for each in interfaces)
    assert {each["ServiceName"].split(".", 3)[3]: each["IpAddressType"] for each in endpoints} == {
        "s3": "dualstack",
        "dynamodb": "dualstack",
        "ecr.api": "ipv4",
        "sts": "dualstack",
        "logs": "ipv4",
    }


def test_flow_logs_are_kept_for_a_month() -> None:
    [group] = boto3.client("logs").describe_log_groups(logGroupNamePrefix="/vpc/")["logGroups"]
    assert group["retentionInDays"] == 30
