"""The security groups as EC2 tells of them."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

OWN = [{"Name": "tag:platform:component", "Values": ["security_groups"]}]


@pytest.fixture(scope="module")
def groups() -> dict[str, dict[str, Any]]:
    found = boto3.client("ec2").describe_security_groups(Filters=OWN)["SecurityGroups"]
    return {{tag["Key"]: tag["Value"] for tag in group["Tags"]}["platform:purpose"]: group for group in found}


def rules(permissions: list[dict[str, Any]]) -> set[tuple[Any, str]]:
    return {
        (permission.get("FromPort"), side)
        for permission in permissions
        for side in [
            *(each["CidrIp"] for each in permission["IpRanges"]),
            *(each["GroupId"] for each in permission["UserIdGroupPairs"]),
        ]
    }


def test_who_may_come_in(groups: dict[str, dict[str, Any]]) -> None:
    ids = {purpose: group["GroupId"] for purpose, group in groups.items()}
    assert {purpose: rules(group["IpPermissions"]) for purpose, group in groups.items()} == {
        "load-balancer": {(80, "0.0.0.0/0"), (443, "0.0.0.0/0")},
        "nodes": {(None, ids["nodes"]), (8000, ids["load-balancer"])},
        "database": {(5432, ids["nodes"]), (5432, ids["rotation"])},
        "rotation": set(),
    }


def test_who_may_go_out(groups: dict[str, dict[str, Any]]) -> None:
    ids = {purpose: group["GroupId"] for purpose, group in groups.items()}
    assert {purpose: rules(group["IpPermissionsEgress"]) for purpose, group in groups.items()} == {
        "load-balancer": {(8000, ids["nodes"])},
        "nodes": {(None, "0.0.0.0/0")},
        "database": set(),
        "rotation": {(443, "0.0.0.0/0"), (5432, ids["database"])},
    }
