#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudwatch_metric_alarm
version_added: 0.2.0
short_description: Manage a metric alarm of CloudWatch with its tags
description:
  - Keeps an alarm on a metric, or on an expression over metrics, with its actions and its tags.
  - An alarm is written as a whole, so an option that is left out has CloudWatch's own default afterwards.
    The state that the alarm is in stays.
author:
  - Notejam platform contributors (@notejam)
options:
  namespace:
    description: The metric's namespace. None when O(metrics) is given.
    type: str
  metric_name:
    description: The metric's name. None when O(metrics) is given.
    type: str
  dimensions:
    description: The metric's dimensions, all of them.
    type: dict
    default: {}
  statistic:
    description: C(Average), C(Sum), C(Minimum), C(Maximum), C(SampleCount), or a percentile such as C(p95).
    type: str
  period:
    description: Length of a period, in seconds; 10, 30 or a multiple of 60.
    type: int
  metrics:
    description:
      - Metrics and expressions over them, of which one returns data, see
        U(https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html).
    type: list
    elements: dict
    suboptions:
      id:
        description: The name of the metric in expressions; it begins with a small letter.
        type: str
        required: true
      expression:
        description: The expression, such as V(100 * connections / limit), instead of a metric.
        type: str
      label:
        description: What graphs call it.
        type: str
      namespace:
        description: The metric's namespace.
        type: str
      metric_name:
        description: The metric's name.
        type: str
      dimensions:
        description: The metric's dimensions, all of them.
        type: dict
      statistic:
        description: As O(statistic).
        type: str
      period:
        description: As O(period).
        type: int
      return_data:
        description: Whether the alarm watches this one.
        type: bool
        default: false
  comparison_operator:
    description: How a value and O(threshold) compare where the alarm goes off. Required, if present.
    type: str
    choices:
      - GreaterThanOrEqualToThreshold
      - GreaterThanThreshold
      - LessThanThreshold
      - LessThanOrEqualToThreshold
  threshold:
    description: What values are compared with. Required with O(state=present).
    type: float
  evaluation_periods:
    description: How many periods are looked at.
    type: int
    default: 1
  datapoints_to_alarm:
    description: How many of them have to be beyond the threshold. All of them, when left out.
    type: int
  treat_missing_data:
    description: What a period without data counts as.
    type: str
    choices: [breaching, ignore, missing, notBreaching]
    default: missing
  evaluate_low_sample_count_percentile:
    description: Whether a percentile of too few samples is looked at.
    type: str
    choices: [evaluate, ignore]
  unit:
    description: The unit that data must have. Any, when left out.
    type: str
extends_documentation_fragment:
  - notejam.platform.alarm
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Tell when targets answer slowly
  notejam.platform.cloudwatch_metric_alarm:
    name: notejam-prod-slow-answers
    namespace: AWS/ApplicationELB
    metric_name: TargetResponseTime
    dimensions:
      LoadBalancer: app/notejam/0123456789abcdef
    statistic: p95
    period: 60
    evaluation_periods: 5
    datapoints_to_alarm: 3
    comparison_operator: GreaterThanThreshold
    threshold: 1
    treat_missing_data: notBreaching
    alarm_actions: ["arn:aws:sns:eu-west-1:123456789012:notejam-prod-warning"]
"""

RETURN = r"""
metric_alarm:
  description: The alarm; none with O(state=absent).
  returned: success
  type: dict
  contains:
    actions_enabled:
      description: Whether the actions are taken.
      type: bool
    alarm_actions:
      description: ARNs of what is told when the alarm goes off.
      type: list
      elements: str
    arn:
      description: The alarm's ARN.
      type: str
      sample: arn:aws:cloudwatch:eu-west-1:123456789012:alarm:notejam-prod-slow-answers
    comparison_operator:
      description: How a value and the threshold compare where the alarm goes off.
      type: str
    datapoints_to_alarm:
      description: How many periods have to be beyond the threshold.
      type: int
    description:
      description: What the alarm means.
      type: str
    dimensions:
      description: The metric's dimensions.
      type: dict
    evaluate_low_sample_count_percentile:
      description: Whether a percentile of too few samples is looked at.
      type: str
    evaluation_periods:
      description: How many periods are looked at.
      type: int
    insufficient_data_actions:
      description: ARNs of what is told when data is missing.
      type: list
      elements: str
    metric_name:
      description: The metric's name.
      type: str
    metrics:
      description: Metrics and expressions over them.
      type: list
      elements: dict
    name:
      description: The alarm's name.
      type: str
    namespace:
      description: The metric's namespace.
      type: str
    ok_actions:
      description: ARNs of what is told when all is well again.
      type: list
      elements: str
    period:
      description: Length of a period, in seconds.
      type: int
    statistic:
      description: The statistic or percentile.
      type: str
    tags:
      description: The alarm's tags.
      type: dict
    threshold:
      description: What values are compared with.
      type: float
    treat_missing_data:
      description: What a period without data counts as.
      type: str
    unit:
      description: The unit that data must have.
      type: str
"""

from typing import Any, ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.alarm import (
    ACTIONS,
    SWITCH,
    Alarm,
    alarm_argument_spec,
)
from ansible_collections.notejam.platform.plugins.module_utils.compare import declared, same
from ansible_collections.notejam.platform.plugins.module_utils.resource import reconcile

STATISTICS = frozenset({"Average", "Maximum", "Minimum", "SampleCount", "Sum"})
OPERATORS = [
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanOrEqualToThreshold",
    "LessThanThreshold",
]
PARAMETERS = {
    "comparison_operator": "ComparisonOperator",
    "datapoints_to_alarm": "DatapointsToAlarm",
    "evaluate_low_sample_count_percentile": "EvaluateLowSampleCountPercentile",
    "evaluation_periods": "EvaluationPeriods",
    "metric_name": "MetricName",
    "namespace": "Namespace",
    "period": "Period",
    "threshold": "Threshold",
    "treat_missing_data": "TreatMissingData",
    "unit": "Unit",
}


class MetricAlarm(Alarm):
    """An alarm: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricAlarm.html."""

    name = "metric_alarm"
    kind = "MetricAlarm"
    comparisons: ClassVar = {**Alarm.comparisons, "dimensions": same, "metrics": same}

    def desired(self) -> dict[str, Any]:
        keys = ("name", "dimensions", "statistic", "metrics", *PARAMETERS, *SWITCH, *ACTIONS)
        desired = {key: self.params[key] for key in keys} | self.declared("tags")
        desired["metrics"] = [
            one if one.get("expression") else {**one, "dimensions": one.get("dimensions") or {}}
            for one in declared(desired["metrics"] or [])
        ]
        if desired["datapoints_to_alarm"] is None:
            desired["datapoints_to_alarm"] = desired["evaluation_periods"]
        return desired

    def watched(self, alarm: dict[str, Any]) -> dict[str, Any]:
        return {
            **{key: alarm.get(parameter) for key, parameter in PARAMETERS.items()},
            # What CloudWatch does when an alarm says neither.
            "treat_missing_data": alarm.get("TreatMissingData", "missing"),
            "datapoints_to_alarm": alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]),
            "dimensions": _as_map(alarm.get("Dimensions", [])),
            "metrics": [_query_state(query) for query in alarm.get("Metrics", [])],
            "statistic": alarm.get("Statistic") or alarm.get("ExtendedStatistic"),
        }

    def put(self, desired: dict[str, Any], given: dict[str, Any]) -> None:
        given |= {
            parameter: desired[key] for key, parameter in PARAMETERS.items() if desired[key] is not None
        }
        if desired["statistic"]:
            kind = "Statistic" if desired["statistic"] in STATISTICS else "ExtendedStatistic"
            given[kind] = desired["statistic"]
        if desired["metrics"]:
            given["Metrics"] = [_query(one) for one in desired["metrics"]]
        else:
            given["Dimensions"] = _as_pairs(desired["dimensions"])
        self.cloudwatch.put_metric_alarm(**given)


def _as_map(dimensions: list[dict[str, str]]) -> dict[str, str]:
    return {dimension["Name"]: dimension["Value"] for dimension in dimensions}


def _as_pairs(dimensions: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in sorted(dimensions.items())]


def _query(one: dict[str, Any]) -> dict[str, Any]:
    """A query of the task as PutMetricAlarm wants it."""
    query = {"Id": one["id"], "ReturnData": one["return_data"]}
    if one.get("label"):
        query["Label"] = one["label"]
    if one.get("expression"):
        return query | {"Expression": one["expression"]}
    metric = {
        "Namespace": one["namespace"],
        "MetricName": one["metric_name"],
        "Dimensions": _as_pairs(one.get("dimensions", {})),
    }
    return query | {"MetricStat": {"Metric": metric, "Period": one["period"], "Stat": one["statistic"]}}


def _query_state(query: dict[str, Any]) -> dict[str, Any]:
    """A query of DescribeAlarms in the task's own spelling."""
    state = {"id": query["Id"], "return_data": query.get("ReturnData", True)}
    if query.get("Label"):
        state["label"] = query["Label"]
    if query.get("Expression"):
        return state | {"expression": query["Expression"]}
    of = query["MetricStat"]
    return state | {
        "namespace": of["Metric"]["Namespace"],
        "metric_name": of["Metric"]["MetricName"],
        "dimensions": _as_map(of["Metric"].get("Dimensions", [])),
        "period": of["Period"],
        "statistic": of["Stat"],
    }


def main() -> None:
    query = {
        "id": {"required": True},
        "expression": {},
        "label": {},
        "namespace": {},
        "metric_name": {},
        "dimensions": {"type": "dict"},
        "statistic": {},
        "period": {"type": "int"},
        "return_data": {"type": "bool", "default": False},
    }
    module = AnsibleAWSModule(
        argument_spec=alarm_argument_spec(
            namespace={},
            metric_name={},
            dimensions={"type": "dict", "default": {}},
            statistic={},
            period={"type": "int"},
            metrics={
                "type": "list",
                "elements": "dict",
                "options": query,
                "required_together": [["namespace", "metric_name", "statistic", "period"]],
                "required_one_of": [["expression", "metric_name"]],
                "mutually_exclusive": [["expression", "metric_name"]],
            },
            comparison_operator={"choices": OPERATORS},
            threshold={"type": "float"},
            evaluation_periods={"type": "int", "default": 1},
            datapoints_to_alarm={"type": "int"},
            treat_missing_data={
                "choices": ["breaching", "ignore", "missing", "notBreaching"],
                "default": "missing",
            },
            evaluate_low_sample_count_percentile={"choices": ["evaluate", "ignore"]},
            unit={},
        ),
        required_if=[
            ("state", "present", ["comparison_operator", "threshold"]),
            ("state", "present", ["metric_name", "metrics"], True),
        ],
        required_together=[["namespace", "metric_name", "statistic", "period"]],
        mutually_exclusive=[["metric_name", "metrics"]],
        supports_check_mode=True,
    )
    reconcile(MetricAlarm(module))


if __name__ == "__main__":
    main()
