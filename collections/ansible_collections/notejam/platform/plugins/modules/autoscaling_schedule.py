#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The scheduled actions of an Auto Scaling group."""

from __future__ import annotations

DOCUMENTATION = r"""
module: autoscaling_schedule
short_description: Manage what an Auto Scaling group does at given moments
version_added: 0.2.0
author: Notejam platform contributors (@notejam)
description:
  - Declares all one-time scheduled actions of an Auto Scaling group whose names begin alike; others are left
    alone. See U(https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html).
  - Auto Scaling removes an action once its moment is over, so one that is over counts as not there.
options:
  auto_scaling_group_name:
    description: The group, such as the one that EKS makes for a node group.
    type: str
    required: true
  prefix:
    description: How the names of the actions begin that are declared here.
    type: str
    default: event-
  actions:
    description:
      - The actions; those with the prefix that are not among them are removed.
      - A group has 125 at most, no two of them at one moment.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the action, beginning with O(prefix).
        type: str
        required: true
      start_time:
        description: When it acts, in UTC, such as V(2026-11-27T06:00:00Z).
        type: str
        required: true
      min_size:
        description: The fewest instances from then on. The group starts what it lacks.
        type: int
      max_size:
        description: The most instances from then on.
        type: int
      desired_capacity:
        description: How many instances it then has. Left out, the number stays, within the limits.
        type: int
extends_documentation_fragment:
  - notejam.platform.resource.untagged
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Have more nodes for a day
  notejam.platform.autoscaling_schedule:
    auto_scaling_group_name: eks-application-0ac1b2c3
    actions:
      - name: event-application-20261127T0600Z
        start_time: "2026-11-27T06:00:00Z"
        min_size: 12
      - name: event-application-20261128T0100Z
        start_time: "2026-11-28T01:00:00Z"
        min_size: 3
        desired_capacity: 3
"""

RETURN = r"""
autoscaling_schedule:
  description: The actions to come; null when there are none to be.
  returned: success
  type: dict
  contains:
    actions:
      description: The actions with the prefix, by their moment, with the options' keys.
      type: list
      elements: dict
"""

import datetime
from typing import Any, ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.compare import declared, same
from ansible_collections.notejam.platform.plugins.module_utils.resource import (
    Resource,
    State,
    reconcile,
    untagged_argument_spec,
)

FORMAT = "%Y-%m-%dT%H:%M:%SZ"
AT_ONCE = 50  # of a batch: API_BatchPutScheduledUpdateGroupAction.html
SIZES = {"min_size": "MinSize", "max_size": "MaxSize", "desired_capacity": "DesiredCapacity"}


class Schedule(Resource):
    name = "autoscaling_schedule"
    comparisons: ClassVar = {"actions": same}

    @property
    def identity(self) -> str:
        return f"{self.params['prefix']}* of {self.params['auto_scaling_group_name']}"

    @property
    def _group(self) -> dict[str, str]:
        return {"AutoScalingGroupName": self.params["auto_scaling_group_name"]}

    def describe(self) -> State | None:
        pages = self.client("autoscaling").get_paginator("describe_scheduled_actions")
        found = pages.paginate(**self._group).build_full_result()["ScheduledUpdateGroupActions"]
        now = datetime.datetime.now(datetime.UTC)
        ours = [
            action
            for action in found
            if action["ScheduledActionName"].startswith(self.params["prefix"]) and action["StartTime"] > now
        ]
        # There is always a schedule, if an empty one.
        if not ours and self.params["state"] == "absent":
            return None
        return {"actions": sorted(map(_told, ours), key=lambda action: action["start_time"])}

    def desired(self) -> State:
        actions = [dict(declared(action)) for action in self.params["actions"]]
        for action in actions:
            if not action["name"].startswith(self.params["prefix"]):
                raise AnsibleAWSError(
                    message=f"The action {action['name']} of {self.label} does not begin with "
                    f"{self.params['prefix']}, so that the next run would not find it."
                )
        return {"actions": sorted(actions, key=lambda action: action["start_time"])}

    def update(self, current: State, changes: dict[str, tuple[Any, Any]]) -> None:
        old, new = changes["actions"]
        # First: no two actions of a group may have one moment.
        self._remove([action["name"] for action in old if action["name"] not in _names(new)])
        for part in _parts([action for action in new if action not in old]):
            answer = self.client("autoscaling").batch_put_scheduled_update_group_action(
                **self._group, ScheduledUpdateGroupActions=[_request(action) for action in part]
            )
            _refuse_failed(self.label, answer.get("FailedScheduledUpdateGroupActions", []))

    def delete(self, current: State) -> None:
        self._remove(_names(current["actions"]))

    def _remove(self, names: list[str]) -> None:
        for part in _parts(names):
            answer = self.client("autoscaling").batch_delete_scheduled_action(
                **self._group, ScheduledActionNames=part
            )
            _refuse_failed(self.label, answer.get("FailedScheduledActions", []))


def _parts(items: list[Any]) -> list[list[Any]]:
    """The items in parts that one batch may have."""
    return [items[start : start + AT_ONCE] for start in range(0, len(items), AT_ONCE)]


def _names(actions: list[dict[str, Any]]) -> list[str]:
    return [action["name"] for action in actions]


def _told(action: dict[str, Any]) -> dict[str, Any]:
    """An action in the options' keys."""
    return {
        "name": action["ScheduledActionName"],
        "start_time": action["StartTime"].astimezone(datetime.UTC).strftime(FORMAT),
        **{key: action[name] for key, name in SIZES.items() if action.get(name) is not None},
    }


def _request(action: dict[str, Any]) -> dict[str, Any]:
    return {
        "ScheduledActionName": action["name"],
        "StartTime": action["start_time"],
        **{name: action[key] for key, name in SIZES.items() if key in action},
    }


def _refuse_failed(label: str, failed: list[dict[str, Any]]) -> None:
    """A batch answers well even if single actions are refused."""
    if failed:
        told = "; ".join(f"{each['ScheduledActionName']}: {each.get('ErrorMessage', '')}" for each in failed)
        raise AnsibleAWSError(message=f"{label}: Auto Scaling refused {told}")


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=untagged_argument_spec(
            auto_scaling_group_name={"required": True},
            prefix={"default": "event-"},
            actions={
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "name": {"required": True},
                    "start_time": {"required": True},
                    "min_size": {"type": "int"},
                    "max_size": {"type": "int"},
                    "desired_capacity": {"type": "int"},
                },
            },
        ),
        supports_check_mode=True,
    )
    reconcile(Schedule(module))


if __name__ == "__main__":
    main()
