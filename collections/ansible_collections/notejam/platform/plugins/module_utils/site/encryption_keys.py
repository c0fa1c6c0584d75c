# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the site's `encryption_keys` component already has.

Each component of a site has one such file, written with its role. `discover(session, tags)` gets a boto3
session of its own (components run side by side) and the site's tags; it returns the very dict, with the
same keys, shapes and values, that the role publishes as `site.<component>`, or None when nothing is there.
It only reads, finds resources by list calls and by their tags, never by names, and raises botocore's
errors as they are. The module site_info imports it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict

if TYPE_CHECKING:
    from boto3.session import Session

GONE = {"PendingDeletion", "PendingReplicaDeletion"}


def discover(session: Session, tags: dict[str, str]) -> dict[str, Any] | None:
    """The ARNs of the site's KMS keys by their purpose."""
    wanted = {**tags, "platform:component": "encryption_keys"}
    pages = session.client("resourcegroupstaggingapi").get_paginator("get_resources")
    found = pages.paginate(
        ResourceTypeFilters=["kms:key"],
        TagFilters=[{"Key": key, "Values": [value]} for key, value in wanted.items()],
    )
    kms = session.client("kms")
    arns = {
        as_dict(resource["Tags"]).get("platform:purpose", ""): resource["ResourceARN"]
        for page in found
        for resource in page["ResourceTagMappingList"]
        if kms.describe_key(KeyId=resource["ResourceARN"])["KeyMetadata"]["KeyState"] not in GONE
    }
    return {"arns": dict(sorted(arns.items()))} if arns else None
