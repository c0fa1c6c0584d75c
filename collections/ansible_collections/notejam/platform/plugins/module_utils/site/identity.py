# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the account already has of the `identity` component (the pattern: encryption_keys.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, carries

if TYPE_CHECKING:
    from boto3.session import Session


def discover(session: Session, tags: dict[str, str]) -> dict[str, Any] | None:
    """The permissions boundary, which belongs to the account and to no site."""
    wanted = {**tags, "platform:component": "identity", "platform:site": "global"}
    iam = session.client("iam")
    for page in iam.get_paginator("list_policies").paginate(Scope="Local"):
        for policy in page["Policies"]:
            # The list has no tags: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicies.html
            found = as_dict(iam.list_policy_tags(PolicyArn=policy["Arn"])["Tags"])
            if carries(found, {**wanted, "platform:purpose": "boundary"}):
                return {"permissions_boundary_arn": policy["Arn"]}
    return None
