#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: logs_metric_filter
version_added: 0.2.0
short_description: Manage a metric filter of a log group
description:
  - Keeps a metric filter, which counts a log group's events of a pattern in a metric.
  - Metric filters have no tags; they go with their log group.
author:
  - Notejam platform contributors (@notejam)
options:
  name:
    description: The filter's name, without C(:) and C(*).
    type: str
    required: true
  log_group_name:
    description: The log group's name.
    type: str
    required: true
  filter_pattern:
    description:
      - Which events count, see
        U(https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html).
        Required with O(state=present).
    type: str
  metric_name:
    description: The metric's name. Required with O(state=present).
    type: str
  metric_namespace:
    description: The metric's namespace. Required with O(state=present).
    type: str
  metric_value:
    description: What an event of the pattern adds, a number or a field of the event.
    type: str
    default: "1"
  default_value:
    description: What is published for a minute in which events came and none was of the pattern.
    type: float
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Count what the root user does
  notejam.platform.logs_metric_filter:
    name: root-use
    log_group_name: notejam-prod-trail
    filter_pattern: '{ $.userIdentity.type = "Root" && $.eventType != "AwsServiceEvent" }'
    metric_name: RootUse
    metric_namespace: Notejam/Security
    default_value: 0
"""

RETURN = r"""
metric_filter:
  description: The metric filter; none with O(state=absent).
  returned: success
  type: dict
  contains:
    default_value:
      description: What is published for a minute without an event of the pattern.
      type: float
    filter_pattern:
      description: Which events count.
      type: str
    log_group_name:
      description: The log group's name.
      type: str
    metric_name:
      description: The metric's name.
      type: str
    metric_namespace:
      description: The metric's namespace.
      type: str
    metric_value:
      description: What an event of the pattern adds.
      type: str
    name:
      description: The filter's name.
      type: str
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.resource import (
    Resource,
    argument_spec,
    reconcile,
)

NEEDED = ["filter_pattern", "metric_name", "metric_namespace"]


class MetricFilter(Resource):
    """A filter: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_MetricFilter.html."""

    name = "metric_filter"

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        self.logs = self.client("logs")

    @property
    def identity(self) -> str:
        return f"{self.params['log_group_name']}:{self.params['name']}"

    def desired(self) -> dict[str, Any]:
        # A filter is written as a whole, so what the task leaves out is taken away.
        keys = ["name", "log_group_name", *NEEDED, "metric_value", "default_value"]
        return {key: self.params[key] for key in keys}

    def describe(self) -> dict[str, Any] | None:
        pages = self.logs.get_paginator("describe_metric_filters").paginate(
            logGroupName=self.params["log_group_name"], filterNamePrefix=self.params["name"]
        )
        try:
            found = [one for page in pages for one in page["metricFilters"]]
        except is_boto3_error_code("ResourceNotFoundException"):
            return None
        for one in found:
            if one["filterName"] == self.params["name"]:
                metric = one["metricTransformations"][0]
                return {
                    "default_value": metric.get("defaultValue"),
                    "filter_pattern": one["filterPattern"],
                    "log_group_name": one["logGroupName"],
                    "metric_name": metric["metricName"],
                    "metric_namespace": metric["metricNamespace"],
                    "metric_value": metric["metricValue"],
                    "name": one["filterName"],
                }
        return None

    def create(self, desired: dict[str, Any]) -> None:
        metric = {
            "metricName": desired["metric_name"],
            "metricNamespace": desired["metric_namespace"],
            "metricValue": desired["metric_value"],
        }
        if desired["default_value"] is not None:
            metric["defaultValue"] = desired["default_value"]
        self.logs.put_metric_filter(
            logGroupName=desired["log_group_name"],
            filterName=desired["name"],
            filterPattern=desired["filter_pattern"],
            metricTransformations=[metric],
        )

    def update(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
        self.create(self.desired())

    def delete(self, current: dict[str, Any]) -> None:
        self.logs.delete_metric_filter(
            logGroupName=self.params["log_group_name"], filterName=self.params["name"]
        )


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            name={"required": True},
            log_group_name={"required": True},
            filter_pattern={},
            metric_name={},
            metric_namespace={},
            metric_value={"default": "1"},
            default_value={"type": "float"},
        ),
        required_if=[("state", "present", NEEDED)],
        supports_check_mode=True,
    )
    reconcile(MetricFilter(module))


if __name__ == "__main__":
    main()
