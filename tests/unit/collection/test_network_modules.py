"""The modules nat_gateway, route_table and vpc_endpoint: check, do, check again, do again."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from .modules import four_steps, run_module

pytestmark = pytest.mark.usefixtures("account")

TAGS = {"platform:site": "test_eu_west_1"}


@pytest.fixture
def ec2() -> Any:
    return boto3.client("ec2", "eu-west-1")


@pytest.fixture
def vpc_id(ec2: Any) -> str:
    vpc_id = str(ec2.create_vpc(CidrBlock="192.168.0.0/16")["Vpc"]["VpcId"])
    ec2.modify_vpc_attribute(VpcId=vpc_id, EnableDnsHostnames={"Value": True})
    return vpc_id


@pytest.fixture
def subnet_ids(ec2: Any, vpc_id: str) -> list[str]:
    ranges = [f"192.168.{number}.0/24" for number in range(3)]
    return [ec2.create_subnet(VpcId=vpc_id, CidrBlock=cidr)["Subnet"]["SubnetId"] for cidr in ranges]


@pytest.fixture
def gateway_id(ec2: Any, vpc_id: str) -> str:
    gateway_id = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway_id, VpcId=vpc_id)
    return str(gateway_id)


def routes(ec2: Any, table_id: str) -> dict[str, str]:
    table = ec2.describe_route_tables(RouteTableIds=[table_id])["RouteTables"][0]
    return {route["DestinationCidrBlock"]: route["GatewayId"] for route in table["Routes"]}


def users(ec2: Any, table_id: str) -> set[str]:
    table = ec2.describe_route_tables(RouteTableIds=[table_id])["RouteTables"][0]
    return {link["SubnetId"] for link in table["Associations"]}


def test_a_nat_gateway_has_an_address_of_its_own_with_its_tags(ec2: Any, subnet_ids: list[str]) -> None:
    nat = four_steps("nat_gateway", name="nat", subnet_id=subnet_ids[0], tags=TAGS).result["nat_gateway"]
    (address,) = ec2.describe_addresses(AllocationIds=[nat["allocation_id"]])["Addresses"]
    assert {tag["Key"]: tag["Value"] for tag in address["Tags"]} == {**TAGS, "Name": "nat"} == nat["tags"]


def test_a_nat_gateway_takes_the_address_that_a_killed_run_left(ec2: Any, subnet_ids: list[str]) -> None:
    left = ec2.allocate_address(
        Domain="vpc",
        TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": [{"Key": "Name", "Value": "nat"}]}],
    )
    nat = run_module("nat_gateway", name="nat", subnet_id=subnet_ids[0]).result["nat_gateway"]
    assert nat["allocation_id"] == left["AllocationId"]


def test_a_nat_gateway_does_not_move(subnet_ids: list[str]) -> None:
    run_module("nat_gateway", name="nat", subnet_id=subnet_ids[0])
    run = run_module("nat_gateway", name="nat", subnet_id=subnet_ids[1])
    assert f"subnet_id is '{subnet_ids[0]}'" in run.result["msg"]
    assert run.writes == []


def test_deleting_a_nat_gateway_releases_its_address(ec2: Any, subnet_ids: list[str]) -> None:
    run_module("nat_gateway", name="nat", subnet_id=subnet_ids[0])
    four_steps("nat_gateway", name="nat", subnet_id=subnet_ids[0], state="absent")
    assert ec2.describe_addresses()["Addresses"] == []


def test_a_route_table_has_its_routes_and_subnets(
    ec2: Any, vpc_id: str, subnet_ids: list[str], gateway_id: str
) -> None:
    table = four_steps(
        "route_table",
        name="public",
        vpc_id=vpc_id,
        subnet_ids=subnet_ids,
        routes={"0.0.0.0/0": gateway_id},
        tags=TAGS,
    ).result["route_table"]
    assert routes(ec2, table["id"]) == {"192.168.0.0/16": "local", "0.0.0.0/0": gateway_id}
    assert users(ec2, table["id"]) == set(subnet_ids)


def test_a_route_table_loses_what_is_not_declared(
    ec2: Any, vpc_id: str, subnet_ids: list[str], gateway_id: str
) -> None:
    options = {"name": "database", "vpc_id": vpc_id, "subnet_ids": subnet_ids[:1]}
    table_id = run_module("route_table", **options).result["route_table"]["id"]
    ec2.create_route(RouteTableId=table_id, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway_id)
    ec2.associate_route_table(RouteTableId=table_id, SubnetId=subnet_ids[1])
    assert four_steps("route_table", **options).writes == ["DeleteRoute", "DisassociateRouteTable"]
    assert routes(ec2, table_id) == {"192.168.0.0/16": "local"}
    assert users(ec2, table_id) == {subnet_ids[0]}


def test_a_subnet_moves_to_another_table_at_once(ec2: Any, vpc_id: str, subnet_ids: list[str]) -> None:
    old = run_module("route_table", name="old", vpc_id=vpc_id, subnet_ids=subnet_ids).result["route_table"]
    run = four_steps("route_table", name="new", vpc_id=vpc_id, subnet_ids=subnet_ids[:1])
    assert "ReplaceRouteTableAssociation" in run.writes
    assert users(ec2, old["id"]) == set(subnet_ids[1:])


def test_a_route_leads_only_to_a_gateway(vpc_id: str) -> None:
    run = run_module("route_table", name="odd", vpc_id=vpc_id, routes={"0.0.0.0/0": "sg-1"})
    assert "'sg-1' is no gateway to route to" in run.result["msg"]


def test_a_route_table_goes_with_its_associations(ec2: Any, vpc_id: str, subnet_ids: list[str]) -> None:
    options = {"name": "database", "vpc_id": vpc_id, "subnet_ids": subnet_ids}
    table_id = run_module("route_table", **options).result["route_table"]["id"]
    four_steps("route_table", **options, state="absent")
    assert table_id not in {table["RouteTableId"] for table in ec2.describe_route_tables()["RouteTables"]}


def test_an_endpoint_follows_its_route_tables(ec2: Any, vpc_id: str) -> None:
    tables = [ec2.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"] for _ in range(3)]
    options = {"name": "s3", "vpc_id": vpc_id, "service": "s3", "tags": TAGS}
    four_steps("vpc_endpoint", **options, route_table_ids=tables[:2])
    run = four_steps("vpc_endpoint", **options, route_table_ids=tables[1:])
    assert run.writes == ["ModifyVpcEndpoint"]
    (endpoint,) = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    assert set(endpoint["RouteTableIds"]) == set(tables[1:])


def test_an_endpoint_goes(ec2: Any, vpc_id: str) -> None:
    tables = [ec2.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"]]
    options = {"name": "s3", "vpc_id": vpc_id, "service": "s3", "route_table_ids": tables}
    run_module("vpc_endpoint", **options)
    four_steps("vpc_endpoint", **options, state="absent")
    assert {each["State"] for each in ec2.describe_vpc_endpoints()["VpcEndpoints"]} <= {"deleted"}


def test_an_interface_endpoint_follows_its_subnets_and_groups(
    ec2: Any, vpc_id: str, subnet_ids: list[str]
) -> None:
    groups = [
        ec2.create_security_group(GroupName=name, Description="d", VpcId=vpc_id)["GroupId"] for name in "ab"
    ]
    options = {"name": "ecr.api", "vpc_id": vpc_id, "service": "ecr.api", "type": "Interface", "tags": TAGS}
    made = four_steps(
        "vpc_endpoint", **options, subnet_ids=subnet_ids[:2], security_group_ids=groups[:1]
    ).result["vpc_endpoint"]
    assert made["private_dns_enabled"]
    run = four_steps("vpc_endpoint", **options, subnet_ids=subnet_ids[1:], security_group_ids=groups[1:])
    assert run.writes == ["ModifyVpcEndpoint"]
    (endpoint,) = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    assert set(endpoint["SubnetIds"]) == set(subnet_ids[1:])
    assert [group["GroupId"] for group in endpoint["Groups"]] == groups[1:]
    four_steps("vpc_endpoint", **options, state="absent")
