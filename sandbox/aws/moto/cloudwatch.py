"""CloudWatch's alarms and dashboards as moto differs from AWS.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/
"""

import json
import re
from typing import Any

from moto.cloudwatch.exceptions import DashboardInvalidInputError, ResourceNotFoundException, ValidationError
from moto.cloudwatch.models import Alarm, CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult, EmptyResult

from sandbox.aws.patching import replace

WEEK = 604800  # seconds
RULE_NAME = re.compile(r'(?:ALARM|OK|INSUFFICIENT_DATA)\(\s*["\']?([^"\')]+?)["\']?\s*\)')
WIDGETS = frozenset({"alarm", "custom", "explorer", "log", "metric", "text"})
GRID = 24  # columns


def install() -> None:
    """Patch moto, once in a process."""
    _begin_without_data()
    _refuse_impossible_alarms()
    _serve_composite_alarms()
    _keep_tags_of_deleted_alarms_away()
    _check_and_tag_dashboards()


def _begin_without_data() -> None:
    """API_PutMetricAlarm.html: a new alarm is INSUFFICIENT_DATA; one written over keeps its state."""

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.state_value = "INSUFFICIENT_DATA"

    def put_metric_alarm(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        before = self.alarms.get(name)
        # Tags of an alarm that is there are left alone: API_PutMetricAlarm.html.
        tags = None if before else kwargs.pop("tags", None)
        alarm = put(self, name, *args, **{**kwargs, "tags": tags})
        if before:
            alarm.state_value, alarm.state_reason = before.state_value, before.state_reason
            alarm.state_reason_data = before.state_reason_data
            alarm.state_updated_timestamp = before.state_updated_timestamp
            alarm.history = before.history
        return alarm

    original = replace(Alarm, "__init__", __init__)
    put = replace(CloudWatchBackend, "put_metric_alarm", put_metric_alarm)


def _refuse_impossible_alarms() -> None:
    """API_PutMetricAlarm.html"""

    def put_metric_alarm(self: Any) -> Any:
        period, evaluations = self._get_param("Period"), self._get_param("EvaluationPeriods")
        if not self._get_param("ComparisonOperator"):
            raise ValidationError("The parameter ComparisonOperator is required.")
        if evaluations is None:
            raise ValidationError("The parameter EvaluationPeriods is required.")
        queries = self._get_param("Metrics", [])
        if queries and self._get_param("MetricName"):
            raise ValidationError("MetricName must not be set when Metrics is.")
        if queries and sum(query.get("ReturnData", True) for query in queries) != 1:
            raise ValidationError("Exactly one element of the metrics list should return data.")
        if not queries:
            statistics = [self._get_param("Statistic"), self._get_param("ExtendedStatistic")]
            if not self._get_param("MetricName") or not period or statistics.count(None) != 1:
                raise ValidationError(
                    "An alarm on a metric has MetricName, Period, and either Statistic or ExtendedStatistic."
                )
        periods = [period] if period else [q["MetricStat"]["Period"] for q in queries if "MetricStat" in q]
        for one in map(int, periods):
            if one not in (10, 20, 30) and one % 60:
                raise ValidationError("Period must be 10, 20, 30 or a multiple of 60")
            longest = WEEK if one >= 3600 else 86400
            if one * int(evaluations) > longest:
                raise ValidationError(
                    f"Metrics cannot be checked across more than {longest} s (EvaluationPeriods * Period)."
                )
        if int(self._get_param("DatapointsToAlarm") or 0) > int(evaluations):
            raise ValidationError("DatapointsToAlarm must not be more than EvaluationPeriods.")
        missing = self._get_param("TreatMissingData")
        if missing not in (None, "breaching", "ignore", "missing", "notBreaching"):
            raise ValidationError(f"Option {missing} is not supported for TreatMissingData.")
        return put(self)

    put = replace(CloudWatchResponse, "put_metric_alarm", put_metric_alarm)


def _serve_composite_alarms() -> None:
    """API_PutCompositeAlarm.html"""

    def put_composite_alarm(self: Any) -> Any:
        backend, name = self.cloudwatch_backend, self._get_param("AlarmName")
        rule = self._get_param("AlarmRule")
        children = set(RULE_NAME.findall(rule))
        if not children and not re.search(r"\b(TRUE|FALSE)\b", rule):
            raise ValidationError("AlarmRule must contain an alarm's state, TRUE or FALSE")
        unknown = sorted(one for one in children if one.rpartition(":alarm:")[2] not in backend.alarms)
        if unknown:
            raise ValidationError(f"Could not save the composite alarm as alarms {unknown} do not exist")
        enabled = self._get_param("ActionsEnabled")
        backend.put_metric_alarm(
            name,
            namespace=None,
            metric_name=None,
            comparison_operator=None,
            evaluation_periods=None,
            period=None,
            threshold=None,
            statistic=None,
            description=self._get_param("AlarmDescription"),
            dimensions=[],
            alarm_actions=self._get_param("AlarmActions", []),
            ok_actions=self._get_param("OKActions", []),
            insufficient_data_actions=self._get_param("InsufficientDataActions", []),
            actions_enabled=True if enabled is None else enabled,
            rule=rule,
            tags=self._get_param("Tags", []),
        )
        alarm = backend.alarms[name]
        alarm.alarm_rule = rule
        return EmptyResult()

    def describe_alarms(self: Any) -> Any:
        """AlarmTypes says which: metric alarms only, when left out."""
        answer = describe(self)
        types = self._get_param("AlarmTypes", []) or ["MetricAlarm"]
        for kind, key in (("MetricAlarm", "MetricAlarms"), ("CompositeAlarm", "CompositeAlarms")):
            if kind not in types:
                answer.result[key] = []
        return answer

    CloudWatchResponse.put_composite_alarm = put_composite_alarm  # type: ignore[attr-defined]
    describe = replace(CloudWatchResponse, "describe_alarms", describe_alarms)


def _keep_tags_of_deleted_alarms_away() -> None:
    """API_DeleteAlarms.html: what a composite alarm watches cannot go before it; tags go with the alarm."""

    def delete_alarms(self: Any, alarm_names: list[str]) -> None:
        for alarm in self.alarms.values():
            watched = set(RULE_NAME.findall(alarm.rule or "")) & set(alarm_names)
            if watched and alarm.name not in alarm_names:
                raise ValidationError(f"Cannot delete {sorted(watched)}, which {alarm.name} watches")
        for name in alarm_names:
            if name in self.alarms:
                self.tagger.delete_all_tags_for_resource(self.alarms[name].alarm_arn)
        delete(self, alarm_names)

    delete = replace(CloudWatchBackend, "delete_alarms", delete_alarms)


def _check_and_tag_dashboards() -> None:
    """API_PutDashboard.html, CloudWatch-Dashboard-Body-Structure.html; API_TagResource.html."""

    def put_dashboard(self: Any) -> Any:
        name, backend = self._get_param("DashboardName"), self.cloudwatch_backend
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", name):
            raise DashboardInvalidInputError("The value for field DashboardName is malformed")
        _check_body(self._get_param("DashboardBody"))
        is_new = name not in backend.dashboards
        answer = put(self)
        if is_new and self._get_param("Tags"):
            backend.tagger.tag_resource(backend.dashboards[name].arn, self._get_param("Tags"))
        return answer

    def delete_dashboards(self: Any, dashboards: list[str]) -> Any:
        for name in dashboards:
            if name in self.dashboards:
                self.tagger.delete_all_tags_for_resource(self.dashboards[name].arn)
        return delete(self, dashboards)

    def tag_resource(self: Any, arn: str, tags: dict[str, str]) -> None:
        taggable = [one.arn for one in self.dashboards.values()]
        taggable += [one.alarm_arn for one in self.alarms.values()]
        if arn not in taggable:
            raise ResourceNotFoundException
        self.tagger.tag_resource(arn, self.tagger.convert_dict_to_tags_input(tags))

    def get_dashboard(self: Any) -> Any:
        dashboard = self.cloudwatch_backend.get_dashboard(self._get_param("DashboardName"))
        if dashboard is None:
            return missing(self)
        return ActionResult(
            {
                "DashboardArn": dashboard.arn,
                "DashboardBody": dashboard.body,
                "DashboardName": dashboard.name,
            }
        )

    put = replace(CloudWatchResponse, "put_dashboard", put_dashboard)
    missing = replace(CloudWatchResponse, "get_dashboard", get_dashboard)
    delete = replace(CloudWatchBackend, "delete_dashboards", delete_dashboards)
    replace(CloudWatchBackend, "tag_resource", tag_resource)


def _check_body(text: str) -> None:
    try:
        body = json.loads(text)
    except ValueError:
        raise DashboardInvalidInputError("Body is invalid JSON") from None
    widgets = body.get("widgets") if isinstance(body, dict) else None
    if not isinstance(widgets, list):
        raise DashboardInvalidInputError("The field widgets must be an array")
    for place, widget in enumerate(widgets):
        if widget.get("type") not in WIDGETS:
            raise DashboardInvalidInputError(f"/widgets/{place}/type: should be one of {sorted(WIDGETS)}")
        if not isinstance(widget.get("properties"), dict):
            raise DashboardInvalidInputError(f"/widgets/{place}: should have property 'properties'")
        if int(widget.get("x", 0)) + int(widget.get("width", 6)) > GRID:
            raise DashboardInvalidInputError(f"/widgets/{place}: is wider than the grid's {GRID} columns")
        properties = widget["properties"]
        if widget["type"] in ("metric", "log") and "region" not in properties:
            raise DashboardInvalidInputError(f"/widgets/{place}/properties: should have property 'region'")
        if widget["type"] == "metric" and not properties.keys() & {"metrics", "annotations"}:
            raise DashboardInvalidInputError(f"/widgets/{place}/properties: should have property 'metrics'")
