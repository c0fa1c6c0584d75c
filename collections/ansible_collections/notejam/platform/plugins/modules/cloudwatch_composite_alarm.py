#!/usr/bin/python
# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudwatch_composite_alarm
version_added: 0.2.0
short_description: Manage a composite alarm of CloudWatch with its tags
description:
  - Keeps an alarm that goes off by the states of other alarms, so that one message says what many would.
  - The alarms that its rule names have to be there first, and cannot be deleted before it.
author:
  - Notejam platform contributors
options:
  name:
    description: The alarm's name.
    type: str
    required: true
  description:
    description: What the alarm means, and what to do. Markdown is shown.
    type: str
    default: ""
  alarm_rule:
    description:
      - When the alarm goes off, see
        U(https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html).
        Required with O(state=present).
    type: str
  actions_enabled:
    description: Whether the actions are taken.
    type: bool
    default: true
  alarm_actions:
    description: ARNs of what is told when the alarm goes off.
    type: list
    elements: str
    default: []
  ok_actions:
    description: ARNs of what is told when all is well again.
    type: list
    elements: str
    default: []
  insufficient_data_actions:
    description: ARNs of what is told when data is missing.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - notejam.platform.resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Say that users are hurt
  notejam.platform.cloudwatch_composite_alarm:
    name: notejam-prod-degraded
    description: Users get errors or wait.
    alarm_rule: ALARM("notejam-prod-target-errors") OR ALARM("notejam-prod-slow-answers")
    alarm_actions: ["arn:aws:sns:eu-west-1:123456789012:notejam-prod-critical"]
"""

RETURN = r"""
composite_alarm:
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
    alarm_rule:
      description: When the alarm goes off.
      type: str
    arn:
      description: The alarm's ARN.
      type: str
      sample: arn:aws:cloudwatch:eu-west-1:123456789012:alarm:notejam-prod-degraded
    description:
      description: What the alarm means.
      type: str
    insufficient_data_actions:
      description: ARNs of what is told when data is missing.
      type: list
      elements: str
    name:
      description: The alarm's name.
      type: str
    ok_actions:
      description: ARNs of what is told when all is well again.
      type: list
      elements: str
    tags:
      description: The alarm's tags.
      type: dict
"""

from typing import Any, ClassVar

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.compare import same_items
from ansible_collections.notejam.platform.plugins.module_utils.resource import (
    Resource,
    argument_spec,
    reconcile,
)
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, as_list

ACTIONS = {
    "alarm_actions": "AlarmActions",
    "insufficient_data_actions": "InsufficientDataActions",
    "ok_actions": "OKActions",
}
PARAMETERS = {
    "actions_enabled": "ActionsEnabled",
    "alarm_rule": "AlarmRule",
    "description": "AlarmDescription",
}


class CompositeAlarm(Resource):
    """An alarm: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_CompositeAlarm.html."""

    name = "composite_alarm"
    computed = frozenset({"arn"})
    comparisons: ClassVar = dict.fromkeys(ACTIONS, same_items)

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        self.cloudwatch = self.client("cloudwatch")

    def desired(self) -> dict[str, Any]:
        return {key: self.params[key] for key in ("name", *PARAMETERS, *ACTIONS)} | self.declared("tags")

    def describe(self) -> dict[str, Any] | None:
        found = self.cloudwatch.describe_alarms(AlarmNames=[self.identity], AlarmTypes=["CompositeAlarm"])
        if not found["CompositeAlarms"]:
            return None
        alarm = found["CompositeAlarms"][0]
        arn = alarm["AlarmArn"]
        return {
            **{key: sorted(alarm.get(parameter, [])) for key, parameter in ACTIONS.items()},
            "actions_enabled": alarm["ActionsEnabled"],
            "alarm_rule": alarm["AlarmRule"],
            "arn": arn,
            "description": alarm.get("AlarmDescription", ""),
            "name": alarm["AlarmName"],
            "tags": as_dict(self.cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]),
        }

    def create(self, desired: dict[str, Any]) -> None:
        self._put(desired, Tags=as_list(desired.get("tags", {})))

    def update(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
        self._put(self.desired())

    def delete(self, current: dict[str, Any]) -> None:
        self.cloudwatch.delete_alarms(AlarmNames=[self.identity])

    def tag(self, current: dict[str, Any], tags: dict[str, str]) -> None:
        self.cloudwatch.tag_resource(ResourceARN=current["arn"], Tags=as_list(tags))

    def untag(self, current: dict[str, Any], keys: list[str]) -> None:
        self.cloudwatch.untag_resource(ResourceARN=current["arn"], TagKeys=keys)

    def _put(self, desired: dict[str, Any], **more: Any) -> None:
        given = {parameter: desired[key] for key, parameter in (PARAMETERS | ACTIONS).items()}
        self.cloudwatch.put_composite_alarm(AlarmName=self.identity, **given, **more)


def main() -> None:
    lists = {key: {"type": "list", "elements": "str", "default": []} for key in ACTIONS}
    module = AnsibleAWSModule(
        argument_spec=argument_spec(
            name={"required": True},
            description={"default": ""},
            alarm_rule={},
            actions_enabled={"type": "bool", "default": True},
            **lists,
        ),
        required_if=[("state", "present", ["alarm_rule"])],
        supports_check_mode=True,
    )
    reconcile(CompositeAlarm(module))


if __name__ == "__main__":
    main()
