"""The network as EC2 tells of it."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

SITE = [{"Name": "tag:platform:site", "Values": ["sandbox_eu_west_1"]}]
ZONES = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]


@pytest.fixture(scope="module")
def ec2() -> Any:
    return boto3.client("ec2")


@pytest.fixture(scope="module")
def vpc(ec2: Any) -> Any:
    [vpc] = ec2.describe_vpcs(Filters=SITE)["Vpcs"]
    return vpc


def purpose(resource: dict[str, Any]) -> str:
    return {tag["Key"]: tag["Value"] for tag in resource["Tags"]}.get("platform:purpose", "")


def inside(vpc: Any) -> list[dict[str, Any]]:
    return [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]


def test_each_zone_has_a_subnet_of_each_purpose(ec2: Any, vpc: Any) -> None:
    subnets = ec2.describe_subnets(Filters=inside(vpc))["Subnets"]
    assert vpc["CidrBlock"] == "192.168.0.0/16"
    for each in ("public", "private", "database"):
        of_purpose = [subnet for subnet in subnets if purpose(subnet) == each]
        assert sorted(subnet["AvailabilityZone"] for subnet in of_purpose) == ZONES
        assert not any(subnet["MapPublicIpOnLaunch"] for subnet in of_purpose)
        assert not any(subnet["Ipv6CidrBlockAssociationSet"] for subnet in of_purpose)


def test_public_subnets_lead_out_private_ones_through_nat_and_database_ones_nowhere(
    ec2: Any, vpc: Any
) -> None:
    ways: dict[str, set[str]] = {"public": set(), "private": set(), "database": set()}
    for table in ec2.describe_route_tables(Filters=inside(vpc))["RouteTables"]:
        for route in table["Routes"]:
            if route.get("DestinationCidrBlock") == "0.0.0.0/0" and purpose(table) in ways:
                target = route.get("NatGatewayId") or route["GatewayId"]
                ways[purpose(table)].add(target.split("-")[0])
    assert ways == {"public": {"igw"}, "private": {"nat"}, "database": set()}


def test_each_zone_has_a_way_out_of_its_own(ec2: Any, vpc: Any) -> None:
    alive = [*inside(vpc), {"Name": "state", "Values": ["pending", "available"]}]
    gateways = ec2.describe_nat_gateways(Filters=alive)["NatGateways"]
    assert len({gateway["SubnetId"] for gateway in gateways}) == 3
    led_to = {
        route["NatGatewayId"]
        for table in ec2.describe_route_tables(Filters=inside(vpc))["RouteTables"]
        for route in table["Routes"]
        if "NatGatewayId" in route
    }
    assert led_to == {gateway["NatGatewayId"] for gateway in gateways}


def test_every_subnet_reaches_s3_and_dynamodb_within_aws(ec2: Any, vpc: Any) -> None:
    endpoints = ec2.describe_vpc_endpoints(Filters=inside(vpc))["VpcEndpoints"]
    assert {each["ServiceName"]: len(each["RouteTableIds"]) for each in endpoints} == {
        "com.amazonaws.eu-west-1.s3": 5,
        "com.amazonaws.eu-west-1.dynamodb": 5,
    }


def test_all_traffic_is_logged_encrypted(ec2: Any, vpc: Any) -> None:
    asked = [{"Name": "resource-id", "Values": [vpc["VpcId"]]}]
    [log] = ec2.describe_flow_logs(Filters=asked)["FlowLogs"]
    assert (log["TrafficType"], log["DeliverLogsStatus"]) == ("ALL", "SUCCESS")
    [group] = boto3.client("logs").describe_log_groups(logGroupNamePrefix=log["LogGroupName"])["logGroups"]
    assert group["retentionInDays"] == 365
    assert ":key/" in group["kmsKeyId"]


def test_the_default_group_lets_nothing_through(ec2: Any, vpc: Any) -> None:
    by_name = [*inside(vpc), {"Name": "group-name", "Values": ["default"]}]
    [group] = ec2.describe_security_groups(Filters=by_name)["SecurityGroups"]
    assert group["IpPermissions"] == group["IpPermissionsEgress"] == []
