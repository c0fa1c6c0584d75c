"""What a role's policies allow, for the places where the emulator asks as AWS does.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from sandbox.aws.conditions import Context, like, met
from sandbox.aws.identities import as_list, role_in, statements

Policy = dict[str, Any]


def allows(iam: Any, role_arn: str, action: str, resource: str, context: Context | None = None) -> bool:
    """Whether the role's policies, and its permissions boundary if it has one, allow the action.

    `iam` is a client of the role's account. Raises AWSError for a condition that is not evaluated here.
    """
    _account, name = role_in(role_arn)
    try:
        role = iam.get_role(RoleName=name)["Role"]
        own = list(_policies(iam, name))
        boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        limit = [_document(iam, boundary)] if boundary else None
    except ClientError:
        return False
    given = {"aws:principalarn": [role_arn], **(context or {})}
    return _allowed(own, action, resource, given) and (
        limit is None or _allowed(limit, action, resource, given)
    )


def _allowed(policies: list[Policy], action: str, resource: str, context: Context) -> bool:
    """An explicit denial wins; without a word there is no permission."""
    effects = {
        statement.get("Effect")
        for policy in policies
        for statement in statements(policy)
        if is_about(statement, action, resource) and met(statement.get("Condition", {}), context)
    }
    return effects == {"Allow"}


def is_about(statement: Policy, action: str, resource: str) -> bool:
    """Whether the statement's actions and resources have these among them."""
    if "NotAction" in statement:
        named = not _any_like(statement["NotAction"], action, str.lower)
    else:
        named = _any_like(statement.get("Action"), action, str.lower)
    if "NotResource" in statement:
        return named and not _any_like(statement["NotResource"], resource)
    return named and _any_like(statement.get("Resource"), resource)


def _any_like(patterns: Any, value: str, spelled: Any = str) -> bool:
    return any(like(spelled(pattern), spelled(value)) for pattern in as_list(patterns))


def _policies(iam: Any, role: str) -> Iterator[Policy]:
    for page in iam.get_paginator("list_role_policies").paginate(RoleName=role):
        for name in page["PolicyNames"]:
            yield _parsed(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
    for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=role):
        for attached in page["AttachedPolicies"]:
            yield _document(iam, attached["PolicyArn"])


def _document(iam: Any, arn: str) -> Policy:
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return _parsed(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])


def _parsed(document: Any) -> Policy:
    return json.loads(document) if isinstance(document, str) else dict(document)
