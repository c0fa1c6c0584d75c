"""Secrets Manager's replicas and resource policies, where moto would say or let pass what AWS does not."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
STANDBY = "eu-central-1"
ADMINISTRATOR = f"arn:aws:iam::{ACCOUNT}:user/administrator"


def refused(code: str, call: Callable[..., Any], **parameters: Any) -> None:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    assert error.value.response["Error"]["Code"] == code


def only(*readers: str, operator: str = "ArnNotEquals") -> str:
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
        "Condition": {operator: {"aws:PrincipalArn": list(readers)}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def key(client: Any) -> str:
    """Alias of a key in the standby region."""
    kms = client("kms", region=STANDBY)
    kms.create_alias(AliasName="alias/notes-secrets", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    return "alias/notes-secrets"


def test_a_replica_has_its_own_key_and_the_primarys_policy(client: Any, key: str) -> None:
    here, there = client("secretsmanager"), client("secretsmanager", region=STANDBY)
    here.create_secret(
        Name="django", SecretString="x", AddReplicaRegions=[{"Region": STANDBY, "KmsKeyId": key}]
    )
    described = here.describe_secret(SecretId="django")
    assert described["PrimaryRegion"] == "eu-west-1"
    [status] = described["ReplicationStatus"]
    assert (status["Status"], status["KmsKeyId"]) == ("InSync", key)
    replica = there.describe_secret(SecretId="django")
    assert (replica["PrimaryRegion"], replica["KmsKeyId"]) == ("eu-west-1", key)
    here.put_resource_policy(SecretId="django", ResourcePolicy=only("nobody"))
    assert there.get_resource_policy(SecretId="django")["ResourcePolicy"] == only("nobody")
    refused("AccessDeniedException", there.get_secret_value, SecretId="django")


def test_a_replica_keeps_a_name_with_a_region_in_it(client: Any) -> None:
    here, there = client("secretsmanager"), client("secretsmanager", region=STANDBY)
    arn = here.create_secret(
        Name="notes-eu-west-1/django", SecretString="x", AddReplicaRegions=[{"Region": STANDBY}]
    )["ARN"]
    replica = there.describe_secret(SecretId="notes-eu-west-1/django")
    assert replica["ARN"] == arn.replace(":eu-west-1:", f":{STANDBY}:")


def test_replication_fails_without_the_key(client: Any) -> None:
    here = client("secretsmanager")
    here.create_secret(Name="django", SecretString="x")
    added = here.replicate_secret_to_regions(
        SecretId="django", AddReplicaRegions=[{"Region": STANDBY, "KmsKeyId": "alias/none"}]
    )
    assert added["ReplicationStatus"][0]["Status"] == "Failed"
    there = client("secretsmanager", region=STANDBY)
    refused("ResourceNotFoundException", there.describe_secret, SecretId="django")


def test_a_replica_is_not_written_and_holds_its_primary(client: Any, key: str) -> None:
    here, there = client("secretsmanager"), client("secretsmanager", region=STANDBY)
    here.create_secret(
        Name="django", SecretString="x", AddReplicaRegions=[{"Region": STANDBY, "KmsKeyId": key}]
    )
    refused("InvalidRequestException", there.put_secret_value, SecretId="django", SecretString="y")
    refused("InvalidRequestException", there.put_resource_policy, SecretId="django", ResourcePolicy=only("a"))
    refused("InvalidRequestException", here.delete_secret, SecretId="django")
    here.remove_regions_from_replication(SecretId="django", RemoveReplicaRegions=[STANDBY])
    here.delete_secret(SecretId="django")


@pytest.mark.parametrize("operator", ["ArnNotEquals", "ArnNotLike", "StringNotEquals", "StringNotLike"])
def test_who_is_denied_does_not_read_the_value(client: Any, operator: str) -> None:
    secrets = client("secretsmanager")
    secrets.create_secret(Name="django", SecretString="x")
    other = f"arn:aws:iam::{ACCOUNT}:role/application"
    secrets.put_resource_policy(SecretId="django", ResourcePolicy=only(other, operator=operator))
    refused("AccessDeniedException", secrets.get_secret_value, SecretId="django")
    secrets.describe_secret(SecretId="django")
    secrets.put_resource_policy(
        SecretId="django", ResourcePolicy=only(other, ADMINISTRATOR, operator=operator)
    )
    assert secrets.get_secret_value(SecretId="django")["SecretString"] == "x"


def test_policies_that_aws_refuses_are_refused(client: Any) -> None:
    secrets = client("secretsmanager")
    secrets.create_secret(Name="django", SecretString="x")
    without_action = json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*"}]})
    allowed = {"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:*", "Resource": "*"}
    for code, policy in (
        ("MalformedPolicyDocumentException", without_action),
        ("PublicPolicyException", json.dumps({"Statement": allowed})),
    ):
        refused(
            code,
            secrets.put_resource_policy,
            SecretId="django",
            ResourcePolicy=policy,
            BlockPublicPolicy=True,
        )
    assert "ResourcePolicy" not in secrets.get_resource_policy(SecretId="django")


def test_rotation_needs_a_function(client: Any) -> None:
    secrets = client("secretsmanager")
    secrets.create_secret(Name="django", SecretString="x")
    refused(
        "InvalidRequestException",
        secrets.rotate_secret,
        SecretId="django",
        RotationRules={"AutomaticallyAfterDays": 30},
    )
    assert secrets.get_secret_value(SecretId="django")["SecretString"] == "x"


def test_what_rds_manages_is_rotated_by_rds(client: Any) -> None:
    secrets = client("secretsmanager")
    secrets.create_secret(Name="rds!cluster-1", SecretString="x")
    described = secrets.describe_secret(SecretId="rds!cluster-1")
    assert described["RotationEnabled"] is True
    assert (described["OwningService"], described["RotationRules"]["AutomaticallyAfterDays"]) == ("rds", 7)
