"""EC2: what takes its time on AWS takes it here, and what AWS refuses is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

SERVICE = "com.amazonaws.eu-west-1.ecr.api"


@pytest.fixture
def ec2(client: Any) -> Any:
    return client("ec2")


@pytest.fixture
def vpc(ec2: Any) -> str:
    return str(ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])


@pytest.fixture
def subnet(ec2: Any, vpc: str) -> str:
    return str(ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"])


def refused(code: str, call: Callable[..., Any], **parameters: Any) -> None:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    assert error.value.response["Error"]["Code"] == code


def test_a_nat_gateway_comes_and_goes_in_its_time(ec2: Any, subnet: str, later: Any) -> None:
    allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=allocation)["NatGateway"]
    assert (made["State"], made["ConnectivityType"]) == ("pending", "public")

    def state(**asked: Any) -> list[str]:
        return [gateway["State"] for gateway in ec2.describe_nat_gateways(**asked)["NatGateways"]]

    assert state(Filters=[{"Name": "state", "Values": ["available"]}]) == []
    assert state(Filters=[{"Name": "state", "Values": ["pending"]}]) == ["pending"]
    later(3)
    assert state(NatGatewayIds=[made["NatGatewayId"]]) == ["available"]
    refused("InvalidIPAddress.InUse", ec2.release_address, AllocationId=allocation)
    refused("DependencyViolation", ec2.delete_subnet, SubnetId=subnet)
    refused("Resource.AlreadyAssociated", ec2.create_nat_gateway, SubnetId=subnet, AllocationId=allocation)
    ec2.delete_nat_gateway(NatGatewayId=made["NatGatewayId"])
    assert state() == ["deleting"]
    later(3)
    assert state() == ["deleted"]
    ec2.release_address(AllocationId=allocation)
    ec2.delete_subnet(SubnetId=subnet)


def test_a_nat_gateway_is_found_by_its_tags_only(ec2: Any, subnet: str) -> None:
    allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.create_nat_gateway(
        SubnetId=subnet,
        AllocationId=allocation,
        TagSpecifications=[{"ResourceType": "natgateway", "Tags": [{"Key": "Name", "Value": "a"}]}],
    )

    def found(name: str) -> int:
        answer = ec2.describe_nat_gateways(Filters=[{"Name": "tag:Name", "Values": [name]}])
        return len(answer["NatGateways"])

    assert (found("a"), found("b")) == (1, 0)


def test_an_interface_endpoint_comes_and_goes_in_its_time(
    ec2: Any, vpc: str, subnet: str, later: Any
) -> None:
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    given = {"VpcId": vpc, "VpcEndpointType": "Interface", "SubnetIds": [subnet], "PrivateDnsEnabled": True}
    made = ec2.create_vpc_endpoint(ServiceName=SERVICE, **given)["VpcEndpoint"]
    assert made["State"] == "pending"
    refused("InvalidParameter", ec2.create_vpc_endpoint, ServiceName=SERVICE, **given)
    refused("InvalidServiceName", ec2.create_vpc_endpoint, ServiceName=f"{SERVICE}s", **given)
    later(2)
    assert [e["State"] for e in ec2.describe_vpc_endpoints()["VpcEndpoints"]] == ["available"]
    ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])
    assert [e["State"] for e in ec2.describe_vpc_endpoints()["VpcEndpoints"]] == ["deleting"]
    later(2)
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
    refused(
        "InvalidVpcEndpointId.NotFound", ec2.describe_vpc_endpoints, VpcEndpointIds=[made["VpcEndpointId"]]
    )


def test_a_gateway_endpoint_is_there_at_once(ec2: Any, vpc: str) -> None:
    service = "com.amazonaws.eu-west-1.s3"
    made = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=service, VpcEndpointType="Gateway")["VpcEndpoint"]
    assert made["State"] == "available"


def test_tags_name_resource_types_as_aws_does(ec2: Any, subnet: str) -> None:
    allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
    gateway = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=allocation)["NatGateway"]["NatGatewayId"]
    ec2.create_tags(Resources=[allocation, gateway], Tags=[{"Key": "Name", "Value": "n"}])
    types = {tag["ResourceId"]: tag["ResourceType"] for tag in ec2.describe_tags()["Tags"]}
    assert types == {allocation: "elastic-ip", gateway: "natgateway"}
    asked = [{"Name": "resource-type", "Values": ["natgateway"]}]
    assert [tag["ResourceId"] for tag in ec2.describe_tags(Filters=asked)["Tags"]] == [gateway]


def test_rules_are_added_all_or_none_and_keep_their_descriptions(ec2: Any, vpc: str) -> None:
    group = ec2.create_security_group(GroupName="nodes", Description="d", VpcId=vpc)["GroupId"]
    other = ec2.create_security_group(GroupName="pods", Description="d", VpcId=vpc)["GroupId"]

    def rule(port: int, **side: Any) -> dict[str, Any]:
        return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **side}

    by_group = rule(443, UserIdGroupPairs=[{"GroupId": other, "Description": "from pods"}])
    by_network = rule(80, IpRanges=[{"CidrIp": "10.0.0.0/16", "Description": "from the VPC"}])
    added = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[by_group, by_network])
    assert [r["Description"] for r in added["SecurityGroupRules"]] == ["from pods", "from the VPC"]
    new = rule(22, IpRanges=[{"CidrIp": "10.0.0.0/16"}])
    refused(
        "InvalidPermission.Duplicate",
        ec2.authorize_security_group_ingress,
        GroupId=group,
        IpPermissions=[new, by_group],
    )
    [described] = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    assert sorted(p["FromPort"] for p in described["IpPermissions"]) == [80, 443]
    refused("DependencyViolation", ec2.delete_security_group, GroupId=other)
    ec2.delete_security_group(GroupId=group)
    ec2.delete_security_group(GroupId=other)


def test_a_vpcs_default_group_lets_its_members_reach_each_other_and_stays(ec2: Any, vpc: str) -> None:
    [group] = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    [permission] = group["IpPermissions"]
    assert permission["IpProtocol"] == "-1"
    assert permission["UserIdGroupPairs"][0]["GroupId"] == group["GroupId"]
    refused("CannotDelete", ec2.delete_security_group, GroupId=group["GroupId"])


def test_a_vpc_goes_with_its_default_group(ec2: Any, vpc: str) -> None:
    ec2.delete_vpc(VpcId=vpc)
    asked = [{"Name": "vpc-id", "Values": [vpc]}]
    assert ec2.describe_security_groups(Filters=asked)["SecurityGroups"] == []
