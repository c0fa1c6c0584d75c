"""The trail, what is told of its events, and the budget, as AWS tells of them."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import boto3
import pytest

NAME = "notejam-sandbox-trail-eu-west-1"
GROUP = f"/aws/cloudtrail/{NAME}"
ACCOUNT = boto3.client("sts").get_caller_identity()["Account"]
BUCKET = f"notejam-sandbox-trail-{ACCOUNT}-eu-west-1"
ARN = f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/{NAME}"
# Events that the CIS AWS Foundations Benchmark wants to be told of, one of each group.
WATCHED = {
    "AttachRolePolicy",
    "AuthorizeSecurityGroupIngress",
    "ConsoleLogin",
    "CreateNetworkAclEntry",
    "CreateVpc",
    "AttachInternetGateway",
    "PutBucketPolicy",
    "ReplaceRoute",
    "ScheduleKeyDeletion",
    "StopLogging",
}


@pytest.fixture(scope="module")
def trail() -> dict[str, Any]:
    return dict(boto3.client("cloudtrail").get_trail(Name=NAME)["Trail"])


def test_all_events_of_all_regions_are_recorded_provably(trail: dict[str, Any]) -> None:
    assert trail["IsMultiRegionTrail"]
    assert trail["IncludeGlobalServiceEvents"]
    assert trail["LogFileValidationEnabled"]
    assert ":key/mrk-" in trail["KmsKeyId"]
    cloudtrail = boto3.client("cloudtrail")
    assert cloudtrail.get_trail_status(Name=NAME)["IsLogging"]
    (selector,) = cloudtrail.get_event_selectors(TrailName=NAME)["EventSelectors"]
    assert (selector["ReadWriteType"], selector["IncludeManagementEvents"]) == ("All", True)
    assert selector["ExcludeManagementEventSources"] == []


def test_another_region_sees_the_same_trail() -> None:
    (shadow,) = boto3.client("cloudtrail", "eu-central-1").describe_trails()["trailList"]
    assert (shadow["TrailARN"], shadow["HomeRegion"]) == (ARN, "eu-west-1")


def test_the_trail_belongs_to_no_site() -> None:
    (told,) = boto3.client("cloudtrail").list_tags(ResourceIdList=[ARN])["ResourceTagList"]
    tags = {tag["Key"]: tag["Value"] for tag in told["TagsList"]}
    assert (tags["platform:site"], tags["platform:component"]) == ("global", "observability")


def test_only_this_trail_writes_to_its_bucket(trail: dict[str, Any]) -> None:
    assert trail["S3BucketName"] == BUCKET
    s3 = boto3.client("s3")
    assert all(s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"].values())
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    assert rule["Expiration"]["Days"] == 1096
    (encryption,) = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    assert encryption["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    statements = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
    allowed = [one for one in statements if one["Effect"] == "Allow"]
    assert {one["Action"] for one in allowed} == {"s3:GetBucketAcl", "s3:PutObject"}
    for one in allowed:
        assert one["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
        assert one["Condition"]["StringEquals"]["aws:SourceArn"] == ARN


def test_the_events_come_to_an_encrypted_log_group(trail: dict[str, Any]) -> None:
    (group,) = boto3.client("logs").describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
    assert trail["CloudWatchLogsLogGroupArn"] == f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:{GROUP}:*"
    assert group["kmsKeyId"] == trail["KmsKeyId"]
    name = trail["CloudWatchLogsRoleArn"].rpartition("/")[2]
    role = boto3.client("iam").get_role(RoleName=name)["Role"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith("boundary-global")


def test_what_endangers_the_account_is_told() -> None:
    pages = boto3.client("logs").get_paginator("describe_metric_filters").paginate(logGroupName=GROUP)
    filters = [one for page in pages for one in page["metricFilters"]]
    alarms = {
        (alarm["Namespace"], alarm["MetricName"]): alarm
        for page in boto3.client("cloudwatch").get_paginator("describe_alarms").paginate()
        for alarm in page["MetricAlarms"]
        if "Namespace" in alarm
    }
    named = {name for one in filters for name in re.findall(r"eventName = \"?(\w+)", one["filterPattern"])}
    assert named >= WATCHED
    assert any('userIdentity.type = "Root"' in one["filterPattern"] for one in filters)
    assert any("UnauthorizedOperation" in one["filterPattern"] for one in filters)
    for one in filters:
        (metric,) = one["metricTransformations"]
        alarm = alarms[(metric["metricNamespace"], metric["metricName"])]
        assert alarm["ActionsEnabled"]
        assert alarm["AlarmActions"]
        assert alarm["Threshold"] >= metric["defaultValue"] + 1


def test_who_stops_the_trail_is_told_at_once() -> None:
    """An event as CloudTrail writes it becomes a count, an alarm and a message to the topic."""
    logs, stream = boto3.client("logs"), f"{ACCOUNT}_CloudTrail_eu-west-1"
    if not logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=stream)["logStreams"]:
        logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
    event = {"eventVersion": "1.11", "eventSource": "cloudtrail.amazonaws.com", "eventName": "StopLogging"}
    # Alarms look at whole periods of five minutes, so at the last one.
    written = {"timestamp": int((time.time() - 300) * 1000), "message": json.dumps(event)}
    logs.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=[written])
    assert f"Successfully executed action arn:aws:sns:eu-west-1:{ACCOUNT}:notejam-sandbox-critical" in rung(
        "notejam-sandbox-trail-changes"
    )


def test_silence_of_the_backups_rings() -> None:
    assert "Successfully executed" in rung("notejam-sandbox-backup-age")


def rung(alarm: str, patience: int = 60) -> str:
    """What the alarm did; waits for it so many seconds."""
    cloudwatch, deadline = boto3.client("cloudwatch"), time.monotonic() + patience
    asked = {"AlarmName": alarm, "HistoryItemType": "Action"}
    while not (done := cloudwatch.describe_alarm_history(**asked)["AlarmHistoryItems"]):
        assert time.monotonic() < deadline, f"{alarm} did not ring"
        time.sleep(5)
    return str(done[-1]["HistorySummary"])


def test_costs_are_told_before_they_are_made() -> None:
    budgets = boto3.client("budgets", "us-east-1")
    which = {"AccountId": ACCOUNT, "BudgetName": "notejam-sandbox"}
    budget = budgets.describe_budget(**which)["Budget"]
    assert (float(budget["BudgetLimit"]["Amount"]), budget["TimeUnit"]) == (500, "MONTHLY")
    told = budgets.describe_notifications_for_budget(**which)["Notifications"]
    kinds = sorted((one["NotificationType"], one["Threshold"]) for one in told)
    assert kinds == [("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)]
    topics = {topic["TopicArn"] for topic in boto3.client("sns").list_topics()["Topics"]}
    for notification in told:
        asked = {**which, "Notification": notification}
        (subscriber,) = budgets.describe_subscribers_for_notification(**asked)["Subscribers"]
        assert subscriber["Address"] in topics
