"""Logs, alerts and alarms after the inventory asks for others."""

from __future__ import annotations

import boto3


def test_logs_are_kept_for_a_year() -> None:
    groups = boto3.client("logs").describe_log_groups()["logGroups"]
    assert {g["retentionInDays"] for g in groups if "notejam-sandbox" in g["logGroupName"]} == {365}


def test_the_load_balancers_alarms_are_there_and_what_was_switched_off_is_gone() -> None:
    cloudwatch = boto3.client("cloudwatch")
    alarms = {
        alarm["AlarmName"].removeprefix("notejam-sandbox-"): alarm
        for alarm in cloudwatch.describe_alarms()["MetricAlarms"]
    }
    assert "requests-blocked" not in alarms
    slow = alarms["slow-answers"]
    assert (slow["ExtendedStatistic"], slow["Threshold"]) == ("p95", 2)
    assert slow["Dimensions"] == [{"Name": "LoadBalancer", "Value": "app/notejam/0123456789abcdef"}]
    assert alarms["replicas-at-maximum"]["Threshold"] == 12
    assert [query["Id"] for query in alarms["target-errors"]["Metrics"]] == ["share", "errors", "requests"]


def test_who_is_to_be_told_is_asked_for_a_confirmation() -> None:
    (subscription,) = boto3.client("sns").list_subscriptions()["Subscriptions"]
    assert subscription["SubscriptionArn"] == "PendingConfirmation"
    assert subscription["Endpoint"] == "on-call@notejam.test"


def test_what_is_told_of_the_account_is_what_is_asked_for() -> None:
    alarms = boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]
    thresholds = {alarm["AlarmName"]: alarm["Threshold"] for alarm in alarms}
    assert thresholds["notejam-sandbox-unauthorized-calls"] == 3
    assert "notejam-sandbox-iam-changes" not in thresholds
    filters = boto3.client("logs").describe_metric_filters()["metricFilters"]
    assert "iam-changes" not in {one["filterName"] for one in filters}


def test_the_account_may_cost_more_and_tells_otherwise() -> None:
    budgets = boto3.client("budgets", "us-east-1")
    account = boto3.client("sts").get_caller_identity()["Account"]
    which = {"AccountId": account, "BudgetName": "notejam-sandbox"}
    assert float(budgets.describe_budget(**which)["Budget"]["BudgetLimit"]["Amount"]) == 800
    (told,) = budgets.describe_notifications_for_budget(**which)["Notifications"]
    assert (told["NotificationType"], told["Threshold"]) == ("FORECASTED", 90)


def test_records_expire_earlier() -> None:
    s3 = boto3.client("s3")
    (bucket,) = (one["Name"] for one in s3.list_buckets()["Buckets"] if "-trail-" in one["Name"])
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert rule["Expiration"]["Days"] == 400
