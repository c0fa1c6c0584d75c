"""The bucket of the dumps, as it stands in AWS."""

import json
import os
from typing import Any

import boto3
import pytest

REGION = os.environ["AWS_REGION"]
SESSION = boto3.Session(region_name=REGION)
ACCOUNT = SESSION.client("sts").get_caller_identity()["Account"]
BUCKET = f"notejam-sandbox-backups-{ACCOUNT}-{REGION}"


@pytest.fixture(scope="module")
def s3() -> Any:
    return SESSION.client("s3")


def test_every_version_is_kept_and_locked(s3: Any) -> None:
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    lock = s3.get_object_lock_configuration(Bucket=BUCKET)["ObjectLockConfiguration"]
    retention = lock["Rule"]["DefaultRetention"]
    assert (retention["Mode"], retention["Years"]) == ("GOVERNANCE", 3)


def test_nothing_is_public(s3: Any) -> None:
    block = s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    owner = s3.get_bucket_ownership_controls(Bucket=BUCKET)["OwnershipControls"]["Rules"][0]
    assert owner["ObjectOwnership"] == "BucketOwnerEnforced"


def test_dumps_are_encrypted_with_the_sites_key(s3: Any) -> None:
    rule = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["BucketKeyEnabled"]
    alias = SESSION.client("kms").describe_key(KeyId="alias/notejam-sandbox-storage")
    key = rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"]
    assert key == alias["KeyMetadata"]["Arn"]


def test_the_policy_keeps_out_plain_http_other_keys_and_deletions(s3: Any) -> None:
    policy = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])
    denied = {statement["Sid"] for statement in policy["Statement"] if statement["Effect"] == "Deny"}
    assert denied == {"TlsOnly", "NoOtherEncryption", "NoOtherKey", "NobodyDeletes"}


def test_nothing_expires_before_its_retention_is_over(s3: Any) -> None:
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    assert rule["Status"] == "Enabled"
    assert rule["Expiration"]["Days"] > 3 * 366
    assert [step["StorageClass"] for step in rule["Transitions"]] == ["GLACIER_IR", "DEEP_ARCHIVE"]
    assert rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 7
