"""Secrets Manager's names, replicas and policies as moto differs from AWS.

Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/, and
https://docs.aws.amazon.com/secretsmanager/latest/userguide/replicate-secrets.html
"""

import json
import re
from functools import cache
from typing import Any

from moto.kms.models import kms_backends
from moto.secretsmanager.exceptions import InvalidRequestException, SecretsManagerClientError
from moto.secretsmanager.models import (
    FakeSecret,
    ReplicaSecret,
    SecretsManagerBackend,
    secretsmanager_backends,
)
from moto.secretsmanager.responses import SecretsManagerResponse

from sandbox.aws.patching import replace

# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
NAME = re.compile(r"[A-Za-z0-9/_+=.@!-]{1,512}")
OWN_KEY = SecretsManagerBackend.DEFAULT_KMS_KEY_ALIAS
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html
MANAGED_BY_RDS = "rds!"
ROTATED_BY_RDS = {
    "OwningService": "rds",
    "RotationEnabled": True,
    "RotationRules": {"AutomaticallyAfterDays": 7, "ScheduleExpression": "rate(7 days)"},
}


@cache
def install() -> None:
    """Patch moto, once in a process."""
    _check_names()
    _check_policies()
    _name_replicas()
    _give_replicas_their_own_key()
    _protect_replicas()


def _check_names() -> None:
    def create_secret(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        if not NAME.fullmatch(name):
            raise SecretsManagerClientError(
                "ValidationException",
                "Invalid name. Must be a valid name containing alphanumeric characters, or any of the "
                "following: -/_+=.@!",
            )
        return create(self, name, *args, **kwargs)

    create = replace(SecretsManagerBackend, "create_secret", create_secret)


def _check_policies() -> None:
    """https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutResourcePolicy.html"""

    def put_resource_policy(self: Any) -> Any:
        statements = _statements(self._get_param("ResourcePolicy"))
        if not statements or not all({"Effect", "Principal", "Action"} <= one.keys() for one in statements):
            raise SecretsManagerClientError(
                "MalformedPolicyDocumentException", "This resource policy contains invalid Json."
            )
        if self._get_bool_param("BlockPublicPolicy", False) and any(map(_is_public, statements)):
            raise SecretsManagerClientError(
                "PublicPolicyException", "This resource policy grants broad access to the secret."
            )
        return put_policy(self)

    put_policy = replace(SecretsManagerResponse, "put_resource_policy", put_resource_policy)

    def get_resource_policy(self: Any, secret_id: str) -> str:
        """A replica has the primary's policy."""
        secret = self.describe_secret(secret_id)
        if not isinstance(secret, ReplicaSecret):
            return str(get_policy(self, secret_id))
        policy = {} if secret.source.policy is None else {"ResourcePolicy": secret.source.policy}
        return json.dumps({"ARN": secret.arn, "Name": secret.name, **policy})

    get_policy = replace(SecretsManagerBackend, "get_resource_policy", get_resource_policy)


def _statements(policy: str) -> list[dict[str, Any]]:
    """The statements of a policy; none when it is no policy."""
    try:
        found = json.loads(policy).get("Statement")
    except (ValueError, AttributeError):
        return []
    found = [found] if isinstance(found, dict) else found
    return found if isinstance(found, list) and all(isinstance(one, dict) for one in found) else []


def _is_public(statement: dict[str, Any]) -> bool:
    everybody = statement["Principal"] in ("*", {"AWS": "*"}, {"AWS": ["*"]})
    return statement["Effect"] == "Allow" and everybody and not statement.get("Condition")


def _name_replicas() -> None:
    """A replica's ARN differs in its region alone, also where the secret's name has the region in it.

    Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/replicate-secrets.html
    """

    def __init__(self: Any, source: Any, region: str, *args: Any, **kwargs: Any) -> None:
        init(self, source, region, *args, **kwargs)
        self.arn = source.arn.replace(f":{source.region}:", f":{region}:", 1)

    init = replace(ReplicaSecret, "__init__", __init__)


def _give_replicas_their_own_key() -> None:
    """A replica is encrypted with the key that was asked for, and fails without one."""

    def create_replicas(self: Any, replica_regions: list[dict[str, str]], force_overwrite: bool) -> Any:
        replicas = create(self, [one for one in replica_regions if _key_exists(self, one)], force_overwrite)
        keys = {one["Region"]: one.get("KmsKeyId", OWN_KEY) for one in replica_regions}
        for missing in keys.keys() - {replica.region for replica in replicas}:
            message = f"Replication failed: KMS key {keys[missing]} does not exist in {missing}."
            replicas.append(ReplicaSecret(self, missing, "Failed", message))
        for replica in replicas:
            replica.config["KmsKeyId"] = keys[replica.region]
        return replicas

    create = replace(FakeSecret, "create_replicas", create_replicas)

    def describe_primary(self: Any) -> dict[str, Any]:
        region = {"PrimaryRegion": self.region} if self.replicas else {}
        managed = ROTATED_BY_RDS if self.name.startswith(MANAGED_BY_RDS) else {}
        return {**primary(self), **region, **managed}

    primary = replace(FakeSecret, "to_dict", describe_primary)

    def describe_replica(self: Any) -> dict[str, Any]:
        described = {**replica(self), "PrimaryRegion": self.source.region}
        described.pop("KmsKeyId", None)
        key = self.config["KmsKeyId"]
        return described if key == OWN_KEY else {**described, "KmsKeyId": key}

    replica = replace(ReplicaSecret, "to_dict", describe_replica)


def _key_exists(secret: Any, replica: dict[str, str]) -> bool:
    backend = kms_backends[secret.account_id][replica["Region"]]
    key = replica.get("KmsKeyId", OWN_KEY).split(":")[-1]
    return key == OWN_KEY or backend.alias_exists(key) or key.removeprefix("key/") in backend.keys


def _protect_replicas() -> None:
    """A replica is not written, nor a secret deleted while it has replicas, by the API's own error code."""

    def coded(operation: str) -> None:
        def write(self: Any, secret_id: str, *args: Any, **kwargs: Any) -> Any:
            secret = secretsmanager_backends[self.account_id][self.region_name].secrets.get(secret_id)
            if isinstance(secret, ReplicaSecret):
                raise InvalidRequestException(
                    "Operation not permitted on a replica secret. Call must be made in primary secret's "
                    "region."
                )
            if operation == "delete_secret" and secret is not None and secret.replicas:
                regions = ", ".join(replica.region for replica in secret.replicas)
                raise InvalidRequestException(
                    f"You can't delete secret {secret.name} that still has replica regions [{regions}]"
                )
            return original(self, secret_id, *args, **kwargs)

        original = replace(SecretsManagerBackend, operation, write)

    for operation in (
        "delete_secret",
        "put_resource_policy",
        "put_secret_value",
        "replicate_secret_to_regions",
        "tag_resource",
        "untag_resource",
        "update_secret",
    ):
        coded(operation)
