"""Aurora clusters of a test, in a network of their own."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError

from sandbox.aws.cloud import Cloud
from sandbox.kubernetes.pki import Pki
from sandbox.settings import Settings

TIME_SCALE = 6000.0  # servers are waited for, AWS's times are not
PATIENCE = 60  # seconds for PostgreSQL to come up on a busy machine
PASSWORD = "the-masters-own-password"
OWN_PASSWORD: dict[str, Any] = {"ManageMasterUserPassword": None, "MasterUserPassword": PASSWORD}


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

    def cluster(self, name: str = "notes") -> dict[str, Any]:
        return dict(self.rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0])

    def instance(self, number: int) -> dict[str, Any]:
        found = self.rds.describe_db_instances(DBInstanceIdentifier=f"notes-{number}")
        return dict(found["DBInstances"][0])

    def statuses(self) -> set[str]:
        return {each["DBInstanceStatus"] for each in self.rds.describe_db_instances()["DBInstances"]}

    def wait(self, seconds: float = 120) -> None:
        """Let so many of AWS's seconds pass; nothing happens before the bridge's step."""
        time.sleep(seconds / self.settings.time_scale + 0.05)
        self.cloud.rds.bridge.step()

    def wait_until_available(self) -> None:
        self.wait_until(lambda: self.statuses() == {"available"})

    def wait_until(self, happened: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not happened():
            assert time.monotonic() < deadline, self.rds.describe_db_clusters()["DBClusters"]
            self.wait(5)

    def made(self, *numbers: int, **changes: Any) -> dict[str, Any]:
        """The cluster, with these instances, once it is available."""
        self.create_cluster(**changes)
        self.wait()
        for number in numbers:
            self.create_instance(number)
        self.wait_until_available()
        self.wait_until(lambda: self.cluster()["Status"] == "available")
        return self.cluster()

    def connect(self, host: str, **changes: Any) -> "psycopg.Connection[Any]":
        """A session of the master's, as whom and how `changes` do not say."""
        login = {"username": "notejam", "password": PASSWORD}
        if "password" not in changes and (secret := self.cluster().get("MasterUserSecret")):
            value = self.secretsmanager.get_secret_value(SecretId=secret["SecretArn"])
            login = json.loads(value["SecretString"])
        given: dict[str, Any] = {
            "host": host,
            "port": 5432,
            "dbname": "notejam",
            "user": login["username"],
            "password": login["password"],
            "sslmode": "verify-full",
            "sslrootcert": str(Pki(self.settings).certificate("rds-ca")),
        }
        return psycopg.connect(**given | changes, autocommit=True)


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


def program(instance: dict[str, Any]) -> str:
    """The process of an instance."""
    number = instance["Endpoint"]["Address"].rpartition(".")[2]
    return f"postgresql-{instance['DBInstanceIdentifier']}-{number}"


def refusal(call: Callable[..., Any], **arguments: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return str(refused.value.response["Error"]["Code"])
