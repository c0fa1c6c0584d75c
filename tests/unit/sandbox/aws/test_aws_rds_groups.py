"""RDS's subnet groups: kept when changed, and refused where AWS refuses."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError


def refused(code: str, call: Callable[..., Any], **parameters: Any) -> None:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    assert error.value.response["Error"]["Code"] == code


@pytest.fixture
def subnets(client: Any) -> list[str]:
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    zones = enumerate(("eu-west-1a", "eu-west-1b", "eu-west-1c"))
    made = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=z) for n, z in zones]
    return [str(one["Subnet"]["SubnetId"]) for one in made]


def test_a_subnet_group_survives_its_change(client: Any, subnets: list[str]) -> None:
    rds = client("rds")
    given = {"DBSubnetGroupName": "notes", "DBSubnetGroupDescription": "d"}
    refused("DBSubnetGroupDoesNotCoverEnoughAZs", rds.create_db_subnet_group, **given, SubnetIds=subnets[:1])
    refused("InvalidSubnet", rds.create_db_subnet_group, **given, SubnetIds=["subnet-0", subnets[0]])
    rds.create_db_subnet_group(**given, SubnetIds=subnets[:2])
    refused("DBSubnetGroupAlreadyExists", rds.create_db_subnet_group, **given, SubnetIds=subnets[:2])
    rds.modify_db_subnet_group(**given, SubnetIds=subnets)
    [group] = rds.describe_db_subnet_groups(DBSubnetGroupName="notes")["DBSubnetGroups"]
    assert {subnet["SubnetIdentifier"] for subnet in group["Subnets"]} == set(subnets)
    rds.delete_db_subnet_group(DBSubnetGroupName="notes")
    refused("DBSubnetGroupNotFoundFault", rds.describe_db_subnet_groups, DBSubnetGroupName="notes")
    refused("DBSubnetGroupNotFoundFault", rds.modify_db_subnet_group, **given, SubnetIds=subnets)
