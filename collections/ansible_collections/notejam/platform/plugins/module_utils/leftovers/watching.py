# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What watches and acts: alarms, logs, topics, queues, trails, events, schedules and functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ansible_collections.notejam.platform.plugins.module_utils.leftovers.found import Found, Scope
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict

if TYPE_CHECKING:
    from boto3.session import Session


def find(session: Session, scope: Scope) -> Iterator[Found]:
    """CloudWatch, its logs, SNS, SQS, CloudTrail, EventBridge and Lambda."""
    yield from _alarms(session.client("cloudwatch"), scope)
    yield from _logs(session.client("logs"), scope)
    yield from _messages(session, scope)
    yield from _trails(session.client("cloudtrail"), scope)
    yield from _events(session, scope)
    functions = session.client("lambda")
    for page in functions.get_paginator("list_functions").paginate():
        for each in page["Functions"]:
            tags = functions.list_tags(Resource=each["FunctionArn"])["Tags"]
            if found := scope.claim(each["FunctionArn"], tags, "secrets", each["FunctionName"]):
                yield found


def _alarms(cloudwatch: Any, scope: Scope) -> Iterator[Found]:
    kinds = ["MetricAlarm", "CompositeAlarm"]
    for page in cloudwatch.get_paginator("describe_alarms").paginate(AlarmTypes=kinds):
        for each in (*page.get("MetricAlarms", ()), *page.get("CompositeAlarms", ())):
            arn = each["AlarmArn"]
            tags = as_dict(cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"])
            if found := scope.claim(arn, tags, "observability", each["AlarmName"]):
                yield found
    for page in cloudwatch.get_paginator("list_dashboards").paginate():
        for each in page["DashboardEntries"]:
            if found := scope.claim(each["DashboardArn"], {}, "observability", each["DashboardName"]):
                yield found


def _logs(logs: Any, scope: Scope) -> Iterator[Found]:
    """Services make groups for themselves, without tags, and their names have the resource's in them."""
    for page in logs.get_paginator("describe_log_groups").paginate():
        for each in page["logGroups"]:
            arn = each["arn"].removesuffix(":*")
            tags = logs.list_tags_for_resource(resourceArn=arn)["tags"]
            if found := scope.claim(arn, tags, "observability", each["logGroupName"]):
                yield found


def _messages(session: Session, scope: Scope) -> Iterator[Found]:
    sns, sqs = session.client("sns"), session.client("sqs")
    for page in sns.get_paginator("list_topics").paginate():
        for each in page["Topics"]:
            arn = each["TopicArn"]
            tags = as_dict(sns.list_tags_for_resource(ResourceArn=arn)["Tags"])
            if found := scope.claim(arn, tags, "observability", arn.rpartition(":")[2]):
                yield found
    for page in sqs.get_paginator("list_queues").paginate():
        for url in page.get("QueueUrls", ()):
            name = url.rpartition("/")[2]
            tags = sqs.list_queue_tags(QueueUrl=url).get("Tags", {})
            if found := scope.claim(scope.arn("sqs", name), tags, "cluster", name):
                yield found


def _trails(cloudtrail: Any, scope: Scope) -> Iterator[Found]:
    """A trail of all regions is told in its home region."""
    for each in cloudtrail.describe_trails(includeShadowTrails=False)["trailList"]:
        (told,) = cloudtrail.list_tags(ResourceIdList=[each["TrailARN"]])["ResourceTagList"]
        if found := scope.claim(
            each["TrailARN"], as_dict(told.get("TagsList")), "observability", each["Name"]
        ):
            yield found


def _events(session: Session, scope: Scope) -> Iterator[Found]:
    events, scheduler = session.client("events"), session.client("scheduler")
    for page in events.get_paginator("list_rules").paginate():
        for each in page["Rules"]:
            tags = as_dict(events.list_tags_for_resource(ResourceARN=each["Arn"])["Tags"])
            if found := scope.claim(each["Arn"], tags, "observability", each["Name"]):
                yield found
    for page in scheduler.get_paginator("list_schedules").paginate():
        for each in page["Schedules"]:
            if found := scope.claim(each["Arn"], {}, "cluster", each["Name"]):
                yield found
