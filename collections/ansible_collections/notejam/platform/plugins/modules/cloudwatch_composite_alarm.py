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
  - Notejam platform contributors (@notejam)
options:
  alarm_rule:
    description:
      - When the alarm goes off, see
        U(https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html).
        Required with O(state=present).
    type: str
extends_documentation_fragment:
  - notejam.platform.alarm
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

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.notejam.platform.plugins.module_utils.alarm import (
    ACTIONS,
    SWITCH,
    Alarm,
    alarm_argument_spec,
)
from ansible_collections.notejam.platform.plugins.module_utils.resource import reconcile


class CompositeAlarm(Alarm):
    """An alarm: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_CompositeAlarm.html."""

    name = "composite_alarm"
    kind = "CompositeAlarm"

    def desired(self) -> dict[str, Any]:
        keys = ("name", "alarm_rule", *SWITCH, *ACTIONS)
        return {key: self.params[key] for key in keys} | self.declared("tags")

    def watched(self, alarm: dict[str, Any]) -> dict[str, Any]:
        return {"alarm_rule": alarm["AlarmRule"]}

    def put(self, desired: dict[str, Any], given: dict[str, Any]) -> None:
        self.cloudwatch.put_composite_alarm(AlarmRule=desired["alarm_rule"], **given)


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec=alarm_argument_spec(alarm_rule={}),
        required_if=[("state", "present", ["alarm_rule"])],
        supports_check_mode=True,
    )
    reconcile(CompositeAlarm(module))


if __name__ == "__main__":
    main()
