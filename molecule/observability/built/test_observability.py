"""Logs, alerts, alarms and the dashboard as AWS tells of them."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

GROUPS = {
    "/aws/eks/notejam-sandbox/cluster",
    *(f"/aws/rds/cluster/notejam-sandbox/{kind}" for kind in ("iam-db-auth-error", "instance", "postgresql")),
    *(
        f"/aws/containerinsights/notejam-sandbox/{kind}"
        for kind in ("application", "dataplane", "host", "performance")
    ),
}


@pytest.fixture(scope="module")
def cloudwatch() -> Any:
    return boto3.client("cloudwatch")


@pytest.fixture(scope="module")
def topics() -> dict[str, dict[str, str]]:
    sns = boto3.client("sns")
    arns = [topic["TopicArn"] for topic in sns.list_topics()["Topics"]]
    return {arn: sns.get_topic_attributes(TopicArn=arn)["Attributes"] for arn in arns}


def test_logs_are_encrypted_and_end() -> None:
    groups = {
        group["logGroupName"]: group for group in boto3.client("logs").describe_log_groups()["logGroups"]
    }
    assert groups.keys() >= GROUPS
    for name in GROUPS:
        assert groups[name]["retentionInDays"] == 90
        assert ":key/mrk-" in groups[name]["kmsKeyId"]


def test_alarms_and_budgets_and_nobody_else_publish_to_encrypted_topics(
    topics: dict[str, dict[str, str]],
) -> None:
    assert sorted(arn.rpartition("-")[2] for arn in topics) == ["critical", "warning"]
    for arn, attributes in topics.items():
        assert ":key/mrk-" in attributes["KmsMasterKeyId"]
        statements = json.loads(attributes["Policy"])["Statement"]
        services = sorted(statement["Principal"]["Service"] for statement in statements)
        assert services == ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"]
        for statement in statements:
            assert statement["Resource"] == arn
            assert statement["Condition"]["StringEquals"]["aws:SourceAccount"] in arn


def test_each_alarm_tells_a_topic(cloudwatch: Any, topics: dict[str, dict[str, str]]) -> None:
    alarms = cloudwatch.describe_alarms()["MetricAlarms"]
    names = {alarm["AlarmName"].removeprefix("notejam-sandbox-") for alarm in alarms}
    always = {
        "backup-age",
        "database-cpu",
        "node-not-ready",
        "pod-restarts",
        "requests-blocked",
        "secret-rotation",
    }
    assert always <= names
    # Nothing is watched that is not there.
    assert not names & {"certificate-age", "database-global-lag", "replicas-at-maximum", "slow-answers"}
    for alarm in alarms:
        assert alarm["ActionsEnabled"]
        assert alarm["AlarmActions"] == alarm["OKActions"]
        assert set(alarm["AlarmActions"]) <= topics.keys()


def test_silence_of_backups_is_an_alarm(cloudwatch: Any) -> None:
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["notejam-sandbox-backup-age"])["MetricAlarms"]
    assert alarm["TreatMissingData"] == "breaching"
    assert (alarm["Namespace"], alarm["Period"]) == ("AWS/Backup", 86400)


def test_one_alarm_is_over_all_that_is_critical(cloudwatch: Any) -> None:
    (alarm,) = cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert 'ALARM("notejam-sandbox-backup-age")' in alarm["AlarmRule"]
    assert "database-cpu" not in alarm["AlarmRule"]


def test_the_dashboard_shows_every_alarm(cloudwatch: Any) -> None:
    found = cloudwatch.get_dashboard(DashboardName="notejam-sandbox-eu-west-1")
    widgets = json.loads(found["DashboardBody"])["widgets"]
    shown = next(widget for widget in widgets if widget["type"] == "alarm")["properties"]["alarms"]
    assert sorted(shown) == sorted(a["AlarmArn"] for a in cloudwatch.describe_alarms()["MetricAlarms"])
    assert {w["properties"]["region"] for w in widgets if w["type"] == "metric"} == {"eu-west-1"}


@pytest.fixture(scope="module")
def access_logs() -> str:
    account = boto3.client("sts").get_caller_identity()["Account"]
    return f"notejam-sandbox-access-logs-{account}-eu-west-1"


def test_load_balancers_of_this_account_alone_write_to_the_access_logs(access_logs: str) -> None:
    s3 = boto3.client("s3")
    policy = json.loads(s3.get_bucket_policy(Bucket=access_logs)["Policy"])
    [writing] = [each for each in policy["Statement"] if each["Effect"] == "Allow"]
    assert writing["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    account = access_logs.split("-")[-4]
    assert writing["Resource"] == f"arn:aws:s3:::{access_logs}/AWSLogs/{account}/*"
    [(_operator, condition)] = writing["Condition"].items()
    assert f":{account}:loadbalancer/" in condition["aws:SourceArn"]


def test_access_logs_are_for_nobody_else_and_end(access_logs: str) -> None:
    s3 = boto3.client("s3")
    block = s3.get_public_access_block(Bucket=access_logs)["PublicAccessBlockConfiguration"]
    assert all(block.values())
    [rule] = s3.get_bucket_lifecycle_configuration(Bucket=access_logs)["Rules"]
    assert rule["Expiration"]["Days"] == 90
    [default] = s3.get_bucket_encryption(Bucket=access_logs)["ServerSideEncryptionConfiguration"]["Rules"]
    assert default["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
