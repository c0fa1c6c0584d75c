# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the site's `secrets` component already has (the pattern: encryption_keys.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, carries

if TYPE_CHECKING:
    from boto3.session import Session


def discover(session: Session, tags: dict[str, str]) -> dict[str, Any] | None:
    """The ARNs of the site's secrets by their purpose; no value is read."""
    wanted = {**tags, "platform:component": "secrets"}
    pages = session.client("secretsmanager").get_paginator("list_secrets")
    # The service's filter matches prefixes and any of the values, so it only narrows the list.
    filters = [{"Key": "tag-value", "Values": [tags["platform:site"]]}] if "platform:site" in tags else []
    arns = {}
    for page in pages.paginate(Filters=filters):
        for secret in page["SecretList"]:
            found = as_dict(secret.get("Tags"))
            if carries(found, wanted) and not secret.get("DeletedDate"):
                arns[found.get("platform:purpose", "")] = secret["ARN"]
    return {"arns": dict(sorted(arns.items()))} if arns else None
