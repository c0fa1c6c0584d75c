"""The modules of logs, alarms, dashboards and topics: check, do, check again, do again."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from sandbox.aws import moto

from .modules import four_steps, run_module

TAGS = {"platform:component": "observability"}
TOPIC = "arn:aws:sns:eu-west-1:123456789012:notejam-test-critical"
GROUP: dict[str, Any] = {
    "name": "/aws/eks/notejam-test/cluster",
    "retention_in_days": 90,
    "kms_key_id": "arn:aws:kms:eu-west-1:123456789012:key/mrk-1",
    "tags": TAGS,
}
FILTER: dict[str, Any] = {
    "name": "root-use",
    "log_group_name": GROUP["name"],
    "filter_pattern": '{ $.userIdentity.type = "Root" }',
    "metric_name": "RootUse",
    "metric_namespace": "Notejam/Security",
    "default_value": 0,
}
SNS_TOPIC: dict[str, Any] = {
    "name": "notejam-test-critical",
    "display_name": "Notejam",
    "kms_master_key_id": GROUP["kms_key_id"],
    "policy": {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Alarms",
                "Effect": "Allow",
                "Principal": {"Service": "cloudwatch.amazonaws.com"},
                "Action": "sns:Publish",
                "Resource": TOPIC,
            }
        ],
    },
    "subscriptions": [{"protocol": "email", "endpoint": "on-call@notejam.example.com"}],
    "tags": TAGS,
}
ALARM: dict[str, Any] = {
    "name": "notejam-test-slow",
    "description": "Users wait.",
    "namespace": "AWS/ApplicationELB",
    "metric_name": "TargetResponseTime",
    "dimensions": {"LoadBalancer": "app/notejam/1"},
    "statistic": "p95",
    "period": 60,
    "evaluation_periods": 5,
    "datapoints_to_alarm": 3,
    "comparison_operator": "GreaterThanThreshold",
    "threshold": 1,
    "treat_missing_data": "notBreaching",
    "alarm_actions": [TOPIC],
    "tags": TAGS,
}
MATH: dict[str, Any] = {
    "name": "notejam-test-errors",
    "metrics": [
        {"id": "share", "expression": "100 * errors / requests", "label": "Errors", "return_data": True},
        *(
            {
                "id": name,
                "namespace": "AWS/ApplicationELB",
                "metric_name": metric,
                "dimensions": {"LoadBalancer": "app/notejam/1"},
                "statistic": "Sum",
                "period": 60,
            }
            for name, metric in (("errors", "HTTPCode_Target_5XX_Count"), ("requests", "RequestCount"))
        ),
    ],
    "comparison_operator": "GreaterThanThreshold",
    "threshold": 5,
    "tags": TAGS,
}
COMPOSITE: dict[str, Any] = {
    "name": "notejam-test-degraded",
    "alarm_rule": 'ALARM("notejam-test-slow")',
    "alarm_actions": [TOPIC],
    "tags": TAGS,
}
DASHBOARD: dict[str, Any] = {
    "name": "notejam-test-eu-west-1",
    "body": {
        "widgets": [
            {"type": "text", "x": 0, "y": 0, "width": 24, "height": 1, "properties": {"markdown": "# N"}}
        ]
    },
    "tags": TAGS,
}
MODULES = {
    "logs_log_group": GROUP,
    "logs_metric_filter": FILTER,
    "sns_topic": SNS_TOPIC,
    "cloudwatch_metric_alarm": ALARM,
    "cloudwatch_composite_alarm": COMPOSITE,
    "cloudwatch_dashboard": DASHBOARD,
}
BELOW = {"logs_metric_filter": "logs_log_group", "cloudwatch_composite_alarm": "cloudwatch_metric_alarm"}


@pytest.fixture(autouse=True)
def _account(account: None) -> None:
    moto.install()


def prepare(module: str) -> None:
    if module in BELOW:
        run_module(BELOW[module], **MODULES[BELOW[module]])


@pytest.mark.parametrize("module", MODULES)
def test_creates_and_deletes(module: str) -> None:
    prepare(module)
    options = MODULES[module]
    result = four_steps(module, **options).result
    state = next(value for key, value in result.items() if isinstance(value, dict) and "name" in value)
    assert state["name"] == options["name"]
    assert state.get("tags", TAGS) == TAGS
    required = {"log_group_name": FILTER["log_group_name"]} if module == "logs_metric_filter" else {}
    four_steps(module, name=options["name"], state="absent", **required)


@pytest.mark.parametrize(
    ("module", "change", "writes"),
    [
        ("logs_log_group", {"retention_in_days": 365}, ["PutRetentionPolicy"]),
        ("logs_log_group", {"retention_in_days": 0}, ["DeleteRetentionPolicy"]),
        ("logs_log_group", {"kms_key_id": "arn:aws:kms:eu-west-1:1:key/2"}, ["AssociateKmsKey"]),
        ("logs_log_group", {"kms_key_id": ""}, ["DisassociateKmsKey"]),
        ("logs_log_group", {"deletion_protection_enabled": True}, ["PutLogGroupDeletionProtection"]),
        ("logs_log_group", {"tags": {**TAGS, "owner": "platform"}}, ["TagResource"]),
        ("logs_metric_filter", {"filter_pattern": "ERROR"}, ["PutMetricFilter"]),
        ("logs_metric_filter", {"default_value": None}, ["PutMetricFilter"]),
        ("sns_topic", {"display_name": "Notes"}, ["SetTopicAttributes"]),
        ("sns_topic", {"kms_master_key_id": ""}, ["SetTopicAttributes"]),
        ("cloudwatch_metric_alarm", {"threshold": 2}, ["PutMetricAlarm"]),
        ("cloudwatch_metric_alarm", {"statistic": "Average"}, ["PutMetricAlarm"]),
        ("cloudwatch_metric_alarm", {"alarm_actions": []}, ["PutMetricAlarm"]),
        ("cloudwatch_metric_alarm", {"tags": {}}, ["UntagResource"]),
        ("cloudwatch_composite_alarm", {"alarm_rule": 'OK("notejam-test-slow")'}, ["PutCompositeAlarm"]),
        ("cloudwatch_dashboard", {"body": {"widgets": []}}, ["PutDashboard"]),
        ("cloudwatch_dashboard", {"tags": {**TAGS, "owner": "platform"}}, ["TagResource"]),
    ],
)
def test_changes_only_what_differs(module: str, change: dict[str, Any], writes: list[str]) -> None:
    prepare(module)
    run_module(module, **MODULES[module])
    assert four_steps(module, **MODULES[module] | change).writes == writes


def test_an_alarm_on_an_expression() -> None:
    four_steps("cloudwatch_metric_alarm", **MATH)
    changed = {**MATH, "metrics": [{**MATH["metrics"][0], "expression": "errors"}, *MATH["metrics"][1:]]}
    assert four_steps("cloudwatch_metric_alarm", **changed).writes == ["PutMetricAlarm"]


def test_an_alarm_changed_by_hand_is_brought_back() -> None:
    run_module("cloudwatch_metric_alarm", **ALARM)
    cloudwatch = boto3.client("cloudwatch", "eu-west-1")
    cloudwatch.disable_alarm_actions(AlarmNames=[ALARM["name"]])
    run = run_module("cloudwatch_metric_alarm", check_mode=True, **ALARM)
    assert run.result["diff"]["before"]["actions_enabled"] is False
    run_module("cloudwatch_metric_alarm", **ALARM)
    assert cloudwatch.describe_alarms(AlarmNames=[ALARM["name"]])["MetricAlarms"][0]["ActionsEnabled"]


def test_a_subscription_waits_for_its_confirmation_and_cannot_be_taken_away_before() -> None:
    run = run_module("sns_topic", **SNS_TOPIC)
    waiting = ["email:on-call@notejam.example.com"]
    assert run.result["sns_topic"]["pending_subscriptions"] == waiting
    without = run_module("sns_topic", **SNS_TOPIC | {"subscriptions": []})
    assert not without.changed
    assert without.result["sns_topic"]["pending_subscriptions"] == waiting


def test_who_is_not_declared_is_unsubscribed() -> None:
    queue = boto3.client("sqs", "eu-west-1").create_queue(QueueName="alerts")["QueueUrl"]
    endpoint = f"arn:aws:sqs:eu-west-1:123456789012:{queue.rpartition('/')[2]}"
    topic = SNS_TOPIC | {"subscriptions": [{"protocol": "sqs", "endpoint": endpoint}]}
    run_module("sns_topic", **topic)
    assert four_steps("sns_topic", **topic | {"subscriptions": []}).writes == ["Unsubscribe"]
    assert four_steps("sns_topic", **topic).writes == ["Subscribe"]


def test_a_class_cannot_change() -> None:
    run_module("logs_log_group", **GROUP)
    run = run_module("logs_log_group", **GROUP | {"log_group_class": "INFREQUENT_ACCESS"})
    assert "log_group_class is 'STANDARD'" in run.result["msg"]
    assert run.writes == []


def test_what_cannot_be_is_refused_before_any_call(subtests: pytest.Subtests) -> None:
    for module, wrong, words in (
        ("logs_log_group", {"name": "a", "retention_in_days": 17}, "retention_in_days"),
        ("logs_metric_filter", {"name": "a", "log_group_name": "b"}, "filter_pattern"),
        ("cloudwatch_metric_alarm", {**ALARM, "metrics": MATH["metrics"]}, "mutually exclusive"),
        ("cloudwatch_metric_alarm", {"name": "a", "threshold": 1}, "comparison_operator"),
        ("cloudwatch_composite_alarm", {"name": "a"}, "alarm_rule"),
        ("cloudwatch_dashboard", {"name": "a"}, "body"),
        ("sns_topic", {"name": "a", "subscriptions": [{"protocol": "post", "endpoint": "x"}]}, "protocol"),
    ):
        with subtests.test(module=module, words=words):
            run = run_module(module, **wrong)
            assert words in run.result["msg"]
            assert run.operations == []


def test_what_aws_refuses_fails_with_its_words() -> None:
    run = run_module("cloudwatch_composite_alarm", **COMPOSITE)
    assert run.result["failed"]
    assert "do not exist" in run.result["msg"]
