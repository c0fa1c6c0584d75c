"""The security groups with the office's visitors, and IPv6."""

from __future__ import annotations

import boto3


def test_visitors_come_from_the_office_and_by_ipv6() -> None:
    purpose = [
        {"Name": "tag:platform:component", "Values": ["security_groups"]},
        {"Name": "tag:platform:purpose", "Values": ["load-balancer"]},
    ]
    [group] = boto3.client("ec2").describe_security_groups(Filters=purpose)["SecurityGroups"]
    permissions = group["IpPermissions"]
    assert {each["CidrIp"] for one in permissions for each in one["IpRanges"]} == {"203.0.113.0/24"}
    assert {each["CidrIpv6"] for one in permissions for each in one["Ipv6Ranges"]} == {"::/0"}
