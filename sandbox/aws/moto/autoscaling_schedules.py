"""Scheduled actions of Auto Scaling groups: each is its group's own, is checked, and has its time.

Source: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScheduledUpdateGroupAction.html
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import AutoScalingBackend, autoscaling_backends
from moto.moto_api._internal import mock_random

from sandbox.aws import clock
from sandbox.aws.patching import replace
from sandbox.aws.schedules import following_unix

MOST_ACTIONS = 125  # of a group
SIZES = ("min_size", "max_size", "desired_capacity")


class AlreadyExists(AutoscalingClientError):
    code = "AlreadyExists"


class LimitExceeded(AutoscalingClientError):
    code = "LimitExceeded"


@dataclass(frozen=True)
class Scheduled:
    """An action as it stands: whose it is, what it makes of the group, and when; times in seconds."""

    account: str
    region: str
    group: str
    name: str
    sizes: dict[str, int]
    made_at: float
    start: float | None
    end: float | None
    recurrence: str | None
    time_zone: str | None

    @property
    def key(self) -> str:
        return "\n".join([self.account, self.region, self.group, self.name, str(self.made_at)])

    def following(self, moment: float) -> float | None:
        """The action's first time after `moment`; None when there is none."""
        if not self.recurrence:
            return self.start if self.start is not None and self.start > moment else None
        begin = max(moment, (self.start or 0) - 1)
        due = following_unix(self.recurrence, begin, self.time_zone)
        return None if self.end is not None and due > self.end else due


def install() -> None:
    """Patch moto, once in a process."""
    _keep_them_by_group()


def scheduled_everywhere() -> list[Scheduled]:
    """The actions of every account and region."""
    return [
        _scheduled(backend, action)
        for account in list(autoscaling_backends.values())
        for backend in list(account.values())
        for action in list(backend.scheduled_actions.values())
    ]


def _scheduled(backend: Any, action: Any) -> Scheduled:
    return Scheduled(
        backend.account_id,
        backend.region_name,
        action.auto_scaling_group_name,
        action.scheduled_action_name,
        {name: int(size) for name in SIZES if (size := getattr(action, name)) is not None},
        action.made_at,
        _moment(action.start_time),
        _moment(action.end_time),
        action.recurrence,
        action.time_zone,
    )


def _moment(time: Any) -> float | None:
    """Seconds since the epoch of a time as a request has it."""
    if time is None or time == "":
        return None
    if isinstance(time, str):
        time = datetime.datetime.fromisoformat(time)
    if time.tzinfo is None:
        time = time.replace(tzinfo=datetime.UTC)
    return float(time.timestamp())


def _keep_them_by_group() -> None:
    def put_scheduled_update_group_action(self: Any, name: str, **given: Any) -> Any:
        if name not in self.autoscaling_groups:
            raise ValidationError(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
        action_name = given["scheduled_action_name"]
        key = f"{name}\n{action_name}"
        others = {
            other: action
            for other, action in self.scheduled_actions.items()
            if action.auto_scaling_group_name == name and other != key
        }
        self.scheduled_actions, kept = {}, self.scheduled_actions
        try:
            action = put(self, name=name, **given)
        finally:
            self.scheduled_actions = kept
        action.made_at = clock.now()
        before = kept.get(key)
        wanted = _scheduled(self, action)
        _check(wanted, len(others))
        due = wanted.following(wanted.made_at)
        for other in others.values():
            if (theirs := _scheduled(self, other)).following(wanted.made_at) == due:
                raise AlreadyExists(
                    f"A scheduled action with this scheduled start time already exists: {theirs.name}"
                )
        if action.start_time is None and due is not None:
            # What recurs is told with the time at which it comes round first.
            action.start_time = datetime.datetime.fromtimestamp(due, tz=datetime.UTC)
        action.time = action.start_time
        identifier = mock_random.uuid4()
        action.scheduled_action_arn = (
            before.scheduled_action_arn
            if before
            else f"arn:aws:autoscaling:{self.region_name}:{self.account_id}:scheduledUpdateGroupAction:"
            f"{identifier}:autoScalingGroupName/{name}:scheduledActionName/{action_name}"
        )
        kept[key] = action
        return action

    put = replace(AutoScalingBackend, "put_scheduled_update_group_action", put_scheduled_update_group_action)

    def delete_scheduled_action(self: Any, auto_scaling_group_name: str, scheduled_action_name: str) -> None:
        if self.scheduled_actions.pop(f"{auto_scaling_group_name}\n{scheduled_action_name}", None) is None:
            raise ValidationError("Scheduled action name not found")

    replace(AutoScalingBackend, "delete_scheduled_action", delete_scheduled_action)


def _check(wanted: Scheduled, others: int) -> None:
    """Raises what AWS answers to an action that cannot be."""
    if others >= MOST_ACTIONS:
        raise LimitExceeded(f"You have reached the limit of {MOST_ACTIONS} scheduled actions of a group")
    if not wanted.sizes:
        raise ValidationError(
            "At least one of MinSize, MaxSize or DesiredCapacity must be given for a scheduled action"
        )
    least, most = wanted.sizes.get("min_size"), wanted.sizes.get("max_size")
    if least is not None and most is not None and least > most:
        raise ValidationError(f"Max bound, {most}, must be greater than or equal to min bound, {least}")
    desired = wanted.sizes.get("desired_capacity")
    for bound, size in (("min", least), ("max", most)):
        if desired is not None and size is not None and (desired - size) * (-1 if bound == "max" else 1) < 0:
            raise ValidationError(f"Desired capacity:{desired} is beyond the {bound} size:{size}")
    if wanted.start is None and not wanted.recurrence:
        raise ValidationError("Either a start time or a recurrence must be given")
    if wanted.start is not None and wanted.start < wanted.made_at:
        raise ValidationError("Given start time is in the past")
    if wanted.end is not None and wanted.end <= max(wanted.start or 0, wanted.made_at):
        raise ValidationError("Given end time must be after the start time and in the future")
    if wanted.recurrence:
        try:
            following_unix(wanted.recurrence, wanted.made_at, wanted.time_zone)
        except ValueError as error:
            raise ValidationError(
                f"Given recurrence string: {wanted.recurrence} is invalid: {error}"
            ) from None


def due(moment: float, done: dict[str, float]) -> Iterator[tuple[Scheduled, float]]:
    """The actions whose time has come, with the time; `done` has the last one of each, by its key."""
    for action in scheduled_everywhere():
        time = action.following(done.get(action.key, action.made_at))
        if time is not None and time <= moment:
            yield action, time
