# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the site's `observability` component already has (the pattern: encryption_keys.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, carries

if TYPE_CHECKING:
    from boto3.session import Session


def discover(session: Session, tags: dict[str, str]) -> dict[str, Any] | None:
    """The ARNs of the site's SNS topics by how urgent their messages are, and of the account's trail; the
    name of the bucket of the load balancer's access logs.
    """
    wanted = {**tags, "platform:component": "observability"}
    topics = _topics(session, wanted)
    trail = _trail(session, {**wanted, "platform:site": "global", "platform:purpose": "trail"})
    bucket = _bucket(session, {**wanted, "platform:purpose": "access-logs"})
    if not topics and trail is None and not bucket:
        return None
    return {"topic_arns": topics, "trail_arn": trail, "access_logs_bucket": bucket}


def _bucket(session: Session, wanted: dict[str, str]) -> str:
    """The name of the region's bucket with these tags; empty when there is none."""
    tagging = session.client("resourcegroupstaggingapi")
    filters = [{"Key": key, "Values": [value]} for key, value in wanted.items()]
    found = tagging.get_resources(TagFilters=filters, ResourceTypeFilters=["s3"])["ResourceTagMappingList"]
    return found[0]["ResourceARN"].rpartition(":")[2] if found else ""


def _topics(session: Session, wanted: dict[str, str]) -> dict[str, str]:
    sns = session.client("sns")
    arns = {}
    for page in sns.get_paginator("list_topics").paginate():
        for topic in page["Topics"]:
            found = as_dict(sns.list_tags_for_resource(ResourceArn=topic["TopicArn"])["Tags"])
            if carries(found, wanted):
                arns[found.get("platform:purpose", "")] = topic["TopicArn"]
    return dict(sorted(arns.items()))


def _trail(session: Session, wanted: dict[str, str]) -> str | None:
    # A trail of all regions is listed in each, and its tags in its home region only:
    # https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListTags.html
    for trail in session.client("cloudtrail").describe_trails()["trailList"]:
        at_home = session.client("cloudtrail", region_name=trail["HomeRegion"])
        (told,) = at_home.list_tags(ResourceIdList=[trail["TrailARN"]])["ResourceTagList"]
        if carries(as_dict(told.get("TagsList")), wanted):
            return str(trail["TrailARN"])
    return None
