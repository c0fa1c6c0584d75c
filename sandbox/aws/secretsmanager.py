"""Secrets Manager's resource policies, enforced where they matter most: who reads a secret's value.

Only explicit denials are looked at, with the conditions on who calls; the emulator asks for no permission.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import json
from fnmatch import fnmatchcase
from typing import Any

from botocore.exceptions import ClientError

from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.conditions import met
from sandbox.aws.errors import AWSError
from sandbox.aws.identities import as_list, principal_of, role_of, statements

CALLER = "aws:principalarn"


def handlers() -> Handlers:
    return {("secretsmanager", "GetSecretValue"): get_secret_value}


def get_secret_value(call: Call) -> Result:
    """Raises AWSError for a caller whom the secret's resource policy denies to read."""
    secret = call.parameters.get("SecretId", "")
    try:
        found = call.client("secretsmanager").get_resource_policy(SecretId=secret)
    except ClientError:
        return call.forward()  # no such secret: said by the emulator
    policy = json.loads(found.get("ResourcePolicy", "{}"))
    caller = role_of(call.principal.arn)
    if any(denies(statement, call.operation.iam_action, caller) for statement in statements(policy)):
        raise AWSError(
            "AccessDeniedException",
            f"User: {call.principal.arn} is not authorized to perform: {call.operation.iam_action} on "
            f"resource: {found['ARN']} with an explicit deny in a resource-based policy",
            400,
        )
    return call.forward()


def denies(statement: dict[str, Any], action: str, caller: str) -> bool:
    """Whether the statement forbids the action to the principal with this ARN."""
    principals = as_list(principal_of(statement).get("AWS"))
    return (
        statement.get("Effect") == "Deny"
        and any(fnmatchcase(action, pattern) for pattern in as_list(statement.get("Action")))
        and ("*" in principals or caller in principals)
        and _holds(statement.get("Condition", {}), caller)
    )


def _holds(conditions: dict[str, dict[str, Any]], caller: str) -> bool:
    """Whether the conditions are met. Raises AWSError for one that is about anything but the caller."""
    others = {key for keys in conditions.values() for key in keys if key.lower() != CALLER}
    if others:
        raise AWSError(
            "NotImplemented", f"The sandbox does not evaluate {', '.join(sorted(others))} here.", status=501
        )
    return met(conditions, {CALLER: [caller]})
