# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What CloudWatch's metric and composite alarms have in common: their options, actions, tags and deletion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ansible_collections.notejam.platform.plugins.module_utils.compare import same_items
from ansible_collections.notejam.platform.plugins.module_utils.resource import Resource, argument_spec
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, as_list

if TYPE_CHECKING:
    from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

ACTIONS = {
    "alarm_actions": "AlarmActions",
    "insufficient_data_actions": "InsufficientDataActions",
    "ok_actions": "OKActions",
}
SWITCH = {"actions_enabled": "ActionsEnabled", "description": "AlarmDescription"}


def alarm_argument_spec(**own: Any) -> dict[str, Any]:
    """The module's own options, and those of every alarm (doc_fragments/alarm.py) and resource."""
    actions = {key: {"type": "list", "elements": "str", "default": []} for key in ACTIONS}
    return argument_spec(
        name={"required": True},
        description={"default": ""},
        actions_enabled={"type": "bool", "default": True},
        **actions,
        **own,
    )


class Alarm(Resource):
    """An alarm, which CloudWatch writes as a whole; a subclass says what kind, and what it watches."""

    kind: ClassVar[str]
    """AWS's word for the kind, "MetricAlarm" or "CompositeAlarm"."""
    computed = frozenset({"arn"})
    comparisons: ClassVar = dict.fromkeys(ACTIONS, same_items)

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        self.cloudwatch = self.client("cloudwatch")

    def watched(self, alarm: dict[str, Any]) -> dict[str, Any]:
        """What the alarm watches, of an answer of DescribeAlarms in the options' words."""
        raise AssertionError(f"{type(self).__name__} does not define watched()")

    def put(self, desired: dict[str, Any], given: dict[str, Any]) -> None:
        """Write the alarm; `given` has what every alarm has, in the API's words."""
        raise AssertionError(f"{type(self).__name__} does not define put()")

    def describe(self) -> dict[str, Any] | None:
        found = self.cloudwatch.describe_alarms(AlarmNames=[self.identity], AlarmTypes=[self.kind])
        for alarm in found[f"{self.kind}s"]:
            arn = alarm["AlarmArn"]
            return {
                **self.watched(alarm),
                **{key: sorted(alarm.get(parameter, [])) for key, parameter in ACTIONS.items()},
                "actions_enabled": alarm["ActionsEnabled"],
                "arn": arn,
                "description": alarm.get("AlarmDescription", ""),
                "name": alarm["AlarmName"],
                "tags": as_dict(self.cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]),
            }
        return None

    def create(self, desired: dict[str, Any]) -> None:
        self.put(desired, self._given(desired) | {"Tags": as_list(desired.get("tags", {}))})

    def update(self, current: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
        desired = self.desired()
        self.put(desired, self._given(desired))

    def delete(self, current: dict[str, Any]) -> None:
        self.cloudwatch.delete_alarms(AlarmNames=[self.identity])

    def tag(self, current: dict[str, Any], tags: dict[str, str]) -> None:
        self.cloudwatch.tag_resource(ResourceARN=current["arn"], Tags=as_list(tags))

    def untag(self, current: dict[str, Any], keys: list[str]) -> None:
        self.cloudwatch.untag_resource(ResourceARN=current["arn"], TagKeys=keys)

    def _given(self, desired: dict[str, Any]) -> dict[str, Any]:
        members = {parameter: desired[key] for key, parameter in (SWITCH | ACTIONS).items()}
        return {"AlarmName": self.identity, **members}
