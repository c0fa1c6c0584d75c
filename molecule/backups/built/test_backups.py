"""The bucket of the dumps and the backups, as they stand in AWS."""

import json
import os
from typing import Any

import boto3
import pytest

REGION = os.environ["AWS_REGION"]
SESSION = boto3.Session(region_name=REGION)
ACCOUNT = SESSION.client("sts").get_caller_identity()["Account"]
BUCKET = f"notejam-sandbox-backups-{ACCOUNT}-{REGION}"
VAULT = "notejam-sandbox"


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


# AWS Backup


@pytest.fixture(scope="module")
def backup() -> Any:
    return SESSION.client("backup")


@pytest.fixture(scope="module")
def plan(backup: Any) -> str:
    (found,) = (p for p in backup.list_backup_plans()["BackupPlansList"] if p["BackupPlanName"] == VAULT)
    return str(found["BackupPlanId"])


def test_backups_are_encrypted_with_the_sites_key(backup: Any) -> None:
    alias = SESSION.client("kms").describe_key(KeyId="alias/notejam-sandbox-backups")
    vault = backup.describe_backup_vault(BackupVaultName=VAULT)
    assert vault["EncryptionKeyArn"] == alias["KeyMetadata"]["Arn"]
    assert not vault["Locked"]


def test_the_vault_lets_nobody_delete_a_backup(backup: Any) -> None:
    policy = json.loads(backup.get_backup_vault_access_policy(BackupVaultName=VAULT)["Policy"])
    (statement,) = policy["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert "backup:DeleteRecoveryPoint" in statement["Action"]


def test_backups_are_kept_for_days_weeks_months_and_three_years(backup: Any, plan: str) -> None:
    rules = backup.get_backup_plan(BackupPlanId=plan)["BackupPlan"]["Rules"]
    kept = {rule["RuleName"]: rule["Lifecycle"]["DeleteAfterDays"] for rule in rules}
    assert kept == {"continuous": 35, "daily": 35, "weekly": 92, "monthly": 397, "yearly": 1098}
    assert [rule["RuleName"] for rule in rules if rule["EnableContinuousBackup"]] == ["continuous"]
    assert {rule["TargetBackupVaultName"] for rule in rules} == {VAULT}


def test_the_databases_of_the_environment_are_backed_up(backup: Any, plan: str) -> None:
    (listed,) = backup.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"]
    one = {"BackupPlanId": plan, "SelectionId": listed["SelectionId"]}
    selection = backup.get_backup_selection(**one)["BackupSelection"]
    wanted = {c["ConditionKey"]: c["ConditionValue"] for c in selection["Conditions"]["StringEquals"]}
    assert wanted == {
        "aws:ResourceTag/platform:environment": "sandbox",
        "aws:ResourceTag/platform:component": "database",
    }
    role = SESSION.client("iam").get_role(RoleName=selection["IamRoleArn"].rpartition("/")[2])["Role"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith("boundary-global")
    attached = SESSION.client("iam").list_attached_role_policies(RoleName=role["RoleName"])
    assert {policy["PolicyName"] for policy in attached["AttachedPolicies"]} == {
        "AWSBackupServiceRolePolicyForBackup",
        "AWSBackupServiceRolePolicyForRestores",
    }
