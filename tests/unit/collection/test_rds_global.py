"""The modules of RDS across regions: a global database, its secondary, and how they part again."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from .modules import four_steps, run_module

HERE, THERE = "eu-west-1", "eu-central-1"
CLUSTER: dict[str, Any] = {
    "db_cluster_identifier": "notes",
    "engine_version": "17.5",
    "db_subnet_group_name": "notes",
    "backup_retention_period": 7,
}
PRIMARY = CLUSTER | {
    "database_name": "notes",
    "master_username": "notes",
    "master_user_secret_id": "master",
    "region": HERE,
}
INSTANCE = {
    "db_instance_identifier": "notes-1",
    "db_cluster_identifier": "notes",
    "db_instance_class": "db.r6g.large",
}
SECONDARY = CLUSTER | {"secondary_of": "notes", "region": THERE}
GLOBAL: dict[str, Any] = {
    "global_cluster_identifier": "notes",
    "source_db_cluster_identifier": "arn:aws:rds:eu-west-1:123456789012:cluster:notes",
    "tags": {"platform:component": "database"},
}


@pytest.fixture(autouse=True)
def master(databases: None) -> None:
    """The secret with the password of the primary's master user."""
    generated = [{"key": "password", "length": 30, "exclude_punctuation": True}]
    run_module("secretsmanager_generated_secret", name="master", generate=generated)


def members() -> dict[str, bool]:
    """Who is in the global database, by region, and whether it writes."""
    [found] = boto3.client("rds", THERE).describe_global_clusters()["GlobalClusters"]
    return {each["DBClusterArn"].split(":")[3]: each["IsWriter"] for each in found["GlobalClusterMembers"]}


def source() -> str:
    [cluster] = boto3.client("rds", HERE).describe_db_clusters()["DBClusters"]
    return str(cluster["DBClusterArn"])


def test_a_standby_follows_until_it_is_removed() -> None:
    run_module("rds_cluster", **PRIMARY)
    run_module("rds_instance", **INSTANCE)
    of_primary = GLOBAL | {"source_db_cluster_identifier": source()}
    four_steps("rds_global_cluster", **of_primary)
    assert four_steps("rds_global_cluster", **of_primary | {"deletion_protection": True}).writes == [
        "ModifyGlobalCluster"
    ]
    assert four_steps("rds_cluster", **SECONDARY).result["rds_cluster"]["secondary_of"] == "notes"
    assert members() == {HERE: True, THERE: False}
    assert not run_module("rds_cluster", **PRIMARY).changed

    # Nothing that interrupts is made of it by a mistake.
    elsewhere = {"source_db_cluster_identifier": source().replace(HERE, THERE)}
    refused = run_module("rds_global_cluster", **of_primary | elsewhere)
    assert "That is a switchover, which interrupts all who write" in refused.result["msg"]
    assert refused.writes == []
    kept = run_module("rds_global_cluster", **of_primary, state="absent")
    assert "is in it" in kept.result["kept"]
    assert kept.writes == []

    secondary = {"db_cluster_identifier": source().replace(HERE, THERE), "region": THERE}
    assert run_module("rds_global_cluster_leave", check_mode=True, **secondary).result["left"] == "notes"
    assert run_module("rds_global_cluster_leave", **secondary).writes == ["RemoveFromGlobalCluster"]
    assert not run_module("rds_global_cluster_leave", **secondary).changed
    assert members() == {HERE: True}
    four_steps("rds_cluster", **SECONDARY, state="absent")
    run_module("rds_instance", **INSTANCE, state="absent")
    gone = four_steps("rds_cluster", **PRIMARY, state="absent")
    assert gone.writes == ["RemoveFromGlobalCluster", "DeleteDBCluster"]
    protected = run_module("rds_global_cluster", **of_primary, state="absent")
    assert "it is protected from deletion" in protected.result["msg"]
    boto3.client("rds").modify_global_cluster(GlobalClusterIdentifier="notes", DeletionProtection=False)
    four_steps("rds_global_cluster", **of_primary, state="absent")


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_cluster_with_data_of_its_own_becomes_no_secondary(check_mode: bool) -> None:
    run_module("rds_cluster", **PRIMARY)
    run_module("rds_global_cluster", **GLOBAL | {"source_db_cluster_identifier": source()})
    run_module("rds_cluster", **PRIMARY | {"region": THERE, "master_user_secret_id": None})
    run = run_module("rds_cluster", check_mode=check_mode, **SECONDARY)
    assert "secondary_of is None and the task asks for 'notes'" in run.result["msg"]
    assert run.writes == []
