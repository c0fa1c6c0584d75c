"""Metric filters that count the events of their pattern, and the patterns of CloudWatch Logs."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.cloud import Cloud
from sandbox.aws.cloudwatch.patterns import matches

EVENT = json.dumps(
    {
        "eventName": "StopLogging",
        "errorCode": "Client.UnauthorizedOperation",
        "size": 7,
        "mfa": None,
        "readOnly": False,
        "userIdentity": {"type": "Root", "names": ["anna"]},
    }
)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('{ $.eventName = "StopLogging" }', True),
        ("{ ($.eventName = StartLogging) || ($.eventName = StopLogging) }", True),
        ("{ $.eventName = StopLogging && $.size = 8 }", False),
        ("{ $.eventName = Stop || $.size = 7 && $.readOnly IS FALSE }", True),
        ('{ $.errorCode = "*UnauthorizedOperation" }', True),
        ('{ $.errorCode = "UnauthorizedOperation*" }', False),
        ('{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS }', True),
        ("{ $.userIdentity.type NOT EXISTS }", False),
        ("{ $.userIdentity.names[0] = anna }", True),
        ("{ $.size > 6.5 && $.size <= 7 }", True),
        ("{ $.size != 7 }", False),
        ("{ $.missing != 7 }", False),
        ("{ $.mfa IS NULL }", True),
        ("{ $.eventName EXISTS }", True),
        ("StopLogging Root", True),
        ("StopLogging -Root", False),
        ("?Nobody ?Root", True),
        ('"type": "nobody"', False),
        ("", True),
    ],
)
def test_patterns(pattern: str, expected: bool) -> None:
    assert matches(pattern, EVENT) is expected


def test_what_is_no_json_is_of_no_pattern_of_json() -> None:
    assert not matches("{ $.eventName = StopLogging }", f"told: {EVENT}")


@pytest.fixture
def logs(client: Any) -> Any:
    made = client("logs")
    made.create_log_group(logGroupName="trail")
    made.create_log_stream(logGroupName="trail", logStreamName="events")
    return made


def put_filter(logs: Any, pattern: str, value: str = "1", **more: Any) -> None:
    metric = {"metricName": "stops", "metricNamespace": "Notes", "metricValue": value, **more}
    logs.put_metric_filter(
        logGroupName="trail", filterName="stops", filterPattern=pattern, metricTransformations=[metric]
    )


def put_events(logs: Any, *messages: str, ago: int = 60) -> None:
    when = int((time.time() - ago) * 1000)
    events = [{"timestamp": when, "message": message} for message in messages]
    logs.put_log_events(logGroupName="trail", logStreamName="events", logEvents=events)


def counted(client: Any) -> list[float]:
    stats = client("cloudwatch").get_metric_statistics(
        Namespace="Notes",
        MetricName="stops",
        StartTime=time.time() - 3600,
        EndTime=time.time() + 60,
        Period=3600,
        Statistics=["Sum", "SampleCount"],
    )
    points = sorted(stats["Datapoints"], key=lambda point: point["Timestamp"])
    return [value for point in points for value in (point["SampleCount"], point["Sum"])]


def test_events_of_the_pattern_are_counted(client: Any, logs: Any) -> None:
    put_filter(logs, "{ $.eventName = StopLogging }", defaultValue=0)
    put_events(logs, EVENT, EVENT, json.dumps({"eventName": "StartLogging"}))
    assert counted(client) == [2, 2]


def test_a_minute_without_one_has_the_default(client: Any, logs: Any) -> None:
    put_filter(logs, "{ $.eventName = StartLogging }", defaultValue=0)
    put_events(logs, EVENT)
    assert counted(client) == [1, 0]


def test_a_field_can_be_the_value(client: Any, logs: Any) -> None:
    put_filter(logs, "{ $.size > 1 }", "$.size")
    put_events(logs, EVENT, json.dumps({"size": "much"}))
    assert counted(client) == [1, 7]


def test_an_event_becomes_an_alarm(client: Any, cloud: Cloud, logs: Any) -> None:
    put_filter(logs, "{ $.eventName = StopLogging }", defaultValue=0)
    cloudwatch = client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="trail-changes",
        Namespace="Notes",
        MetricName="stops",
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        Threshold=1,
        TreatMissingData="notBreaching",
    )
    put_events(logs, EVENT, ago=300)
    cloud.alarms.step()
    assert cloudwatch.describe_alarms()["MetricAlarms"][0]["StateValue"] == "ALARM"


def test_a_pattern_can_be_tried(logs: Any) -> None:
    answer = logs.test_metric_filter(filterPattern="{ $.size = 7 }", logEventMessages=["{}", EVENT])
    assert [one["eventNumber"] for one in answer["matches"]] == [2]


@pytest.mark.parametrize(
    "pattern",
    ["{ $.a = }", "{ $.a == 1 }", "{ ($.a = 1 }", "{ a = 1 }", "{ $.a IS 1 }", "{" + "x" * 1024 + "}"],
)
def test_what_is_no_pattern_is_refused(logs: Any, pattern: str) -> None:
    with pytest.raises(ClientError) as error:
        put_filter(logs, pattern)
    assert error.value.response["Error"]["Code"] == "InvalidParameterException"
