"""EC2's IPv6: ranges, gateways, routes and endpoints, and what is refused of them."""

from collections.abc import Callable
from ipaddress import IPv6Network
from typing import Any

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def ec2(client: Any) -> Any:
    return client("ec2")


@pytest.fixture
def vpc(ec2: Any) -> str:
    vpc_id = str(ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])
    ec2.associate_vpc_cidr_block(VpcId=vpc_id, AmazonProvidedIpv6CidrBlock=True)
    return vpc_id


@pytest.fixture
def whole(ec2: Any, vpc: str) -> dict[str, Any]:
    """The association of the VPC's range."""
    [found] = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"]
    return dict(found)


@pytest.fixture
def part(whole: dict[str, Any]) -> Callable[[int], str]:
    """The VPC's nth /64."""
    parts = list(IPv6Network(whole["Ipv6CidrBlock"]).subnets(new_prefix=64))
    return lambda number: str(parts[number])


@pytest.fixture
def subnet(ec2: Any, vpc: str, part: Callable[[int], str]) -> dict[str, Any]:
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24", Ipv6CidrBlock=part(0))
    return dict(made["Subnet"])


def refused(code: str, call: Callable[..., Any], **parameters: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    assert error.value.response["Error"]["Code"] == code
    return str(error.value.response["Error"]["Message"])


def test_a_vpc_has_one_range_and_its_acl_lets_it_through(ec2: Any, vpc: str, whole: dict[str, Any]) -> None:
    assert (whole["NetworkBorderGroup"], whole["Ipv6Pool"]) == ("eu-west-1", "Amazon")
    refused("CidrLimitExceeded", ec2.associate_vpc_cidr_block, VpcId=vpc, AmazonProvidedIpv6CidrBlock=True)
    [acl] = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["NetworkAcls"]
    opened = {e["RuleNumber"]: e["RuleAction"] for e in acl["Entries"] if "Ipv6CidrBlock" in e}
    assert opened == {101: "allow", 32768: "deny"}


def test_a_range_is_written_as_aws_does(ec2: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moto.ec2.utils.random_resource_id", lambda size: "0" * (size - 1) + "b")
    made = ec2.create_vpc(CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]
    [association] = made["Ipv6CidrBlockAssociationSet"]
    assert association["Ipv6CidrBlock"] == "2400:6500:b:b00::/56"


def test_a_subnet_takes_a_free_64_of_its_vpc(ec2: Any, vpc: str, part: Any, subnet: Any) -> None:
    [association] = subnet["Ipv6CidrBlockAssociationSet"]
    assert association["Ipv6CidrBlockState"] == {"State": "associated"}
    for filter_name, value in (
        ("ipv6-cidr-block", part(0)),
        ("association-id", association["AssociationId"]),
        ("state", "associated"),
    ):
        asked = [{"Name": f"ipv6-cidr-block-association.{filter_name}", "Values": [value]}]
        assert [s["SubnetId"] for s in ec2.describe_subnets(Filters=asked)["Subnets"]] == [subnet["SubnetId"]]
    given = {"VpcId": vpc, "CidrBlock": "10.0.1.0/24"}
    refused("InvalidSubnet.Conflict", ec2.create_subnet, **given, Ipv6CidrBlock=part(0))
    refused("InvalidSubnet.Range", ec2.create_subnet, **given, Ipv6CidrBlock="2001:db8::/64")
    refused("InvalidSubnet.Range", ec2.create_subnet, **given, Ipv6CidrBlock=part(0).replace("/64", "/72"))
    refused("InvalidParameterValue", ec2.create_subnet, **given, Ipv6CidrBlock="10.0.1.0/24")
    plain = ec2.create_subnet(**given)["Subnet"]["SubnetId"]
    refused("InvalidSubnet.Conflict", ec2.associate_subnet_cidr_block, SubnetId=plain, Ipv6CidrBlock=part(0))
    ec2.associate_subnet_cidr_block(SubnetId=plain, Ipv6CidrBlock=part(1))
    refused("CidrLimitExceeded", ec2.associate_subnet_cidr_block, SubnetId=plain, Ipv6CidrBlock=part(2))


def test_addresses_are_assigned_where_a_subnet_says_so(ec2: Any, vpc: str, subnet: Any) -> None:
    plain = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    wanted = {"AssignIpv6AddressOnCreation": {"Value": True}}
    refused("InvalidParameterValue", ec2.modify_subnet_attribute, SubnetId=plain, **wanted)
    ec2.modify_subnet_attribute(SubnetId=subnet["SubnetId"], **wanted)
    made = ec2.create_network_interface(SubnetId=subnet["SubnetId"])["NetworkInterface"]
    assert len(made["Ipv6Addresses"]) == 1


def test_a_range_in_use_stays(ec2: Any, vpc: str, whole: Any, subnet: Any) -> None:
    association_id = subnet["Ipv6CidrBlockAssociationSet"][0]["AssociationId"]
    held = refused(
        "InvalidCidrBlock.InUse", ec2.disassociate_vpc_cidr_block, AssociationId=whole["AssociationId"]
    )
    assert "currently has a subnet within" in held
    ec2.modify_subnet_attribute(SubnetId=subnet["SubnetId"], AssignIpv6AddressOnCreation={"Value": True})
    eni = ec2.create_network_interface(SubnetId=subnet["SubnetId"])["NetworkInterface"]["NetworkInterfaceId"]
    why = refused("InvalidCidrBlock.InUse", ec2.disassociate_subnet_cidr_block, AssociationId=association_id)
    assert "assign-ipv6-address-on-creation" in why
    ec2.modify_subnet_attribute(SubnetId=subnet["SubnetId"], AssignIpv6AddressOnCreation={"Value": False})
    refused("InvalidCidrBlock.InUse", ec2.disassociate_subnet_cidr_block, AssociationId=association_id)
    ec2.delete_network_interface(NetworkInterfaceId=eni)
    ec2.disassociate_subnet_cidr_block(AssociationId=association_id)
    ec2.disassociate_vpc_cidr_block(AssociationId=whole["AssociationId"])
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]
    assert [route["DestinationCidrBlock"] for route in table["Routes"]] == ["10.0.0.0/16"]


def test_an_egress_only_gateway_is_found_by_its_tags(ec2: Any, vpc: str) -> None:
    tags = [{"ResourceType": "egress-only-internet-gateway", "Tags": [{"Key": "Name", "Value": "out"}]}]
    made = ec2.create_egress_only_internet_gateway(VpcId=vpc, TagSpecifications=tags)
    ec2.create_egress_only_internet_gateway(VpcId=vpc)
    asked = [{"Name": "tag:Name", "Values": ["out"]}]
    found = ec2.describe_egress_only_internet_gateways(Filters=asked)["EgressOnlyInternetGateways"]
    assert found == [made["EgressOnlyInternetGateway"]]
    refused(
        "InvalidGatewayID.NotFound",
        ec2.describe_egress_only_internet_gateways,
        EgressOnlyInternetGatewayIds=["eigw-0123456789abcdef0"],
    )


def test_routes_lead_to_gateways_of_their_vpc_and_kind(ec2: Any, vpc: str, subnet: Any) -> None:
    out = ec2.create_egress_only_internet_gateway(VpcId=vpc)["EgressOnlyInternetGateway"]
    out_id = out["EgressOnlyInternetGatewayId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    given = {"RouteTableId": table, "DestinationIpv6CidrBlock": "::/0"}
    ec2.create_route(**given, EgressOnlyInternetGatewayId=out_id)
    refused("RouteAlreadyExists", ec2.create_route, **given, EgressOnlyInternetGatewayId=out_id)
    allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnet["SubnetId"], AllocationId=allocation)["NatGateway"]
    refused("InvalidParameterValue", ec2.replace_route, **given, NatGatewayId=nat["NatGatewayId"])
    by_ipv4 = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
    refused("InvalidParameterValue", ec2.create_route, **by_ipv4, EgressOnlyInternetGatewayId=out_id)
    strange = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    why = refused("InvalidParameterValue", ec2.replace_route, **given, GatewayId=strange)
    assert "belong to different networks" in why
    broken = {**given, "DestinationIpv6CidrBlock": "::1/0"}
    refused("InvalidParameterValue", ec2.create_route, **broken, EgressOnlyInternetGatewayId=out_id)

    def states() -> dict[str, str]:
        [described] = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
        return {
            route["DestinationIpv6CidrBlock"]: route["State"]
            for route in described["Routes"]
            if route.get("DestinationIpv6CidrBlock") == "::/0"
        }

    assert states() == {"::/0": "active"}
    ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=out_id)
    assert states() == {"::/0": "blackhole"}


def test_an_internet_gateway_stays_while_it_maps_addresses(ec2: Any, vpc: str, subnet: Any) -> None:
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnet["SubnetId"], AllocationId=allocation)["NatGateway"]
    given = {"InternetGatewayId": gateway, "VpcId": vpc}
    assert "mapped public address" in refused("DependencyViolation", ec2.detach_internet_gateway, **given)
    ec2.delete_nat_gateway(NatGatewayId=nat["NatGatewayId"])
    ec2.detach_internet_gateway(**given)


def test_an_endpoint_has_the_addresses_that_its_service_and_subnets_allow(
    ec2: Any, vpc: str, subnet: Any, part: Any
) -> None:
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    other = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    details = {
        each["ServiceName"]: each["SupportedIpAddressTypes"]
        for each in ec2.describe_vpc_endpoint_services()["ServiceDetails"]
    }
    sts, glue = "com.amazonaws.eu-west-1.sts", "com.amazonaws.eu-west-1.glue"
    assert (details[sts], details[glue]) == (["ipv4", "ipv6"], ["ipv4"])
    given = {"VpcId": vpc, "VpcEndpointType": "Interface", "SubnetIds": [subnet["SubnetId"]]}
    both = {**given, "IpAddressType": "dualstack"}
    refused("InvalidParameter", ec2.create_vpc_endpoint, ServiceName=glue, **both)
    made = ec2.create_vpc_endpoint(ServiceName=sts, **both)["VpcEndpoint"]
    assert made["IpAddressType"] == "dualstack"

    def interfaces() -> list[dict[str, Any]]:
        asked = [{"Name": "description", "Values": [f"VPC Endpoint Interface {made['VpcEndpointId']}"]}]
        return list(ec2.describe_network_interfaces(Filters=asked)["NetworkInterfaces"])

    [eni] = interfaces()
    assert (eni["InterfaceType"], len(eni["Ipv6Addresses"])) == ("vpc_endpoint", 1)
    refused(
        "InvalidParameterValue", ec2.delete_network_interface, NetworkInterfaceId=eni["NetworkInterfaceId"]
    )
    change = {"VpcEndpointId": made["VpcEndpointId"]}
    refused("InvalidParameter", ec2.modify_vpc_endpoint, **change, AddSubnetIds=[other])
    ec2.modify_vpc_endpoint(**change, IpAddressType="ipv4", AddSubnetIds=[other])
    assert [each["Ipv6Addresses"] for each in interfaces()] == [[], []]
    ec2.modify_vpc_endpoint(**change, RemoveSubnetIds=[other])
    assert [each["SubnetId"] for each in interfaces()] == [subnet["SubnetId"]]


def test_private_names_need_the_vpcs_dns(ec2: Any, vpc: str, subnet: Any) -> None:
    given = {
        "VpcId": vpc,
        "ServiceName": "com.amazonaws.eu-west-1.sts",
        "VpcEndpointType": "Interface",
        "SubnetIds": [subnet["SubnetId"]],
    }
    why = refused("InvalidParameter", ec2.create_vpc_endpoint, **given, PrivateDnsEnabled=True)
    assert "enableDnsHostnames" in why
    made = ec2.create_vpc_endpoint(**given, PrivateDnsEnabled=False)["VpcEndpoint"]["VpcEndpointId"]
    turn_on = {"VpcEndpointId": made, "PrivateDnsEnabled": True}
    refused("InvalidParameter", ec2.modify_vpc_endpoint, **turn_on)
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    ec2.modify_vpc_endpoint(**turn_on)
    assert ec2.describe_vpc_endpoints(VpcEndpointIds=[made])["VpcEndpoints"][0]["PrivateDnsEnabled"]
