"""EC2's pages, what holds a VPC and its parts, references of security groups, and tags."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def ec2(client: Any) -> Any:
    return client("ec2")


@pytest.fixture
def vpc(ec2: Any) -> str:
    return str(ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])


@pytest.fixture
def subnets(ec2: Any, vpc: str) -> list[str]:
    return [
        str(ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24")["Subnet"]["SubnetId"])
        for number in range(7)
    ]


def refused(code: str, call: Callable[..., Any], **parameters: Any) -> None:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    assert error.value.response["Error"]["Code"] == code


def test_lists_come_in_pages(ec2: Any, vpc: str, subnets: list[str]) -> None:
    inside = [{"Name": "vpc-id", "Values": [vpc]}]
    first = ec2.describe_subnets(Filters=inside, MaxResults=5)
    rest = ec2.describe_subnets(Filters=inside, MaxResults=5, NextToken=first["NextToken"])
    assert (len(first["Subnets"]), len(rest["Subnets"]), "NextToken" in rest) == (5, 2, False)
    assert {each["SubnetId"] for each in first["Subnets"] + rest["Subnets"]} == set(subnets)
    refused("InvalidNextToken", ec2.describe_subnets, NextToken="none", MaxResults=5)
    for number in range(6):
        ec2.create_security_group(GroupName=f"g{number}", Description="d", VpcId=vpc)
        ec2.create_nat_gateway(SubnetId=subnets[number], ConnectivityType="private")
    for operation, member in (
        ("describe_security_groups", "SecurityGroups"),
        ("describe_nat_gateways", "NatGateways"),
    ):
        answer = getattr(ec2, operation)(Filters=inside, MaxResults=5)
        assert (len(answer[member]), bool(answer["NextToken"])) == (5, True)
    refused("InvalidNextToken", ec2.describe_nat_gateways, NextToken="none")


def test_a_vpc_goes_only_when_it_is_empty(ec2: Any, vpc: str) -> None:
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    refused("DependencyViolation", ec2.delete_vpc, VpcId=vpc)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    out = ec2.create_egress_only_internet_gateway(VpcId=vpc)["EgressOnlyInternetGateway"]
    refused("DependencyViolation", ec2.delete_vpc, VpcId=vpc)
    ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=out["EgressOnlyInternetGatewayId"])
    group = ec2.create_security_group(GroupName="nodes", Description="d", VpcId=vpc)["GroupId"]
    refused("DependencyViolation", ec2.delete_vpc, VpcId=vpc)
    ec2.delete_security_group(GroupId=group)
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    refused("DependencyViolation", ec2.delete_vpc, VpcId=vpc)
    ec2.delete_network_acl(NetworkAclId=acl)
    service = "com.amazonaws.eu-west-1.s3"
    endpoint = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=service)["VpcEndpoint"]["VpcEndpointId"]
    refused("DependencyViolation", ec2.delete_vpc, VpcId=vpc)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    ec2.delete_vpc(VpcId=vpc)
    refused("InvalidVpcID.NotFound", ec2.delete_vpc, VpcId=vpc)


def test_a_subnet_stays_while_anything_has_an_address_in_it(
    ec2: Any, client: Any, subnets: list[str], vpc: str
) -> None:
    eni = ec2.create_network_interface(SubnetId=subnets[0])["NetworkInterface"]["NetworkInterfaceId"]
    refused("DependencyViolation", ec2.delete_subnet, SubnetId=subnets[0])
    ec2.delete_network_interface(NetworkInterfaceId=eni)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnets[0])
    ec2.delete_subnet(SubnetId=subnets[0])
    ec2.delete_route_table(RouteTableId=table)


def test_a_group_stays_while_an_endpoint_has_it(ec2: Any, vpc: str, subnets: list[str]) -> None:
    group = ec2.create_security_group(GroupName="endpoints", Description="d", VpcId=vpc)["GroupId"]
    endpoint = ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName="com.amazonaws.eu-west-1.sts",
        VpcEndpointType="Interface",
        SubnetIds=subnets[:1],
        SecurityGroupIds=[group],
        PrivateDnsEnabled=False,
    )["VpcEndpoint"]["VpcEndpointId"]
    refused("DependencyViolation", ec2.delete_security_group, GroupId=group)
    refused("DependencyViolation", ec2.delete_subnet, SubnetId=subnets[0])
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    ec2.delete_security_group(GroupId=group)


def test_references_come_from_peered_vpcs(ec2: Any, vpc: str) -> None:
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="a", Description="d", VpcId=vpc)["GroupId"]
    there = ec2.create_security_group(GroupName="b", Description="d", VpcId=other)["GroupId"]
    assert ec2.describe_security_group_references(GroupId=[group])["SecurityGroupReferenceSet"] == []
    made = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=other)["VpcPeeringConnection"]
    peering = made["VpcPeeringConnectionId"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": group}]}
    ec2.authorize_security_group_ingress(GroupId=there, IpPermissions=[rule])
    assert ec2.describe_security_group_references(GroupId=[group])["SecurityGroupReferenceSet"] == [
        {"GroupId": group, "ReferencingVpcId": other, "VpcPeeringConnectionId": peering}
    ]
    refused("InvalidGroup.NotFound", ec2.describe_security_group_references, GroupId=["sg-0123456789abcdef0"])


def test_tags_keep_to_their_limits(ec2: Any, vpc: str) -> None:
    def tag(key: str, value: str = "") -> dict[str, Any]:
        return {"Resources": [vpc], "Tags": [{"Key": key, "Value": value}]}

    refused("InvalidParameterValue", ec2.create_tags, **tag("aws:site"))
    refused("InvalidParameterValue", ec2.create_tags, **tag("k" * 129))
    refused("InvalidParameterValue", ec2.create_tags, **tag("key", "v" * 257))
    many = [{"Key": f"k{number}", "Value": ""} for number in range(51)]
    refused("TagLimitExceeded", ec2.create_tags, Resources=[vpc], Tags=many)
    ec2.create_tags(Resources=[vpc], Tags=many[:50])


def test_a_dry_run_changes_nothing(ec2: Any, vpc: str) -> None:
    refused("DryRunOperation", ec2.create_egress_only_internet_gateway, VpcId=vpc, DryRun=True)
    refused("DryRunOperation", ec2.delete_vpc, VpcId=vpc, DryRun=True)
    assert ec2.describe_egress_only_internet_gateways()["EgressOnlyInternetGateways"] == []
    assert len(ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]) == 1
