"""Aurora: a real writer and a real standby behind RDS's API, opened by the password that RDS made."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError

from sandbox.aws.cloud import Cloud
from sandbox.aws.principals import Principal
from sandbox.kubernetes.pki import Pki
from sandbox.settings import Settings
from tests.unit.sandbox.aws.conftest import ACCOUNT, REGION
from tests.unit.sandbox.aws.local_processes import LocalProcesses

PATIENCE = 60  # seconds for PostgreSQL to come up on a busy machine


@dataclass
class Aurora:
    """An account with a network for databases."""

    rds: Any
    secretsmanager: Any
    cloud: Cloud
    later: Callable[[float], None]
    settings: Settings

    def create_cluster(self, **changes: Any) -> dict[str, Any]:
        given: dict[str, Any] = {
            "DBClusterIdentifier": "notes",
            "Engine": "aurora-postgresql",
            "EngineVersion": "17.5",
            "MasterUsername": "notejam",
            "ManageMasterUserPassword": True,
            "DatabaseName": "notejam",
            "DBSubnetGroupName": "notes",
            "DBClusterParameterGroupName": "notes",
        }
        merged = {name: value for name, value in (given | changes).items() if value is not None}
        return dict(self.rds.create_db_cluster(**merged)["DBCluster"])

    def create_instance(self, number: int, **changes: Any) -> dict[str, Any]:
        given = {
            "DBInstanceIdentifier": f"notes-{number}",
            "DBClusterIdentifier": "notes",
            "DBInstanceClass": "db.r6g.large",
            "Engine": "aurora-postgresql",
        }
        return dict(self.rds.create_db_instance(**given | changes)["DBInstance"])

    def cluster(self) -> dict[str, Any]:
        return dict(self.rds.describe_db_clusters(DBClusterIdentifier="notes")["DBClusters"][0])

    def statuses(self) -> set[str]:
        return {each["DBInstanceStatus"] for each in self.rds.describe_db_instances()["DBInstances"]}

    def wait(self, seconds: float = 60) -> None:
        self.later(seconds)
        self.cloud.rds.bridge.step()

    def wait_until_available(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while self.statuses() != {"available"}:
            assert time.monotonic() < deadline, self.statuses()
            # Not more: a clock that is a quarter of an hour ahead refuses every signature.
            self.wait(5)

    def connect(self, host: str, **changes: Any) -> "psycopg.Connection[Any]":
        secret = self.cluster()["MasterUserSecret"]["SecretArn"]
        login = json.loads(self.secretsmanager.get_secret_value(SecretId=secret)["SecretString"])
        given = {
            "host": host,
            "port": 5432,
            "dbname": "notejam",
            "user": login["username"],
            "password": login["password"],
            "sslmode": "verify-full",
            "sslrootcert": str(Pki(self.settings).certificate("rds-ca")),
        }
        return psycopg.connect(**given | changes, autocommit=True)


@pytest.fixture
def local_processes(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalProcesses]:
    processes = LocalProcesses(settings.folder)
    monkeypatch.setattr("sandbox.aws.cloud.Processes", lambda _: processes)
    yield processes
    processes.stop()


@pytest.fixture
def make_aurora(
    local_processes: LocalProcesses,
    cloud: Cloud,
    client: Callable[..., Any],
    later: Callable[[float], None],
    settings: Settings,
) -> Callable[..., Aurora]:
    """Makes the network of a region, of the administrator's account or that of the credentials given."""

    def make(region: str = REGION, **credentials: str) -> Aurora:
        clients = [client(name, region, **credentials) for name in ("rds", "ec2", "secretsmanager")]
        return with_network(*clients, cloud, later, settings)

    return make


@pytest.fixture
def aurora(make_aurora: Callable[..., Aurora]) -> Aurora:
    return make_aurora()


def with_network(rds: Any, ec2: Any, secretsmanager: Any, *others: Any) -> Aurora:
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]]
    rds.create_db_subnet_group(DBSubnetGroupName="notes", DBSubnetGroupDescription="notes", SubnetIds=subnets)
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName="notes", DBParameterGroupFamily="aurora-postgresql17", Description="notes"
    )
    rds.modify_db_cluster_parameter_group(
        DBClusterParameterGroupName="notes",
        Parameters=[
            {"ParameterName": "log_statement", "ParameterValue": "ddl", "ApplyMethod": "pending-reboot"}
        ],
    )
    return Aurora(rds, secretsmanager, *others)


def program(address: str) -> str:
    """The process of the cluster's writer, whose address this is."""
    return f"postgresql-notes-1-{address.rpartition('.')[2]}"


def refusal(call: Callable[..., Any], **arguments: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return str(refused.value.response["Error"]["Code"])


def test_a_writer_and_a_standby_serve_the_cluster(aurora: Aurora) -> None:
    created = aurora.create_cluster()
    assert created["Status"] == "creating"
    aurora.wait()
    for number in (1, 2):
        assert aurora.create_instance(number)["DBInstanceStatus"] == "creating"
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
    log = (aurora.settings.folder / f"{program(cluster['Endpoint'])}.log").read_text()
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
    assert local_processes.state(program(endpoints["beside"])) == "ABSENT"
    for name, aurora in places.items():
        with aurora.connect(endpoints[name]) as writer:
            assert writer.execute("SELECT name FROM place").fetchone() == (name,)


def test_deleting_takes_the_servers_along(aurora: Aurora, local_processes: LocalProcesses) -> None:
    aurora.create_cluster(DeletionProtection=True)
    aurora.wait()
    aurora.create_instance(1)
    aurora.wait_until_available()
    secret = aurora.cluster()["MasterUserSecret"]["SecretArn"]
    writer = program(aurora.cluster()["Endpoint"])
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


@pytest.mark.parametrize(
    ("changes", "code"),
    [
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
    ],
)
def test_what_aws_refuses_is_refused(aurora: Aurora, changes: dict[str, Any], code: str) -> None:
    assert refusal(aurora.create_cluster, **changes) == code
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
    assert refusal(aurora.rds.failover_db_cluster, DBClusterIdentifier="notes") == "NotImplemented"
