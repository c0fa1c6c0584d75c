"""What is left of the database: its last snapshot, and nothing that costs or serves."""

from __future__ import annotations

import re
from typing import Any

import boto3
import pytest

NAME = "notejam-sandbox"


@pytest.fixture(scope="module")
def rds() -> Any:
    return boto3.client("rds")


def test_the_last_snapshot_stays(rds: Any) -> None:
    [snapshot] = rds.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
    assert re.fullmatch(rf"{NAME}-final-\d{{8}}-\d{{6}}", snapshot["DBClusterSnapshotIdentifier"])
    assert snapshot["StorageEncrypted"]


def test_nothing_else_does(rds: Any) -> None:
    assert rds.describe_db_clusters()["DBClusters"] == []
    assert rds.describe_db_instances()["DBInstances"] == []
    assert rds.describe_db_subnet_groups()["DBSubnetGroups"] == []
    groups = rds.describe_db_cluster_parameter_groups()["DBClusterParameterGroups"]
    assert [one for one in groups if one["DBClusterParameterGroupName"].startswith(NAME)] == []
    roles = boto3.client("iam").list_roles()["Roles"]
    assert [role["RoleName"] for role in roles if "monitoring" in role["RoleName"]] == []
    secrets = boto3.client("secretsmanager").list_secrets()["SecretList"]
    assert [secret["Name"] for secret in secrets if secret["Name"].startswith("rds!")] == []
