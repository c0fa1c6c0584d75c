"""The master user's password, where RDS keeps it in Secrets Manager.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html
"""

import json
import secrets
import uuid
from typing import Any

from sandbox.aws.calls import Call
from sandbox.aws.clients import Clients
from sandbox.aws.rds.checks import contradiction, key_arn
from sandbox.aws.rds.records import Record


def new_password() -> str:
    return secrets.token_urlsafe(24)


def create_secret(call: Call, record: Record, key: str | None, password: str) -> None:
    """Keep the password in a secret of the cluster's own."""
    arn = key_arn(call, key or "alias/aws/secretsmanager")
    secret = call.client("secretsmanager").create_secret(
        Name=f"rds!cluster-{uuid.uuid4()}",
        Description=f"The secret associated with the primary RDS DB cluster: {record.arn}",
        KmsKeyId=arn,
        SecretString=_content(record, password),
        Tags=[{"Key": "aws:rds:primaryDBClusterArn", "Value": record.arn}],
    )
    record.answer["MasterUserSecret"] = {
        "SecretArn": secret["ARN"],
        "SecretStatus": "active",
        "KmsKeyId": arn,
    }


def change(call: Call, record: Record, asked: dict[str, Any]) -> str | None:
    """What ModifyDBCluster asks for the password; returns the one to set. Raises AWSError.

    Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBCluster.html
    """
    managed = "MasterUserSecret" in record.answer
    wanted = asked.get("ManageMasterUserPassword")
    given = asked.get("MasterUserPassword")
    if given and (wanted or (managed and wanted is None)):
        raise contradiction(
            "You can't specify MasterUserPassword for an instance with ManageMasterUserPassword enabled."
        )
    if asked.get("RotateMasterUserPassword"):
        if not managed:
            raise contradiction("You can't rotate a password that RDS does not manage.")
        if not asked.get("ApplyImmediately"):
            raise contradiction("You must apply the change immediately when rotating the master password.")
        password = new_password()
        call.client("secretsmanager").put_secret_value(
            SecretId=record.answer["MasterUserSecret"]["SecretArn"],
            SecretString=_content(record, password),
        )
        return password
    if wanted and not managed:
        check_not_global(record)
        password = new_password()
        create_secret(call, record, asked.get("MasterUserSecretKmsKeyId"), password)
        return password
    if wanted is False and managed:
        if not given:
            raise contradiction("MasterUserPassword is needed to stop managing it in Secrets Manager.")
        delete_secret(call.clients, record)
    return given


def check_not_global(record: Record) -> None:
    """Raises AWSError: secrets of RDS are not for members of an Aurora global database."""
    if record.state.get("global"):
        raise contradiction(
            "ManageMasterUserPassword isn't supported for DB clusters that are part of a global database."
        )


def delete_secret(clients: Clients, record: Record) -> None:
    """Delete the cluster's secret for good, if it has one."""
    if secret := record.answer.pop("MasterUserSecret", None):
        secrets_manager = clients.get("secretsmanager", record.account, record.region)
        secrets_manager.delete_secret(SecretId=secret["SecretArn"], ForceDeleteWithoutRecovery=True)


def _content(record: Record, password: str) -> str:
    return json.dumps({"username": record.answer["MasterUsername"], "password": password})
