"""What a bucket's policy denies to whom, by its conditions.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html (an explicit denial
wins over what IAM allows), and https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
"""

import json
from typing import Any
from urllib.parse import quote

from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.conditions import Context, met
from sandbox.aws.errors import AWSError, NotImplementedByEmulator
from sandbox.aws.http import Request, Response
from sandbox.aws.identities import as_list, principal_of, role_of, statements
from sandbox.aws.role_permissions import is_about

ARN = "arn:aws:s3:::"
# The parameter of a request of the sandbox's own, by which the journal holds what came of a replication.
OUTCOME = "sandbox-replication-outcome"
# Condition keys that are headers of the request.
HEADERS = (
    "x-amz-acl",
    "x-amz-copy-source",
    "x-amz-server-side-encryption",
    "x-amz-storage-class",
    "x-amz-object-lock-mode",
)
KMS_HEADER = "x-amz-server-side-encryption-aws-kms-key-id"
# And those that are parameters.
PARAMETERS = {"prefix": "Prefix", "delimiter": "Delimiter", "max-keys": "MaxKeys", "versionid": "VersionId"}
# Of the subresources that the emulator does not know:
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketMetricsConfiguration.html
LACKING = [
    f"{verb}Bucket{kind}Configuration{'s' if verb == 'List' else ''}"
    for verb in ("Put", "Get", "Delete", "List")
    for kind in ("Metrics", "IntelligentTiering", "Analytics")
]
# With a version, these are other actions.
OF_VERSIONS = {"s3:GetObject": "s3:GetObjectVersion", "s3:DeleteObject": "s3:DeleteObjectVersion"}


def handlers() -> Handlers:
    lacking = {("s3", name): _lacking for name in LACKING}
    return {("s3", "DeleteObjects"): delete_objects, **lacking}


def _lacking(call: Call) -> Result:
    """What the emulator lacks and would take for the bucket's own operation, such as its creation."""
    raise NotImplementedByEmulator("s3", call.operation.name)


def guard(call: Call) -> None:
    """Raises AWSError AccessDenied when the policy of the request's bucket denies the request."""
    if OUTCOME in call.request.parameters:
        raise AWSError("InvalidArgument", f"{OUTCOME} is the sandbox's own", 400)
    parameters = call.parameters
    bucket = parameters.get("Bucket")
    if not bucket or call.operation.name in ("CreateBucket", "DeleteObjects"):
        return
    policy = _policy(call, bucket)
    action = call.operation.iam_action
    if parameters.get("VersionId"):
        action = OF_VERSIONS.get(action, action)
    resource = f"{ARN}{bucket}/{parameters['Key']}" if parameters.get("Key") else f"{ARN}{bucket}"
    actions = [action]
    if parameters.get("BypassGovernanceRetention"):
        actions.append("s3:BypassGovernanceRetention")
    for each in actions:
        if denies(policy, call, each, resource):
            raise AWSError("AccessDenied", _message(call, each, resource), 403)


def delete_objects(call: Call) -> Result:
    """Each object by itself: the others go, and what is denied is told among the errors."""
    parameters = call.parameters
    policy = _policy(call, parameters["Bucket"])
    denied: list[dict[str, Any]] = []
    allowed: list[dict[str, Any]] = []
    for each in parameters["Delete"]["Objects"]:
        action = "s3:DeleteObjectVersion" if each.get("VersionId") else "s3:DeleteObject"
        resource = f"{ARN}{parameters['Bucket']}/{each['Key']}"
        refused = denies(policy, call, action, resource)
        (denied if refused else allowed).append(each)
    if not denied:
        return call.forward()
    errors = [{**each, "Code": "AccessDenied", "Message": "Access Denied"} for each in denied]
    for each in allowed:
        version = f"versionId={each['VersionId']}" if each.get("VersionId") else ""
        _send(call, "DELETE", f"{parameters['Bucket']}/{quote(each['Key'])}", version, "DeleteObject")
    return {"Deleted": allowed, "Errors": errors}


def denies(policy: dict[str, Any], call: Call, action: str, resource: str) -> bool:
    """Whether a statement denies the caller the action on the resource."""
    return any(
        statement.get("Effect") == "Deny"
        and _is_meant(statement, call)
        and is_about(statement, action, resource)
        and met(statement.get("Condition") or {}, _context(call))
        for statement in statements(policy)
    )


def _is_meant(statement: dict[str, Any], call: Call) -> bool:
    callers = {
        "*",
        call.account,
        f"arn:aws:iam::{call.account}:root",
        call.principal.arn,
        role_of(call.principal.arn),
    }
    if "NotPrincipal" in statement:
        named = principal_of({"Principal": statement["NotPrincipal"]})
        return not callers.intersection(as_list(named.get("AWS")))
    return bool(callers.intersection(as_list(principal_of(statement).get("AWS"))))


def _context(call: Call) -> Context:
    headers, parameters = call.request.headers, call.parameters
    # The rehearsal's endpoint stands for AWS's, which is reached by TLS unless a client insists otherwise.
    insecure = headers.get("x-forwarded-proto") == "http"
    context = {
        "aws:securetransport": ["false" if insecure else "true"],
        "aws:principalarn": [role_of(call.principal.arn)],
        "aws:principalaccount": [call.account],
        "aws:requestedregion": [call.region],
        "s3:signatureversion": ["AWS4-HMAC-SHA256"],
    }
    context |= {f"s3:{name}": [headers[name]] for name in HEADERS if name in headers}
    if key := headers.get(KMS_HEADER):
        context[f"s3:{KMS_HEADER}"] = [key]
    asked = {name: parameters.get(member) for name, member in PARAMETERS.items()}
    return context | {f"s3:{name}": [str(value)] for name, value in asked.items() if value}


def _policy(call: Call, bucket: str) -> dict[str, Any]:
    answer = _send(call, "GET", bucket, "policy", "GetBucketPolicy")
    return dict(json.loads(answer.body)) if answer.status == 200 else {}


def _send(call: Call, method: str, path: str, query: str, operation: str) -> Response:
    headers = {
        name: call.request.headers[name] for name in ("host", "authorization") if name in call.request.headers
    }
    return call.emulator.send(Request(method, f"/{path}", query, headers), call.account, "s3", operation)


def _message(call: Call, action: str, resource: str) -> str:
    return (
        f"User: {call.principal.arn} is not authorized to perform: {action} on resource: "
        f'"{resource}" with an explicit deny in a resource-based policy'
    )
