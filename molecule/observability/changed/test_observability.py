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
    assert [query["Id"] for query in alarms["target-errors"]["Metrics"]] == ["share", "errors", "requests"]


def test_who_is_to_be_told_is_asked_for_a_confirmation() -> None:
    (subscription,) = boto3.client("sns").list_subscriptions()["Subscriptions"]
    assert subscription["SubscriptionArn"] == "PendingConfirmation"
    assert subscription["Endpoint"] == "on-call@notejam.test"
