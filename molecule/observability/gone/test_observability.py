"""What was recorded and watched for the account goes with its last site, and leaves no log behind."""

from __future__ import annotations

import boto3


def test_nothing_records_or_watches() -> None:
    assert boto3.client("cloudtrail").describe_trails()["trailList"] == []
    account = boto3.client("sts").get_caller_identity()["Account"]
    assert not boto3.client("budgets", "us-east-1").describe_budgets(AccountId=account).get("Budgets")
    assert boto3.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    groups = boto3.client("logs").describe_log_groups(logGroupNamePrefix="/aws/cloudtrail/")["logGroups"]
    assert groups == []


def test_the_trails_role_and_its_empty_bucket_are_gone() -> None:
    roles = [role["RoleName"] for role in boto3.client("iam").list_roles()["Roles"]]
    assert [name for name in roles if "trail" in name] == []
    buckets = [bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]]
    assert [name for name in buckets if "trail" in name] == []
