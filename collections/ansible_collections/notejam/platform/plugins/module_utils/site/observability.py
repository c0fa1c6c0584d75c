# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the site's `observability` component already has (the pattern: encryption_keys.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, carries

if TYPE_CHECKING:
    from boto3.session import Session


def discover(session: Session, tags: dict[str, str]) -> dict[str, Any] | None:
    """The ARNs of the site's SNS topics by how urgent their messages are."""
    wanted = {**tags, "platform:component": "observability"}
    sns = session.client("sns")
    arns = {}
    for page in sns.get_paginator("list_topics").paginate():
        for topic in page["Topics"]:
            found = as_dict(sns.list_tags_for_resource(ResourceArn=topic["TopicArn"])["Tags"])
            if carries(found, wanted):
                arns[found.get("platform:purpose", "")] = topic["TopicArn"]
    return {"topic_arns": dict(sorted(arns.items()))} if arns else None
