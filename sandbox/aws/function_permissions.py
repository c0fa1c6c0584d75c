"""What a Lambda function may do with secrets, by its role's policies and the secrets' own.

The emulator asks nobody else for permission; who rotates a secret is asked, so that the rehearsal shows
whether its role has what it needs. KMS is not asked.
Sources: https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access.html and
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
"""

import json
from typing import Any

from botocore.exceptions import ClientError

from sandbox.aws.calls import Call
from sandbox.aws.conditions import Context, like, met
from sandbox.aws.errors import AWSError
from sandbox.aws.identities import as_list, principal_of, role_of, statements
from sandbox.aws.role_permissions import allows

SERVICE = "secretsmanager"
ANY = "*"  # what takes no secret


def check(call: Call) -> None:
    """Raises AWSError AccessDeniedException for a function that may not call this."""
    function = call.principal.function
    if not function or call.operation.service != SERVICE:
        return
    secret: dict[str, Any] = {}
    if identifier := call.parameters.get("SecretId"):
        try:
            secret = call.client(SERVICE).describe_secret(SecretId=identifier)
        except ClientError:
            return  # no such secret: said by the emulator
    action, resource = call.operation.iam_action, secret.get("ARN", ANY)
    role = role_of(call.principal.arn)
    context = {
        **keys_of(secret),
        "aws:requestedregion": [call.region],
        "lambda:sourcefunctionarn": [function],
    }
    if allows(call.client("iam"), role, action, resource, context) or grants(call, secret, role, context):
        return
    raise AWSError(
        "AccessDeniedException",
        f"User: {call.principal.arn} is not authorized to perform: {action} on resource: {resource} because "
        f"no identity-based policy allows the {action} action",
        400,
    )


def keys_of(secret: dict[str, Any]) -> Context:
    """The condition keys that the secret gives."""
    given = {
        "secretsmanager:resource/allowrotationlambdaarn": [secret.get("RotationLambdaARN", "")],
        "secretsmanager:secretid": [secret.get("ARN", "")],
        "secretsmanager:name": [secret.get("Name", "")],
    }
    for tag in secret.get("Tags", []):
        for prefix in ("aws", SERVICE):
            given[f"{prefix}:resourcetag/{tag['Key']}".lower()] = [tag["Value"]]
    return {key: values for key, values in given.items() if values != [""]}


def grants(call: Call, secret: dict[str, Any], role: str, context: Context) -> bool:
    """Whether the secret's own policy lets the role."""
    if not secret:
        return False
    answer = call.client(SERVICE).get_resource_policy(SecretId=secret["ARN"])
    policy = json.loads(answer.get("ResourcePolicy", "{}"))
    return any(
        statement.get("Effect") == "Allow"
        and role in as_list(principal_of(statement).get("AWS"))
        and any(like(pattern, call.operation.iam_action) for pattern in as_list(statement.get("Action")))
        and met(statement.get("Condition", {}), {**context, "aws:principalarn": [role]})
        for statement in statements(policy)
    )
