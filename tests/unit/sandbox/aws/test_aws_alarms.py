"""Alarms that ring: their states by their metrics, what they tell whom, and what they remember."""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.aws.cloud import Cloud
from sandbox.aws.cloudwatch import evaluation, expressions, rules
from tests.unit.sandbox.aws.conftest import ACCOUNT

ALARM: dict[str, Any] = {
    "AlarmName": "slow",
    "Namespace": "Notes",
    "MetricName": "Latency",
    "Dimensions": [{"Name": "App", "Value": "notejam"}],
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 3,
    "DatapointsToAlarm": 2,
    "ComparisonOperator": "GreaterThanThreshold",
    "Threshold": 1.0,
    "TreatMissingData": "notBreaching",
}
X, G, N = 2.0, 0.0, None  # breaching, good, missing: as the table of AWS's guide has them


def ago(minutes: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(time.time() - 60 * minutes, tz=datetime.UTC)


def put(cloudwatch: Any, *values: float | None, name: str = "Latency") -> None:
    """A value for each of the last minutes, the oldest first."""
    for minutes, value in zip(range(len(values), 0, -1), values, strict=True):
        if value is not None:
            datum = {"MetricName": name, "Dimensions": ALARM["Dimensions"], "Value": value}
            cloudwatch.put_metric_data(Namespace="Notes", MetricData=[{**datum, "Timestamp": ago(minutes)}])


def state_of(cloudwatch: Any, name: str = "slow") -> str:
    found = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    (alarm,) = found["MetricAlarms"] + found["CompositeAlarms"]
    return str(alarm["StateValue"])


def policy(action: Any, condition: Any = None) -> str:
    allowed = {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": action}
    return json.dumps({"Statement": [{**allowed, "Resource": "*", "Condition": condition or {}}]})


@pytest.fixture
def cloudwatch(client: Any) -> Any:
    return client("cloudwatch")


@pytest.fixture
def topic(client: Any) -> str:
    sns = client("sns")
    arn = str(sns.create_topic(Name="critical")["TopicArn"])
    allowed = policy("sns:Publish", {"StringEquals": {"aws:SourceAccount": ACCOUNT}})
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=allowed)
    return arn


@pytest.fixture
def heard(client: Any, topic: str) -> Callable[[], list[dict[str, Any]]]:
    """What a queue that subscribes to the topic has got."""
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="heard")["QueueUrl"]
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:eu-west-1:{ACCOUNT}:heard")

    def receive() -> list[dict[str, Any]]:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(json.loads(message["Body"])["Message"]) for message in messages]

    return receive


def test_an_alarm_rings_and_tells_when_all_is_well_again(
    cloud: Cloud, cloudwatch: Any, topic: str, heard: Callable[[], list[dict[str, Any]]]
) -> None:
    cloudwatch.put_metric_alarm(**ALARM, AlarmActions=[topic], OKActions=[topic])
    put(cloudwatch, G, G, G)
    assert cloud.alarms.step() == 1
    assert state_of(cloudwatch) == "OK"
    assert [message["NewStateValue"] for message in heard()] == ["OK"]
    put(cloudwatch, X * 9, X * 9)
    assert cloud.alarms.step() == 1
    assert cloud.alarms.step() == 0
    (message,) = heard()
    assert (message["AlarmName"], message["NewStateValue"], message["OldStateValue"]) == (
        "slow",
        "ALARM",
        "OK",
    )
    assert message["Trigger"]["Threshold"] == 1.0
    assert "Threshold Crossed" in message["NewStateReason"]
    history = cloudwatch.describe_alarm_history(AlarmName="slow")["AlarmHistoryItems"]
    assert [item["HistoryItemType"] for item in history] == [
        *("Action", "StateUpdate") * 2,
        "ConfigurationUpdate",
    ]
    assert history[0]["HistorySummary"] == f"Successfully executed action {topic}"
    assert history[1]["HistorySummary"] == "Alarm updated from OK to ALARM"


@pytest.mark.parametrize(
    ("allowed", "told"),
    [
        ("sns:Publish", "Successfully executed"),
        ("sns:Subscribe", "is not authorized to perform: SNS:Publish"),
    ],
)
def test_a_topic_has_to_let_alarms_publish(
    client: Any, cloudwatch: Any, topic: str, allowed: str, told: str
) -> None:
    client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy(allowed))
    cloudwatch.put_metric_alarm(**ALARM, AlarmActions=[topic])
    cloudwatch.set_alarm_state(AlarmName="slow", StateValue="ALARM", StateReason="tried")
    (action,) = cloudwatch.describe_alarm_history(HistoryItemType="Action")["AlarmHistoryItems"]
    assert told in action["HistorySummary"]


@pytest.mark.parametrize(
    ("key_policy", "told"),
    [
        (policy(["kms:GenerateDataKey*", "kms:Decrypt"]), "Successfully executed"),
        (policy("kms:Decrypt"), "is not authorized to use the key"),
    ],
)
def test_the_key_of_a_topic_has_to_let_alarms_encrypt(
    client: Any, cloudwatch: Any, topic: str, key_policy: str, told: str
) -> None:
    made = client("kms").create_key(Policy=key_policy, BypassPolicyLockoutSafetyCheck=True)
    key = made["KeyMetadata"]["Arn"]
    client("sns").set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue=key)
    cloudwatch.put_metric_alarm(**ALARM, AlarmActions=[topic])
    cloudwatch.set_alarm_state(AlarmName="slow", StateValue="ALARM", StateReason="tried")
    (action,) = cloudwatch.describe_alarm_history(HistoryItemType="Action")["AlarmHistoryItems"]
    assert told in action["HistorySummary"]


def test_an_alarm_whose_actions_are_off_changes_and_tells_nobody(
    cloudwatch: Any, topic: str, heard: Callable[[], list[dict[str, Any]]]
) -> None:
    cloudwatch.put_metric_alarm(**ALARM, AlarmActions=[topic], ActionsEnabled=False)
    cloudwatch.set_alarm_state(AlarmName="slow", StateValue="ALARM", StateReason="tried")
    assert state_of(cloudwatch) == "ALARM"
    assert heard() == []


def test_a_composite_alarm_changes_with_those_it_watches(
    cloud: Cloud, cloudwatch: Any, topic: str, heard: Callable[[], list[dict[str, Any]]]
) -> None:
    for name in ("slow", "failing"):
        cloudwatch.put_metric_alarm(**ALARM | {"AlarmName": name, "TreatMissingData": "missing"})
    rule = 'ALARM("slow") AND NOT ALARM(failing)'
    cloudwatch.put_composite_alarm(AlarmName="degraded", AlarmRule=rule, AlarmActions=[topic])
    assert cloud.alarms.step() == 1
    assert state_of(cloudwatch, "degraded") == "OK"
    cloudwatch.set_alarm_state(AlarmName="slow", StateValue="ALARM", StateReason="tried")
    assert state_of(cloudwatch, "degraded") == "ALARM"
    cloudwatch.set_alarm_state(AlarmName="failing", StateValue="ALARM", StateReason="tried")
    assert state_of(cloudwatch, "degraded") == "OK"
    assert [message["AlarmName"] for message in heard()] == ["degraded"]


def test_a_share_of_two_metrics_is_watched(cloud: Cloud, cloudwatch: Any) -> None:
    def query(name: str) -> dict[str, Any]:
        metric = {"Namespace": "Notes", "MetricName": name, "Dimensions": ALARM["Dimensions"]}
        stat = {"Metric": metric, "Period": 60, "Stat": "Sum"}
        return {"Id": name.lower(), "MetricStat": stat, "ReturnData": False}

    share = {"Id": "share", "Expression": "100 * errors / requests", "ReturnData": True}
    cloudwatch.put_metric_alarm(
        AlarmName="errors",
        Metrics=[share, query("Errors"), query("Requests")],
        EvaluationPeriods=2,
        ComparisonOperator="GreaterThanThreshold",
        Threshold=5.0,
        TreatMissingData="notBreaching",
    )
    put(cloudwatch, 4, 4, name="Errors")
    put(cloudwatch, 100, 100, name="Requests")
    cloud.alarms.step()
    assert state_of(cloudwatch, "errors") == "OK"
    put(cloudwatch, 3, 3, name="Errors")
    cloud.alarms.step()
    assert state_of(cloudwatch, "errors") == "ALARM"


def test_silence_is_an_alarm_where_it_is_the_failure(cloud: Cloud, cloudwatch: Any) -> None:
    for name, missing in (("a", "breaching"), ("b", "notBreaching"), ("c", "missing"), ("d", "ignore")):
        cloudwatch.put_metric_alarm(**ALARM | {"AlarmName": name, "TreatMissingData": missing})
    cloud.alarms.step()
    states = [state_of(cloudwatch, name) for name in "abcd"]
    assert states == ["ALARM", "OK", "INSUFFICIENT_DATA", "INSUFFICIENT_DATA"]


def test_only_the_metrics_own_dimensions_count(cloud: Cloud, cloudwatch: Any) -> None:
    cloudwatch.put_metric_alarm(**ALARM | {"Dimensions": []})
    put(cloudwatch, X, X, X)
    cloud.alarms.step()
    assert state_of(cloudwatch) == "OK"


def test_history_outlives_the_alarm_and_comes_in_pages(cloudwatch: Any) -> None:
    cloudwatch.put_metric_alarm(**ALARM)
    cloudwatch.put_metric_alarm(**ALARM | {"Threshold": 2.0})
    cloudwatch.delete_alarms(AlarmNames=["slow"])
    page = cloudwatch.describe_alarm_history(MaxRecords=1, ScanBy="TimestampAscending")
    assert page["AlarmHistoryItems"][0]["HistorySummary"] == 'Alarm "slow" created'
    rest = cloudwatch.describe_alarm_history(NextToken=page["NextToken"], ScanBy="TimestampAscending")
    assert [item["HistorySummary"] for item in rest["AlarmHistoryItems"]] == ['Alarm "slow" updated']
    assert cloudwatch.describe_alarm_history(StartDate=ago(-5))["AlarmHistoryItems"] == []


# The examples of alarms-and-missing-data.html, by how missing data is treated.
@pytest.mark.parametrize(
    ("points", "to_alarm", "missing", "ignore", "breaching", "not_breaching"),
    [
        ([G, N, X, N, X], 3, "OK", "OK", "OK", "OK"),
        ([N, N, N, N, G], 3, "OK", "OK", "OK", "OK"),
        ([N, N, N, N, N], 3, "INSUFFICIENT_DATA", "kept", "ALARM", "OK"),
        ([G, X, X, N, X], 3, "ALARM", "ALARM", "ALARM", "ALARM"),
        ([N, N, X, N, N], 3, "ALARM", "kept", "ALARM", "OK"),
        ([G, N, X, N, X], 2, "ALARM", "ALARM", "ALARM", "ALARM"),
        ([G, G, X, G, X], 2, "ALARM", "ALARM", "ALARM", "ALARM"),
        ([G, N, X, N, N], 2, "OK", "OK", "ALARM", "OK"),
        ([N, N, N, N, G], 2, "OK", "OK", "ALARM", "OK"),
    ],
)
def test_missing_data_is_treated_as_the_alarm_says(
    points: list[float | None], to_alarm: int, missing: str, ignore: str, breaching: str, not_breaching: str
) -> None:
    def state(treatment: str) -> str:
        return evaluation.state(points, 3, to_alarm, lambda value: value > 1, treatment, "kept")

    treatments = ("missing", "ignore", "breaching", "notBreaching")
    assert [state(each) for each in treatments] == [missing, ignore, breaching, not_breaching]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("100 * a / b", [50.0, None, None]),
        ("SUM(METRICS())", [6.0, 3.0, 0.0]),
        ("MAX([a, b])", [4.0, 3.0, 0.0]),
        ("DIFF(a)", [None, 1.0, None]),
        ("FILL(a, 0) - 1", [1.0, 2.0, -1.0]),
    ],
)
def test_expressions(expression: str, expected: list[float | None]) -> None:
    series: dict[str, list[float | None]] = {"a": [2.0, 3.0, None], "b": [4.0, None, 0.0]}
    assert expressions.evaluate(expression, series) == expected


@pytest.mark.parametrize("expression", ["SEARCH('a')", "a +", "__import__('os')", "c", "METRICS()"])
def test_an_expression_that_is_not_known_is_refused(expression: str) -> None:
    with pytest.raises(expressions.Unsupported):
        expressions.evaluate(expression, {"a": [1.0]})


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ('ALARM("a") OR ALARM(b)', True),
        ("OK(a) OR ALARM('b') AND FALSE", False),
        ("NOT (OK(a) OR OK(b))", False),
        (f"ALARM(arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:a) AND OK(b)", True),
        ("TRUE", True),
    ],
)
def test_rules(rule: str, expected: bool) -> None:
    assert rules.holds(rule, {"a": "ALARM", "b": "OK"}.__getitem__) is expected


@pytest.mark.parametrize("rule", ["ALARM(a) OK(b)", "(ALARM(a)", "AND", "a"])
def test_a_rule_that_is_none_is_refused(rule: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        rules.holds(rule, lambda _: "OK")
