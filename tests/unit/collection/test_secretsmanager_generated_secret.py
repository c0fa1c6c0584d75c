"""The module secretsmanager_generated_secret: what is generated is made once and shown nowhere."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from sandbox.aws.moto import secretsmanager

from .modules import Run, four_steps, run_module

# As moto is, a replica's key is not the one that was asked for.
secretsmanager.install()

pytestmark = pytest.mark.usefixtures("account")

MODULE = "secretsmanager_generated_secret"
SECRET: dict[str, Any] = {
    "name": "notejam-test/django",
    "description": "Django's secret key",
    "facts": {"host": "db.example.com"},
    "generate": [{"key": "secret_key", "length": 50, "exclude_punctuation": True}],
    "tags": {"Name": "notejam-test/django"},
}


def value() -> dict[str, Any]:
    answer = boto3.client("secretsmanager", "eu-west-1").get_secret_value(SecretId=SECRET["name"])
    return dict(json.loads(answer["SecretString"]))


def assert_hidden(run: Run) -> None:
    assert value()["secret_key"] not in run.output


def test_generates_once_and_shows_nothing() -> None:
    run = four_steps(MODULE, **SECRET)
    assert_hidden(run)
    assert run.result["secret"]["generated"] == ["secret_key"]
    assert run.result["secret"]["facts"] == {"host": "db.example.com"}
    secret_key = value()["secret_key"]
    assert len(secret_key) == 50
    assert secret_key.isalnum()


def test_a_changed_fact_keeps_what_was_generated_and_what_others_added() -> None:
    run_module(MODULE, **SECRET)
    before = value() | {"added": "by a rotation"}
    boto3.client("secretsmanager", "eu-west-1").update_secret(
        SecretId=SECRET["name"], SecretString=json.dumps(before)
    )
    run = four_steps(MODULE, **SECRET | {"facts": {"host": "other.example.com"}})
    assert_hidden(run)
    assert value() == before | {"host": "other.example.com"}


def test_a_new_part_is_generated_beside_the_old_one() -> None:
    run_module(MODULE, **SECRET)
    before = value()
    four_steps(MODULE, **SECRET | {"generate": [*SECRET["generate"], {"key": "salt"}]})
    assert value()["secret_key"] == before["secret_key"]
    assert len(value()["salt"]) == 64


def test_replaces_what_was_generated_only_when_asked() -> None:
    run_module(MODULE, **SECRET)
    before = value()
    planned = run_module(MODULE, check_mode=True, **SECRET, regenerate=True)
    assert planned.changed
    assert value() == before
    run = run_module(MODULE, **SECRET, regenerate=True)
    assert_hidden(run)
    assert value()["secret_key"] != before["secret_key"]
    assert value()["host"] == before["host"]


def test_a_secret_scheduled_for_deletion_comes_back_with_its_value() -> None:
    run_module(MODULE, **SECRET)
    before = value()
    four_steps(MODULE, name=SECRET["name"], state="absent")
    four_steps(MODULE, **SECRET)
    assert value() == before


def test_a_value_that_is_no_object_is_kept_and_not_shown() -> None:
    boto3.client("secretsmanager", "eu-west-1").create_secret(Name=SECRET["name"], SecretString="hunter2")
    run = run_module(MODULE, **SECRET)
    assert "The value of secret notejam-test/django is no JSON object" in run.result["msg"]
    assert "hunter2" not in run.output
    assert run.writes == []


def test_description_and_tags_change_without_touching_the_value() -> None:
    run_module(MODULE, **SECRET)
    before = value()
    run = four_steps(MODULE, **SECRET | {"description": "For Django", "tags": {"Name": "x"}})
    assert run.writes == ["UpdateSecret", "TagResource"]
    assert value() == before


STANDBY = "eu-central-1"
READER = "arn:aws:iam::123456789012:role/application"


def policy(*readers: str) -> dict[str, Any]:
    statement = {
        "Sid": "OnlyReadersReadTheValue",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": list(readers)}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.fixture
def replicas() -> list[dict[str, str]]:
    kms = boto3.client("kms", STANDBY)
    for alias in ("alias/notejam-test-secrets", "alias/other"):
        kms.create_alias(AliasName=alias, TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    return [{"region": STANDBY, "kms_key_id": "alias/notejam-test-secrets"}]


def described(region: str = "eu-west-1") -> dict[str, Any]:
    return dict(boto3.client("secretsmanager", region).describe_secret(SecretId=SECRET["name"]))


def test_makes_replicas_with_the_keys_of_their_regions(replicas: list[dict[str, str]]) -> None:
    run = four_steps(MODULE, **SECRET, replicas=replicas, resource_policy=policy(READER))
    assert run.result["secret"]["replicas"] == replicas
    assert described(STANDBY)["KmsKeyId"] == "alias/notejam-test-secrets"


def test_a_replica_with_another_key_is_made_anew_and_one_too_many_removed(
    replicas: list[dict[str, str]],
) -> None:
    run_module(MODULE, **SECRET, replicas=replicas)
    other = [{"region": STANDBY, "kms_key_id": "alias/other"}]
    run = four_steps(MODULE, **SECRET, replicas=other)
    assert run.writes == ["RemoveRegionsFromReplication", "ReplicateSecretToRegions"]
    assert described(STANDBY)["KmsKeyId"] == "alias/other"
    four_steps(MODULE, **SECRET, replicas=[])
    assert "ReplicationStatus" not in described()


def test_replication_without_the_key_fails_and_is_mended_by_the_next_run(
    replicas: list[dict[str, str]],
) -> None:
    missing = [{"region": STANDBY, "kms_key_id": "alias/none"}]
    run = run_module(MODULE, **SECRET, replicas=missing)
    assert "Replication of secret notejam-test/django became Failed" in run.result["msg"]
    four_steps(MODULE, **SECRET, replicas=replicas)
    assert described()["ReplicationStatus"][0]["Status"] == "InSync"


def test_a_policy_changed_by_hand_is_put_right() -> None:
    run_module(MODULE, **SECRET, resource_policy=policy(READER))
    manager = boto3.client("secretsmanager", "eu-west-1")
    manager.put_resource_policy(SecretId=SECRET["name"], ResourcePolicy=json.dumps(policy("*")))
    run = four_steps(MODULE, **SECRET, resource_policy=policy(READER))
    assert run.writes == ["PutResourcePolicy"]
    found = manager.get_resource_policy(SecretId=SECRET["name"])["ResourcePolicy"]
    assert json.loads(found) == policy(READER)
    assert four_steps(MODULE, **SECRET, resource_policy={}).writes == ["DeleteResourcePolicy"]


def test_a_replicated_secret_is_deleted_and_comes_back_with_its_replicas(
    replicas: list[dict[str, str]],
) -> None:
    wanted = {**SECRET, "replicas": replicas, "resource_policy": policy(READER)}
    run_module(MODULE, **wanted)
    before = value()
    assert four_steps(MODULE, name=SECRET["name"], state="absent").writes == [
        "RemoveRegionsFromReplication",
        "DeleteSecret",
    ]
    four_steps(MODULE, **wanted)
    assert value() == before
    assert described(STANDBY)["PrimaryRegion"] == "eu-west-1"


def test_a_public_policy_is_refused() -> None:
    public = {**policy(READER)["Statement"][0], "Effect": "Allow"}
    del public["Condition"]
    run = run_module(MODULE, **SECRET, resource_policy={"Version": "2012-10-17", "Statement": [public]})
    assert "PublicPolicyException" in run.result["msg"]
