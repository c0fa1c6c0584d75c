"""The table of alarms with an environment's changes, and the dashboard drawn from it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.notejam.platform.plugins.filter.alarms import alarms
from ansible_collections.notejam.platform.plugins.filter.dashboard import dashboard

TABLE: dict[str, dict[str, Any]] = {
    "slow": {
        "namespace": "AWS/ApplicationELB",
        "metric_name": "TargetResponseTime",
        "dimensions": {"LoadBalancer": "app/n/1", "AvailabilityZone": "eu-west-1a"},
        "statistic": "p95",
        "period": 60,
        "threshold": 1,
    },
    "errors": {
        "threshold": 5,
        "metrics": [
            {"id": "share", "expression": "100 * e", "return_data": True},
            {
                "id": "e",
                "namespace": "AWS/ApplicationELB",
                "metric_name": "HTTPCode_Target_5XX_Count",
                "dimensions": {"LoadBalancer": "app/n/1"},
                "statistic": "Sum",
                "period": 60,
            },
        ],
    },
}


def test_an_environment_changes_an_alarm_by_name() -> None:
    changed = alarms(TABLE, {"slow": {"threshold": 2}})
    assert [(one["name"], one["threshold"]) for one in changed] == [("slow", 2), ("errors", 5)]
    assert TABLE["slow"]["threshold"] == 1


def test_an_alarm_is_switched_off() -> None:
    assert [one["name"] for one in alarms(TABLE, {"slow": {"enabled": False}})] == ["errors"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fast": {"threshold": 2}}, "changes 'fast', but the alarms are slow, errors"),
        ({"slow": {"treshold": 2}}, "changes treshold of 'slow'"),
    ],
)
def test_a_change_of_what_is_not_there_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(AnsibleFilterError, match=words):
        alarms(TABLE, changes)


def test_each_alarm_has_a_graph_of_its_metric_in_the_region_with_its_threshold() -> None:
    widgets = dashboard(alarms(TABLE, {}), "# Notes", "eu-central-1", ["arn:1"])["widgets"]
    assert [widget["type"] for widget in widgets] == ["text", "alarm", "metric", "metric"]
    slow, errors = (widget["properties"] for widget in widgets[2:])
    assert slow["region"] == errors["region"] == "eu-central-1"
    assert slow["metrics"] == [
        [
            *("AWS/ApplicationELB", "TargetResponseTime"),
            *("AvailabilityZone", "eu-west-1a", "LoadBalancer", "app/n/1"),
            {"stat": "p95", "period": 60},
        ]
    ]
    assert errors["annotations"]["horizontal"][0]["value"] == 5
    assert errors["metrics"][0] == [
        {"id": "share", "visible": True, "expression": "100 * e", "label": "share"}
    ]
    assert errors["metrics"][1][-1] == {"id": "e", "visible": False, "stat": "Sum", "period": 60}


def test_no_widget_lies_over_another() -> None:
    table = {f"alarm-{number}": TABLE["slow"] for number in range(5)}
    cells = [
        (x, y)
        for widget in dashboard(alarms(table, {}), "#", "eu-west-1", [])["widgets"]
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
