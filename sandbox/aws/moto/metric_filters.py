"""Metric filters that count: moto keeps them and lets them be.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html, and
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html,
API_TestMetricFilter.html there
"""

import datetime
import json
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.logs.exceptions import InvalidParameterException
from moto.logs.models import LogsBackend
from moto.logs.responses import LogsResponse

from sandbox.aws.cloudwatch.patterns import InvalidPattern, found, matches
from sandbox.aws.patching import add, replace

LONGEST = 1024
MINUTE = 60_000  # milliseconds


def check(pattern: str, transformations: list[dict[str, Any]]) -> None:
    """Raises InvalidParameterException for a pattern that is none, and for more than one metric."""
    if len(pattern) > LONGEST or not _is_valid(pattern):
        raise InvalidParameterException(
            constraint="Invalid metric filter pattern", parameter="filterPattern", value=pattern
        )
    if len(transformations) != 1:
        raise InvalidParameterException(
            constraint="Member must have length 1", parameter="metricTransformations", value="several"
        )


def count_by_metric_filters() -> None:
    """Patch moto, once in a process."""

    def put_log_events(self: Any, log_group_name: str, log_stream_name: str, log_events: Any) -> Any:
        answer = put(self, log_group_name, log_stream_name, log_events)
        for each in self.filters.metric_filters:
            if each["logGroupName"] == log_group_name:
                for transformation in each["metricTransformations"]:
                    _count(self, each["filterPattern"], transformation, log_events)
        return answer

    def test_metric_filter(self: Any) -> str:
        pattern = self._get_param("filterPattern")
        check(pattern, [{}])
        messages = self._get_param("logEventMessages")
        told = [
            {"eventNumber": number, "eventMessage": message, "extractedValues": {}}
            for number, message in enumerate(messages, start=1)
            if matches(pattern, message)
        ]
        return json.dumps({"matches": told})

    put = replace(LogsBackend, "put_log_events", put_log_events)
    add(LogsResponse, "test_metric_filter", test_metric_filter)


def _count(backend: Any, pattern: str, transformation: dict[str, Any], events: list[dict[str, Any]]) -> None:
    """A value for each event of the pattern; the default one for a minute of which no event is."""
    counted: dict[int, list[float]] = {}
    for event in events:
        values = counted.setdefault(event["timestamp"] // MINUTE * MINUTE, [])
        if matches(pattern, event["message"]):
            value = _value(transformation["metricValue"], event["message"])
            values += [] if value is None else [value]
    data = []
    for minute, values in sorted(counted.items()):
        # Without a time zone, as moto keeps what clients send.
        when = datetime.datetime.fromtimestamp(minute / 1000, tz=datetime.UTC).replace(tzinfo=None)
        default = transformation.get("defaultValue")
        given = values or ([] if default is None else [float(default)])
        data += [
            {"MetricName": transformation["metricName"], "Value": value, "Timestamp": when} for value in given
        ]
    if data:
        metrics = cloudwatch_backends[backend.account_id][backend.region_name]
        metrics.put_metric_data(transformation["metricNamespace"], data)


def _value(wanted: str, message: str) -> float | None:
    value = found(wanted, message) if wanted.startswith("$") else wanted
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _is_valid(pattern: str) -> bool:
    try:
        matches(pattern, "{}")
    except InvalidPattern:
        return False
    return True
