# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the site's `security_groups` component already has (the pattern: encryption_keys.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict

if TYPE_CHECKING:
    from boto3.session import Session


def discover(session: Session, tags: dict[str, str]) -> dict[str, Any] | None:
    """The ids of the site's security groups by their purpose."""
    wanted = {**tags, "platform:component": "security_groups"}
    pages = (
        session.client("ec2")
        .get_paginator("describe_security_groups")
        .paginate(Filters=[{"Name": f"tag:{key}", "Values": [value]} for key, value in wanted.items()])
    )
    ids = {
        as_dict(group["Tags"]).get("platform:purpose", "").replace("-", "_"): group["GroupId"]
        for group in pages.build_full_result()["SecurityGroups"]
    }
    return {"ids": dict(sorted(ids.items()))} if ids else None
