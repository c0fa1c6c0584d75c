"""What alarms of CloudWatch do when they change their state, and what they remember of it.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SetAlarmState.html,
API_DescribeAlarmHistory.html there, and https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/
alarms-and-actions.html
"""

import datetime
import json
from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterValue
from moto.cloudwatch.models import CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult
from moto.kms.models import kms_backends
from moto.sns.models import sns_backends

from sandbox.aws import clock
from sandbox.aws.moto.alarm_data import composite_state
from sandbox.aws.moto.service_access import acting_for, lets
from sandbox.aws.patching import add, replace

SERVICE = "cloudwatch.amazonaws.com"
KEPT = datetime.timedelta(days=30)
MOST = 100
ACTIONS = {
    "OK": "ok_actions",
    "ALARM": "alarm_actions",
    "INSUFFICIENT_DATA": "insufficient_data_actions",
}


def install() -> None:
    """Patch moto, once in a process; after the patches of cloudwatch.py."""
    _act_on_changes()
    _tell_history()


def _act_on_changes() -> None:
    def put_metric_alarm(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        done = "updated" if name in self.alarms else "created"
        alarm = put(self, name, *args, **kwargs)
        _remember(self, alarm, "ConfigurationUpdate", f'Alarm "{name}" {done}', {"type": done.title()})
        return alarm

    def set_alarm_state(self: Any, alarm_name: str, reason: str, reason_data: str, state_value: str) -> None:
        before = self.alarms[alarm_name].state_value if alarm_name in self.alarms else None
        change(self, alarm_name, reason, reason_data, state_value)
        alarm = self.alarms[alarm_name]
        if state_value == before:
            return
        summary = f"Alarm updated from {before} to {state_value}"
        data = {
            "version": "1.0",
            "oldState": {"stateValue": before},
            "newState": {"stateValue": state_value, "stateReason": reason},
        }
        _remember(self, alarm, "StateUpdate", summary, data)
        _act(self, alarm, str(before))
        _follow(self, alarm_name)

    put = replace(CloudWatchBackend, "put_metric_alarm", put_metric_alarm)
    change = replace(CloudWatchBackend, "set_alarm_state", set_alarm_state)


def _follow(backend: Any, name: str) -> None:
    """Composite alarms change with the alarms that they watch, those over them too."""
    for alarm in list(backend.alarms.values()):
        if alarm.rule and alarm.name != name and name in alarm.rule:
            new = composite_state(backend, alarm.rule)
            if new != alarm.state_value:
                reason = f"{name} changed, and the rule {alarm.rule} gives {new}"
                backend.set_alarm_state(alarm.name, reason, "{}", new)


def _act(backend: Any, alarm: Any, before: str) -> None:
    if not alarm.actions_enabled:
        return
    for arn in getattr(alarm, ACTIONS[alarm.state_value]) or []:
        problem = _publish(backend, alarm, before, arn)
        done = f"Failed to execute action {arn}. Received error: {problem}" if problem else ""
        summary = done or f"Successfully executed action {arn}"
        data = {"actionState": "Failed" if problem else "Succeeded", "notificationResource": arn}
        _remember(backend, alarm, "Action", summary, data)


def _publish(backend: Any, alarm: Any, before: str, arn: str) -> str:
    """Tell the topic; returns why that could not be done.

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
    """
    _, _, service, region, account, name = (arn.split(":", 5) + [""] * 6)[:6]
    if service != "sns":
        return ""  # other kinds of actions are not carried out here
    topic = sns_backends[account][region].topics.get(arn) if account == backend.account_id else None
    if topic is None:
        return f"{name} does not exist"
    context = acting_for(alarm.alarm_arn, backend.account_id, SERVICE)
    if not lets(json.loads(topic.policy), SERVICE, "sns:Publish", arn, context):
        return f"{SERVICE} is not authorized to perform: SNS:Publish on resource: {arn}"
    if topic.kms_master_key_id and not _may_encrypt(account, region, topic.kms_master_key_id, context):
        return f"{SERVICE} is not authorized to use the key {topic.kms_master_key_id}"
    subject = f'{alarm.state_value}: "{alarm.name}" in {backend.region_name}'
    topic.publish(json.dumps(_message(backend, alarm, before)), subject=subject)
    return ""


def _may_encrypt(account: str, region: str, key_id: str, context: dict[str, list[str]]) -> bool:
    keys = kms_backends[account][region]
    try:
        key = keys.describe_key(keys.any_id_to_key_id(key_id))
    except Exception:
        return False  # AWS's own keys have a policy that lets no service in
    needed = ("kms:GenerateDataKey", "kms:Decrypt")
    policy = json.loads(key.policy)
    return key.key_state == "Enabled" and all(
        lets(policy, SERVICE, each, key.arn, context) for each in needed
    )


def _message(backend: Any, alarm: Any, before: str) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html"""
    message = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": backend.account_id,
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": clock.utcnow().strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
        "Region": backend.region_name,
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": before,
    }
    if alarm.rule:
        return message | {"AlarmRule": alarm.rule}
    return message | {
        "Trigger": {
            "MetricName": alarm.metric_name,
            "Namespace": alarm.namespace,
            "Dimensions": [{"name": each.name, "value": each.value} for each in alarm.dimensions],
            "Period": alarm.period,
            "EvaluationPeriods": alarm.evaluation_periods,
            "ComparisonOperator": alarm.comparison_operator,
            "Threshold": alarm.threshold,
            "TreatMissingData": alarm.treat_missing_data or "missing",
        }
    }


def _remember(backend: Any, alarm: Any, kind: str, summary: str, data: dict[str, Any]) -> None:
    backend.__dict__.setdefault("alarm_history", []).append(
        {
            "AlarmName": alarm.name,
            "AlarmType": "CompositeAlarm" if alarm.rule else "MetricAlarm",
            "Timestamp": clock.utcnow(),
            "HistoryItemType": kind,
            "HistorySummary": summary,
            "HistoryData": json.dumps(data),
        }
    )


def _tell_history() -> None:
    """API_DescribeAlarmHistory.html: kept for 30 days, also of alarms that are deleted since."""

    def describe_alarm_history(self: Any) -> Any:
        types = self._get_param("AlarmTypes", []) or ["MetricAlarm"]
        name, kind = self._get_param("AlarmName"), self._get_param("HistoryItemType")
        first = max(filter(None, (_naive(self._get_param("StartDate")), clock.utcnow() - KEPT)))
        last = _naive(self._get_param("EndDate"))
        items = [
            item
            for item in self.cloudwatch_backend.__dict__.get("alarm_history", [])
            if item["AlarmType"] in types
            and name in (None, item["AlarmName"])
            and kind in (None, item["HistoryItemType"])
            and item["Timestamp"] >= first
            and (last is None or item["Timestamp"] <= last)
        ]
        if self._get_param("ScanBy") != "TimestampAscending":
            items.reverse()
        token = self._get_param("NextToken") or "0"
        if not token.isdigit():
            raise InvalidParameterValue("Request parameter NextToken is invalid")
        begin, most = int(token), int(self._get_param("MaxRecords") or MOST)
        page: dict[str, Any] = {"AlarmHistoryItems": items[begin : begin + most]}
        if len(items) > begin + most:
            page["NextToken"] = str(begin + most)
        return ActionResult(page)

    add(CloudWatchResponse, "describe_alarm_history", describe_alarm_history)


def _naive(when: Any) -> datetime.datetime | None:
    """In UTC and without a time zone, as moto's times are."""
    if not isinstance(when, datetime.datetime):
        return None
    return when.astimezone(datetime.UTC).replace(tzinfo=None) if when.tzinfo else when
