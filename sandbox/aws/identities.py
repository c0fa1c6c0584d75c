"""STS and the access keys of IAM: the emulator makes credentials, the gateway remembers whose they are.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_Operations.html
"""

import datetime
import json
import secrets
from typing import Any

from botocore.exceptions import ClientError

from sandbox.aws import clock
from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.conditions import Context, like, met
from sandbox.aws.errors import AWSError
from sandbox.aws.principals import Principal, Principals, from_credentials
from sandbox.aws.web_identity import OwnKeys, provider_of

KEY_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
SESSION_SECONDS = 43200


class Identities:
    """Handlers of sts and of iam's access keys."""

    def __init__(self, principals: Principals, own_keys: OwnKeys) -> None:
        self._principals = principals
        self._own_keys = own_keys

    def handlers(self) -> Handlers:
        return {
            ("sts", "GetCallerIdentity"): self.get_caller_identity,
            ("sts", "AssumeRole"): self.assume_role,
            ("sts", "AssumeRoleWithWebIdentity"): self.assume_role_with_web_identity,
            ("sts", "GetSessionToken"): self.get_session_token,
            ("sts", "GetFederationToken"): self.get_federation_token,
            ("iam", "CreateAccessKey"): self.create_access_key,
            ("iam", "UpdateAccessKey"): self.update_access_key,
            ("iam", "DeleteAccessKey"): self.delete_access_key,
        }

    def get_caller_identity(self, call: Call) -> Result:
        return {"UserId": call.principal.user_id, "Account": call.account, "Arn": call.principal.arn}

    def assume_role(self, call: Call) -> Result:
        """Only a role that exists and whose trust policy names the caller."""
        role_arn = call.parameters["RoleArn"]
        account, name = role_in(role_arn)
        if not trusts(trust_policy(call, account, name), call):
            raise AWSError(
                "AccessDenied",
                f"User: {call.principal.arn} is not authorized to perform: {call.operation.iam_action} "
                f"on resource: {role_arn}",
                403,
            )
        return self._assumed(call, account, name)

    def assume_role_with_web_identity(self, call: Call) -> Result:
        """Only with a token that the account's provider signed and the role's trust policy takes."""
        account, name = role_in(call.parameters["RoleArn"])
        token = call.parameters["WebIdentityToken"]
        provider = provider_of(token, call.clients.get("iam", account, call.region), self._own_keys)
        claims = provider.verify(token)
        context = {
            **provider.context(claims),
            "sts:rolesessionname": [call.parameters["RoleSessionName"]],
        }
        if not trusts_token(trust_policy(call, account, name), provider.arn, context):
            raise AWSError("AccessDenied", f"Not authorized to perform {call.operation.iam_action}", 403)
        return {
            **self._assumed(call, account, name),
            "SubjectFromWebIdentityToken": claims.get("sub", ""),
            "Audience": next(iter(context.get(f"{provider.name}:aud".lower(), [])), ""),
            "Provider": claims["iss"],
        }

    def _assumed(self, call: Call, account: str, role: str) -> Result:
        """A session of the role, which belongs to the role's account and not to the caller's."""
        result = call.forward()
        user = result["AssumedRoleUser"]
        user["Arn"] = f"arn:aws:sts::{account}:assumed-role/{role}/{call.parameters['RoleSessionName']}"
        self._principals.add(
            from_credentials(account, user["Arn"], user["AssumedRoleId"], result["Credentials"])
        )
        return result

    def get_session_token(self, call: Call) -> Result:
        seconds = call.parameters.get("DurationSeconds") or SESSION_SECONDS
        return {
            "Credentials": self._session(call.principal.arn, call.principal.user_id, call.account, seconds)
        }

    def get_federation_token(self, call: Call) -> Result:
        name = call.parameters["Name"]
        arn = f"arn:aws:sts::{call.account}:federated-user/{name}"
        user_id = f"{call.account}:{name}"
        seconds = call.parameters.get("DurationSeconds") or SESSION_SECONDS
        return {
            "Credentials": self._session(arn, user_id, call.account, seconds),
            "FederatedUser": {"FederatedUserId": user_id, "Arn": arn},
        }

    def _session(self, arn: str, user_id: str, account: str, seconds: int) -> dict[str, Any]:
        credentials = temporary_credentials(seconds)
        self._principals.add(from_credentials(account, arn, user_id, credentials))
        return credentials

    def create_access_key(self, call: Call) -> Result:
        result = call.forward()
        key = result["AccessKey"]
        user = call.client("iam").get_user(UserName=key["UserName"])["User"]
        self._principals.add(
            Principal(call.account, user["Arn"], user["UserId"], key["AccessKeyId"], key["SecretAccessKey"])
        )
        return result

    def update_access_key(self, call: Call) -> Result:
        result = call.forward()
        if principal := self._principals.get(call.parameters["AccessKeyId"]):
            active = call.parameters["Status"] == "Active"
            self._principals.add(Principal(**{**vars(principal), "active": active}))
        return result

    def delete_access_key(self, call: Call) -> Result:
        result = call.forward()
        self._principals.remove(call.parameters["AccessKeyId"])
        return result


def temporary_credentials(seconds: int) -> dict[str, Any]:
    """Fresh credentials in the shape of STS, good for `seconds`."""
    return {
        "AccessKeyId": "ASIA" + "".join(secrets.choice(KEY_ALPHABET) for _ in range(16)),
        "SecretAccessKey": secrets.token_urlsafe(30),
        "SessionToken": secrets.token_urlsafe(96),
        "Expiration": datetime.datetime.fromtimestamp(int(clock.now()) + seconds, tz=datetime.UTC),
    }


def trust_policy(call: Call, account: str, role: str) -> dict[str, Any]:
    """The role's trust policy; an empty one when there is no such role."""
    return trust_policy_of(call.clients.get("iam", account, call.region), role)


def trust_policy_of(iam: Any, role: str) -> dict[str, Any]:
    """As `trust_policy`, by a client of the role's account."""
    try:
        found = iam.get_role(RoleName=role)["Role"]
    except ClientError:
        return {}
    document = found["AssumeRolePolicyDocument"]
    return json.loads(document) if isinstance(document, str) else dict(document)


def trusts(policy: dict[str, Any], call: Call) -> bool:
    """Whether a statement of the trust policy names the caller. Conditions are not looked at.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    callers = {
        "*",
        call.account,
        f"arn:aws:iam::{call.account}:root",
        call.principal.arn,
        role_of(call.principal.arn),
    }
    return any(
        callers.intersection(as_list(principal_of(statement).get("AWS")))
        for statement in statements(policy)
        if statement.get("Effect") == "Allow"
    )


def trusts_token(policy: dict[str, Any], provider: str, context: Context) -> bool:
    """Whether the trust policy lets a token of the provider in, by what the token gave for conditions.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
    """
    effects = {
        statement.get("Effect")
        for statement in statements(policy)
        if {"*", provider}.intersection(as_list(principal_of(statement).get("Federated")))
        and any(
            like(action.lower(), "sts:assumerolewithwebidentity")
            for action in as_list(statement.get("Action"))
        )
        and met(statement.get("Condition", {}), context)
    }
    return effects == {"Allow"}


def trusts_service(policy: dict[str, Any], service: str) -> bool:
    """Whether the trust policy lets the AWS service, e.g. `eks.amazonaws.com`, assume the role."""
    return any(
        service in as_list(principal_of(statement).get("Service"))
        for statement in statements(policy)
        if statement.get("Effect") == "Allow"
    )


def statements(policy: dict[str, Any]) -> list[dict[str, Any]]:
    return [statement for statement in as_list(policy.get("Statement")) if isinstance(statement, dict)]


def principal_of(statement: dict[str, Any]) -> dict[str, Any]:
    principal = statement.get("Principal") or {}
    return {"AWS": "*", "Federated": "*"} if principal == "*" else principal


def as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def role_in(arn: str) -> tuple[str, str]:
    """The account and the name of the role with this ARN, which may have a path."""
    return arn.split(":")[4], arn.rsplit("/", 1)[-1]


def role_of(arn: str) -> str:
    """The role behind an assumed role's session ARN; any other ARN unchanged."""
    if ":assumed-role/" not in arn:
        return arn
    _, _, _, _, account, resource = arn.split(":", 5)
    return f"arn:aws:iam::{account}:role/{resource.split('/')[1]}"
