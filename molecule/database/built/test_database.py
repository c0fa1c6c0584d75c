"""The database as RDS tells of it, and as PostgreSQL lets clients in."""

from __future__ import annotations

import json
import os
from typing import Any

import boto3
import psycopg
import pytest

NAME = "notejam-sandbox"
REGION = os.environ["AWS_REGION"]
SESSION = boto3.Session(region_name=REGION)


@pytest.fixture(scope="module")
def rds() -> Any:
    return SESSION.client("rds")


@pytest.fixture(scope="module")
def instances(rds: Any) -> list[dict[str, Any]]:
    """The instances, once they can be used."""
    of_cluster = [{"Name": "db-cluster-id", "Values": [NAME]}]
    quickly = {"Delay": 5, "MaxAttempts": 120}
    rds.get_waiter("db_instance_available").wait(Filters=of_cluster, WaiterConfig=quickly)
    rds.get_waiter("db_cluster_available").wait(DBClusterIdentifier=NAME, WaiterConfig=quickly)
    return list(rds.describe_db_instances(Filters=of_cluster)["DBInstances"])


@pytest.fixture(scope="module")
def cluster(rds: Any, instances: list[dict[str, Any]]) -> Any:
    [cluster] = rds.describe_db_clusters(DBClusterIdentifier=NAME)["DBClusters"]
    return cluster


def key(purpose: str) -> str:
    found = SESSION.client("kms").describe_key(KeyId=f"alias/{NAME}-{purpose}")
    return str(found["KeyMetadata"]["Arn"])


def test_writer_and_reader_are_in_different_zones_and_out_of_reach(
    cluster: Any, instances: list[dict[str, Any]]
) -> None:
    assert {one["DBInstanceIdentifier"]: one["AvailabilityZone"][-1] for one in instances} == {
        f"{NAME}-1": "a",
        f"{NAME}-2": "b",
    }
    assert [member["IsClusterWriter"] for member in cluster["DBClusterMembers"]].count(True) == 1
    assert not any(one["PubliclyAccessible"] for one in instances)
    subnets = SESSION.client("ec2").describe_subnets(
        SubnetIds=[one["SubnetIdentifier"] for one in instances[0]["DBSubnetGroup"]["Subnets"]]
    )["Subnets"]
    purposes = {tag["Value"] for one in subnets for tag in one["Tags"] if tag["Key"] == "platform:purpose"}
    assert (len(subnets), purposes) == (3, {"database"})


def test_all_that_it_keeps_is_encrypted_with_the_sites_keys(
    cluster: Any, instances: list[dict[str, Any]]
) -> None:
    assert (cluster["StorageEncrypted"], cluster["KmsKeyId"]) == (True, key("database"))
    assert cluster["MasterUserSecret"]["KmsKeyId"] == key("secrets")
    for one in instances:
        assert one["PerformanceInsightsEnabled"]
        assert one["PerformanceInsightsKMSKeyId"] == key("database")
        assert one["PerformanceInsightsRetentionPeriod"] == 7


def test_it_can_be_restored_and_tells_what_happens(cluster: Any) -> None:
    assert cluster["BackupRetentionPeriod"] == 1
    assert cluster["CopyTagsToSnapshot"]
    assert cluster["EnabledCloudwatchLogsExports"] == ["postgresql"]
    assert cluster["PreferredMaintenanceWindow"] == "sun:03:30-sun:04:30"


def test_its_operating_systems_are_measured_by_a_bounded_role(instances: list[dict[str, Any]]) -> None:
    [arn] = {one["MonitoringRoleArn"] for one in instances if one["MonitoringInterval"] == 60}
    iam = SESSION.client("iam")
    role = iam.get_role(RoleName=arn.rpartition("/")[2])["Role"]
    assert "boundary" in role["PermissionsBoundary"]["PermissionsBoundaryArn"]
    policies = iam.list_attached_role_policies(RoleName=role["RoleName"])["AttachedPolicies"]
    assert [policy["PolicyName"] for policy in policies] == ["AmazonRDSEnhancedMonitoringRole"]


def test_its_parameters_are_those_declared(rds: Any, cluster: Any, instances: list[dict[str, Any]]) -> None:
    assert cluster["DBClusterParameterGroup"] == f"{NAME}-17"
    assert [one["DBParameterGroups"][0]["DBParameterGroupName"] for one in instances] == [f"{NAME}-17"] * 2
    pages = rds.get_paginator("describe_db_cluster_parameters").paginate(
        DBClusterParameterGroupName=f"{NAME}-17", Source="user"
    )
    found = pages.build_full_result()["Parameters"]
    assert {one["ParameterName"]: one["ParameterValue"] for one in found} == {
        "rds.force_ssl": "1",
        "log_connections": "1",
        "log_disconnections": "1",
        "log_lock_waits": "1",
        "log_min_duration_statement": "1000",
        "log_statement": "ddl",
    }


def test_the_master_user_comes_in_by_tls_alone(cluster: Any) -> None:
    assert cluster["IAMDatabaseAuthenticationEnabled"]
    value = SESSION.client("secretsmanager").get_secret_value(
        SecretId=cluster["MasterUserSecret"]["SecretArn"]
    )
    secret = json.loads(value["SecretString"])
    signing_in = {
        "host": cluster["Endpoint"],
        "port": cluster["Port"],
        "dbname": "notejam",
        "user": "notejam",
        "password": secret["password"],
    }
    with psycopg.connect(**signing_in, sslmode="require") as connection:
        assert connection.execute("SHOW log_min_duration_statement").fetchone() == ("1s",)
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        psycopg.connect(**signing_in, sslmode="disable")


def test_everything_says_whose_it_is(rds: Any, cluster: Any, instances: list[dict[str, Any]]) -> None:
    groups = [
        rds.describe_db_subnet_groups(DBSubnetGroupName=NAME)["DBSubnetGroups"][0]["DBSubnetGroupArn"],
        rds.describe_db_parameter_groups(DBParameterGroupName=f"{NAME}-17")["DBParameterGroups"][0][
            "DBParameterGroupArn"
        ],
    ]
    for arn in (cluster["DBClusterArn"], *(one["DBInstanceArn"] for one in instances), *groups):
        tags = rds.list_tags_for_resource(ResourceName=arn)["TagList"]
        assert {"Key": "platform:component", "Value": "database"} in tags, arn
