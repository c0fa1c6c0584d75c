"""LookupEvents: the management events of an account and region, newest first.

Sources: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html, and
cloudtrail-event-reference-record-contents.html of the user guide there.
"""

import base64
import datetime
import json
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.aws import clock
from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.cloudtrail.resource_types import resource_type
from sandbox.aws.creation_times import CreationTimes
from sandbox.aws.emulator import writes
from sandbox.aws.errors import AWSError
from sandbox.aws.protocol import service_model
from sandbox.aws.request_log import RequestLog

KEPT = datetime.timedelta(days=90)
MOST = 50  # events of a page
VERSION = "1.11"
# Their events are in one region: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/
# cloudtrail-concepts.html#cloudtrail-concepts-global-service-events
GLOBAL_REGION = "us-east-1"
GLOBAL = frozenset({"budgets", "cloudfront", "iam", "organizations", "route53"})
# What is done with the data in a resource is no management event:
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
DATA_SERVICES = frozenset({"dynamodb", "lambda", "s3", "sns", "sqs"})
DATA_OPERATIONS = frozenset(
    {
        "AbortMultipartUpload",
        "CompleteMultipartUpload",
        "CopyObject",
        "CreateMultipartUpload",
        "DeleteMessage",
        "Invoke",
        "ListMultipartUploads",
        "ListParts",
        "Publish",
        "PublishBatch",
        "Query",
        "ReceiveMessage",
        "Scan",
        "SendMessage",
        "UploadPart",
        "UploadPartCopy",
    }
)
# Nor are they logged at all.
UNLOGGED = frozenset({"GetMetricData", "GetMetricStatistics", "PutLogEvents", "PutMetricData"})
ATTRIBUTES: dict[str, Callable[[dict[str, Any], str], bool]] = {
    "AccessKeyId": lambda event, value: event.get("AccessKeyId") == value,
    "EventId": lambda event, value: event["EventId"] == value,
    "EventName": lambda event, value: event["EventName"] == value,
    "EventSource": lambda event, value: event["EventSource"] == value,
    "ReadOnly": lambda event, value: event["ReadOnly"] == value.lower(),
    "ResourceName": lambda event, value: any(r["ResourceName"] == value for r in event["Resources"]),
    "ResourceType": lambda event, value: any(r.get("ResourceType") == value for r in event["Resources"]),
    "Username": lambda event, value: event.get("Username") == value,
}


class Events:
    """The request log as CloudTrail's event history, some minutes late as on AWS."""

    def __init__(self, request_log: RequestLog, times: CreationTimes) -> None:
        self._log = request_log
        self._times = times

    def handlers(self) -> Handlers:
        return {("cloudtrail", "LookupEvents"): self.lookup_events}

    def lookup_events(self, call: Call) -> Result:
        given = call.parameters
        matches = _matcher(given.get("LookupAttributes", []))
        most = given.get("MaxResults", MOST)
        if not 1 <= most <= MOST:
            raise AWSError("InvalidMaxResultsException", f"MaxResults is not between 1 and {MOST}.", 400)
        start, end = given.get("StartTime"), given.get("EndTime")
        if start and end and _utc(start) > _utc(end):
            raise AWSError("InvalidTimeRangeException", "The start time is after the end time.", 400)
        if given.get("EventCategory") == "insight":
            return {"Events": []}
        found = (event for event in self._events(call.account, call.region, start, end) if matches(event))
        for _ in _until_after(found, given.get("NextToken")):
            pass
        page = [event for _, event in zip(range(most), found, strict=False)]
        result: Result = {"Events": page}
        if len(page) == most and next(found, None):
            result["NextToken"] = base64.b64encode(page[-1]["EventId"].encode()).decode()
        return result

    def _events(
        self, account: str, region: str, start: datetime.datetime | None, end: datetime.datetime | None
    ) -> Iterator[dict[str, Any]]:
        now = datetime.datetime.fromtimestamp(clock.now(), tz=datetime.UTC)
        delay = datetime.timedelta(seconds=self._times.done_at("cloudtrail-event") - clock.now())
        first = max(now - KEPT, _utc(start)) if start else now - KEPT
        last = min(now - delay, _utc(end)) if end else now - delay
        for line in self._log.newest_first(account):
            when = datetime.datetime.fromisoformat(line["time"])
            if when < first:
                return
            if when <= last and _is_management(line) and _region(line) == region:
                yield _event(line, when)


def _utc(when: datetime.datetime) -> datetime.datetime:
    return when if when.tzinfo else when.replace(tzinfo=datetime.UTC)


def _matcher(attributes: list[dict[str, str]]) -> Callable[[dict[str, Any]], bool]:
    if not attributes:
        return lambda event: True
    if len(attributes) > 1 or attributes[0].get("AttributeKey") not in ATTRIBUTES:
        raise AWSError(
            "InvalidLookupAttributesException", "One lookup attribute of the known ones can be given.", 400
        )
    key, value = attributes[0]["AttributeKey"], attributes[0].get("AttributeValue", "")
    return lambda event: ATTRIBUTES[key](event, value)


def _until_after(events: Iterator[dict[str, Any]], token: str | None) -> Iterator[None]:
    """Consume the events up to the one that the token names."""
    if token is None:
        return
    try:
        last = base64.b64decode(token, validate=True).decode()
    except ValueError:
        raise AWSError("InvalidNextTokenException", "The token is none of LookupEvents.", 400) from None
    for event in events:
        yield
        if event["EventId"] == last:
            return
    raise AWSError("InvalidNextTokenException", "The token is of another query, or has expired.", 400)


def _is_management(line: dict[str, Any]) -> bool:
    if not line["operation"] or line["operation"] in UNLOGGED:
        return False
    of_data = line["operation"] in DATA_OPERATIONS or "Object" in line["operation"].removesuffix(
        "ObjectLockConfiguration"
    )
    return not (line["service"] in DATA_SERVICES and of_data)


def _region(line: dict[str, Any]) -> str:
    return GLOBAL_REGION if line["service"] in GLOBAL else str(line["region"])


def _event(line: dict[str, Any], when: datetime.datetime) -> dict[str, Any]:
    read_only = not writes(line["operation"])
    source = f"{service_model(line['service']).signing_name}.amazonaws.com"
    identity = _identity(line)
    kind = resource_type(line["service"], line["operation"], line["resource"])
    record = {
        "eventVersion": VERSION,
        "userIdentity": identity,
        "eventTime": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": source,
        "eventName": line["operation"],
        "awsRegion": _region(line),
        "sourceIPAddress": line.get("source_address", ""),
        "userAgent": line.get("user_agent", ""),
        # What a request held is not kept here.
        "requestParameters": None,
        "responseElements": None,
        "eventID": line.get("id", ""),
        "readOnly": read_only,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": line["account"],
        "eventCategory": "Management",
    }
    if line["error"]:
        record["errorCode"] = line["error"]
    event = {
        "EventId": record["eventID"],
        "EventName": line["operation"],
        "ReadOnly": str(read_only).lower(),
        "EventTime": when.replace(microsecond=0),
        "EventSource": source,
        "Username": _username(line["principal"]),
        "Resources": [{"ResourceName": line["resource"]} | ({"ResourceType": kind} if kind else {})]
        if line["resource"]
        else [],
        "CloudTrailEvent": json.dumps(record),
    }
    return event | ({"AccessKeyId": identity["accessKeyId"]} if identity.get("accessKeyId") else {})


def _username(arn: str) -> str:
    """A user's name, or that of a role's session."""
    return arn.rpartition("/")[2] if "/" in arn else arn.rpartition(":")[2]


def _identity(line: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html"""
    arn = line["principal"]
    told = {"arn": arn, "accountId": line["account"], "accessKeyId": line.get("access_key_id", "")}
    if ":assumed-role/" in arn:
        role = arn.split("/")[1]
        issuer = {
            "type": "Role",
            "arn": f"arn:aws:iam::{line['account']}:role/{role}",
            "accountId": line["account"],
            "userName": role,
        }
        return {"type": "AssumedRole", **told, "sessionContext": {"sessionIssuer": issuer}}
    if ":user/" in arn:
        return {"type": "IAMUser", **told, "userName": _username(arn)}
    return {"type": "Root" if arn.endswith(":root") else "Unknown", **told}
