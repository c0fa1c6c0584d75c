"""What state each of moto's alarms is to be in, by the metric data that moto has."""

import datetime
import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from moto.cloudwatch.models import MetricAggregatedDatum, cloudwatch_backends

from sandbox.aws.cloudwatch import rules
from sandbox.aws.cloudwatch.evaluation import ALARM, FARTHER, OK, OPERATORS, Point, state
from sandbox.aws.cloudwatch.expressions import Unsupported, evaluate

log = logging.getLogger(__name__)

MOST_TOLD = 5  # data points in a reason


@dataclass(frozen=True)
class Change:
    """An alarm that has to change its state."""

    account: str
    region: str
    name: str
    state: str
    reason: str
    data: dict[str, Any]


def changes(now: float) -> list[Change]:
    """The alarms everywhere that are in another state than they should be, composite ones last."""
    return [
        change
        for account in list(cloudwatch_backends.values())
        for backend in list(account.values())
        for composite in (False, True)
        for alarm in list(backend.alarms.values())
        if bool(alarm.rule) == composite
        for change in _change(backend, alarm, now)
    ]


def composite_state(backend: Any, rule: str) -> str:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html"""
    there = {alarm.name: alarm.state_value for alarm in backend.alarms.values()}
    return ALARM if rules.holds(rule, lambda name: there.get(name, "")) else OK


def _change(backend: Any, alarm: Any, now: float) -> Iterator[Change]:
    points: list[Point] = []
    try:
        if alarm.rule:
            new = composite_state(backend, alarm.rule)
            reason = f"{alarm.alarm_arn} transitioned to {new} by its rule {alarm.rule}"
        else:
            new, points = _metric_state(backend, alarm, now)
            reason = _reason(alarm, new, points)
    except (Unsupported, ValueError) as error:
        log.warning("Alarm %s is not evaluated here: %s", alarm.name, error)
        return
    if new != alarm.state_value:
        when = datetime.datetime.fromtimestamp(now, tz=datetime.UTC)
        data = {
            "version": "1.0",
            "queryDate": when.strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
            "recentDatapoints": [point for point in points if point is not None],
            "threshold": alarm.threshold,
        }
        yield Change(backend.account_id, backend.region_name, alarm.name, new, reason, data)


def _metric_state(backend: Any, alarm: Any, now: float) -> tuple[str, list[Point]]:
    periods = int(alarm.evaluation_periods)
    points = _points(backend, alarm, periods + FARTHER, now)
    breaches, threshold = OPERATORS[alarm.comparison_operator], float(alarm.threshold)
    new = state(
        points,
        periods,
        int(alarm.datapoints_to_alarm or periods),
        lambda value: breaches(value, threshold),
        alarm.treat_missing_data or "missing",
        alarm.state_value,
    )
    return new, points[-periods:]


def _points(backend: Any, alarm: Any, count: int, now: float) -> list[Point]:
    if not alarm.metric_data_queries:
        which = (alarm.namespace, alarm.metric_name, alarm.dimensions)
        statistic = alarm.statistic or alarm.extended_statistic
        return _series(backend, which, statistic, int(alarm.period), count, now)
    metrics = [query for query in alarm.metric_data_queries if query.metric_stat]
    # One point more, for what an expression compares with the point before.
    series = {
        query.id: _series(
            backend,
            (
                query.metric_stat.metric.namespace,
                query.metric_stat.metric.metric_name,
                query.metric_stat.metric.dimensions,
            ),
            query.metric_stat.stat,
            int(query.metric_stat.period),
            count + 1,
            now,
        )
        for query in metrics
    }
    (watched,) = (q for q in alarm.metric_data_queries if q.return_data in (None, True, "true", "True"))
    return (evaluate(watched.expression, series) if watched.expression else series[watched.id])[-count:]


def _series(
    backend: Any, which: tuple[str, str, Any], statistic: str, period: int, count: int, now: float
) -> list[Point]:
    """The statistic of each of the last `count` whole periods, the oldest first."""
    end = math.floor(now / period) * period
    namespace, name, dimensions = which
    wanted = {(dimension.name, dimension.value) for dimension in dimensions or []}
    buckets: list[list[Any]] = [[] for _ in range(count)]
    for datum in backend.metric_data:
        if datum.namespace != namespace or datum.name != name:
            continue
        if {(dimension.name, dimension.value) for dimension in datum.dimensions} != wanted:
            continue
        place = math.floor((_seconds(datum.timestamp) - end) / period) + count
        if 0 <= place < count:
            buckets[place].append(datum)
    return [_statistic(bucket, statistic) if bucket else None for bucket in buckets]


def _seconds(when: Any) -> float:
    """moto keeps what the client sent, with a time zone or, in UTC, without."""
    if isinstance(when, str):
        when = datetime.datetime.fromisoformat(when)
    return float((when if when.tzinfo else when.replace(tzinfo=datetime.UTC)).timestamp())


def _statistic(data: list[Any], statistic: str) -> float:
    values = [datum.value for datum in data if not isinstance(datum, MetricAggregatedDatum)]
    sets = [datum for datum in data if isinstance(datum, MetricAggregatedDatum)]
    count = len(values) + sum(each.sample_count for each in sets)
    total = sum(values) + sum(each.sum for each in sets)
    if statistic in ("Sum", "Average"):
        return float(total if statistic == "Sum" else total / count)
    if statistic == "SampleCount":
        return float(count)
    if statistic in ("Minimum", "Maximum"):
        smallest = statistic == "Minimum"
        known = [*values, *(each.min if smallest else each.max for each in sets)]
        return float(min(known) if smallest else max(known))
    if statistic.startswith("p") and values:
        ranked = sorted(values)
        return float(ranked[min(len(ranked) - 1, math.ceil(len(ranked) * float(statistic[1:]) / 100) - 1)])
    raise Unsupported(f"statistic {statistic}")


def _reason(alarm: Any, new: str, points: list[Point]) -> str:
    """In CloudWatch's words, which messages and the console show."""
    real = [point for point in points if point is not None]
    if not real:
        missing = {"breaching": "Breaching", "notBreaching": "NonBreaching"}.get(
            alarm.treat_missing_data or ""
        )
        treated = f" and {len(points)} missing datapoints were treated as [{missing}]" if missing else ""
        return f"Threshold Crossed: no datapoints were received for {len(points)} periods{treated}."
    told = ", ".join(str(point) for point in real[-MOST_TOLD:])
    crossed = "crossed" if new == ALARM else "were not all beyond"
    return f"Threshold Crossed: datapoints [{told}] {crossed} the threshold ({alarm.threshold})."
