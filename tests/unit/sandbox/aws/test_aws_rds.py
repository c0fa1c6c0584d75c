"""Aurora: a real writer and a real standby behind RDS's API, opened by the password that RDS made."""

import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from sandbox.aws.cloud import Cloud
from sandbox.aws.principals import Principal
from tests.unit.sandbox.aws.conftest import ACCOUNT, REGION
from tests.unit.sandbox.aws.databases import PATIENCE, Aurora, program, refusal
from tests.unit.sandbox.aws.local_processes import LocalProcesses


def test_a_writer_and_a_standby_serve_the_cluster(aurora: Aurora) -> None:
    created = aurora.create_cluster()
    assert created["Status"] == "creating"
    aurora.wait()
    for number, zone in ((1, "eu-west-1a"), (2, "eu-west-1b")):
        assert aurora.create_instance(number, AvailabilityZone=zone)["DBInstanceStatus"] == "creating"
    aurora.wait_until_available()

    cluster = aurora.cluster()
    assert (cluster["Endpoint"], cluster["ReaderEndpoint"]) == (
        created["Endpoint"],
        created["ReaderEndpoint"],
    )
    with aurora.connect(cluster["Endpoint"]) as writer:
        writer.execute("CREATE TABLE seen AS SELECT current_setting('log_statement') AS setting")
        position = writer.execute("SELECT pg_current_wal_lsn()::text").fetchone()
    assert position
    with aurora.connect(cluster["ReaderEndpoint"]) as reader:
        deadline = time.monotonic() + PATIENCE
        caught_up = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
        while reader.execute(caught_up, position).fetchone() != (True,):
            assert time.monotonic() < deadline
        assert reader.execute("SELECT setting FROM seen").fetchone() == ("ddl",)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            reader.execute("DROP TABLE seen")
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        aurora.connect(cluster["Endpoint"], sslmode="disable")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        aurora.connect(cluster["Endpoint"], password="wrong")

    aurora.rds.modify_db_cluster(
        DBClusterIdentifier="notes", RotateMasterUserPassword=True, ApplyImmediately=True
    )
    aurora.wait()
    aurora.connect(cluster["Endpoint"]).close()

    members = {each["DBInstanceIdentifier"]: each["IsClusterWriter"] for each in cluster["DBClusterMembers"]}
    assert members == {"notes-1": True, "notes-2": False}
    assert (created["MultiAZ"], cluster["MultiAZ"]) == (False, True)
    log = (aurora.settings.folder / f"{program(aurora.instance(1))}.log").read_text()
    assert "CREATE TABLE seen" in log
    assert "SCRAM" not in log


def test_every_region_of_every_account_has_databases_of_its_own(
    make_aurora: Callable[..., Aurora], local_processes: LocalProcesses, cloud: Cloud
) -> None:
    """Three clusters of one name: each keeps what is written to it, and goes without the others."""
    other = Principal("222222222222", "arn:aws:iam::222222222222:user/other", "AIDAOTHER", "AKIAOTHER", "key")
    cloud.principals.add(other)
    keys = {"aws_access_key_id": other.access_key_id, "aws_secret_access_key": other.secret_access_key}
    places = {
        "here": make_aurora(),
        "beside": make_aurora(region="eu-central-1"),
        "elsewhere": make_aurora(**keys),
    }
    for aurora in places.values():
        aurora.create_cluster()
    aurora.wait()
    for aurora in places.values():
        aurora.create_instance(1)
    for name, aurora in places.items():
        aurora.wait_until_available()
        with aurora.connect(aurora.cluster()["Endpoint"]) as writer:
            writer.execute("CREATE TABLE place AS SELECT %s AS name", (name,))
    endpoints = {name: aurora.cluster()["Endpoint"] for name, aurora in places.items()}
    programs = {name: program(aurora.instance(1)) for name, aurora in places.items()}
    assert len(set(endpoints.values())) == 3
    for name, aurora in places.items():
        with aurora.connect(endpoints[name]) as writer:
            assert writer.execute("SELECT name FROM place").fetchone() == (name,)

    gone = places.pop("beside")
    gone.rds.delete_db_instance(DBInstanceIdentifier="notes-1")
    gone.rds.delete_db_cluster(DBClusterIdentifier="notes", SkipFinalSnapshot=True)
    for _ in range(3):
        gone.wait()
    assert gone.rds.describe_db_clusters()["DBClusters"] == []
    assert local_processes.state(programs["beside"]) == "ABSENT"
    for name, aurora in places.items():
        with aurora.connect(endpoints[name]) as writer:
            assert writer.execute("SELECT name FROM place").fetchone() == (name,)


def test_deleting_takes_the_servers_along(aurora: Aurora, local_processes: LocalProcesses) -> None:
    aurora.create_cluster(DeletionProtection=True)
    aurora.wait()
    aurora.create_instance(1)
    aurora.wait_until_available()
    secret = aurora.cluster()["MasterUserSecret"]["SecretArn"]
    writer = program(aurora.instance(1))
    assert local_processes.state(writer) == "RUNNING"

    delete = aurora.rds.delete_db_cluster
    gone = {"DBClusterIdentifier": "notes", "SkipFinalSnapshot": True}
    assert refusal(delete, **gone) == "InvalidParameterCombination"
    aurora.rds.modify_db_cluster(DBClusterIdentifier="notes", DeletionProtection=False)
    assert refusal(delete, **gone) == "InvalidDBClusterStateFault"
    assert refusal(delete, DBClusterIdentifier="notes") == "InvalidParameterCombination"
    aurora.wait()
    aurora.rds.delete_db_instance(DBInstanceIdentifier="notes-1")
    delete(DBClusterIdentifier="notes", FinalDBSnapshotIdentifier="last")
    for _ in range(3):
        aurora.wait()
    assert refusal(aurora.rds.describe_db_clusters, DBClusterIdentifier="notes") == "DBClusterNotFoundFault"
    assert refusal(aurora.secretsmanager.get_secret_value, SecretId=secret) == "ResourceNotFoundException"
    assert local_processes.state(writer) == "ABSENT"
    postgres = aurora.settings.folder / "postgres"
    assert not (postgres / ACCOUNT / REGION / "notes").exists()
    assert (postgres / "snapshots" / ACCOUNT / REGION / "last" / "PG_VERSION").exists()


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"MasterUserPassword": "twelve-letters"}, "InvalidParameterCombination"),
    ({"ManageMasterUserPassword": None, "MasterUserPassword": "short"}, "InvalidParameterValue"),
    ({"MasterUsername": None}, "InvalidParameterValue"),
    ({"DBClusterIdentifier": "no--tes"}, "InvalidParameterValue"),
    ({"EngineVersion": "9.6"}, "InvalidParameterCombination"),
    ({"BackupRetentionPeriod": 36}, "InvalidParameterValue"),
    ({"DBSubnetGroupName": "none"}, "DBSubnetGroupNotFoundFault"),
    ({"DBClusterParameterGroupName": "none"}, "DBClusterParameterGroupNotFound"),
    ({"VpcSecurityGroupIds": ["sg-0123456789abcdef0"]}, "InvalidParameterValue"),
    ({"KmsKeyId": "alias/none"}, "KMSKeyNotAccessibleFault"),
    ({"Engine": "aurora-mysql"}, "NotImplemented"),
]


def test_what_aws_refuses_is_refused(aurora: Aurora) -> None:
    for changes, code in REFUSED:
        assert (changes, refusal(aurora.create_cluster, **changes)) == (changes, code)
    assert aurora.rds.describe_db_clusters()["DBClusters"] == []


def test_one_name_is_one_database(aurora: Aurora) -> None:
    aurora.create_cluster()
    assert refusal(aurora.create_cluster) == "DBClusterAlreadyExistsFault"
    assert refusal(aurora.create_instance, number=1) == "InvalidDBClusterStateFault"
    aurora.wait()
    aurora.create_instance(1)
    assert refusal(aurora.create_instance, number=1) == "DBInstanceAlreadyExists"
    assert (
        refusal(aurora.create_instance, number=2, AvailabilityZone="eu-west-1z")
        == "InvalidVPCNetworkStateFault"
    )


def test_enhanced_monitoring_says_where_it_writes(aurora: Aurora) -> None:
    aurora.create_cluster()
    aurora.wait()
    role = f"arn:aws:iam::{ACCOUNT}:role/monitoring"
    measured = aurora.create_instance(1, MonitoringInterval=60, MonitoringRoleArn=role)
    stream = f"log-group:RDSOSMetrics:log-stream:{measured['DbiResourceId']}"
    assert measured["EnhancedMonitoringResourceArn"] == f"arn:aws:logs:{REGION}:{ACCOUNT}:{stream}"
    assert "EnhancedMonitoringResourceArn" not in aurora.create_instance(2)
