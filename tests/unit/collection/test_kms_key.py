"""The module kms_key: check, do, check again, do again."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from .modules import four_steps, run_module

pytestmark = pytest.mark.usefixtures("account")

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Account",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ],
}
KEY: dict[str, Any] = {
    "alias": "notejam-test-database",
    "description": "Encrypts the database",
    "multi_region": True,
    "rotation_period": 365,
    "policy": POLICY,
    "tags": {"Name": "notejam-test-database", "platform:purpose": "database"},
}


@pytest.fixture
def kms() -> Any:
    return boto3.client("kms", "eu-west-1")


def test_creates_the_key_its_alias_rotation_policy_and_tags(kms: Any) -> None:
    key = four_steps("kms_key", **KEY).result["kms_key"]
    metadata = kms.describe_key(KeyId="alias/notejam-test-database")["KeyMetadata"]
    assert key["arn"] == metadata["Arn"]
    assert metadata["MultiRegion"] is True
    assert kms.get_key_rotation_status(KeyId=key["key_id"])["KeyRotationEnabled"]
    assert json.loads(kms.get_key_policy(KeyId=key["key_id"], PolicyName="default")["Policy"]) == POLICY
    assert key["tags"] == KEY["tags"]


@pytest.mark.parametrize(
    ("change", "writes"),
    [
        ({"description": "Encrypts the database of Notejam"}, ["UpdateKeyDescription"]),
        ({"rotation_period": 0}, ["DisableKeyRotation"]),
        ({"tags": {"Name": "notejam-test-database"}}, ["UntagResource"]),
        ({"tags": {**KEY["tags"], "owner": "platform"}}, ["TagResource"]),
        ({"policy": {**POLICY, "Statement": [{**POLICY["Statement"][0], "Sid": "All"}]}}, ["PutKeyPolicy"]),
    ],
)
def test_changes_only_what_differs(change: dict[str, Any], writes: list[str]) -> None:
    run_module("kms_key", **KEY)
    assert four_steps("kms_key", **KEY | change).writes == writes


def test_another_spelling_of_the_policy_is_no_difference() -> None:
    run_module("kms_key", **KEY)
    statement = {**POLICY["Statement"][0], "Principal": {"AWS": ["123456789012"]}, "Action": ["kms:*"]}
    assert not run_module("kms_key", **KEY | {"policy": {**POLICY, "Statement": [statement]}}).changed


def test_a_single_region_key_cannot_become_multi_region() -> None:
    run_module("kms_key", **KEY | {"multi_region": False})
    for check_mode in (True, False):
        run = run_module("kms_key", check_mode=check_mode, **KEY)
        assert run.result["failed"]
        assert "multi_region is False and the task asks for True" in run.result["msg"]
        assert run.writes == []


def test_a_key_left_without_its_alias_is_used(kms: Any) -> None:
    tags = [{"TagKey": key, "TagValue": value} for key, value in KEY["tags"].items()]
    left = kms.create_key(MultiRegion=True, Tags=tags)["KeyMetadata"]["KeyId"]
    assert four_steps("kms_key", **KEY).result["kms_key"]["key_id"] == left
    assert len(kms.list_keys()["Keys"]) == 1


def test_deletes_by_schedule_and_makes_a_new_key_afterwards(kms: Any) -> None:
    first = run_module("kms_key", **KEY).result["kms_key"]["key_id"]
    four_steps("kms_key", alias=KEY["alias"], state="absent", deletion_window=7)
    assert kms.describe_key(KeyId=first)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert four_steps("kms_key", **KEY).result["kms_key"]["key_id"] != first


def test_a_rotation_period_that_aws_refuses_fails_before_any_call() -> None:
    run = run_module("kms_key", **KEY | {"rotation_period": 30})
    assert "rotation_period is 30" in run.result["msg"]
    assert run.operations == []


@pytest.fixture
def whole_kms() -> None:
    """moto's replicas have no description, tags or aliases of their own; the sandbox's do."""
    from sandbox.aws.moto import install

    install()


REPLICA = {**KEY, "region": "eu-central-1", "replicate_from": "eu-west-1", "description": "The replica"}


@pytest.mark.usefixtures("whole_kms")
class TestReplica:
    def test_is_the_same_key_with_an_alias_policy_and_tags_of_its_own(self) -> None:
        primary = run_module("kms_key", **KEY).result["kms_key"]
        replica = four_steps("kms_key", **REPLICA | {"tags": {"platform:site": "standby"}})
        assert replica.writes == ["ReplicateKey", "CreateAlias"]
        assert replica.result["kms_key"]["key_id"] == primary["key_id"]
        there = boto3.client("kms", "eu-central-1")
        metadata = there.describe_key(KeyId="alias/notejam-test-database")["KeyMetadata"]
        assert metadata["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA"
        assert metadata["Description"] == "The replica"
        assert there.list_resource_tags(KeyId=primary["key_id"])["Tags"] == [
            {"TagKey": "platform:site", "TagValue": "standby"}
        ]
        assert not run_module("kms_key", **KEY).changed

    def test_of_no_primary_says_where_it_was_looked_for(self) -> None:
        run = run_module("kms_key", **REPLICA, wait_timeout=1)
        assert "kms_key notejam-test-database in eu-west-1" in run.result["msg"]
        assert run.writes == []

    def test_of_a_single_region_key_is_refused(self) -> None:
        run_module("kms_key", **KEY | {"multi_region": False})
        run = run_module("kms_key", **REPLICA)
        assert "single-Region key" in run.result["msg"]
        assert run.writes == []

    def test_in_the_keys_own_region_is_refused_before_any_call(self) -> None:
        run = run_module("kms_key", **REPLICA | {"region": "eu-west-1"})
        assert "the key's own region" in run.result["msg"]
        assert run.operations == []

    def test_sites_that_change_their_roles_leave_their_keys(self) -> None:
        run_module("kms_key", **KEY)
        run_module("kms_key", **REPLICA)
        promoted = {**REPLICA, "replicate_from": None, "rotation_period": 180}
        demoted = {**KEY, "replicate_from": "eu-central-1"}
        for options in (promoted, demoted):
            assert not run_module("kms_key", **options).changed

    def test_left_without_its_alias_is_used(self) -> None:
        run_module("kms_key", **KEY)
        run_module("kms_key", **REPLICA)
        boto3.client("kms", "eu-central-1").delete_alias(AliasName="alias/notejam-test-database")
        assert four_steps("kms_key", **REPLICA).writes == ["CreateAlias"]

    def test_is_deleted_alone(self, kms: Any) -> None:
        run_module("kms_key", **KEY)
        run_module("kms_key", **REPLICA)
        four_steps("kms_key", alias=KEY["alias"], region="eu-central-1", state="absent", deletion_window=7)
        assert kms.describe_key(KeyId="alias/notejam-test-database")["KeyMetadata"]["KeyState"] == "Enabled"


def test_a_key_that_encrypts_a_backup_stays(kms: Any) -> None:
    key = run_module("kms_key", **KEY).result["kms_key"]
    rds = boto3.client("rds", "eu-west-1")
    rds.create_db_cluster(
        DBClusterIdentifier="notejam-test",
        Engine="aurora-postgresql",
        MasterUsername="notejam",
        MasterUserPassword="not-a-secret",
        StorageEncrypted=True,
        KmsKeyId=key["arn"],
    )
    final = {"DBClusterIdentifier": "notejam-test", "FinalDBSnapshotIdentifier": "final"}
    snapshot = rds.delete_db_cluster(**final)["DBCluster"]["DBClusterArn"].replace(
        ":cluster:notejam-test", ":cluster-snapshot:final"
    )
    absent = {"alias": KEY["alias"], "state": "absent"}
    for check_mode in (True, False):
        run = run_module("kms_key", check_mode=check_mode, **absent)
        assert not run.changed
        assert run.writes == []
        assert f"stays: it encrypts {snapshot}" in run.result["kept"]
    rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="final")
    four_steps("kms_key", **absent)
    assert kms.describe_key(KeyId=key["key_id"])["KeyMetadata"]["KeyState"] == "PendingDeletion"
