"""The module rds_cluster_reboot: it restarts what parameters wait for, the writer last, and nothing else."""

from __future__ import annotations

import time
from typing import Any

import boto3
import pytest

from .modules import run_module

GROUP: dict[str, Any] = {
    "name": "notes-17",
    "family": "aurora-postgresql17",
    "description": "Notes",
}
CLUSTER: dict[str, Any] = {
    "db_cluster_identifier": "notes",
    "engine_version": "17.5",
    "master_username": "notes",
    "db_subnet_group_name": "notes",
    "db_cluster_parameter_group_name": "notes-17",
}


@pytest.fixture
def cluster(databases: None) -> None:
    """A writer and a reader."""
    run_module("rds_cluster_parameter_group", **GROUP)
    run_module("rds_cluster", **CLUSTER)
    for number in (1, 2):
        run_module(
            "rds_instance",
            db_instance_identifier=f"notes-{number}",
            db_cluster_identifier="notes",
            db_instance_class="db.r6g.large",
        )


@pytest.mark.usefixtures("cluster")
def test_what_waits_is_restarted_the_writer_last() -> None:
    reboot: dict[str, Any] = {"db_cluster_identifier": "notes"}
    assert not run_module("rds_cluster_reboot", **reboot).changed
    run_module("rds_cluster_parameter_group", **GROUP, parameters={"max_connections": "70"})

    deadline = time.monotonic() + 30
    while not (told := run_module("rds_cluster", **CLUSTER)).warnings and time.monotonic() < deadline:
        time.sleep(0.5)  # RDS sees it some time later
    assert not told.changed
    said = "parameters wait for the next restart of notes-1, notes-2, which is left to you."
    assert told.warnings == [f"rds_cluster notes: {said}"]
    check = run_module("rds_cluster_reboot", check_mode=True, **reboot)
    done = run_module("rds_cluster_reboot", **reboot)
    assert check.result["restarted"] == done.result["restarted"] == ["notes-2", "notes-1"]
    assert check.writes == []
    assert done.writes == ["RebootDBInstance"] * 2
    [described] = boto3.client("rds").describe_db_clusters()["DBClusters"]
    assert {one["DBClusterParameterGroupStatus"] for one in described["DBClusterMembers"]} == {"in-sync"}
    assert not run_module("rds_cluster_reboot", **reboot).changed


@pytest.mark.usefixtures("account")
def test_nothing_is_restarted_of_what_is_not_there() -> None:
    assert not run_module("rds_cluster_reboot", db_cluster_identifier="notes").changed
