"""The modules of AWS Backup: check, do, check again, do again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from . import fake_backup
from .modules import four_steps, run_module

ROLE = "arn:aws:iam::123456789012:role/backup"
NOBODY_DELETES: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Deny", "Principal": "*", "Action": ["backup:DeleteRecoveryPoint"], "Resource": "*"}
    ],
}
VAULT: dict[str, Any] = {
    "name": "vault",
    "policy": NOBODY_DELETES,
    "lock": {"min_retention_days": 7},
    "tags": {"Name": "vault"},
}
COPY = {
    "destination_backup_vault_arn": "arn:aws:backup:eu-central-1:123456789012:backup-vault:vault",
    "lifecycle": {"delete_after_days": 35},
}
DAILY: dict[str, Any] = {
    "rule_name": "daily",
    "target_backup_vault_name": "vault",
    "schedule_expression": "cron(0 3 ? * * *)",
    "lifecycle": {"delete_after_days": 35},
    "recovery_point_tags": {"platform:site": "test_eu_west_1"},
    "copy_actions": [COPY],
}
YEARLY: dict[str, Any] = {
    "rule_name": "yearly",
    "target_backup_vault_name": "vault",
    "schedule_expression": "cron(0 3 1 1 ? *)",
    "lifecycle": {"delete_after_days": 1098},
}
PLAN: dict[str, Any] = {"name": "plan", "rules": [DAILY, YEARLY], "tags": {"Name": "plan"}}
SELECTION: dict[str, Any] = {
    "backup_plan_name": "plan",
    "name": "databases",
    "iam_role_arn": ROLE,
    "resources": ["arn:aws:rds:*:*:cluster:*"],
    "conditions": {"platform:component": "database", "platform:environment": "test"},
}


@pytest.fixture(autouse=True)
def backup(strict_account: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    fake_backup.install(monkeypatch, tmp_path)
    return boto3.client("backup", "eu-west-1")


@pytest.fixture
def role() -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "backup.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    boto3.client("iam", "eu-west-1").create_role(RoleName="backup", AssumeRolePolicyDocument=trust)


# backup_vault


def test_keeps_a_vault(backup: Any) -> None:
    key = boto3.client("kms", "eu-west-1").create_key()["KeyMetadata"]["Arn"]
    run = four_steps("backup_vault", **VAULT, encryption_key_arn=key)
    assert run.writes == [
        "CreateBackupVault",
        "PutBackupVaultAccessPolicy",
        "PutBackupVaultLockConfiguration",
    ]
    vault = backup.describe_backup_vault(BackupVaultName="vault")
    assert (vault["EncryptionKeyArn"], vault["MinRetentionDays"]) == (key, 7)
    policy = backup.get_backup_vault_access_policy(BackupVaultName="vault")["Policy"]
    assert json.loads(policy) == NOBODY_DELETES


@pytest.mark.parametrize(
    ("change", "writes"),
    [
        ({"policy": {}}, ["DeleteBackupVaultAccessPolicy"]),
        ({"lock": {}}, ["DeleteBackupVaultLockConfiguration"]),
        ({"lock": {"min_retention_days": 8}}, ["PutBackupVaultLockConfiguration"]),
        (
            {"lock": {"min_retention_days": 7, "changeable_for_days": 3}},
            ["PutBackupVaultLockConfiguration"],
        ),
        (
            {"lock": {"min_retention_days": 7, "max_retention_days": 9}},
            ["PutBackupVaultLockConfiguration"],
        ),
        ({"tags": {"a": "1"}}, ["TagResource", "UntagResource"]),
    ],
)
def test_changes_only_what_differs_of_a_vault(change: dict[str, Any], writes: list[str]) -> None:
    run_module("backup_vault", **VAULT)
    assert four_steps("backup_vault", **VAULT | change).writes == writes


def test_what_was_taken_away_by_hand_is_put_back(backup: Any) -> None:
    run_module("backup_vault", **VAULT)
    backup.delete_backup_vault_access_policy(BackupVaultName="vault")
    backup.delete_backup_vault_lock_configuration(BackupVaultName="vault")
    four_steps("backup_vault", **VAULT)
    assert backup.describe_backup_vault(BackupVaultName="vault")["Locked"]


def test_the_key_of_a_vault_cannot_be_changed() -> None:
    run_module("backup_vault", **VAULT)
    key = boto3.client("kms", "eu-west-1").create_key()["KeyMetadata"]["Arn"]
    run = run_module("backup_vault", **VAULT, encryption_key_arn=key)
    assert "AWS cannot change it in place" in run.result["msg"]


def test_a_wildcard_in_a_vaults_policy_is_refused() -> None:
    statement = {**NOBODY_DELETES["Statement"][0], "Action": ["backup:*"]}
    run = run_module("backup_vault", name="vault", policy={**NOBODY_DELETES, "Statement": [statement]})
    assert "wildcard" in run.result["msg"]


def test_deletes_a_vault_that_is_empty(backup: Any) -> None:
    run_module("backup_vault", name="vault")
    four_steps("backup_vault", name="vault", state="absent")
    assert backup.list_backup_vaults()["BackupVaultList"] == []


def test_a_vault_with_backups_stays_and_is_named(backup: Any, role: None, tmp_path: Path) -> None:
    run_module("backup_vault", name="vault")
    cluster = fake_backup.keep_cluster(tmp_path, "db")
    backup.start_backup_job(BackupVaultName="vault", ResourceArn=cluster, IamRoleArn=ROLE)
    run = run_module("backup_vault", name="vault", state="absent")
    assert not run.changed
    assert run.result["kept"] == "backup_vault vault stays: it holds 1 recovery points."


# backup_plan


def test_keeps_a_plan(backup: Any) -> None:
    run = four_steps("backup_plan", **PLAN)
    assert run.writes == ["CreateBackupPlan"]
    plan = backup.get_backup_plan(BackupPlanId=run.result["backup_plan"]["id"])["BackupPlan"]
    daily, yearly = plan["Rules"]
    assert daily["RecoveryPointTags"] == {"platform:site": "test_eu_west_1"}
    assert daily["CopyActions"][0]["Lifecycle"] == {"DeleteAfterDays": 35}
    assert yearly["Lifecycle"] == {"DeleteAfterDays": 1098}


@pytest.mark.parametrize(
    ("change", "writes"),
    [
        ({"rules": [DAILY]}, ["UpdateBackupPlan"]),
        ({"rules": [{**DAILY, "copy_actions": []}, YEARLY]}, ["UpdateBackupPlan"]),
        ({"rules": [{**DAILY, "start_window_minutes": 60}, YEARLY]}, ["UpdateBackupPlan"]),
        ({"tags": {"a": "1"}}, ["TagResource", "UntagResource"]),
    ],
)
def test_changes_only_what_differs_of_a_plan(change: dict[str, Any], writes: list[str]) -> None:
    run_module("backup_plan", **PLAN)
    assert four_steps("backup_plan", **PLAN | change).writes == writes


def test_the_order_of_rules_is_no_change() -> None:
    run_module("backup_plan", **PLAN)
    assert not run_module("backup_plan", **PLAN | {"rules": [YEARLY, DAILY]}).changed


def test_rules_changed_by_hand_are_put_back(backup: Any) -> None:
    made = run_module("backup_plan", **PLAN).result["backup_plan"]
    other = {"RuleName": "other", "TargetBackupVaultName": "vault"}
    body = {"BackupPlanName": "plan", "Rules": [other]}
    backup.update_backup_plan(BackupPlanId=made["id"], BackupPlan=body)
    run = four_steps("backup_plan", **PLAN)
    assert run.result["backup_plan"]["rules"] == made["rules"]


def test_a_continuous_backup_is_not_kept_for_years() -> None:
    run = run_module("backup_plan", name="plan", rules=[{**YEARLY, "enable_continuous_backup": True}])
    assert "from 1 to 35 days" in run.result["msg"]


def test_two_plans_of_a_name_are_refused(backup: Any) -> None:
    run_module("backup_plan", **PLAN)
    rule = {"RuleName": "other", "TargetBackupVaultName": "vault"}
    backup.create_backup_plan(BackupPlan={"BackupPlanName": "plan", "Rules": [rule]})
    assert "2 backup plans are called plan" in run_module("backup_plan", **PLAN).result["msg"]


def test_deletes_a_plan_with_its_selections(backup: Any, role: None) -> None:
    run_module("backup_plan", **PLAN)
    run_module("backup_selection", **SELECTION)
    run = four_steps("backup_plan", name="plan", state="absent")
    assert run.writes == ["DeleteBackupSelection", "DeleteBackupPlan"]
    assert backup.list_backup_plans()["BackupPlansList"] == []


# backup_selection


def test_keeps_a_selection(backup: Any, role: None) -> None:
    plan = run_module("backup_plan", **PLAN).result["backup_plan"]["id"]
    run = four_steps("backup_selection", **SELECTION)
    assert run.writes == ["CreateBackupSelection"]
    one = {"BackupPlanId": plan, "SelectionId": run.result["backup_selection"]["id"]}
    selection = backup.get_backup_selection(**one)["BackupSelection"]
    assert selection["Conditions"]["StringEquals"] == [
        {"ConditionKey": "aws:ResourceTag/platform:component", "ConditionValue": "database"},
        {"ConditionKey": "aws:ResourceTag/platform:environment", "ConditionValue": "test"},
    ]


def test_a_change_makes_a_selection_anew(role: None) -> None:
    run_module("backup_plan", **PLAN)
    run_module("backup_selection", **SELECTION)
    run = four_steps("backup_selection", **SELECTION | {"conditions": {"platform:component": "database"}})
    assert run.writes == ["DeleteBackupSelection", "CreateBackupSelection"]


def test_a_selection_changed_by_hand_is_put_back(backup: Any, role: None) -> None:
    plan = run_module("backup_plan", **PLAN).result["backup_plan"]["id"]
    made = run_module("backup_selection", **SELECTION).result["backup_selection"]
    backup.delete_backup_selection(BackupPlanId=plan, SelectionId=made["id"])
    body = {"SelectionName": "databases", "IamRoleArn": ROLE, "Resources": ["*"]}
    backup.create_backup_selection(BackupPlanId=plan, BackupSelection=body)
    run = four_steps("backup_selection", **SELECTION)
    assert run.result["backup_selection"]["resources"] == ["arn:aws:rds:*:*:cluster:*"]


def test_a_selection_can_be_planned_before_its_plan_is_there() -> None:
    assert run_module("backup_selection", check_mode=True, **SELECTION).changed
    assert "Make it first" in run_module("backup_selection", **SELECTION).result["msg"]


def test_a_role_that_backup_cannot_take_is_refused() -> None:
    run_module("backup_plan", **PLAN)
    assert "cannot be assumed" in run_module("backup_selection", **SELECTION).result["msg"]


def test_deletes_a_selection(backup: Any, role: None) -> None:
    plan = run_module("backup_plan", **PLAN).result["backup_plan"]["id"]
    run_module("backup_selection", **SELECTION)
    names = {key: SELECTION[key] for key in ("backup_plan_name", "name")}
    four_steps("backup_selection", **names, state="absent")
    assert backup.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"] == []
