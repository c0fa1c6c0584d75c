# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the account already has of the `identity` component (the pattern: encryption_keys.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, carries

if TYPE_CHECKING:
    from boto3.session import Session

GITHUB = "token.actions.githubusercontent.com"


def discover(session: Session, tags: dict[str, str]) -> dict[str, Any] | None:
    """The boundary, GitHub's provider and the roles, which belong to the account and to no site."""
    wanted = {**tags, "platform:component": "identity", "platform:site": "global"}
    iam = session.client("iam")
    boundary = _boundary(iam, wanted)
    if boundary is None:
        return None
    providers = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    # The one list of roles that tells their tags:
    # https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
    pages = iam.get_paginator("get_account_authorization_details").paginate(Filter=["Role"])
    roles = {
        as_dict(role["Tags"]).get("platform:purpose", ""): role["Arn"]
        for page in pages
        for role in page["RoleDetailList"]
        if carries(as_dict(role.get("Tags")), wanted)
    }
    return {
        "permissions_boundary_arn": boundary,
        "github_provider_arn": next((p["Arn"] for p in providers if p["Arn"].endswith(GITHUB)), None),
        "role_arns": dict(sorted(roles.items())),
    }


def _boundary(iam: Any, wanted: dict[str, str]) -> str | None:
    for page in iam.get_paginator("list_policies").paginate(Scope="Local"):
        for policy in page["Policies"]:
            # The list has no tags: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicies.html
            found = as_dict(iam.list_policy_tags(PolicyArn=policy["Arn"])["Tags"])
            if carries(found, {**wanted, "platform:purpose": "boundary"}):
                return str(policy["Arn"])
    return None
