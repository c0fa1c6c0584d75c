# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A CloudWatch dashboard of alarms and what they watch."""

from __future__ import annotations

DOCUMENTATION = """
name: dashboard
short_description: Draw the dashboard of a site's alarms
version_added: 0.2.0
author: Notejam platform contributors (@notejam)
description:
  - Returns the body of a dashboard with the states of all alarms, and a graph of each alarm's metric with its
    threshold, two in a row. See
    U(https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html).
positional: _input, title, region, arns
options:
  _input:
    description: The alarms, as P(notejam.platform.alarms#filter) returns them.
    type: list
    elements: dict
    required: true
  title:
    description: What the dashboard is headed with, in Markdown.
    type: str
    required: true
  region:
    description: The region of the metrics.
    type: str
    required: true
  arns:
    description: The ARNs of the alarms whose states are shown; CloudWatch takes up to 100.
    type: list
    elements: str
    required: true
"""

EXAMPLES = """
- name: Show the widgets
  ansible.builtin.debug:
    msg: "{{ alarms | notejam.platform.dashboard('# Notejam', 'eu-west-1', arns) }}"
"""

RETURN = """
_value:
  description: The body.
  type: dict
"""

from collections.abc import Callable
from typing import Any

WIDTH = 12  # of the grid's 24 columns: two graphs in a row
HEIGHT = 6
STATES_HEIGHT = 4
TITLE_HEIGHT = 1


def dashboard(alarms: list[dict[str, Any]], title: str, region: str, arns: list[str]) -> dict[str, Any]:
    """The body of the dashboard."""
    below = TITLE_HEIGHT + STATES_HEIGHT
    heading = _widget("text", 0, 0, 2 * WIDTH, TITLE_HEIGHT, {"markdown": title})
    states = {"title": "Alarms", "alarms": arns}
    graphs = [
        _widget(
            "metric",
            place % 2 * WIDTH,
            below + place // 2 * HEIGHT,
            WIDTH,
            HEIGHT,
            _graph(alarm, region),
        )
        for place, alarm in enumerate(alarms)
    ]
    return {
        "widgets": [heading, _widget("alarm", 0, TITLE_HEIGHT, 2 * WIDTH, STATES_HEIGHT, states), *graphs]
    }


def _widget(kind: str, x: int, y: int, width: int, height: int, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "x": x, "y": y, "width": width, "height": height, "properties": properties}


def _graph(alarm: dict[str, Any], region: str) -> dict[str, Any]:
    if alarm.get("metrics"):
        metrics = [_query(query) for query in alarm["metrics"]]
    else:
        metrics = [[*_metric(alarm), {"stat": alarm["statistic"], "period": alarm["period"]}]]
    return {
        "title": alarm["name"],
        "region": region,
        "view": "timeSeries",
        "stacked": False,
        "metrics": metrics,
        "annotations": {"horizontal": [{"label": "alarm", "value": alarm["threshold"]}]},
    }


def _metric(of: dict[str, Any]) -> list[str]:
    """Namespace, name, and each dimension's name and value, as a graph wants them."""
    dimensions = sorted((of.get("dimensions") or {}).items())
    return [of["namespace"], of["metric_name"], *(part for pair in dimensions for part in pair)]


def _query(query: dict[str, Any]) -> list[Any]:
    options: dict[str, Any] = {"id": query["id"], "visible": query.get("return_data", False)}
    if query.get("expression"):
        return [{**options, "expression": query["expression"], "label": query.get("label", query["id"])}]
    return [*_metric(query), {**options, "stat": query["statistic"], "period": query["period"]}]


class FilterModule:
    """The filter, for Ansible's loader."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"dashboard": dashboard}
