# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the site's `backups` component already has (the pattern: encryption_keys.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from boto3.session import Session


def discover(session: Session, tags: dict[str, str]) -> dict[str, Any] | None:
    """The site's bucket of dumps."""
    wanted = {**tags, "platform:component": "backups", "platform:purpose": "dumps"}
    pages = session.client("resourcegroupstaggingapi").get_paginator("get_resources")
    found = pages.paginate(
        ResourceTypeFilters=["s3"],
        TagFilters=[{"Key": key, "Values": [value]} for key, value in wanted.items()],
    ).build_full_result()["ResourceTagMappingList"]
    for resource in found:
        arn = resource["ResourceARN"]
        return {"bucket": arn.rpartition(":")[2], "bucket_arn": arn}
    return None
