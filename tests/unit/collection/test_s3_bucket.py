"""The module s3_bucket: check, do, check again, do again."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from .modules import four_steps, run_module

pytestmark = pytest.mark.usefixtures("account")

KEY = "arn:aws:kms:eu-west-1:123456789012:key/mrk-1"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutBucketWebsite",
            "Resource": "arn:aws:s3:::notejam-test-backups",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ],
}
RULE: dict[str, Any] = {
    "id": "retention",
    "transitions": [{"days": 30, "storage_class": "GLACIER_IR"}],
    "expiration": {"days": 1100},
    "noncurrent_version_expiration": {"noncurrent_days": 1100},
    "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
}
BUCKET: dict[str, Any] = {
    "name": "notejam-test-backups",
    "public_access_block": {},
    "object_ownership": "BucketOwnerEnforced",
    "versioning": "Enabled",
    "object_lock": {"mode": "GOVERNANCE", "years": 3},
    "encryption": {"sse_algorithm": "aws:kms", "kms_master_key_id": KEY, "bucket_key_enabled": True},
    "policy": POLICY,
    "lifecycle_rules": [RULE],
    "tags": {"Name": "notejam-test-backups", "platform:component": "backups"},
}
REPLICATION: dict[str, Any] = {
    "role": "arn:aws:iam::123456789012:role/replication",
    "rules": [{"id": "standby", "destination": {"bucket": "arn:aws:s3:::notejam-test-standby"}}],
}


@pytest.fixture
def s3() -> Any:
    return boto3.client("s3", "eu-west-1")


def test_creates_the_bucket_with_its_configurations(s3: Any) -> None:
    bucket = four_steps("s3_bucket", **BUCKET).result["s3_bucket"]
    name = BUCKET["name"]
    assert bucket["arn"] == f"arn:aws:s3:::{name}"
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    lock = s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"]
    retention = lock["Rule"]["DefaultRetention"]
    assert (retention["Mode"], retention["Years"]) == ("GOVERNANCE", 3)
    block = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    rule = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["BucketKeyEnabled"]
    assert rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == KEY
    assert json.loads(s3.get_bucket_policy(Bucket=name)["Policy"]) == POLICY
    lifecycle = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"][0]
    assert lifecycle["Transitions"] == [{"Days": 30, "StorageClass": "GLACIER_IR"}]
    assert lifecycle["Expiration"]["Days"] == 1100
    assert bucket["tags"] == BUCKET["tags"]


def test_a_plan_knows_the_arn_of_a_bucket_to_be() -> None:
    run = run_module("s3_bucket", check_mode=True, name="notejam-test-trail")
    assert run.result["s3_bucket"]["arn"] == "arn:aws:s3:::notejam-test-trail"


@pytest.mark.parametrize(
    ("change", "writes"),
    [
        ({"object_lock": {"mode": "COMPLIANCE", "years": 3}}, ["PutObjectLockConfiguration"]),
        ({"encryption": {"sse_algorithm": "AES256"}}, ["PutBucketEncryption"]),
        ({"policy": {}}, ["DeleteBucketPolicy"]),
        ({"lifecycle_rules": []}, ["DeleteBucketLifecycle"]),
        ({"lifecycle_rules": [{**RULE, "expiration": {"days": 1200}}]}, ["PutBucketLifecycleConfiguration"]),
        ({"object_ownership": "ObjectWriter"}, ["PutBucketOwnershipControls"]),
        ({"public_access_block": {"block_public_acls": False}}, ["PutPublicAccessBlock"]),
        ({"tags": {"Name": "notejam-test-backups", "owner": "platform"}}, ["PutBucketTagging"] * 2),
    ],
)
def test_changes_only_what_differs(change: dict[str, Any], writes: list[str]) -> None:
    run_module("s3_bucket", **BUCKET)
    assert four_steps("s3_bucket", **BUCKET | change).writes == writes


def test_what_was_changed_by_hand_is_put_back(s3: Any) -> None:
    run_module("s3_bucket", **BUCKET)
    name = BUCKET["name"]
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})
    s3.delete_public_access_block(Bucket=name)
    s3.delete_bucket_lifecycle(Bucket=name)
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "by", "Value": "hand"}]})
    four_steps("s3_bucket", **BUCKET)
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=name)["TagSet"]}
    assert tags == BUCKET["tags"]


def test_configurations_left_out_are_neither_read_nor_changed() -> None:
    run_module("s3_bucket", **BUCKET)
    run = run_module("s3_bucket", name=BUCKET["name"])
    assert not run.changed
    assert run.operations == ["HeadBucket", "GetBucketTagging"]


def test_replicates_and_stops(s3: Any) -> None:
    run_module("s3_bucket", **BUCKET)
    name = BUCKET["name"]
    four_steps("s3_bucket", name=name, replication=REPLICATION)
    rule = s3.get_bucket_replication(Bucket=name)["ReplicationConfiguration"]["Rules"][0]
    assert rule["Destination"]["Bucket"] == "arn:aws:s3:::notejam-test-standby"
    assert four_steps("s3_bucket", name=name, replication={}).writes == ["DeleteBucketReplication"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"object_lock": {"days": 3}}, "object_lock needs a mode"),
        ({"versioning": "Suspended"}, "object_lock needs versioning"),
        ({"replication": {"role": "arn:aws:iam::1:role/r"}}, "both a role and rules"),
        ({"lifecycle_rules": [RULE, RULE]}, "two rules of one id"),
        ({"lifecycle_rules": [{**RULE, "expiration": {"days": 30}}]}, "before they move"),
    ],
)
def test_contradictions_are_refused_before_any_call(wrong: dict[str, Any], message: str) -> None:
    run = run_module("s3_bucket", **BUCKET | wrong)
    assert message in run.result["msg"]
    assert run.operations == []


def test_deletes_an_empty_bucket() -> None:
    run_module("s3_bucket", **BUCKET)
    four_steps("s3_bucket", name=BUCKET["name"], state="absent")


def test_a_bucket_that_holds_objects_stays_unless_forced(s3: Any) -> None:
    plain = {"name": "notejam-test-plain", "versioning": "Enabled"}
    run_module("s3_bucket", **plain)
    s3.put_object(Bucket=plain["name"], Key="dump", Body=b"1")
    s3.delete_object(Bucket=plain["name"], Key="dump")
    kept = run_module("s3_bucket", name=plain["name"], state="absent")
    assert not kept.changed
    assert "notejam-test-plain stays: it holds objects" in kept.result["kept"]
    four_steps("s3_bucket", name=plain["name"], state="absent", force=True)


def test_a_bucket_with_locked_objects_stays_even_if_forced(s3: Any) -> None:
    run_module("s3_bucket", **BUCKET)
    s3.put_object(Bucket=BUCKET["name"], Key="dump", Body=b"1")
    for check_mode in (True, False):
        kept = run_module("s3_bucket", check_mode, name=BUCKET["name"], state="absent", force=True)
        assert not kept.changed
        assert kept.writes == []
        assert "objects that Object Lock protects, the last until" in kept.result["kept"]
