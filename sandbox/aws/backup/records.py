"""The state of AWS Backup, apart for each account and region."""

import re
from typing import Any

from botocore.exceptions import ClientError

from sandbox.aws.backup.errors import invalid_value
from sandbox.aws.calls import Call
from sandbox.aws.documents import Document, Documents
from sandbox.aws.identities import trust_policy, trusts_service

VAULT = "backup-vault"
PLAN = "backup-plan"
SELECTION = "backup-selection"
JOB = "backup-job"
COPY_JOB = "backup-copy-job"
RECOVERY_POINT = "backup-recovery-point"

SERVICE_PRINCIPAL = "backup.amazonaws.com"
ROLE_ARN = re.compile(r"arn:aws:iam::(\d{12}):role/(.+)")


class Records:
    """Documents by kind and by their path within an account and a region."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self.transaction = documents.transaction

    def get(self, kind: str, call: Call, *path: str, region: str | None = None) -> Document | None:
        return self._documents.get(kind, _key(call, path, region))

    def put(self, kind: str, call: Call, document: Document, *path: str, region: str | None = None) -> None:
        self._documents.put(kind, _key(call, path, region), document)

    def delete(self, kind: str, call: Call, *path: str) -> None:
        self._documents.delete(kind, _key(call, path))

    def all(self, kind: str, call: Call, *path: str) -> list[Document]:
        """The documents whose path begins with `path`."""
        return list(self._documents.all(kind, _key(call, (*path, ""))).values())


def _key(call: Call, path: tuple[str, ...], region: str | None = None) -> str:
    return "/".join((call.account, region or call.region, *path))


def arn(call: Call, kind: str, name: str) -> str:
    return f"arn:aws:backup:{call.region}:{call.account}:{kind}:{name}"


def given(document: Document) -> Document:
    """Without the members that are not set."""
    return {key: value for key, value in document.items() if value is not None}


def check_name(name: str, pattern: str, what: str) -> None:
    """Raises InvalidParameterValueException for a name that AWS does not take."""
    if not re.fullmatch(pattern, name):
        raise invalid_value(f"{what} {name!r} must match {pattern}")


def check_role(call: Call, role_arn: str) -> None:
    """Raises InvalidParameterValueException unless AWS Backup may assume the role.

    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/iam-service-roles.html
    """
    match = ROLE_ARN.fullmatch(role_arn)
    policy = trust_policy(call, match[1], match[2].rsplit("/", 1)[-1]) if match else {}
    if not trusts_service(policy, SERVICE_PRINCIPAL):
        raise invalid_value(f"IAM Role {role_arn} cannot be assumed by AWS Backup")


def key_arn(call: Call, key: str) -> str:
    """The ARN of the KMS key. Raises InvalidParameterValueException for one that cannot encrypt."""
    try:
        found: dict[str, Any] = call.client("kms").describe_key(KeyId=key)["KeyMetadata"]
    except ClientError as error:
        raise invalid_value(error.response["Error"]["Message"]) from None
    if found["KeyState"] != "Enabled":
        raise invalid_value(f"KMS key {found['Arn']} is {found['KeyState']}")
    return str(found["Arn"])
