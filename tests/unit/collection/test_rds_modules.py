"""The modules rds_cluster, rds_instance and rds_cluster_parameter_group: check, do, check again, do again."""

from __future__ import annotations

import json
from typing import Any

import boto3
import botocore.client
import pytest
from ansible_collections.notejam.platform.plugins.module_utils.rds import same_or_newer_minor
from ansible_collections.notejam.platform.plugins.modules import rds_cluster, rds_instance

from .modules import four_steps, run_module

pytestmark = pytest.mark.usefixtures("account")

CLUSTER: dict[str, Any] = {
    "db_cluster_identifier": "notejam-test",
    "engine_version": "17.5",
    "database_name": "notejam",
    "master_username": "notejam",
    "port": 5432,
    "backup_retention_period": 7,
    "copy_tags_to_snapshot": True,
    "deletion_protection": True,
    "enable_iam_database_authentication": True,
    "enable_cloudwatch_logs_exports": ["postgresql"],
    "preferred_backup_window": "02:00-03:00",
    "tags": {"platform:component": "database"},
}
INSTANCE: dict[str, Any] = {
    "db_instance_identifier": "notejam-test-1",
    "db_cluster_identifier": "notejam-test",
    "db_instance_class": "db.t4g.medium",
    "availability_zone": "eu-west-1a",
    "tags": {"platform:component": "database"},
}


@pytest.fixture
def rds() -> Any:
    return boto3.client("rds", "eu-west-1")


@pytest.fixture
def cluster(account: None) -> dict[str, Any]:
    """A cluster that is there."""
    return dict(run_module("rds_cluster", **CLUSTER).result["rds_cluster"])


def test_a_cluster_is_encrypted_and_its_password_is_rdss_own(rds: Any) -> None:
    run = four_steps("rds_cluster", **CLUSTER)
    (cluster,) = rds.describe_db_clusters()["DBClusters"]
    assert cluster["StorageEncrypted"]
    assert run.result["rds_cluster"]["master_user_secret_arn"] == cluster["MasterUserSecret"]["SecretArn"]
    secret = boto3.client("secretsmanager", "eu-west-1").get_secret_value(
        SecretId=cluster["MasterUserSecret"]["SecretArn"]
    )
    assert secret["SecretString"] not in run.output


@pytest.mark.usefixtures("cluster")
@pytest.mark.parametrize(
    "change",
    [
        {"backup_retention_period": 35},
        {"deletion_protection": False},
        {"preferred_backup_window": "04:00-05:00"},
        {"engine_version": "17.6"},
    ],
)
def test_a_cluster_changes_by_one_call(change: dict[str, Any]) -> None:
    assert four_steps("rds_cluster", **CLUSTER | change).writes == ["ModifyDBCluster"]


@pytest.mark.usefixtures("cluster")
@pytest.mark.parametrize(
    "change",
    [
        {"database_name": "other"},
        {"master_username": "other"},
        {"kms_key_id": "arn:aws:kms:eu-west-1:123456789012:key/other"},
    ],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_a_cluster_is_never_replaced(change: dict[str, Any], check_mode: bool) -> None:
    run = run_module("rds_cluster", check_mode=check_mode, **CLUSTER | change)
    assert run.result["failed"]
    assert f"{next(iter(change))} is" in run.result["msg"]
    assert "cannot change it in place" in run.result["msg"]
    assert run.writes == []


@pytest.mark.usefixtures("cluster")
@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"engine_version": "18.1"}, "another major version"),
        ({"engine_version": "16.8", "allow_major_version_upgrade": True}, "never goes back to a lower major"),
        ({"port": 5433}, "restarts all instances at once"),
    ],
)
def test_what_cannot_be_undone_or_interrupts_at_once_is_refused(
    change: dict[str, Any], said: str, check_mode: bool
) -> None:
    refused = run_module("rds_cluster", check_mode=check_mode, **CLUSTER | change)
    assert said in refused.result["msg"]
    assert refused.writes == []


@pytest.mark.usefixtures("cluster")
@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"engine_version": "17.6"},
            "the upgrade from 17.5 to 17.6 restarts all instances in the maintenance window",
        ),
        (
            {"engine_version": "17.6", "apply_immediately": True},
            "the upgrade from 17.5 to 17.6 restarts all instances at once",
        ),
        (
            {"db_cluster_parameter_group_name": "notejam-test-17"},
            "takes effect at each instance's next restart, which is left to you",
        ),
    ],
)
def test_what_a_change_interrupts_is_said(change: dict[str, Any], said: str, check_mode: bool) -> None:
    boto3.client("rds", "eu-west-1").create_db_cluster_parameter_group(
        DBClusterParameterGroupName="notejam-test-17",
        DBParameterGroupFamily="aurora-postgresql17",
        Description="Notejam",
    )
    run = run_module("rds_cluster", check_mode=check_mode, **CLUSTER | change)
    assert run.changed
    assert said in str(run.warnings)
    run_module("rds_cluster", **CLUSTER | change)
    assert run_module("rds_cluster", **CLUSTER | change | {"backup_retention_period": 8}).warnings == []


@pytest.mark.usefixtures("cluster")
def test_what_waits_for_a_window_or_a_restart_is_said_until_it_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = rds_cluster.Cluster.answer
    waiting = {
        "PendingModifiedValues": {"EngineVersion": "17.6"},
        "DBClusterMembers": [
            {"DBInstanceIdentifier": "notejam-test-1", "DBClusterParameterGroupStatus": "pending-reboot"},
            {"DBInstanceIdentifier": "notejam-test-2", "DBClusterParameterGroupStatus": "in-sync"},
        ],
    }
    monkeypatch.setattr(rds_cluster.Cluster, "answer", lambda self: {**(answer(self) or {}), **waiting})
    run = run_module("rds_cluster", **CLUSTER)
    assert not run.changed
    assert run.result["rds_cluster"]["parameters_wait_for_restart"] == ["notejam-test-1"]
    window = run.result["rds_cluster"]["preferred_maintenance_window"]
    assert run.warnings == [
        "rds_cluster notejam-test: parameters wait for the next restart of notejam-test-1, which is left to "
        "you.",
        f"rds_cluster notejam-test: EngineVersion 17.6 waits for the maintenance window ({window}).",
    ]


@pytest.mark.usefixtures("cluster")
def test_what_nobody_notices_is_made_at_once_unless_it_takes_more_along(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at_once: list[bool] = []
    call = botocore.client.BaseClient._make_api_call

    def recorded(client: Any, operation: str, parameters: Any) -> Any:
        if operation == "ModifyDBCluster":
            at_once.append(parameters["ApplyImmediately"])
        return call(client, operation, parameters)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", recorded)
    run_module("rds_cluster", **CLUSTER | {"backup_retention_period": 8})
    run_module("rds_cluster", **CLUSTER | {"engine_version": "17.6"})
    answer = rds_cluster.Cluster.answer
    waiting = {"PendingModifiedValues": {"EngineVersion": "17.6"}}
    monkeypatch.setattr(rds_cluster.Cluster, "answer", lambda self: {**(answer(self) or {}), **waiting})
    run_module("rds_cluster", **CLUSTER | {"backup_retention_period": 9})
    assert at_once == [True, False, False]


@pytest.mark.usefixtures("cluster")
def test_the_capacity_alone_can_be_declared() -> None:
    """As the playbook for announced events does."""
    known = {key: CLUSTER[key] for key in ("db_cluster_identifier", "engine_version")}
    run = four_steps(
        "rds_cluster", **known, serverless_v2_scaling={"min_capacity": 4, "max_capacity": 8}, wait=False
    )
    assert run.writes == ["ModifyDBCluster"]
    left = run_module("rds_cluster", **CLUSTER, serverless_v2_scaling={"min_capacity": 4, "max_capacity": 8})
    assert not left.changed


@pytest.mark.usefixtures("cluster")
def test_the_capacity_of_serverless_instances_changes_by_one_call(rds: Any) -> None:
    scaling = {"min_capacity": 0.5, "max_capacity": 8}
    run = four_steps("rds_cluster", **CLUSTER, serverless_v2_scaling=scaling)
    assert run.writes == ["ModifyDBCluster"]
    (cluster,) = rds.describe_db_clusters()["DBClusters"]
    told = cluster["ServerlessV2ScalingConfiguration"]
    assert (told["MinCapacity"], told["MaxCapacity"]) == (0.5, 8)
    assert not run_module("rds_cluster", **CLUSTER).changed


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.usefixtures("cluster")
def test_a_protected_cluster_is_not_deleted(check_mode: bool) -> None:
    run = run_module("rds_cluster", check_mode=check_mode, **CLUSTER | {"state": "absent"})
    assert "it is protected from deletion" in run.result["msg"]
    assert run.writes == []


def test_the_password_of_a_given_secret_is_shown_nowhere(account: None) -> None:
    secrets = boto3.client("secretsmanager", "eu-west-1")
    value = {"username": "notejam", "password": "of-nobodys-business"}
    secrets.create_secret(Name="master", SecretString=json.dumps(value))
    run = four_steps("rds_cluster", **CLUSTER, master_user_secret_id="master")
    assert run.result["rds_cluster"]["master_user_secret_arn"] is None
    assert value["password"] not in run.output
    read = run_module("rds_cluster", **CLUSTER | {"port": 5433}, master_user_secret_id="master")
    assert "GetSecretValue" not in read.operations


@pytest.mark.usefixtures("cluster")
def test_rds_hands_its_secret_over_to_a_given_one() -> None:
    boto3.client("secretsmanager", "eu-west-1").create_secret(
        Name="master", SecretString=json.dumps({"password": "of-nobodys-business"})
    )
    check = run_module("rds_cluster", check_mode=True, **CLUSTER, master_user_secret_id="master")
    assert check.changed
    assert "RDS deletes the master user's secret that it made" in str(check.warnings)
    assert check.writes == []


@pytest.mark.usefixtures("cluster")
def test_another_major_version_is_made_only_on_request() -> None:
    asked = {"engine_version": "18.1", "allow_major_version_upgrade": True}
    assert four_steps("rds_cluster", **CLUSTER | asked).result["rds_cluster"]["engine_version"] == "18.1"


@pytest.mark.parametrize(
    ("current", "desired", "same"),
    [
        ("17.5", "17.5", True),
        ("17.7", "17.5", True),
        ("17.10", "17.9", True),
        ("17.5", "17", True),
        ("17.4", "17.5", False),
        ("16.8", "17.5", False),
        ("18.1", "17.5", False),
        (None, "17.5", False),
    ],
)
def test_what_aws_upgraded_by_itself_stays(current: str | None, desired: str, same: bool) -> None:
    assert same_or_newer_minor(current, desired) is same


@pytest.mark.usefixtures("cluster")
def test_an_instance_joins_the_cluster(rds: Any) -> None:
    four_steps("rds_instance", **INSTANCE)
    (cluster,) = rds.describe_db_clusters()["DBClusters"]
    assert [member["DBInstanceIdentifier"] for member in cluster["DBClusterMembers"]] == ["notejam-test-1"]


@pytest.mark.usefixtures("cluster")
def test_a_change_that_waits_for_the_maintenance_window_counts_as_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_module("rds_instance", **INSTANCE)
    waiting = {"DBInstanceClass": "db.r6g.large"}
    answer = rds_instance.Instance.answer
    monkeypatch.setattr(
        rds_instance.Instance,
        "answer",
        lambda self: {**(answer(self) or {}), "PendingModifiedValues": waiting},
    )
    again = run_module("rds_instance", **INSTANCE | {"db_instance_class": "db.r6g.large"})
    assert not again.changed
    assert again.result["rds_instance"]["pending"] == waiting


@pytest.mark.usefixtures("cluster")
def test_an_instance_says_that_another_class_restarts_it() -> None:
    run_module("rds_instance", **INSTANCE)
    larger = INSTANCE | {"db_instance_class": "db.r6g.large"}
    check = run_module("rds_instance", check_mode=True, **larger)
    said = "the change from db.t4g.medium to db.r6g.large restarts it in the maintenance window"
    assert said in str(check.warnings)
    again = run_module("rds_instance", check_mode=True, **larger, apply_immediately=True)
    assert "restarts it at once" in str(again.warnings)


@pytest.mark.usefixtures("cluster")
def test_an_instance_is_monitored_from_within() -> None:
    role = "arn:aws:iam::123456789012:role/monitoring"
    monitored = {"monitoring_interval": 60, "monitoring_role_arn": role}
    four_steps("rds_instance", **INSTANCE | monitored)
    run = four_steps("rds_instance", **INSTANCE | monitored | {"monitoring_interval": 15})
    assert run.writes == ["ModifyDBInstance"]


@pytest.mark.usefixtures("cluster")
def test_another_class_takes_one_call() -> None:
    run_module("rds_instance", **INSTANCE)
    assert four_steps("rds_instance", **INSTANCE | {"db_instance_class": "db.r6g.large"}).writes == [
        "ModifyDBInstance"
    ]


@pytest.mark.usefixtures("cluster")
def test_an_instance_stays_in_its_zone() -> None:
    run_module("rds_instance", **INSTANCE)
    run = run_module("rds_instance", **INSTANCE | {"availability_zone": "eu-west-1b"})
    assert "availability_zone is 'eu-west-1a' and the task asks for 'eu-west-1b'" in run.result["msg"]
    assert run.writes == []


def test_cluster_and_instance_go(rds: Any) -> None:
    run_module("rds_cluster", **CLUSTER | {"deletion_protection": False})
    run_module("rds_instance", **INSTANCE)
    four_steps("rds_instance", **INSTANCE, state="absent")
    four_steps("rds_cluster", **CLUSTER, state="absent", final_db_snapshot_identifier="last")
    assert rds.describe_db_clusters()["DBClusters"] == []
    assert [
        each["DBClusterSnapshotIdentifier"]
        for each in rds.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
    ] == ["last"]


@pytest.mark.usefixtures("cluster")
def test_a_cluster_can_be_used_once_it_has_an_instance() -> None:
    waited = run_module("rds_cluster_info", db_cluster_identifier="notejam-test", wait=True, wait_timeout=1)
    assert "still creating" in waited.result["msg"]
    planned = run_module("rds_cluster_info", check_mode=True, db_cluster_identifier="notejam-test", wait=True)
    assert planned.result["rds_cluster"]["instances"] == {}
    run_module("rds_instance", **INSTANCE)
    ready = run_module("rds_cluster_info", db_cluster_identifier="notejam-test", wait=True)
    assert ready.result["rds_cluster"]["instances"] == {"notejam-test-1": "available"}
    assert ready.writes == []
    resources = ["rds_cluster notejam-test", "rds_instance notejam-test-1"]
    assert [event["resource"] for event in ready.result["timeline"]] == resources
    assert "timeline" not in planned.result


def test_nobody_waits_for_a_cluster_that_is_not_there() -> None:
    run = run_module("rds_cluster_info", db_cluster_identifier="notejam-test", wait=True)
    assert "Database notejam-test became absent" in run.result["msg"]
    looked = run_module("rds_cluster_info", db_cluster_identifier="notejam-test")
    assert looked.result["rds_cluster"] is None
