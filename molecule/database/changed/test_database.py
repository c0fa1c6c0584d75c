"""The database after a change of the inventory: at once what nobody notices, and the rest in the window."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

NAME = "notejam-sandbox"


@pytest.fixture(scope="module")
def rds() -> Any:
    return boto3.client("rds")


@pytest.fixture(scope="module")
def instances(rds: Any) -> dict[str, dict[str, Any]]:
    """The instances by their numbers, once they can be used."""
    of_cluster = [{"Name": "db-cluster-id", "Values": [NAME]}]
    quickly = {"Delay": 5, "MaxAttempts": 120}
    rds.get_waiter("db_instance_available").wait(Filters=of_cluster, WaiterConfig=quickly)
    found = rds.describe_db_instances(Filters=of_cluster)["DBInstances"]
    return {one["DBInstanceIdentifier"].removeprefix(f"{NAME}-"): one for one in found}


def test_a_third_instance_is_in_the_third_zone(instances: dict[str, dict[str, Any]]) -> None:
    assert {number: one["AvailabilityZone"][-1] for number, one in instances.items()} == {
        "1": "a",
        "2": "b",
        "3": "c",
    }


def test_those_that_serve_keep_their_class_until_the_window(instances: dict[str, dict[str, Any]]) -> None:
    for number in ("1", "2"):
        assert instances[number]["DBInstanceClass"] == "db.t4g.medium"
        assert instances[number]["PendingModifiedValues"]["DBInstanceClass"] == "db.r6g.large"
    assert instances["3"]["DBInstanceClass"] == "db.r6g.large"


def test_the_rest_is_made_at_once(rds: Any, instances: dict[str, dict[str, Any]]) -> None:
    [cluster] = rds.describe_db_clusters(DBClusterIdentifier=NAME)["DBClusters"]
    assert cluster["BackupRetentionPeriod"] == 14
    assert cluster["EnabledCloudwatchLogsExports"] == ["iam-db-auth-error", "postgresql"]
    assert {one["PerformanceInsightsRetentionPeriod"] for one in instances.values()} == {31}
    assert {one["MonitoringInterval"] for one in instances.values()} == {15}


def test_a_parameter_that_is_declared_no_longer_has_its_default(rds: Any) -> None:
    pages = rds.get_paginator("describe_db_cluster_parameters").paginate(
        DBClusterParameterGroupName=f"{NAME}-17", Source="user"
    )
    found = pages.build_full_result()["Parameters"]
    assert {one["ParameterName"]: one["ParameterValue"] for one in found} == {
        "rds.force_ssl": "1",
        "log_min_duration_statement": "250",
        "track_activity_query_size": "2048",
    }
