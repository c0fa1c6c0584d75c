"""The capacity that announced events ask for, at each moment."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.notejam.platform.plugins.filter.node_groups_for_events import node_groups_for_events
from ansible_collections.notejam.platform.plugins.filter.size_for_events import size_for_events
from ansible_collections.notejam.platform.plugins.plugin_utils import events as announced

SALE: dict[str, Any] = {
    "name": "sale",
    "starts": "2026-11-27T08:00:00+01:00",
    "ends": "2026-11-28T02:00:00+01:00",
    "lead_minutes": 60,
    "factor": 2.5,
}
# Begins while the sale is on, and ends after it.
LAUNCH: dict[str, Any] = {
    "name": "launch",
    "starts": "2026-11-27T20:00:00Z",
    "ends": "2026-11-28T04:00:00Z",
    "lead_minutes": 30,
    "node_groups": {"application": 12},
    "replicas": 9,
}
GROUPS: list[dict[str, Any]] = [
    {"name": "system", "min_size": 3, "max_size": 10},
    {"name": "application", "min_size": 2, "max_size": 20, "desired_size": 4},
]
BEFORE, LEAD, ON = "2026-11-27T05:59:59Z", "2026-11-27T06:00:00Z", "2026-11-27T12:00:00Z"
BOTH, SECOND, AFTER = "2026-11-27T19:30:00Z", "2026-11-28T01:00:00Z", "2026-11-28T04:00:00Z"


def sizes(at: str, *events: dict[str, Any]) -> list[tuple[int, int]]:
    """Minimum and desired size of each group."""
    sized = node_groups_for_events(GROUPS, list(events), at)
    return [(group["min_size"], group["desired_size"]) for group in sized]


@pytest.mark.parametrize(
    ("at", "wanted"),
    [
        (BEFORE, [(3, 3), (2, 4)]),
        (LEAD, [(8, 8), (5, 5)]),
        (ON, [(8, 8), (5, 5)]),
        (BOTH, [(8, 8), (12, 12)]),
        (SECOND, [(3, 3), (12, 12)]),
        (AFTER, [(3, 3), (2, 4)]),
    ],
)
def test_node_groups_are_raised_from_the_lead_time_until_the_end(
    at: str, wanted: list[tuple[int, int]]
) -> None:
    assert sizes(at, SALE, LAUNCH) == sizes(at, LAUNCH, SALE) == wanted


@pytest.mark.parametrize(("at", "wanted"), [(BEFORE, 2), (ON, 5), (BOTH, 9), (SECOND, 9), (AFTER, 2)])
def test_replicas_are_raised_to_the_largest_that_is_asked_for(at: str, wanted: int) -> None:
    assert size_for_events(2, "replicas", [SALE, LAUNCH], at) == wanted


def test_the_database_is_raised_by_what_it_has() -> None:
    events = [SALE, {**LAUNCH, "database_instances": 4, "database_capacity": 6}]
    assert size_for_events(0.5, "database_capacity", events, ON) == 1.5
    assert size_for_events(0.5, "database_capacity", events, BOTH) == 6
    assert size_for_events(2, "database_instances", events, ON) == 2
    assert size_for_events(2, "database_instances", events, BOTH) == 4
    assert size_for_events(2, "database_instances", events, AFTER) == 2
    with pytest.raises(AnsibleFilterError, match="No event gives 'pods' a size"):
        size_for_events(2, "pods", events)


def test_nothing_else_of_a_group_is_touched() -> None:
    [system, _] = node_groups_for_events(GROUPS, [], ON)
    assert system == {**GROUPS[0], "desired_size": 3, "schedule": []}


def test_aws_is_given_each_change_to_come_once() -> None:
    [system, application] = node_groups_for_events(GROUPS, [SALE, LAUNCH], BEFORE)
    assert system["schedule"] == [
        {
            "name": "event-system-20261127T0600Z",
            "start_time": "2026-11-27T06:00:00Z",
            "min_size": 8,
        },
        {
            "name": "event-system-20261128T0100Z",
            "start_time": "2026-11-28T01:00:00Z",
            "min_size": 3,
            "desired_capacity": 3,
        },
    ]
    told = [
        (each["start_time"], each["min_size"], each.get("desired_capacity"))
        for each in application["schedule"]
    ]
    assert told == [
        ("2026-11-27T06:00:00Z", 5, None),
        ("2026-11-27T19:30:00Z", 12, None),
        ("2026-11-28T04:00:00Z", 2, 4),
    ]


def test_what_is_over_is_planned_no_more() -> None:
    [system, application] = node_groups_for_events(GROUPS, [SALE, LAUNCH], BOTH)
    assert [each["min_size"] for each in system["schedule"]] == [3]
    assert [each["min_size"] for each in application["schedule"]] == [2]
    assert all(not group["schedule"] for group in node_groups_for_events(GROUPS, [SALE, LAUNCH], AFTER))


def test_what_aws_does_by_itself_is_what_the_roles_come_to() -> None:
    for group in node_groups_for_events(GROUPS, [SALE, LAUNCH], BEFORE):
        for action in group["schedule"]:
            then = node_groups_for_events(GROUPS, [SALE, LAUNCH], action["start_time"])
            [same] = [each for each in then if each["name"] == group["name"]]
            assert same["min_size"] == action["min_size"]
            assert action.get("desired_capacity", same["desired_size"]) == same["desired_size"]


def test_good_events_have_no_problem() -> None:
    present = announced.now()
    soon, later = (present + datetime.timedelta(days=days) for days in (2, 3))
    event = {**SALE, "starts": soon.isoformat(), "ends": later.isoformat()}
    assert announced.problem([event, {**event, "name": "other"}]) is None
    just_over = {
        **event,
        "starts": (present - datetime.timedelta(days=9)).isoformat(),
        "ends": present.isoformat(),
    }
    assert announced.problem([just_over]) is None
    assert announced.problem([]) is None


def test_a_group_is_asked_for_no_more_than_it_may_have() -> None:
    assert announced.beyond([SALE, LAUNCH], GROUPS) is None
    assert "needs 12 nodes of system, more than its max_size of 10" in str(
        announced.beyond([{**SALE, "factor": 4}], GROUPS)
    )
    assert "no node group" in str(announced.beyond([{**LAUNCH, "node_groups": {"spot": 3}}], GROUPS))
    own = {**SALE, "factor": 4, "node_groups": {"system": 9, "application": 20}}
    assert announced.beyond([own], GROUPS) is None
