"""The modules subnet, vpc_ipv6_cidr_block and egress_only_internet_gateway, and IPv6 in route_table and
vpc_endpoint.
"""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from .modules import four_steps, run_module

pytestmark = pytest.mark.usefixtures("strict_account")

TAGS = {"platform:site": "test_eu_west_1"}
ZONE = "eu-west-1a"


@pytest.fixture
def ec2() -> Any:
    return boto3.client("ec2", "eu-west-1")


@pytest.fixture
def vpc_id(ec2: Any) -> str:
    vpc_id = str(ec2.create_vpc(CidrBlock="192.168.0.0/16")["Vpc"]["VpcId"])
    ec2.modify_vpc_attribute(VpcId=vpc_id, EnableDnsHostnames={"Value": True})
    return vpc_id


@pytest.fixture
def whole(vpc_id: str) -> str:
    """The VPC's IPv6 range."""
    made = run_module("vpc_ipv6_cidr_block", vpc_id=vpc_id).result["vpc_ipv6_cidr_block"]
    return str(made["cidr"])


@pytest.fixture
def options(vpc_id: str, whole: str) -> dict[str, Any]:
    return {
        "name": "private",
        "vpc_id": vpc_id,
        "zone": ZONE,
        "cidr": "192.168.0.0/24",
        "ipv6_cidr": whole.replace("/56", "/64"),
        "assign_ipv6": True,
        "tags": TAGS,
    }


def test_a_vpc_has_a_range_and_loses_it(vpc_id: str) -> None:
    made = four_steps("vpc_ipv6_cidr_block", vpc_id=vpc_id)
    assert made.writes == ["AssociateVpcCidrBlock"]
    assert made.result["vpc_ipv6_cidr_block"]["cidr"].endswith("::/56")
    four_steps("vpc_ipv6_cidr_block", vpc_id=vpc_id, state="absent")


def test_a_range_that_subnets_have_stays(vpc_id: str, options: dict[str, Any]) -> None:
    subnet_id = run_module("subnet", **options).result["subnet"]["id"]
    run = run_module("vpc_ipv6_cidr_block", vpc_id=vpc_id, state="absent")
    assert subnet_id in run.result["msg"]
    assert run.writes == []


def test_a_subnet_has_both_ranges(ec2: Any, options: dict[str, Any]) -> None:
    made = four_steps("subnet", **options).result["subnet"]
    [found] = ec2.describe_subnets(SubnetIds=[made["id"]])["Subnets"]
    assert (found["AvailabilityZone"], found["AssignIpv6AddressOnCreation"]) == (ZONE, True)
    assert not found["MapPublicIpOnLaunch"]
    assert made["tags"] == {**TAGS, "Name": "private"}


def test_a_subnet_gets_an_ipv6_range_later_and_loses_it(options: dict[str, Any]) -> None:
    plain = {**options, "ipv6_cidr": "", "assign_ipv6": False}
    first = four_steps("subnet", **plain).result["subnet"]
    run = four_steps("subnet", **options)
    assert run.writes == ["AssociateSubnetCidrBlock", "ModifySubnetAttribute"]
    assert run.result["subnet"]["id"] == first["id"]
    run = four_steps("subnet", **plain)
    assert run.writes == ["ModifySubnetAttribute", "DisassociateSubnetCidrBlock"]


def test_what_is_left_out_of_a_subnet_stays(options: dict[str, Any]) -> None:
    run_module("subnet", **options)
    rest = {key: value for key, value in options.items() if key not in ("ipv6_cidr", "assign_ipv6", "tags")}
    assert not run_module("subnet", **rest).changed


def test_what_is_changed_by_hand_is_repaired(ec2: Any, options: dict[str, Any]) -> None:
    made = run_module("subnet", **options).result["subnet"]
    ec2.modify_subnet_attribute(SubnetId=made["id"], MapPublicIpOnLaunch={"Value": True})
    ec2.delete_tags(Resources=[made["id"]], Tags=[{"Key": "Name"}])
    assert four_steps("subnet", **options).writes == ["ModifySubnetAttribute", "CreateTags"]


def test_a_subnet_does_not_move_to_another_zone(options: dict[str, Any]) -> None:
    run_module("subnet", **options)
    run = run_module("subnet", **{**options, "zone": "eu-west-1b"})
    assert f"zone is '{ZONE}'" in run.result["msg"]
    assert run.writes == []


def test_a_subnet_in_use_stays_and_tells_by_whom(ec2: Any, options: dict[str, Any]) -> None:
    made = run_module("subnet", **options).result["subnet"]
    eni = ec2.create_network_interface(SubnetId=made["id"], Description="the cluster")["NetworkInterface"]
    without = run_module("subnet", **{**options, "ipv6_cidr": "", "assign_ipv6": False})
    assert f"{eni['NetworkInterfaceId']} (the cluster)" in without.result["msg"]
    gone = {"vpc_id": options["vpc_id"], "cidr": options["cidr"], "state": "absent"}
    run = run_module("subnet", **gone)
    assert f"{eni['NetworkInterfaceId']} (the cluster)" in run.result["msg"]
    assert run.writes == []
    ec2.delete_network_interface(NetworkInterfaceId=eni["NetworkInterfaceId"])
    four_steps("subnet", **gone)


def test_an_egress_only_gateway_comes_and_goes(ec2: Any, vpc_id: str) -> None:
    options = {"name": "out", "vpc_id": vpc_id}
    made = four_steps("egress_only_internet_gateway", **options, tags=TAGS)
    gateway_id = made.result["egress_only_internet_gateway"]["id"]
    ec2.delete_tags(Resources=[gateway_id], Tags=[{"Key": "platform:site"}])
    assert four_steps("egress_only_internet_gateway", **options, tags=TAGS).writes == ["CreateTags"]
    four_steps("egress_only_internet_gateway", **options, state="absent")
    assert ec2.describe_egress_only_internet_gateways()["EgressOnlyInternetGateways"] == []


def test_an_egress_only_gateway_needs_a_vpc() -> None:
    run = run_module("egress_only_internet_gateway", name="out", vpc_id="vpc-0123456789abcdef0")
    assert run.result["failed"]
    assert "vpc-0123456789abcdef0" in run.result["msg"]


def test_routes_follow_their_gateways_over_ipv6(ec2: Any, vpc_id: str) -> None:
    gateways = [
        run_module("egress_only_internet_gateway", name=name, vpc_id=vpc_id) for name in ("one", "other")
    ]
    one, other = (run.result["egress_only_internet_gateway"]["id"] for run in gateways)
    options = {"name": "private", "vpc_id": vpc_id}
    made = four_steps("route_table", **options, routes={"::/0": one}).result["route_table"]
    assert four_steps("route_table", **options, routes={"::/0": other}).writes == ["ReplaceRoute"]
    [table] = ec2.describe_route_tables(RouteTableIds=[made["id"]])["RouteTables"]
    [route] = [each for each in table["Routes"] if each.get("DestinationIpv6CidrBlock") == "::/0"]
    assert route["EgressOnlyInternetGatewayId"] == other
    assert four_steps("route_table", **options).writes == ["DeleteRoute"]


def test_an_endpoint_is_dual_stack_where_the_service_is(options: dict[str, Any]) -> None:
    subnet_id = run_module("subnet", **options).result["subnet"]["id"]
    given = {"vpc_id": options["vpc_id"], "type": "Interface", "subnet_ids": [subnet_id]}
    run_module("vpc_endpoint", name="sts", service="sts", **given)
    made = four_steps("vpc_endpoint", name="sts", service="sts", **given, dual_stack=True)
    assert made.writes == ["ModifyVpcEndpoint"]
    assert made.result["vpc_endpoint"]["ip_address_type"] == "dualstack"
    four_steps("vpc_endpoint", name="sts", service="sts", **given, dual_stack=False)
    made = four_steps("vpc_endpoint", name="glue", service="glue", **given, dual_stack=True)
    assert made.result["vpc_endpoint"]["ip_address_type"] == "ipv4"
