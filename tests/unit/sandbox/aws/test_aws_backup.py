"""AWS Backup as https://docs.aws.amazon.com/aws-backup/latest/devguide/API_Operations.html documents it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.backup.records import VAULT
from sandbox.aws.cloud import Cloud
from tests.unit.sandbox.aws.conftest import ACCOUNT, REGION

STANDBY = "eu-central-1"
DAY = 86400
ROLE = f"arn:aws:iam::{ACCOUNT}:role/backup"
RULE: dict[str, Any] = {
    "RuleName": "daily",
    "TargetBackupVaultName": "vault",
    "Lifecycle": {"DeleteAfterDays": 35},
}
PLAN: dict[str, Any] = {"BackupPlanName": "plan", "Rules": [RULE]}
SELECTION: dict[str, Any] = {"SelectionName": "databases", "IamRoleArn": ROLE, "Resources": ["*"]}
Client = Callable[..., Any]


@pytest.fixture
def backup(client: Client) -> Any:
    made = client("backup")
    made.create_backup_vault(BackupVaultName="vault", BackupVaultTags={"a": "1"})
    return made


@pytest.fixture
def role(client: Client) -> str:
    return trusted_role(client, "backup", "backup.amazonaws.com")


@pytest.fixture
def cluster(client: Client) -> str:
    """An Aurora cluster without an instance, so without a server."""
    rds = client("rds")
    subnets = [subnet["SubnetId"] for subnet in client("ec2").describe_subnets()["Subnets"]]
    rds.create_db_subnet_group(DBSubnetGroupName="db", DBSubnetGroupDescription="db", SubnetIds=subnets)
    made = rds.create_db_cluster(
        DBClusterIdentifier="db",
        Engine="aurora-postgresql",
        MasterUsername="notejam",
        MasterUserPassword="not-a-secret",
        DBSubnetGroupName="db",
        StorageEncrypted=True,
    )
    return str(made["DBCluster"]["DBClusterArn"])


def trusted_role(client: Client, name: str, service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    made = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    return str(made["Role"]["Arn"])


def refused(call: Callable[..., Any], **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


# Vaults


def test_a_vault_is_described_and_of_one_account_and_region(backup: Any, client: Client) -> None:
    vault = backup.describe_backup_vault(BackupVaultName="vault")
    assert vault["BackupVaultArn"] == f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-vault:vault"
    assert vault["EncryptionKeyArn"].startswith(f"arn:aws:kms:{REGION}:{ACCOUNT}:key/")
    assert (vault["Locked"], vault["NumberOfRecoveryPoints"]) == (False, 0)
    assert [v["BackupVaultName"] for v in backup.list_backup_vaults()["BackupVaultList"]] == ["vault"]
    assert client("backup", STANDBY).list_backup_vaults()["BackupVaultList"] == []


def test_a_missing_vault_is_not_told_from_a_forbidden_one(backup: Any) -> None:
    """https://github.com/aws/aws-sdk-js/issues/2625"""
    code, message = refused(backup.describe_backup_vault, BackupVaultName="missing")
    assert (code, message) == (
        "AccessDeniedException",
        "Insufficient privileges to perform this action.",
    )
    missing = {"BackupVaultName": "missing"}
    assert refused(backup.get_backup_vault_access_policy, **missing)[0] == "AccessDeniedException"
    assert refused(backup.delete_backup_vault, **missing)[0] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"BackupVaultName": "vault"}, "AlreadyExistsException"),
        ({"BackupVaultName": "a.b"}, "InvalidParameterValueException"),
        (
            {"BackupVaultName": "b", "EncryptionKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/missing"},
            "InvalidParameterValueException",
        ),
    ],
)
def test_a_vault_that_cannot_be_made(backup: Any, parameters: dict[str, str], code: str) -> None:
    assert refused(backup.create_backup_vault, **parameters)[0] == code


def test_a_policy_has_no_wildcard_for_an_action(backup: Any) -> None:
    """https://docs.aws.amazon.com/aws-backup/latest/devguide/create-a-vault-access-policy.html"""
    named = {"BackupVaultName": "vault"}
    assert refused(backup.get_backup_vault_access_policy, **named)[0] == "ResourceNotFoundException"
    code, message = refused(backup.put_backup_vault_access_policy, **named, Policy=policy("backup:*"))
    assert code == "InvalidParameterValueException"
    assert "wildcard" in message
    backup.put_backup_vault_access_policy(**named, Policy=policy("backup:DeleteRecoveryPoint"))
    found = backup.get_backup_vault_access_policy(**named)["Policy"]
    assert json.loads(found)["Statement"][0]["Action"] == ["backup:DeleteRecoveryPoint"]
    backup.delete_backup_vault_access_policy(**named)
    assert refused(backup.get_backup_vault_access_policy, **named)[0] == "ResourceNotFoundException"


def policy(action: str) -> str:
    statement = {"Effect": "Deny", "Principal": "*", "Action": [action], "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.parametrize(
    "lock",
    [{"MinRetentionDays": 0}, {"MinRetentionDays": 9, "MaxRetentionDays": 8}, {"ChangeableForDays": 2}],
)
def test_a_lock_that_cannot_be(backup: Any, lock: dict[str, int]) -> None:
    """https://docs.aws.amazon.com/aws-backup/latest/devguide/API_PutBackupVaultLockConfiguration.html"""
    code, _ = refused(backup.put_backup_vault_lock_configuration, BackupVaultName="vault", **lock)
    assert code == "InvalidParameterValueException"


def test_a_lock_is_for_good_when_its_date_is_over(backup: Any, cloud: Cloud) -> None:
    lock = {"BackupVaultName": "vault", "MinRetentionDays": 7, "ChangeableForDays": 3}
    backup.put_backup_vault_lock_configuration(**lock)
    assert backup.describe_backup_vault(BackupVaultName="vault")["Locked"]
    backup.delete_backup_vault_lock_configuration(BackupVaultName="vault")
    backup.put_backup_vault_lock_configuration(**lock)
    # Not by the clock: a request of another day is not signed for this one.
    ((key, vault),) = cloud.documents.all(VAULT).items()
    vault["lock"]["LockDate"] -= 3 * DAY
    cloud.documents.put(VAULT, key, vault)
    for call, parameters in (
        (backup.delete_backup_vault_lock_configuration, {"BackupVaultName": "vault"}),
        (backup.put_backup_vault_lock_configuration, lock),
    ):
        code, message = refused(call, **parameters)
        assert (code, "immutable" in message) == ("InvalidRequestException", True)


def test_tags_of_a_vault_and_a_plan(backup: Any) -> None:
    vault = backup.describe_backup_vault(BackupVaultName="vault")["BackupVaultArn"]
    plan = backup.create_backup_plan(BackupPlan=PLAN, BackupPlanTags={"a": "1"})["BackupPlanArn"]
    for arn in (vault, plan):
        backup.tag_resource(ResourceArn=arn, Tags={"b": "2"})
        backup.untag_resource(ResourceArn=arn, TagKeyList=["a"])
        assert backup.list_tags(ResourceArn=arn)["Tags"] == {"b": "2"}
    assert refused(backup.list_tags, ResourceArn=vault + "2")[0] == "ResourceNotFoundException"


# Plans and selections


def test_a_plan_has_versions(backup: Any) -> None:
    made = backup.create_backup_plan(BackupPlan=PLAN)
    first = backup.get_backup_plan(BackupPlanId=made["BackupPlanId"])
    (rule,) = first["BackupPlan"]["Rules"]
    assert rule["RuleId"]
    # https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupRule.html
    assert rule["ScheduleExpression"] == "cron(0 5 ? * * *)"
    assert (rule["StartWindowMinutes"], rule["CompletionWindowMinutes"]) == (480, 10080)
    changed = {**PLAN, "Rules": [{**RULE, "RuleName": "nightly"}]}
    updated = backup.update_backup_plan(BackupPlanId=made["BackupPlanId"], BackupPlan=changed)
    assert updated["VersionId"] != made["VersionId"]
    versions = backup.list_backup_plan_versions(BackupPlanId=made["BackupPlanId"])
    assert [v["VersionId"] for v in versions["BackupPlanVersionsList"]] == [
        updated["VersionId"],
        made["VersionId"],
    ]
    (listed,) = backup.list_backup_plans()["BackupPlansList"]
    assert (listed["BackupPlanName"], listed["VersionId"]) == ("plan", updated["VersionId"])


def test_the_same_plan_is_not_made_twice(backup: Any) -> None:
    """https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupPlan.html"""
    backup.create_backup_plan(BackupPlan=PLAN)
    assert refused(backup.create_backup_plan, BackupPlan=PLAN)[0] == "AlreadyExistsException"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"StartWindowMinutes": 30}, "StartWindowMinutes"),
        ({"CompletionWindowMinutes": 480}, "CompletionWindowMinutes"),
        ({"ScheduleExpression": "0 5 * * *"}, "cron"),
        ({"Lifecycle": {"MoveToColdStorageAfterDays": 30, "DeleteAfterDays": 119}}, "90 days"),
        ({"EnableContinuousBackup": True, "Lifecycle": {"DeleteAfterDays": 36}}, "continuous"),
    ],
)
def test_a_rule_that_cannot_be(backup: Any, change: dict[str, Any], word: str) -> None:
    plan = {**PLAN, "Rules": [RULE | change]}
    code, message = refused(backup.create_backup_plan, BackupPlan=plan)
    assert (code, word in message) == ("InvalidParameterValueException", True)


def test_a_plan_with_selections_stays(backup: Any, role: str) -> None:
    """https://docs.aws.amazon.com/aws-backup/latest/devguide/API_DeleteBackupPlan.html"""
    plan = {"BackupPlanId": backup.create_backup_plan(BackupPlan=PLAN)["BackupPlanId"]}
    made = backup.create_backup_selection(**plan, BackupSelection=SELECTION)
    assert refused(backup.create_backup_selection, **plan, BackupSelection=SELECTION)[0] == (
        "AlreadyExistsException"
    )
    (listed,) = backup.list_backup_selections(**plan)["BackupSelectionsList"]
    assert (listed["SelectionName"], listed["IamRoleArn"]) == ("databases", role)
    one = {**plan, "SelectionId": made["SelectionId"]}
    assert backup.get_backup_selection(**one)["BackupSelection"]["Resources"] == ["*"]
    assert refused(backup.delete_backup_plan, **plan)[0] == "InvalidRequestException"
    backup.delete_backup_selection(**one)
    assert refused(backup.get_backup_selection, **one)[0] == "ResourceNotFoundException"
    backup.delete_backup_plan(**plan)
    assert backup.list_backup_plans()["BackupPlansList"] == []
    assert backup.get_backup_plan(**plan)["DeletionDate"]


def test_a_selection_needs_a_role_of_the_services_and_resources(backup: Any, client: Client) -> None:
    """https://docs.aws.amazon.com/aws-backup/latest/devguide/iam-service-roles.html"""
    plan = {"BackupPlanId": backup.create_backup_plan(BackupPlan=PLAN)["BackupPlanId"]}
    other = trusted_role(client, "other", "rds.amazonaws.com")
    for selection in (SELECTION, {**SELECTION, "IamRoleArn": other}, {**SELECTION, "Resources": []}):
        code, _ = refused(backup.create_backup_selection, **plan, BackupSelection=selection)
        assert code == "InvalidParameterValueException"


# Jobs and recovery points


def start(backup: Any, cluster: str, days: int = 35) -> dict[str, Any]:
    job: dict[str, Any] = backup.start_backup_job(
        BackupVaultName="vault", ResourceArn=cluster, IamRoleArn=ROLE, Lifecycle={"DeleteAfterDays": days}
    )
    return job


def test_a_job_takes_its_time(backup: Any, role: str, cluster: str, later: Callable[[float], None]) -> None:
    job = start(backup, cluster)
    described = {"BackupJobId": job["BackupJobId"]}
    point = {"BackupVaultName": "vault", "RecoveryPointArn": job["RecoveryPointArn"]}
    assert backup.describe_backup_job(**described)["State"] == "RUNNING"
    assert backup.describe_recovery_point(**point)["Status"] == "CREATING"
    assert backup.list_protected_resources()["Results"] == []
    later(5)  # five minutes of AWS's
    assert backup.describe_backup_job(**described)["State"] == "COMPLETED"
    assert backup.describe_recovery_point(**point)["Status"] == "COMPLETED"
    (protected,) = backup.list_protected_resources()["Results"]
    assert (protected["ResourceArn"], protected["ResourceType"]) == (cluster, "Aurora")
    completed = backup.list_backup_jobs(ByResourceArn=cluster, ByState="COMPLETED")["BackupJobs"]
    assert [found["BackupJobId"] for found in completed] == [job["BackupJobId"]]
    assert backup.list_backup_jobs(ByState="FAILED")["BackupJobs"] == []


def test_a_vault_with_a_recovery_point_stays(backup: Any, role: str, cluster: str) -> None:
    """https://docs.aws.amazon.com/aws-backup/latest/devguide/API_DeleteBackupVault.html"""
    job = start(backup, cluster)
    assert refused(backup.delete_backup_vault, BackupVaultName="vault")[0] == "InvalidRequestException"
    backup.delete_recovery_point(BackupVaultName="vault", RecoveryPointArn=job["RecoveryPointArn"])
    backup.delete_backup_vault(BackupVaultName="vault")
    assert backup.list_backup_vaults()["BackupVaultList"] == []


def test_the_vaults_policy_keeps_its_recovery_points(backup: Any, role: str, cluster: str) -> None:
    job = start(backup, cluster)
    backup.put_backup_vault_access_policy(
        BackupVaultName="vault", Policy=policy("backup:DeleteRecoveryPoint")
    )
    point = {"BackupVaultName": "vault", "RecoveryPointArn": job["RecoveryPointArn"]}
    assert refused(backup.delete_recovery_point, **point)[0] == "AccessDeniedException"


def test_a_lock_fails_jobs_of_other_retentions_and_keeps_what_there_is(
    backup: Any, role: str, cluster: str
) -> None:
    backup.put_backup_vault_lock_configuration(BackupVaultName="vault", MinRetentionDays=30)
    failed = start(backup, cluster, days=7)
    assert backup.describe_backup_job(BackupJobId=failed["BackupJobId"])["State"] == "FAILED"
    kept = start(backup, cluster, days=30)
    point = {"BackupVaultName": "vault", "RecoveryPointArn": kept["RecoveryPointArn"]}
    assert refused(backup.delete_recovery_point, **point)[0] == "InvalidRequestException"


def test_a_copy_goes_to_the_other_region_under_its_key(
    backup: Any, role: str, cluster: str, client: Client, later: Callable[[float], None]
) -> None:
    standby = client("backup", STANDBY)
    target = standby.create_backup_vault(BackupVaultName="copies")["BackupVaultArn"]
    copy = {
        "RecoveryPointArn": start(backup, cluster)["RecoveryPointArn"],
        "SourceBackupVaultName": "vault",
        "DestinationBackupVaultArn": target,
        "IamRoleArn": ROLE,
    }
    assert refused(backup.start_copy_job, **copy)[0] == "InvalidRequestException"  # it is being made
    later(5)  # five minutes of AWS's
    job = backup.start_copy_job(**copy)
    later(10)  # ten minutes of AWS's
    done = backup.describe_copy_job(CopyJobId=job["CopyJobId"])["CopyJob"]
    assert done["State"] == "COMPLETED"
    (point,) = standby.list_recovery_points_by_backup_vault(BackupVaultName="copies")["RecoveryPoints"]
    assert point["RecoveryPointArn"] == done["DestinationRecoveryPointArn"]
    assert (
        point["EncryptionKeyArn"]
        == standby.describe_backup_vault(BackupVaultName="copies")["EncryptionKeyArn"]
    )


def test_what_is_not_there_is_not_backed_up(backup: Any, role: str, cluster: str) -> None:
    job = {"BackupVaultName": "vault", "IamRoleArn": ROLE}
    assert refused(backup.start_backup_job, **job, ResourceArn=cluster + "2")[0] == (
        "ResourceNotFoundException"
    )
    assert refused(backup.start_backup_job, **job, ResourceArn="arn:aws:s3:::a")[0] == "NotImplemented"


def test_what_is_not_emulated_says_so(backup: Any) -> None:
    assert refused(backup.list_restore_jobs)[0] == "NotImplemented"
