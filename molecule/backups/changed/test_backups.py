"""The bucket and the backups after the change of the inventory."""

import os

import boto3


def test_dumps_are_archived_later() -> None:
    session = boto3.Session(region_name=os.environ["AWS_REGION"])
    account = session.client("sts").get_caller_identity()["Account"]
    bucket = f"notejam-sandbox-backups-{account}-{os.environ['AWS_REGION']}"
    (rule,) = session.client("s3").get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert [step["Days"] for step in rule["Transitions"]] == [60, 365]


def test_the_vault_is_locked_for_the_shortest_retention() -> None:
    backup = boto3.Session(region_name=os.environ["AWS_REGION"]).client("backup")
    vault = backup.describe_backup_vault(BackupVaultName="notejam-sandbox")
    assert (vault["Locked"], vault["MinRetentionDays"]) == (True, 30)
    assert "LockDate" not in vault


def test_the_plan_has_the_rules_of_the_inventory() -> None:
    backup = boto3.Session(region_name=os.environ["AWS_REGION"]).client("backup")
    (plan,) = backup.list_backup_plans()["BackupPlansList"]
    rules = backup.get_backup_plan(BackupPlanId=plan["BackupPlanId"])["BackupPlan"]["Rules"]
    assert {rule["RuleName"]: rule["Lifecycle"]["DeleteAfterDays"] for rule in rules} == {
        "daily": 30,
        "yearly": 1098,
    }
