"""The module autoscaling_schedule."""

from __future__ import annotations

import datetime
from typing import Any

import boto3
import pytest

from .modules import four_steps, run_module

GROUP = "eks-application-0ac1b2c3"
NEXT_YEAR = datetime.datetime.now(datetime.UTC).year + 1


def action(day: int, size: int, **more: Any) -> dict[str, Any]:
    return {
        "name": f"event-application-{NEXT_YEAR}11{day}T0600Z",
        "start_time": f"{NEXT_YEAR}-11-{day}T06:00:00Z",
        "min_size": size,
        **more,
    }


SCHEDULE: dict[str, Any] = {
    "auto_scaling_group_name": GROUP,
    "actions": [action(27, 12), action(28, 3, desired_capacity=4)],
}


@pytest.fixture(autouse=True)
def _group(strict_account: None) -> None:
    """A group of its own, with an action that is not ours."""
    client().create_launch_configuration(
        LaunchConfigurationName="application", ImageId="ami-12c6146b", InstanceType="m7i.large"
    )
    client().create_auto_scaling_group(
        AutoScalingGroupName=GROUP,
        LaunchConfigurationName="application",
        MinSize=0,
        MaxSize=20,
        AvailabilityZones=["eu-west-1a"],
    )
    client().put_scheduled_update_group_action(
        AutoScalingGroupName=GROUP, ScheduledActionName="nightly", Recurrence="0 22 * * *", MinSize=1
    )


def client() -> Any:
    return boto3.client("autoscaling", region_name="eu-west-1")


def planned() -> dict[str, tuple[Any, ...]]:
    """Minimum and desired capacity of each action, by name."""
    found = client().describe_scheduled_actions(AutoScalingGroupName=GROUP)["ScheduledUpdateGroupActions"]
    return {each["ScheduledActionName"]: (each.get("MinSize"), each.get("DesiredCapacity")) for each in found}


def test_plans_what_is_to_come() -> None:
    run = four_steps("autoscaling_schedule", **SCHEDULE)
    assert run.writes == ["BatchPutScheduledUpdateGroupAction"]
    assert run.result["autoscaling_schedule"]["actions"] == SCHEDULE["actions"]
    assert planned() == {
        SCHEDULE["actions"][0]["name"]: (12, None),
        SCHEDULE["actions"][1]["name"]: (3, 4),
        "nightly": (1, None),
    }


def test_a_change_of_one_puts_that_one() -> None:
    run_module("autoscaling_schedule", **SCHEDULE)
    four_steps("autoscaling_schedule", **SCHEDULE | {"actions": [action(27, 16), SCHEDULE["actions"][1]]})
    assert planned()[SCHEDULE["actions"][0]["name"]] == (16, None)


def test_an_event_that_is_called_off_goes_and_others_stay() -> None:
    run_module("autoscaling_schedule", **SCHEDULE)
    run = four_steps("autoscaling_schedule", **SCHEDULE | {"actions": [SCHEDULE["actions"][0]]})
    assert run.writes == ["BatchDeleteScheduledAction"]
    assert planned().keys() == {SCHEDULE["actions"][0]["name"], "nightly"}


def test_a_drift_made_by_hand_is_seen_and_repaired() -> None:
    run_module("autoscaling_schedule", **SCHEDULE)
    client().delete_scheduled_action(
        AutoScalingGroupName=GROUP, ScheduledActionName=SCHEDULE["actions"][1]["name"]
    )
    four_steps("autoscaling_schedule", **SCHEDULE)
    assert len(planned()) == 3


def test_no_events_plan_nothing() -> None:
    run = run_module("autoscaling_schedule", auto_scaling_group_name=GROUP)
    assert not run.changed
    assert run.writes == []


def test_an_action_that_is_over_counts_as_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    run_module("autoscaling_schedule", **SCHEDULE)

    class Later(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return datetime.datetime(NEXT_YEAR, 11, 27, 12, tzinfo=tz)

    from ansible_collections.notejam.platform.plugins.modules import autoscaling_schedule

    later = type("later", (), {"datetime": Later, "UTC": datetime.UTC})
    monkeypatch.setattr(autoscaling_schedule, "datetime", later)
    run = run_module("autoscaling_schedule", **SCHEDULE | {"actions": [SCHEDULE["actions"][1]]})
    assert not run.changed


def test_deletes_its_own_only() -> None:
    run_module("autoscaling_schedule", **SCHEDULE)
    four_steps("autoscaling_schedule", auto_scaling_group_name=GROUP, state="absent")
    assert planned().keys() == {"nightly"}


def test_refuses_a_name_that_it_would_not_find_again() -> None:
    stray = {**action(27, 12), "name": "sale"}
    run = run_module("autoscaling_schedule", **SCHEDULE | {"actions": [stray]})
    assert "does not begin with event-" in run.result["msg"]
    assert run.writes == []
