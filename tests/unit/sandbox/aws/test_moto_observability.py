"""CloudWatch, CloudWatch Logs and SNS where moto would let pass, or lack, what AWS does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

ALARM: dict[str, Any] = {
    "AlarmName": "slow",
    "Namespace": "AWS/ApplicationELB",
    "MetricName": "TargetResponseTime",
    "ExtendedStatistic": "p95",
    "Period": 60,
    "EvaluationPeriods": 5,
    "ComparisonOperator": "GreaterThanThreshold",
    "Threshold": 1.0,
}


def refused(code: str, call: Callable[..., Any], **parameters: Any) -> None:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    assert error.value.response["Error"]["Code"] == code


def test_log_groups_keep_only_the_retentions_that_logs_knows(client: Any) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName="notes")
    refused("InvalidParameterException", logs.put_retention_policy, logGroupName="notes", retentionInDays=17)
    logs.put_retention_policy(logGroupName="notes", retentionInDays=1096)
    assert logs.describe_log_groups()["logGroups"][0]["logGroupClass"] == "STANDARD"


def test_a_log_groups_key_can_be_changed(client: Any) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName="notes")
    logs.associate_kms_key(logGroupName="notes", kmsKeyId="arn:aws:kms:eu-west-1:123456789012:key/1")
    assert logs.describe_log_groups()["logGroups"][0]["kmsKeyId"].endswith("key/1")
    logs.disassociate_kms_key(logGroupName="notes")
    assert "kmsKeyId" not in logs.describe_log_groups()["logGroups"][0]
    refused("ResourceNotFoundException", logs.associate_kms_key, logGroupName="no", kmsKeyId="k")


def test_a_protected_log_group_is_not_deleted(client: Any) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName="notes", deletionProtectionEnabled=True)
    refused("ValidationException", logs.delete_log_group, logGroupName="notes")
    logs.put_log_group_deletion_protection(logGroupIdentifier="notes", deletionProtectionEnabled=False)
    logs.delete_log_group(logGroupName="notes")


def test_a_metric_filter_is_written_over_and_goes_with_its_group(client: Any) -> None:
    logs = client("logs")
    metric = {"metricName": "Root", "metricNamespace": "Notejam", "metricValue": "1"}
    given = {"logGroupName": "trail", "filterName": "root", "metricTransformations": [metric]}
    refused("ResourceNotFoundException", logs.put_metric_filter, filterPattern="a", **given)
    logs.create_log_group(logGroupName="trail")
    for pattern in ("a", "b"):
        logs.put_metric_filter(filterPattern=pattern, **given)
    assert [one["filterPattern"] for one in logs.describe_metric_filters()["metricFilters"]] == ["b"]
    logs.delete_log_group(logGroupName="trail")
    assert logs.describe_metric_filters()["metricFilters"] == []


def test_an_email_address_has_to_confirm(client: Any) -> None:
    sns = client("sns")
    topic = sns.create_topic(Name="alerts")["TopicArn"]
    answer = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@notejam.example.com")
    assert answer["SubscriptionArn"] == "pending confirmation"
    for listed in (sns.list_subscriptions(), sns.list_subscriptions_by_topic(TopicArn=topic)):
        assert [one["SubscriptionArn"] for one in listed["Subscriptions"]] == ["PendingConfirmation"]
    refused("InvalidParameter", sns.unsubscribe, SubscriptionArn="PendingConfirmation")
    refused("InvalidParameter", sns.subscribe, TopicArn=topic, Protocol="email", Endpoint="nobody")
    refused("InvalidParameter", sns.subscribe, TopicArn=topic, Protocol="https", Endpoint="http://a.b")


def test_impossible_alarms_are_refused(client: Any, subtests: pytest.Subtests) -> None:
    cloudwatch = client("cloudwatch")
    for wrong in (
        {"Period": 45},
        {"Period": 3600, "EvaluationPeriods": 200},
        {"Period": 60, "EvaluationPeriods": 1441},
        {"DatapointsToAlarm": 6},
        {"Statistic": "Sum"},
        {"TreatMissingData": "never"},
    ):
        with subtests.test(wrong=wrong):
            refused("ValidationError", cloudwatch.put_metric_alarm, **ALARM | wrong)
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


def test_an_alarm_begins_without_data_and_keeps_its_state_when_written_over(client: Any) -> None:
    cloudwatch = client("cloudwatch")
    cloudwatch.put_metric_alarm(**ALARM)
    assert cloudwatch.describe_alarms()["MetricAlarms"][0]["StateValue"] == "INSUFFICIENT_DATA"
    cloudwatch.set_alarm_state(AlarmName="slow", StateValue="ALARM", StateReason="tried")
    cloudwatch.put_metric_alarm(**ALARM | {"Threshold": 2.0})
    assert cloudwatch.describe_alarms()["MetricAlarms"][0]["StateValue"] == "ALARM"


def test_a_composite_alarm_watches_alarms_that_are_there(client: Any) -> None:
    cloudwatch = client("cloudwatch")
    given = {"AlarmName": "degraded", "AlarmRule": 'ALARM("slow") OR ALARM(slow)'}
    refused("ValidationError", cloudwatch.put_composite_alarm, **given)
    cloudwatch.put_metric_alarm(**ALARM)
    cloudwatch.put_composite_alarm(**given, Tags=[{"Key": "a", "Value": "b"}])
    assert cloudwatch.describe_alarms()["CompositeAlarms"] == []
    found = cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])
    assert found["MetricAlarms"] == []
    assert found["CompositeAlarms"][0]["AlarmRule"] == given["AlarmRule"]
    arn = found["CompositeAlarms"][0]["AlarmArn"]
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    refused("ValidationError", cloudwatch.delete_alarms, AlarmNames=["slow"])
    cloudwatch.delete_alarms(AlarmNames=["slow", "degraded"])


def test_a_dashboard_is_checked_and_tagged(client: Any, subtests: pytest.Subtests) -> None:
    cloudwatch = client("cloudwatch")
    metric = {"type": "metric", "x": 0, "y": 0, "width": 12, "height": 6, "properties": {"metrics": []}}
    for wrong in (
        {},
        {"widgets": [{"type": "graph", "properties": {}}]},
        {"widgets": [{"type": "text"}]},
        {"widgets": [{"type": "text", "x": 12, "width": 13, "properties": {"markdown": ""}}]},
        {"widgets": [metric]},
    ):
        with subtests.test(wrong=wrong):
            body = json.dumps(wrong)
            refused("InvalidParameterInput", cloudwatch.put_dashboard, DashboardName="d", DashboardBody=body)
    metric["properties"]["region"] = "eu-west-1"
    tags = [{"Key": "a", "Value": "b"}]
    cloudwatch.put_dashboard(DashboardName="d", DashboardBody=json.dumps({"widgets": [metric]}), Tags=tags)
    arn = cloudwatch.get_dashboard(DashboardName="d")["DashboardArn"]
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == tags
